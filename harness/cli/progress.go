package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ordeal-go/ordeal/harness"
)

// runProgress shows how far one run is, on a terminal only.
type runProgress struct {
	bar   *progressbar.ProgressBar
	drawn time.Time
}

func newRunProgress(w io.Writer) *runProgress {
	if !isTerminal(w) {
		return &runProgress{}
	}
	return &runProgress{bar: newBar(w, 1000)}
}

func newBar(w io.Writer, most int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(most, progressbar.OptionSetWriter(w), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetPredictTime(false))
}

func (p *runProgress) show(now harness.Progress) {
	if p.bar == nil || time.Since(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = time.Now()
	stage := now.Stage
	if stage == "" {
		stage = "starting"
	}
	p.bar.Describe(fmt.Sprintf("%v, %s, %d operations, %d faults", now.Elapsed.Round(100*time.Millisecond), stage, now.Ops, now.Faults))
	if now.Of > 0 {
		p.bar.Set64(min(999, int64(1000*now.Elapsed/now.Of)))
	}
}

func (p *runProgress) done() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
