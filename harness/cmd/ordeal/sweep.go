package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

func sweepCommand(ctx context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "sweep", "SCENARIO…", "Plays each SCENARIO with many seeds in the simulation and keeps the runs that broke a property.\n\"all\" is every scenario of the catalogue.")
	seeds := seedRange{1, 200}
	f.Var(&seeds, "seeds", "`range` of seeds, as 1-200")
	workers := f.Int("workers", runtime.GOMAXPROCS(0), "how many runs at a time")
	out := f.String("out", "runs/sweep", "`folder` to keep failed runs in")
	most := f.Int("fail", 10, "stop after so many failed runs; 0: never")
	traces := f.String("traces", "", "write the trace hash of every run to this `file`, in order of scenario and seed")
	asJSON := f.Bool("json", false, "print the summary as JSON")
	if err := f.parse(args, 1, 1000); err != nil {
		return 0, err
	}
	var plans []sweep.Plan
	for _, name := range f.args {
		if name == "all" {
			for _, s := range scenarios.All() {
				plans = append(plans, sweep.Plan{Scenario: s, Source: s.Name})
			}
			continue
		}
		s, err := loadScenario(name)
		if err != nil {
			return 0, err
		}
		plans = append(plans, sweep.Plan{Scenario: s, Source: name})
	}
	total := int64(len(plans)) * int64(seeds.last-seeds.first+1)
	var bar *progressbar.ProgressBar
	if isTerminal(io.err) {
		bar = newBar(io.err, total)
	}
	var hashes []string
	summary, err := sweep.Run(ctx, plans, sweep.Options{
		First: seeds.first, Last: seeds.last, Workers: *workers, FailuresMax: *most, Out: *out,
		Run: harness.Options{Build: build(), Command: commandPrefix()},
		Each: func(res *harness.Result) {
			hashes = append(hashes, fmt.Sprintf("%s %6d %s\n", res.Plan.Name, res.Seed, res.Trace))
		},
		Progress: func(p sweep.Progress) {
			if bar != nil {
				bar.Describe(fmt.Sprintf("%d of %d runs, %d failed, %.0f a second", p.Done, total, p.Failed, p.Rate))
				bar.Set(p.Done)
			}
		},
	})
	if bar != nil {
		bar.Finish()
	}
	if err != nil {
		return 0, err
	}
	if *traces != "" {
		slices.Sort(hashes)
		if err := os.WriteFile(*traces, []byte(strings.Join(hashes, "")), 0o644); err != nil {
			return 0, err
		}
	}
	if *asJSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(summary); err != nil {
			return 0, err
		}
	} else {
		fmt.Fprint(io.out, summary)
	}
	if ctx.Err() != nil {
		fmt.Fprintf(io.err, "ordeal: interrupted after %d of %d runs\n", summary.Runs, total)
	}
	return statusOf(summary.Result()), nil
}
