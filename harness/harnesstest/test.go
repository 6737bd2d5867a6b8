// Package harnesstest plays scenarios in go test.
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
// property. The flags -ordeal.seed, -ordeal.seeds, -ordeal.world and -ordeal.out change what it plays; a failure
// prints the command that plays that one seed again.
func Test(t *testing.T, s harness.Scenario) {
	t.Helper()
	TestWith(t, s, 10, harness.Options{})
}

// TestWith is Test with another number of seeds, from 1, and other options.
func TestWith(t *testing.T, s harness.Scenario, seeds int, opts harness.Options) {
	t.Helper()
	first, last := flags.Seeds(seeds)
	opts.World = flags.World(opts.World)
	if opts.Live == nil {
		opts.Live = runs.Live{}
	}
	for n := first; n <= last; n++ {
		opts.Seed = n
		if out := flags.Out(); out != "" {
			opts.Out = filepath.Join(out, fmt.Sprintf("%s-%d", s.Name, n))
		}
		playIn(t, s, opts)
	}
}

func playIn(t *testing.T, s harness.Scenario, opts harness.Options) {
	t.Helper()
	res, err := harness.Run(t.Context(), s, opts)
	if err != nil {
		t.Fatalf("%s, seed %d: %v", s.Name, opts.Seed, err)
	}
	switch res.Result() {
	case checkers.Invalid:
		t.Errorf("%s\nin this test: go test -run '^%s$' -ordeal.seed=%d", res, t.Name(), opts.Seed)
	case checkers.Unknown:
		t.Logf("%s", res)
	}
}
