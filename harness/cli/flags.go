package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/histories"
)

// streams are where a command writes: results to out, progress and errors to err.
type streams struct{ out, err io.Writer }

// errHelp says that the usage was asked for and printed.
var errHelp = errors.New("help")

// flags is a flag set that takes flags before, between and after the arguments.
type flags struct {
	*flag.FlagSet
	args []string
	help func() // prints the usage
}

func newFlags(w io.Writer, name, args, about string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.SetOutput(io.Discard) // dispatch prints the error; -h is printed below
	f.Usage = func() {}     // the flag package would print it for every error
	f.help = func() {
		fmt.Fprintf(w, "usage: ordeal %s %s [flags]\n\n%s\n\n", name, args, about)
		f.SetOutput(w)
		f.PrintDefaults()
		f.SetOutput(io.Discard)
	}
	return f
}

// parse reads args, of which at least least and at most most must be left after the flags.
func (f *flags) parse(args []string, least, most int) error {
	for {
		if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
			f.help()
			return errHelp
		} else if err != nil {
			return fmt.Errorf("%w (ordeal %s -h tells the flags)", err, f.Name())
		}
		if f.NArg() == 0 {
			break
		}
		f.args = append(f.args, f.Arg(0))
		args = f.Args()[1:]
	}
	switch {
	case len(f.args) < least:
		return fmt.Errorf("an argument is missing (ordeal %s -h tells them)", f.Name())
	case len(f.args) > most:
		return fmt.Errorf("%q is one argument too many (ordeal %s -h tells them)", f.args[most], f.Name())
	}
	return nil
}

// given says whether the flag called name stands on the command line.
func (f *flags) given(name string) (yes bool) {
	f.Visit(func(set *flag.Flag) { yes = yes || set.Name == name })
	return yes
}

// belong refuses a flag of the other world: nobody takes the simulation for a run of the target that was asked for.
func (f *flags) belong(world string) error {
	other := map[string]string{"target": harness.WorldLive, "node": harness.WorldLive, "record": harness.WorldLive,
		"toxiproxy": harness.WorldLive, "trace": harness.WorldSim}
	var wrong error
	f.Visit(func(set *flag.Flag) {
		if only := other[set.Name]; only != "" && only != world && wrong == nil {
			wrong = fmt.Errorf("-%s belongs to -world %s, and this run is in the %s world", set.Name, only, world)
		}
	})
	return wrong
}

// trust makes the flag by which a user vouches for a scenario file.
func (f *flags) trust(yes *bool) {
	f.BoolVar(yes, "trust", false, "a scenario file may do all that servers can be configured to do: run programs, reach other files and addresses")
}

// readScenario reads a scenario file.
func readScenario(path string, trust bool) (harness.Scenario, error) {
	if trust {
		return systems.ReadTrustedScenario(path)
	}
	return systems.ReadScenario(path)
}

// limits adds the flags that say what is accepted of what a run may cost.
func (f *flags) limits(l *checkers.Limits) {
	f.Func("max-lost", "fail if more than so `many` acknowledged writes may be lost", func(text string) error {
		n, err := strconv.Atoi(text)
		l.Lost = &n
		return err
	})
	f.Func("max-lost-share", "fail if more than that `share` of the acknowledged writes may be lost: 1%", func(text string) error {
		share, err := harness.ParseShare(text)
		l.LostShare = &share
		return err
	})
	f.Func("max-outage", "fail if for longer than that `time`, in all, no master took writes: 5s", func(text string) error {
		d, err := time.ParseDuration(text)
		l.Outage = &d
		return err
	})
}

// loadScenario returns the scenario called name in the catalogue, or that of the file name.
func loadScenario(name string, trust bool) (harness.Scenario, error) {
	if s, ok := scenarios.ByName(name); ok {
		return s, nil
	}
	if name == swarm.Name {
		return swarm.Scenario(redis.System{}), nil
	}
	s, err := readScenario(name, trust)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, "/.") {
		return s, fmt.Errorf("there is no scenario %q, nor a file of that name: there are %s and %s", name, strings.Join(scenarios.Names(), ", "), swarm.Name)
	}
	return s, err
}

// seedRange is a flag like 1-200 or 7.
type seedRange struct{ first, last uint64 }

func (r seedRange) String() string {
	if r.first == r.last {
		return strconv.FormatUint(r.first, 10)
	}
	return fmt.Sprintf("%d-%d", r.first, r.last)
}

// Set implements flag.Value.
func (r *seedRange) Set(text string) error {
	a, b, isRange := strings.Cut(text, "-")
	if !isRange {
		b = a
	}
	first, err1 := strconv.ParseUint(a, 10, 64)
	last, err2 := strconv.ParseUint(b, 10, 64)
	if err1 != nil || err2 != nil || last < first {
		return errors.New("write seeds as 7, or as 1-200")
	}
	*r = seedRange{first, last}
	return nil
}

// statusOf is the exit status for a result.
func statusOf(r checkers.Result) int {
	switch r {
	case checkers.Valid:
		return exitValid
	case checkers.Invalid:
		return exitInvalid
	}
	return exitUnknown
}

// statusAfter is the exit status for a result about h: a run in which no fault could be done has shown nothing.
func statusAfter(r checkers.Result, h *histories.History) int {
	if status := statusOf(r); status != exitValid || !h.NotDone().All() {
		return status
	}
	return exitUnknown
}

// mutant is the name of the bug planted in this build, set by the linker; "" in an honest one.
var mutant string

// build is the version of this program.
func build() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version = s.Value[:min(12, len(s.Value))]
			}
			if s.Key == "vcs.modified" && s.Value == "true" {
				version += "+"
			}
		}
	}
	if mutant != "" {
		version += " with the planted bug " + mutant
	}
	return version
}

// replayCommandPrefix is how the commands that this program prints begin.
func commandPrefix() string {
	if mutant != "" {
		return "ordeal mutant " + mutant
	}
	return "ordeal"
}

// isTerminal says whether w is a terminal, so that progress can be drawn on it.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// runOptions are the options that all runs of this program have.
func runOptions() harness.Options {
	return harness.Options{Build: build(), Command: commandPrefix(), Live: runs.Live{}}
}
