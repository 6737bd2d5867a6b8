package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

// sweeping is what the command line asks for.
type sweeping struct {
	seeds                seedRange
	runs                 int
	opts                 sweep.Options
	goals, traces, jUnit string
	asJSON               bool
	confs                redis.Confs
}

func (p *program) sweepCommand() *cobra.Command {
	s := sweeping{seeds: seedRange{1, 200}, opts: sweep.Options{Run: runOptions()}}
	c := &cobra.Command{
		Use:   "sweep SCENARIO… [flags]",
		Short: "play scenarios with many seeds",
		Long: "Plays each SCENARIO with many seeds, in the simulation unless told otherwise, and keeps the runs that broke a\n" +
			"property. \"all\" is every scenario of the catalogue, \"swarm\" another scenario for each seed. Ctrl-C ends the sweep\n" +
			"with the summary so far; --resume goes on from there.",
		Example: `  ordeal sweep sentinel-failover --seeds 1-50
  ordeal sweep sentinel-failover --seeds 1-60 --resume
  ordeal sweep swarm --seeds 1-100 --goals full-sync --junit runs/junit.xml
  ordeal sweep lossy.yaml chain --runs 10 --out runs/ours`,
		Args:              arguments(1, 1000, "SCENARIO…"),
		ValidArgsFunction: completeScenarios,
	}
	f := c.Flags()
	f.Var(&s.seeds, "seeds", "`range` of seeds, as 1-50")
	worldFlags(f, &s.opts.Run)
	f.IntVar(&s.runs, "runs", 0, "so many `runs` of each scenario: seeds 1 to that")
	workersFlag(f, &s.opts.Workers)
	f.StringVar(&s.opts.Out, "out", "runs/sweep", "`folder` for failed runs and the state of the sweep")
	f.IntVar(&s.opts.FailuresMax, "fail", 10, "stop after so `many` failed runs; 0: never")
	f.BoolVar(&s.opts.Resume, "resume", false, "go on where the sweep in the folder of --out stopped; --seeds may reach further than it did")
	f.StringVar(&s.goals, "goals", "", "`names` of goals, with commas between, that the sweep must reach (ordeal list shows them); \"all\": every one")
	f.StringVar(&s.traces, "traces", "", "write the trace hash of every run to this `file`, in order of scenario and seed")
	f.StringVar(&s.jUnit, "junit", "", "write the summary as JUnit XML to this `file`")
	limitFlags(f, &s.opts.Run.Limits)
	f.BoolVar(&s.asJSON, "json", false, "print the summary as JSON")
	trustFlag(f, &s.opts.Run.Trusted)
	confFlags(f, &s.confs)
	completeFlags(c)
	c.RunE = p.does(func(ctx context.Context, args []string) (int, error) {
		if err := belong(f, s.opts.Run.World); err != nil {
			return 0, err
		}
		return p.sweep(ctx, &s, args)
	})
	return c
}

func workersFlag(f *pflag.FlagSet, workers *int) {
	f.IntVar(workers, "workers", 0, "how `many` runs at a time (default: as many as there are processors; live: half of them)")
}

func (p *program) sweep(ctx context.Context, s *sweeping, args []string) (int, error) {
	plans, err := s.plans(p, args)
	if err != nil {
		return 0, err
	}
	if s.runs > 0 {
		s.seeds = seedRange{1, uint64(s.runs)}
	}
	opts := s.opts
	opts.Workers = workersFor(opts.Workers, opts.Run.World)
	opts.First, opts.Last = s.seeds.first, s.seeds.last
	var hashes []string
	opts.Each = func(r *sweep.Record) {
		hashes = append(hashes, fmt.Sprintf("%s %6d %s\n", r.Scenario, r.Seed, r.Trace))
	}
	bar := p.newSweepProgress(len(plans) * s.seeds.many())
	opts.Progress = bar.show
	summary, err := sweep.Run(ctx, plans, opts)
	bar.done()
	if err != nil {
		return 0, err
	}
	if s.traces != "" {
		slices.Sort(hashes)
		if err := os.WriteFile(s.traces, []byte(strings.Join(hashes, "")), 0o644); err != nil {
			return 0, err
		}
	}
	if s.jUnit != "" {
		if err := writeJUnit(s.jUnit, summary); err != nil {
			return 0, err
		}
	}
	if s.asJSON {
		if err := printJSON(p.out, summary); err != nil {
			return 0, err
		}
	} else {
		p.tellSummary(summary, opts)
	}
	if ctx.Err() != nil {
		fmt.Fprintf(p.err, "ordeal: interrupted after %d of %d runs; the same command with --resume goes on\n", summary.Runs, bar.of)
	}
	return statusOf(summary.Result()), nil
}

// plans are the scenarios to sweep, with the settings of the user's own files.
func (s *sweeping) plans(p *program, names []string) ([]sweep.Plan, error) {
	plans, err := plansOf(names, s.opts.Run.Trusted)
	if err != nil {
		return nil, err
	}
	for i := range plans {
		if plans[i].Scenario, err = withConfs(s.confs, &s.opts.Run, plans[i].Scenario, once(i, p.err)); err != nil {
			return nil, err
		}
	}
	s.opts.Goals, err = goalNames(plans[0].Scenario.System.Goals(), s.goals)
	return plans, err
}

// workersFor is how many runs go on at a time in world, if the command line does not say. Live, servers, Sentinels and
// clients need processors of their own.
func workersFor(asked int, world string) int {
	switch {
	case asked > 0:
		return asked
	case world == harness.WorldLive:
		return max(1, runtime.GOMAXPROCS(0)/2)
	}
	return runtime.GOMAXPROCS(0)
}

// plansOf are the scenarios to sweep.
func plansOf(names []string, trust bool) (plans []sweep.Plan, err error) {
	for _, name := range names {
		if name == "all" {
			for _, s := range scenarios.All() {
				plans = append(plans, sweep.Plan{Scenario: s, Source: s.Name})
			}
			continue
		}
		s, err := loadScenario(name, trust)
		if err != nil {
			return nil, err
		}
		plans = append(plans, sweep.Plan{Scenario: s, Source: name})
	}
	for i, p := range plans {
		if j := slices.IndexFunc(plans[:i], func(q sweep.Plan) bool { return q.Scenario.Name == p.Scenario.Name }); j >= 0 {
			return nil, fmt.Errorf("%s and %s are both called %s: a sweep tells scenarios apart by their names", plans[j].Source, p.Source, p.Scenario.Name)
		}
	}
	return plans, nil
}

func goalNames(known goals.Catalogue, text string) ([]string, error) {
	switch text {
	case "":
		return nil, nil
	case "all":
		return known.Names(), nil
	}
	names := strings.Split(text, ",")
	for _, name := range names {
		if _, err := known.ByName(name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func writeJUnit(path string, summary *sweep.Summary) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := summary.WriteJUnit(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
