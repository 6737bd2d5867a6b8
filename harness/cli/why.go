package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness/why"
)

// asking is what the command line wants to know the reason of.
type asking struct {
	opts   why.Options
	out    string
	asJSON bool
}

func (p *program) whyCommand() *cobra.Command {
	k := asking{opts: why.Options{Run: runOptions()}}
	c := &cobra.Command{
		Use:   "why RUN [flags]",
		Short: "tell why a run failed: the point of no return, what it took, what would have saved it",
		Long: "Tells why a simulated run broke a property. RUN is the folder of a kept run, or a scenario, which is played with\n" +
			"--seed. The run is played again many times, with other chances from a moment on, without one of its faults, with\n" +
			"faults that end sooner and with other settings. What changes its outcome is a cause or a way out, and is written\n" +
			"down as a scenario that shows it.",
		Example:           "  ordeal why failing.yaml --seed 2 --out runs/why",
		Args:              arguments(1, 1, "RUN"),
		ValidArgsFunction: completeRunOrScenario,
	}
	f := c.Flags()
	seedFlag(f, &k.opts.Seed, "the `seed` of the run (default: that of the folder, or 1)")
	f.Lookup("seed").DefValue = "" // the folder may say another
	f.StringVar(&k.opts.Check, "check", "", "`name` of the checker whose property was broken (default: the first that says invalid)")
	f.IntVar(&k.opts.Workers, "workers", runtime.GOMAXPROCS(0), "how `many` runs at a time")
	f.IntVar(&k.opts.Branches, "branches", 20, "how `many` runs for each moment and each change")
	f.StringVarP(&k.out, "out", "o", "runs/why", "`folder` to write the changed scenarios to")
	f.BoolVar(&k.asJSON, "json", false, "print the answer as JSON")
	trustFlag(f, &k.opts.Run.Trusted)
	completeFlags(c)
	c.RunE = p.does(func(ctx context.Context, args []string) (int, error) {
		if k.opts.Branches < 1 {
			return 0, fmt.Errorf("--branches %d: it takes at least one run to see a change", k.opts.Branches)
		}
		s, err := failingRun(args[0], &k.opts.Seed, f.Changed("seed"), k.opts.Run.Trusted)
		if err != nil {
			return 0, err
		}
		bar := p.newWhyProgress()
		k.opts.Progress = bar.show
		began := time.Now()
		a, err := why.Ask(ctx, s, k.opts)
		bar.done()
		if err != nil {
			return 0, err
		}
		return p.answer(&k, a, time.Since(began))
	})
	return c
}

// answer prints what was found out, and writes the changed scenarios.
func (p *program) answer(k *asking, a *why.Answer, took time.Duration) (int, error) {
	commands := map[string]string{} // by change
	for kind, changes := range map[string][]why.Change{"cause": a.Causes, "saved": a.Saved} {
		for i, c := range changes {
			file := filepath.Join(k.out, fmt.Sprintf("%s-%d.yaml", kind, i+1))
			if err := writeScenario(file, c.Scenario); err != nil {
				return 0, err
			}
			commands[c.What] = replayOf(file, k.opts.Seed)
		}
	}
	if k.asJSON {
		return exitInvalid, printJSON(p.out, struct {
			*why.Answer
			Commands map[string]string `json:"commands"`
		}{a, commands})
	}
	t := p.out
	t.line(0, 2, piece{text: a.Check + ": "}, piece{bad, "invalid"}, piece{text: ": " + a.Finding})
	p.tellTurn(a)
	p.tellChanges("What it took: without any of these it is less likely.", a.Causes, commands)
	if len(a.Causes) == 0 {
		t.line(0, 2, piece{text: "No fault and no setting was needed for it by itself: what is left out, others make up for."})
	}
	p.tellChanges("What would have saved it:", a.Saved, commands)
	t.line(0, 2, piece{text: fmt.Sprintf("%d runs in %v; a share is of %d runs, its interval holds it with 95 %% certainty", a.Runs, took.Round(100*time.Millisecond), k.opts.Branches)})
	return exitInvalid, nil
}

func (p *program) tellTurn(a *why.Answer) {
	t := p.out
	if a.Turn == nil {
		t.line(0, 2, piece{text: fmt.Sprintf("There is no point of no return: from the beginning on, %s of the ways it may take break it.", percent(a.Curve[0]))})
		return
	}
	t.line(0, 2, piece{text: fmt.Sprintf("The point of no return lies between %v and %v after the cluster had formed: of the runs that branch off before it %s break it, after it %s.",
		a.Turn.Before.At, a.Turn.After.At, percent(a.Turn.Before), percent(a.Turn.After))})
	for _, event := range a.Turn.Events {
		t.line(2, 4, piece{text: event})
	}
	if p.verbose {
		for _, s := range a.Curve {
			t.line(2, 4, piece{text: fmt.Sprintf("from %v on: %s", s.At, percent(s))})
		}
	}
}

func (p *program) tellChanges(title string, changes []why.Change, commands map[string]string) {
	if len(changes) == 0 {
		return
	}
	p.out.line(0, 2, piece{text: title})
	for _, c := range changes {
		p.out.line(2, 4, piece{text: fmt.Sprintf("%s: %s as it was, %s so", c.What, percent(c.With), percent(c.Without))})
		p.out.line(4, 6, piece{text: commands[c.What]})
	}
}

func percent(s why.Share) string {
	low, high := s.Interval()
	return fmt.Sprintf("%.0f %% (%.0f to %.0f)", 100*s.Value(), 100*low, 100*high)
}
