package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/shrink"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

// bar is progress that is drawn on a terminal, and told in a line now and then elsewhere.
type bar struct {
	*progressbar.ProgressBar               // nil: not on a terminal
	told                     io.Writer     // where the lines go; nil: nowhere
	every                    time.Duration // between lines
	shown                    time.Time
	of                       int
}

func (p *program) newBar(of int, every time.Duration) *bar {
	b := &bar{of: of, every: every, shown: time.Now()}
	switch {
	case p.quiet:
	case p.err.drawn:
		b.ProgressBar = progressbar.NewOptions64(int64(of), progressbar.OptionSetWriter(p.raw.err), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetWidth(20), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(false),
			progressbar.OptionEnableColorCodes(p.err.coloured))
		b.every = 100 * time.Millisecond
	default:
		b.told = p.err
	}
	return b
}

// say shows text, made by f if it is time to show anything, and that done of b.of is done.
func (b *bar) say(done int, f func() string) {
	if b.ProgressBar == nil && (b.told == nil || b.every == 0) || time.Since(b.shown) < b.every {
		return
	}
	b.shown = time.Now()
	if b.ProgressBar == nil {
		fmt.Fprintln(b.told, f())
		return
	}
	b.Describe(f())
	b.Set(min(done, b.of))
}

func (b *bar) done() {
	if b.ProgressBar != nil {
		b.Finish()
	}
}

// runProgress shows how far one run is, on a terminal only.
type runProgress struct{ *bar }

func (p *program) newRunProgress() runProgress { return runProgress{p.newBar(1000, 0)} }

func (p runProgress) show(now harness.Progress) {
	done := 0
	if now.Of > 0 {
		done = min(999, int(1000*now.Elapsed/now.Of))
	}
	p.say(done, func() string {
		stage := now.Stage
		if stage == "" {
			stage = "starting"
		}
		return fmt.Sprintf("%v, %s, %d operations, %d faults", now.Elapsed.Round(100*time.Millisecond), stage, now.Ops, now.Faults)
	})
}

// sweepProgress shows how far a sweep is: a bar on a terminal, else a line every ten seconds.
type sweepProgress struct{ *bar }

func (p *program) newSweepProgress(of int) sweepProgress {
	return sweepProgress{p.newBar(of, 10*time.Second)}
}

func (p sweepProgress) show(now sweep.Progress) {
	p.say(now.Done, func() string {
		return fmt.Sprintf("%d of %d runs, %d failed, %.0f a second, %d of %d goals reached", now.Done, now.Of, now.Failed, now.Rate, now.Goals, now.GoalOf)
	})
}

// endless is progress of which nobody knows how long it takes: a line that is drawn over, or one now and then.
type endless struct {
	p     *program
	every time.Duration
	shown time.Time
}

func (p *program) newEndless() endless {
	e := endless{p: p, every: 5 * time.Second, shown: time.Now()}
	if p.err.drawn {
		e.every = 100 * time.Millisecond
	}
	return e
}

// say shows text, made by f if it is time to show anything.
func (e *endless) say(f func() string) {
	if e.p.quiet || time.Since(e.shown) < e.every {
		return
	}
	e.shown = time.Now()
	text := f()
	if !e.p.err.drawn {
		fmt.Fprintln(e.p.err, text)
		return
	}
	if over := []rune(text); len(over) >= e.p.err.columns { // a second line could not be drawn over
		text = string(over[:e.p.err.columns-1])
	}
	fmt.Fprintf(e.p.raw.err, "\r\033[K%s", escaped([]byte(text)))
}

func (e *endless) done() {
	if e.p.err.drawn && !e.p.quiet {
		fmt.Fprint(e.p.raw.err, "\r\033[K")
	}
}

// shrinkProgress shows how far shrinking is.
type shrinkProgress struct {
	endless
	problem error
}

func (p *program) newShrinkProgress() *shrinkProgress {
	return &shrinkProgress{endless: p.newEndless()}
}

func (s *shrinkProgress) show(now shrink.Progress) {
	s.say(func() string { return fmt.Sprintf("%d runs, leaving out %s; now %v", now.Tried, now.Doing, now.Now) })
}

func (s *shrinkProgress) done() {
	s.endless.done()
	if s.problem != nil {
		fmt.Fprintf(s.p.err, "ordeal shrink: the best so far was not kept: %v\n", s.problem)
	}
}

// whyProgress shows what is being asked.
type whyProgress struct{ endless }

func (p *program) newWhyProgress() *whyProgress { return &whyProgress{p.newEndless()} }

func (w *whyProgress) show(doing string, runs int) {
	w.say(func() string { return fmt.Sprintf("%d runs, %s", runs, doing) })
}
