package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

func sweepCommand(ctx context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "sweep", "SCENARIO…", "Plays each SCENARIO with many seeds, in the simulation unless told otherwise, and keeps the runs that broke a property.\n"+
		"\"all\" is every scenario of the catalogue, \"swarm\" another scenario for each seed. Ctrl-C ends the sweep with the\nsummary so far; -resume goes on from there.")
	seeds := seedRange{1, 200}
	f.Var(&seeds, "seeds", "`range` of seeds, as 1-200")
	opts := sweep.Options{Run: runOptions()}
	f.StringVar(&opts.Run.World, "world", harness.WorldSim, "`world` to play in: sim, or live (processes on loopback)")
	f.StringVar(&opts.Run.Target, "target", "ordeal-node", "live: the `server` to test")
	runs := f.Int("runs", 0, "so many `runs` of each scenario: seeds 1 to that")
	f.IntVar(&opts.Workers, "workers", 0, "how many runs at a time (default: as many as there are processors; live: half of them)")
	f.StringVar(&opts.Out, "out", "runs/sweep", "`folder` for failed runs and the state of the sweep")
	f.IntVar(&opts.FailuresMax, "fail", 10, "stop after so many failed runs; 0: never")
	f.BoolVar(&opts.Resume, "resume", false, "go on where the sweep in the -out folder stopped; -seeds may reach further than it did")
	required := f.String("goals", "", "`names` of goals, with commas between, that the sweep must reach (ordeal list shows them); \"all\": every one")
	traces := f.String("traces", "", "write the trace hash of every run to this `file`, in order of scenario and seed")
	junit := f.String("junit", "", "write the summary as JUnit XML to this `file`")
	f.limits(&opts.Run.Limits)
	asJSON := f.Bool("json", false, "print the summary as JSON")
	f.trust(&opts.Run.Trusted)
	var confs redis.Confs
	f.confs(&confs)
	if err := f.parse(args, 1, 1000); err != nil {
		return 0, err
	}
	plans, err := plansOf(f.args, opts.Run.Trusted)
	if err != nil {
		return 0, err
	}
	for i := range plans {
		if plans[i].Scenario, err = withConfs(confs, &opts.Run, plans[i].Scenario, once(i, io.err)); err != nil {
			return 0, err
		}
	}
	if opts.Goals, err = goalNames(plans[0].Scenario.System.Goals(), *required); err != nil {
		return 0, err
	}
	if opts.Run.World != harness.WorldLive && f.given("target") {
		return 0, errors.New("-target belongs to the live world: add -world live")
	}
	if *runs > 0 {
		seeds = seedRange{1, uint64(*runs)}
	}
	opts.Workers = workersFor(opts.Workers, opts.Run.World)
	opts.First, opts.Last = seeds.first, seeds.last
	var hashes []string
	opts.Each = func(r *sweep.Record) {
		hashes = append(hashes, fmt.Sprintf("%s %6d %s\n", r.Scenario, r.Seed, r.Trace))
	}
	bar := newSweepProgress(io.err, len(plans)*int(seeds.last-seeds.first+1))
	opts.Progress = bar.show
	summary, err := sweep.Run(ctx, plans, opts)
	bar.done()
	if err != nil {
		return 0, err
	}
	if *traces != "" {
		slices.Sort(hashes)
		if err := os.WriteFile(*traces, []byte(strings.Join(hashes, "")), 0o644); err != nil {
			return 0, err
		}
	}
	if *junit != "" {
		if err := writeJUnit(*junit, summary); err != nil {
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
		fmt.Fprintf(io.err, "ordeal: interrupted after %d of %d runs; the same command with -resume goes on\n", summary.Runs, bar.of)
	}
	return statusOf(summary.Result()), nil
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

// sweepProgress shows how far a sweep is: a bar on a terminal, else a line every ten seconds.
type sweepProgress struct {
	w     interface{ Write([]byte) (int, error) }
	of    int
	bar   *progressbar.ProgressBar
	shown time.Time
}

func newSweepProgress(w interface{ Write([]byte) (int, error) }, of int) *sweepProgress {
	p := &sweepProgress{w: w, of: of, shown: time.Now()}
	if isTerminal(w) {
		p.bar = newBar(w, int64(of))
	}
	return p
}

func (p *sweepProgress) show(now sweep.Progress) {
	text := fmt.Sprintf("%d of %d runs, %d failed, %.0f a second, %d of %d goals reached", now.Done, now.Of, now.Failed, now.Rate, now.Goals, now.GoalOf)
	if p.bar != nil {
		p.bar.Describe(text)
		p.bar.Set(now.Done)
	} else if time.Since(p.shown) >= 10*time.Second {
		p.shown = time.Now()
		fmt.Fprintln(p.w, text)
	}
}

func (p *sweepProgress) done() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
