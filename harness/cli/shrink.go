package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/shrink"
)

// shrinking is what the command line asks for.
type shrinking struct {
	opts   shrink.Options
	out    string
	asJSON bool
}

func (p *program) shrinkCommand() *cobra.Command {
	k := shrinking{opts: shrink.Options{Run: runOptions()}}
	c := &cobra.Command{
		Use:   "shrink RUN [flags]",
		Short: "make a failing run small: fewest faults, operations, machines and settings",
		Long: "Makes a failing run small. RUN is the folder of a kept run, or a scenario, which is played with --seed. The result\n" +
			"is a scenario that breaks the same property in the simulation and has no fault, operation, machine or setting to\n" +
			"spare. Interrupted, it keeps the best so far.",
		Example:           "  ordeal shrink failing.yaml --seed 2 --out runs/small.yaml",
		Args:              arguments(1, 1, "RUN"),
		ValidArgsFunction: completeRunOrScenario,
	}
	f := c.Flags()
	seedFlag(f, &k.opts.Seed, "the `seed` of the run (default: that of the folder, or 1)")
	f.Lookup("seed").DefValue = "" // the folder may say another
	f.StringVar(&k.opts.Check, "check", "", "`name` of the checker whose property is to stay broken (default: the first that says invalid)")
	f.IntVar(&k.opts.Workers, "workers", runtime.GOMAXPROCS(0), "how `many` runs at a time")
	f.IntVar(&k.opts.Seeds, "other-seeds", 4, "how `many` other seeds, from 1 on, a smaller scenario may be tried with")
	f.StringVarP(&k.out, "out", "o", "", "`file` to write the result to (default: RUN/shrunk.yaml, or runs/SCENARIO-shrunk.yaml)")
	f.BoolVar(&k.asJSON, "json", false, "print the result as JSON")
	trustFlag(f, &k.opts.Run.Trusted)
	completeFlags(c)
	c.RunE = p.does(func(ctx context.Context, args []string) (int, error) {
		s, err := failingRun(args[0], &k.opts.Seed, f.Changed("seed"), k.opts.Run.Trusted)
		if err != nil {
			return 0, err
		}
		if k.out == "" {
			k.out = shrunkFile(args[0], s.Name)
		}
		return p.shrink(ctx, &k, s)
	})
	return c
}

// shrunkFile is where what is left of a run goes: into its folder, or among the runs.
func shrunkFile(run, scenario string) string {
	if info, err := os.Stat(run); err == nil && info.IsDir() {
		return filepath.Join(run, "shrunk.yaml")
	}
	return filepath.Join("runs", scenario+"-shrunk.yaml")
}

func (p *program) shrink(ctx context.Context, k *shrinking, s harness.Scenario) (int, error) {
	bar := p.newShrinkProgress()
	k.opts.Progress = bar.show
	k.opts.Better = func(r shrink.Result) { // so that it is there whatever ends this program
		if err := writeScenario(k.out, r.Scenario); err != nil {
			bar.problem = err
		}
	}
	began := time.Now()
	res, err := shrink.Scenario(ctx, s, k.opts)
	bar.done()
	if err == nil {
		err = writeScenario(k.out, res.Scenario)
	}
	if err != nil {
		return 0, err
	}
	if k.asJSON {
		return exitInvalid, printJSON(p.out, struct {
			*shrink.Result
			File   string `json:"file"`
			Replay string `json:"replay"`
		}{res, k.out, replayOf(k.out, res.Seed)})
	}
	t := p.out
	t.line(0, 2, piece{text: res.Check + ": "}, piece{bad, "invalid"}, piece{text: ": " + res.Why})
	t.line(0, 5, piece{text: fmt.Sprintf("from %v", res.From)})
	t.line(0, 5, piece{text: fmt.Sprintf("to   %v", res.To)})
	ending := "interrupted: there may be less to it"
	if res.Minimal {
		ending = fmt.Sprintf("without any one of these the run no longer breaks %s", res.Check)
	}
	t.line(0, 2, piece{text: fmt.Sprintf("in %d runs and %v; %s", res.Tried, time.Since(began).Round(100*time.Millisecond), ending)})
	t.line(0, 2, piece{text: "written to " + k.out})
	t.line(0, 2, piece{text: "replay: " + replayOf(k.out, res.Seed)})
	return exitInvalid, nil
}

func replayOf(file string, seed uint64) string {
	return fmt.Sprintf("%s run %s -seed %d", commandPrefix(), file, seed)
}

// failingRun returns the scenario to shrink. A folder of a kept run says its seed itself, if none is given.
func failingRun(name string, seed *uint64, given, trust bool) (harness.Scenario, error) {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return loadScenario(name, trust)
	}
	h, err := readHistory(name)
	if err != nil {
		return harness.Scenario{}, err
	}
	if !given {
		*seed = h.Seed
	}
	return readScenario(filepath.Join(name, harness.ScenarioFile), trust)
}

func writeScenario(path string, s harness.Scenario) error {
	text, err := s.YAML()
	if err != nil {
		return err
	}
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return os.WriteFile(path, text, 0o644)
}
