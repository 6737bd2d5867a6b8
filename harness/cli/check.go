package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// readHistory reads a history file; a folder of a kept run stands for the history in it.
func readHistory(path string) (*histories.History, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, harness.HistoryFile)
	}
	return histories.ReadFile(path)
}

// checksOf are the checks that a history's own scenario asks for (none: all that is promised), and its limits.
func checksOf(h *histories.History) ([]string, checkers.Limits) {
	if h.Plan == "" {
		return nil, checkers.Limits{}
	}
	s, err := systems.ParseTrustedScenario("plan", []byte(h.Plan))
	if err != nil {
		return nil, checkers.Limits{} // of another version of ordeal: everything is checked
	}
	return s.Checks, s.Limits
}

// judgesOf are the checkers of the system that took part in a history. Of one that this program does not know, those judge
// that know no system.
func judgesOf(h *histories.History) checkers.Set {
	system, err := systems.ByName(h.System)
	if err != nil {
		return checkers.General()
	}
	return system.Checkers()
}

// checking is what the command line asks for.
type checking struct {
	names, page, model, mapping, asserted string
	limits                                checkers.Limits
	timeout                               time.Duration
	memory                                size
	asJSON                                bool
}

func (p *program) checkCommand() *cobra.Command {
	k := checking{memory: size(models.MemoryDefault)}
	c := &cobra.Command{
		Use:   "check HISTORY [flags]",
		Short: "judge a history file",
		Long: "Judges a history: a file of JSON lines (histories/FORMAT.md), of Jepsen's EDN or of its log, also compressed by\n" +
			"gzip; the folder of a kept run; or - for standard input.",
		Example: `  ordeal check runs/chain-sim-1
  ordeal check runs/chain-sim-1/history.jsonl --checks linearizable,read-only
  ordeal check queue.edn --model queue --mapping take=dequeue`,
		Args:              arguments(1, 1, "HISTORY"),
		ValidArgsFunction: completeRun,
	}
	f := c.Flags()
	f.StringVar(&k.names, "checks", "", "`names` of checkers, with commas between (default: those of its scenario, or all that is promised; "+
		"of another tool's history, and with --model, linearizable)")
	f.StringVar(&k.page, "page", "", "write porcupine's page to this `file`")
	limitFlags(f, &k.limits)
	f.BoolVar(&k.asJSON, "json", false, "print the verdicts as JSON")
	modelFlags(f, &k.model, &k.mapping)
	f.DurationVar(&k.timeout, "timeout", 0, "how much `time` searches for an order may take (default: their steps are counted, so that every machine comes to the same verdict)")
	f.Var(&k.memory, "memory", "what a search may hold, about, as `512MB`")
	f.StringVar(&k.asserted, "assertions", "", "`files` of what Antithesis' SDKs wrote, with commas between: machine=file, or a file, of a system under test; they are judged with the history")
	completeFlags(c)
	c.RunE = p.does(func(_ context.Context, args []string) (int, error) { return p.check(&k, args[0]) })
	return c
}

func (p *program) check(k *checking, path string) (int, error) {
	m, err := histories.ParseMapping(k.mapping)
	if err != nil {
		return 0, err
	}
	harness.TuneCollectorForHistory()
	h, format, err := openHistory(path, k.model, m)
	if err != nil {
		return 0, err
	}
	if err := addAssertions(h, k.asserted); err != nil {
		return 0, err
	}
	checks, planned := checksOf(h)
	if k.asserted != "" && len(checks) > 0 {
		checks = append(checks, checkers.Assertions{}.Name())
	}
	if format != histories.JSONLines || k.model != "" {
		checks = []string{checkers.Linearizable{}.Name()}
	}
	if k.names != "" {
		checks = strings.Split(k.names, ",")
	}
	verdicts, err := judgesOf(h).RunAsked(h, checks, checkers.Linearizable{Timeout: k.timeout, Memory: int(k.memory)})
	if err != nil {
		return 0, err
	}
	if v, ok := planned.With(k.limits).Judge(verdicts); ok {
		verdicts = append(verdicts, v)
	}
	if k.page != "" {
		if err := harness.WritePage(k.page, h); err != nil {
			return 0, err
		}
	}
	res := &harness.Result{Seed: h.Seed, World: h.World, History: h, Verdicts: verdicts, Trace: h.Trace, Elapsed: h.End, Replay: h.Replay,
		NotDone: h.NotDone()}
	res.Plan.Name = h.Scenario
	if !h.Complete {
		fmt.Fprintln(p.err, "ordeal check: the history has no end: its run was interrupted")
	}
	status := statusAfter(verdicts.Result(), h)
	if k.asJSON {
		return status, printJSON(p.out, res)
	}
	p.tellVerdicts(res)
	return status, nil
}

// addAssertions adds what processes of a run asserted to its history, at its end: the files tell no time.
func addAssertions(h *histories.History, files string) error {
	for file := range strings.SplitSeq(files, ",") {
		if file == "" {
			continue
		}
		machine, name, named := strings.Cut(file, "=")
		if !named {
			machine, name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), file
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		notes, err := histories.ReadAssertions(f, machine, h.End)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		h.Notes = append(h.Notes, notes...)
	}
	return nil
}
