// Package harnesstest plays scenarios in go test.
//
// Flags of go test change what a test plays, and so do variables of the environment, which steer a go test ./... of a whole
// repository: -ordeal.seeds=1000 or ORDEAL_SEEDS=1000, -ordeal.seed=7, -ordeal.world=live, -ordeal.out=DIR.
package harnesstest

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/harnesstest/flags"
	"github.com/ordeal-go/ordeal/harness/live/runs"
)

// Test plays the scenario in t with 10 seeds in the simulation, and fails t for each seed whose run breaks a
// property. A failure prints the command that plays that one seed again, wherever the scenario came from: a file, or Go.
func Test(t *testing.T, s harness.Scenario) {
	t.Helper()
	TestWith(t, s, 10, harness.Options{})
}

// TestWith is Test with another number of seeds, from 1, and other options.
func TestWith(t *testing.T, s harness.Scenario, seeds int, opts harness.Options) {
	t.Helper()
	play(t, s, seeds, opts)
}

func play(t *testing.T, s harness.Scenario, seeds int, opts harness.Options) {
	t.Helper()
	first, last := flags.Seeds(seeds)
	opts.World = flags.World(opts.World)
	if opts.Live == nil {
		opts.Live = runs.Live{}
	}
	own := opts.Replay == "" && opts.Source == ""
	for n := first; n <= last; n++ {
		opts.Seed = n
		if own { // no command but this test knows the scenario
			opts.Replay = flags.Command(t.Name(), n)
		}
		if out := flags.Out(); out != "" {
			opts.Out = filepath.Join(out, fmt.Sprintf("%s-%d", s.Name, n))
		}
		res, err := harness.Run(t.Context(), s, opts)
		if err != nil {
			t.Fatalf("%s, seed %d: %v", s.Name, opts.Seed, err)
		}
		tell(t, res)
	}
}

// tell fails the test if the run broke a property.
func tell(t *testing.T, res *harness.Result) {
	t.Helper()
	switch res.Result() {
	case checkers.Invalid:
		t.Errorf("%s%s", res, kept(res))
	case checkers.Unknown:
		t.Logf("%s", res)
	}
}

// kept says where the run can be looked at.
func kept(res *harness.Result) string {
	if res.Dir == "" {
		return "report: the same with -ordeal.out=DIR keeps the run, with its report\n"
	}
	return fmt.Sprintf("report: %s\n", filepath.Join(res.Dir, harness.ReportFile))
}
