package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ordeal-go/ordeal/checkers"
	redischeckers "github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/nemesis"
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

func checkCommand(_ context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "check", "HISTORY", "Judges a history: a file of JSON lines (histories/FORMAT.md), of Jepsen's EDN or of its log, also\n"+
		"compressed by gzip; the folder of a kept run; or - for standard input.")
	names := f.String("checks", "", "`names` of checkers, with commas between (default: those of its scenario, or all that is\npromised; of another tool's history, and with -model, linearizable)")
	page := f.String("page", "", "write porcupine's page to this `file`")
	var limits checkers.Limits
	f.limits(&limits)
	asJSON := f.Bool("json", false, "print the verdicts as JSON")
	model := f.String("model", "", modelUsage)
	mapping := f.String("mapping", "", mappingUsage)
	timeout := f.Duration("timeout", 0, "how long searches for an order may take (default: their steps are counted, so that every machine comes to the same verdict)")
	memory := size(models.MemoryDefault)
	f.Var(&memory, "memory", "what a search may hold, about, as `512MB`")
	asserted := f.String("assertions", "", "`files` of what Antithesis' SDKs wrote, with commas between: machine=file, or a file, of a system under test; they are judged\nwith the history")
	if err := f.parse(args, 1, 1); err != nil {
		return 0, err
	}
	m, err := histories.ParseMapping(*mapping)
	if err != nil {
		return 0, err
	}
	harness.TuneCollectorForHistory()
	h, format, err := openHistory(f.args[0], *model, m)
	if err != nil {
		return 0, err
	}
	if err := addAssertions(h, *asserted); err != nil {
		return 0, err
	}
	checks, planned := checksOf(h)
	if *asserted != "" && len(checks) > 0 {
		checks = append(checks, checkers.Assertions{}.Name())
	}
	if format != histories.JSONLines || *model != "" {
		checks = []string{checkers.Linearizable{}.Name()}
	}
	if *names != "" {
		checks = strings.Split(*names, ",")
	}
	verdicts, err := judgesOf(h).RunAsked(h, checks, checkers.Linearizable{Timeout: *timeout, Memory: int(memory)})
	if err != nil {
		return 0, err
	}
	if v, ok := planned.With(limits).Judge(verdicts); ok {
		verdicts = append(verdicts, v)
	}
	if *page != "" {
		if err := harness.WritePage(*page, h); err != nil {
			return 0, err
		}
	}
	res := &harness.Result{Seed: h.Seed, World: h.World, History: h, Verdicts: verdicts, Trace: h.Trace, Elapsed: h.End, Replay: h.Replay,
		NotDone: h.NotDone()}
	res.Plan.Name = h.Scenario
	if !h.Complete {
		fmt.Fprintln(io.err, "ordeal check: the history has no end: its run was interrupted")
	}
	if *asJSON {
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		return statusAfter(verdicts.Result(), h), enc.Encode(res)
	}
	fmt.Fprint(io.out, res)
	return statusAfter(verdicts.Result(), h), nil
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

func reportCommand(_ context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "report", "DIR", "Judges the history kept in DIR anew and writes its report.")
	if err := f.parse(args, 1, 1); err != nil {
		return 0, err
	}
	harness.TuneCollectorForHistory()
	h, err := readHistory(f.args[0])
	if err != nil {
		return 0, err
	}
	checks, limits := checksOf(h)
	verdicts, err := judgesOf(h).RunWithin(h, limits, checks...)
	if err != nil {
		return 0, err
	}
	dir := f.args[0]
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	if err := harness.WriteReport(dir, h, &harness.Result{Verdicts: verdicts}); err != nil {
		return 0, err
	}
	fmt.Fprintln(io.out, filepath.Join(dir, harness.ReportFile))
	return statusAfter(verdicts.Result(), h), nil
}

func listCommand(_ context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "list", "", "Lists what there is.")
	asJSON := f.Bool("json", false, "print it as JSON")
	if err := f.parse(args, 0, 0); err != nil {
		return 0, err
	}
	type entry struct {
		Name string `json:"name"`
		Why  string `json:"why"`
	}
	var all []entry
	for _, s := range scenarios.All() {
		all = append(all, entry{s.Name, s.Why})
	}
	all = append(all, entry{swarm.Name, swarm.Scenario(redis.System{}).Why})
	var met []entry
	for _, g := range (redis.System{}).Goals().Goals {
		met = append(met, entry{g.Name, g.Why})
	}
	if *asJSON {
		return exitValid, json.NewEncoder(io.out).Encode(map[string]any{"scenarios": all, "checkers": redischeckers.Names(), "faults": nemesis.Verbs(), "goals": met})
	}
	fmt.Fprintln(io.out, "scenarios:")
	for _, e := range all {
		fmt.Fprintf(io.out, "  %-24s %s\n", e.Name, e.Why)
	}
	fmt.Fprintf(io.out, "checkers:\n  %s\nfaults:\n ", strings.Join(redischeckers.Names(), "\n  "))
	for _, v := range nemesis.Verbs() {
		fmt.Fprintf(io.out, " %s", v)
	}
	fmt.Fprintln(io.out, "\ngoals of a sweep:")
	for _, g := range met {
		fmt.Fprintf(io.out, "  %-30s %s\n", g.Name, g.Why)
	}
	return exitValid, nil
}
