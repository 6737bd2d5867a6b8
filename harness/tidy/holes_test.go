package tidy

// hole is a finding of the guard that stands, named by file, declaration and what is used there.
type hole struct{ file, in, rule, what string }

// holes are the findings that stand, each with the reason why no run depends on it. A line that excuses nothing fails.
var holes = map[hole]string{
	// The one verdict that may depend on the clock: it can become unknown, never valid or invalid.
	{"checkers/linearizable.go", "Linearizable.limits", ruleClock, "time.Now"}: "only if whoever asks sets Timeout, which no " +
		"scenario can, and then only to give up: the verdict becomes unknown (TestATimeoutOnlyMakesAVerdictUnknown)",
	{"checkers/page.go", "Linearizable.WritePage", ruleClock, "github.com/anishathalye/porcupine.CheckOperationsVerbose"}: "draws a page about a " +
		"verdict that is given; a search that takes too long leaves the orders out of the page",

	// How long things took, for whoever waits; no event, verdict or trace has it.
	{"harness/run.go", "open", ruleClock, "time.Now"}:               "Result.Took is shown, and nothing reads it",
	{"harness/run.go", "*run.judge", ruleClock, "time.Now"}:         "Result.Judging is shown, and nothing reads it",
	{"harness/run.go", "*run.judge", ruleClock, "time.Since"}:       "Result.Took and Judging are shown, and nothing reads them",
	{"harness/options.go", "Options.header", ruleClock, "time.Now"}: "the header of live runs only says when they began",

	// Files, before a run begins and after it ended.
	{"harness/site.go", "", ruleImport, "os"}:         "the file to which the simulation writes its trace as text",
	{"harness/output.go", "", ruleImport, "os"}:       "keeps a run in a folder: written, never read",
	{"harness/scenariofile.go", "", ruleImport, "os"}: "ReadScenario reads the file before the run",
	{"histories/read.go", "", ruleImport, "os"}:       "ReadFile opens the history that Read reads",

	// Tags that are compared by identity; nothing writes to them.
	{"node/script/lua/value.go", "numberTag", ruleState, "pointer"}: "says that a value is a number; never written",
	{"node/script/lua/value.go", "boolTag", ruleState, "pointer"}:   "says that a value is a boolean; never written",

	// The Go runtime.
	{"harness/collector.go", "", ruleImport, "os"}:            "GOGC and GOMEMLIMIT set how fast a run is, not what it does",
	{"harness/collector.go", "", ruleImport, "runtime/debug"}: "sets how often memory is collected, which no run can see",
	{"harness/sim/world.go", "", ruleImport, "runtime/debug"}: "the stack of a core that panicked, for the error that ends the run",
	{"checkers/checker.go", "", ruleImport, "runtime/debug"}:  "the stack of a checker that panicked, in the text of its unknown verdict",
	{"harness/cluster/machine.go", "", ruleImport, "net"}:     "JoinHostPort only, which is text",
	{"node/table/hash.go", "", ruleImport, "unsafe"}:          "a string looked at as bytes, without its address",
	{"node/value/value.go", "", ruleImport, "unsafe"}: "one pointer to a value of any type, and strings and bytes looked at as " +
		"each other: addresses are followed, never compared or printed",

	// What is joined so that nobody can see who came first.
	{"harness/scenarios/catalogue.go", "", ruleImport, "sync"}: "the catalogue is read from the program once, by whoever asks first",
	{"harness/shrink/first.go", "", ruleImport, "sync"}:        "plays candidates side by side and takes the first by order, not by time",
	{"harness/why/why.go", "", ruleImport, "sync"}:             "plays branches side by side and counts them, whichever ends first",

	// The door of go test.
	{"harness/swarm/swarmtest/scenario.go", "", ruleImport, "testing"}: "lets a fuzzing test draw scenarios",
}
