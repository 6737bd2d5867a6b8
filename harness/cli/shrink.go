package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/shrink"
)

func shrinkCommand(ctx context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "shrink", "RUN", "Makes a failing run small. RUN is the folder of a kept run, or a scenario, which is played with -seed. The result is a\n"+
		"scenario that breaks the same property in the simulation and has no fault, operation, machine or setting to spare.\n"+
		"Interrupted, it keeps the best so far.")
	opts := shrink.Options{Run: runOptions()}
	f.Uint64Var(&opts.Seed, "seed", 1, "the `seed` of the run (default: that of the folder, or 1)")
	f.StringVar(&opts.Check, "check", "", "`name` of the checker whose property is to stay broken (default: the first that says invalid)")
	f.IntVar(&opts.Workers, "workers", runtime.GOMAXPROCS(0), "how many runs at a time")
	f.IntVar(&opts.Seeds, "other-seeds", 4, "how many other seeds, from 1 on, a smaller scenario may be tried with")
	out := f.String("o", "shrunk.yaml", "`file` to write the result to")
	asJSON := f.Bool("json", false, "print the result as JSON")
	f.trust(&opts.Run.Trusted)
	if err := f.parse(args, 1, 1); err != nil {
		return 0, err
	}
	s, err := failingRun(f, &opts.Seed, opts.Run.Trusted)
	if err != nil {
		return 0, err
	}
	bar := newShrinkProgress(io.err)
	opts.Progress = bar.show
	opts.Better = func(r shrink.Result) { // so that it is there whatever ends this program
		if err := writeScenario(*out, r.Scenario); err != nil {
			bar.problem = err
		}
	}
	began := time.Now()
	res, err := shrink.Scenario(ctx, s, opts)
	bar.done()
	if err == nil {
		err = writeScenario(*out, res.Scenario)
	}
	if err != nil {
		return 0, err
	}
	if *asJSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		return exitInvalid, enc.Encode(struct {
			*shrink.Result
			File   string `json:"file"`
			Replay string `json:"replay"`
		}{res, *out, replayOf(*out, res.Seed)})
	}
	fmt.Fprintf(io.out, "%s: invalid: %s\nfrom %v\nto   %v\nin %d runs and %v", res.Check, res.Why, res.From, res.To, res.Tried, time.Since(began).Round(100*time.Millisecond))
	if res.Minimal {
		fmt.Fprintf(io.out, "; without any one of these the run no longer breaks %s\n", res.Check)
	} else {
		fmt.Fprintf(io.out, "; interrupted: there may be less to it\n")
	}
	fmt.Fprintf(io.out, "written to %s\nreplay: %s\n", *out, replayOf(*out, res.Seed))
	return exitInvalid, nil
}

func replayOf(file string, seed uint64) string {
	return fmt.Sprintf("%s run %s -seed %d", commandPrefix(), file, seed)
}

// failingRun returns the scenario to shrink. A folder of a kept run says its seed itself.
func failingRun(f *flags, seed *uint64, trust bool) (harness.Scenario, error) {
	name := f.args[0]
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return loadScenario(name, trust)
	}
	h, err := readHistory(name)
	if err != nil {
		return harness.Scenario{}, err
	}
	if !f.given("seed") {
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

// shrinkProgress shows how far shrinking is: on a terminal as one line that changes, else a line now and then.
type shrinkProgress struct {
	w       interface{ Write([]byte) (int, error) }
	line    bool
	every   time.Duration
	shown   time.Time
	problem error
}

func newShrinkProgress(w interface{ Write([]byte) (int, error) }) *shrinkProgress {
	p := &shrinkProgress{w: w, every: 5 * time.Second, shown: time.Now()}
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		p.line, p.every = true, 100*time.Millisecond
	}
	return p
}

func (p *shrinkProgress) show(now shrink.Progress) {
	if time.Since(p.shown) < p.every {
		return
	}
	p.shown = time.Now()
	text := fmt.Sprintf("%d runs, leaving out %s; now %v", now.Tried, now.Doing, now.Now)
	if p.line {
		fmt.Fprintf(p.w, "\r\033[K%s", text)
	} else {
		fmt.Fprintln(p.w, text)
	}
}

func (p *shrinkProgress) done() {
	if p.line {
		fmt.Fprint(p.w, "\r\033[K")
	}
	if p.problem != nil {
		fmt.Fprintf(p.w, "ordeal shrink: the best so far was not kept: %v\n", p.problem)
	}
}
