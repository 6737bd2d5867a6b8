package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/histories"
)

// belong refuses a flag of the other world: nobody takes the simulation for a run of the target that was asked for.
func belong(f *pflag.FlagSet, world string) error {
	other := map[string]string{"target": harness.WorldLive, "node": harness.WorldLive, "record": harness.WorldLive,
		"toxiproxy": harness.WorldLive, "trace": harness.WorldSim}
	var wrong error
	f.Visit(func(set *pflag.Flag) {
		if only := other[set.Name]; only != "" && only != world && wrong == nil {
			wrong = wrongUsage("--%s belongs to the %s world, and this run is in the %s world: add --world %s, or leave it out",
				set.Name, only, world, only)
		}
	})
	return wrong
}

// trustFlag adds the flag by which a user vouches for a scenario file.
func trustFlag(f *pflag.FlagSet, yes *bool) {
	f.BoolVar(yes, "trust", false, "a scenario file may do all that servers can be configured to do: run programs, reach other files and addresses")
}

// worldFlags add the flags that say in which world to play, and with which servers.
func worldFlags(f *pflag.FlagSet, opts *harness.Options) {
	f.StringVar(&opts.World, "world", harness.WorldSim, "`world` to play in: sim, or live (processes on loopback through toxiproxy)")
	f.StringVar(&opts.Target, "target", "ordeal-node", "live: the `server` to test: ordeal-node, redis-server (4.0, or 7.0 and later), or any command that takes a redis.conf")
}

// limitFlags add the flags that say what is accepted of what a run may cost.
func limitFlags(f *pflag.FlagSet, l *checkers.Limits) {
	f.Func("max-lost", "fail if more than so `many` acknowledged writes may be lost", func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("write a whole number, as 10")
		}
		l.Lost = &n
		return nil
	})
	f.Func("max-lost-share", "fail if more than that `share` of the acknowledged writes may be lost: 1%", func(text string) error {
		share, err := harness.ParseShare(text)
		l.LostShare = &share
		return err
	})
	f.Func("max-outage", "fail if for longer than that `time`, in all, no master took writes: 5s", func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("write a time, as 500ms, 5s or 1m30s")
		}
		l.Outage = &d
		return nil
	})
}

// readScenario reads a scenario file.
func readScenario(path string, trust bool) (harness.Scenario, error) {
	if trust {
		return systems.ReadTrustedScenario(path)
	}
	return systems.ReadScenario(path)
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
		return s, wrongUsage("there is no scenario %q, nor a file of that name%s", name, near(name, scenarioNames(), "ordeal list shows the scenarios"))
	}
	return s, err
}

// scenarioNames are what can be played by its name.
func scenarioNames() []string { return append(scenarios.Names(), swarm.Name) }

// seedFlag adds the flag that names one seed.
func seedFlag(f *pflag.FlagSet, seed *uint64, usage string) {
	*seed = 1
	f.Var((*oneSeed)(seed), "seed", usage)
}

const seedIs = "a seed is a whole number from 0 to 18446744073709551615: the same seed makes the same draws"

// oneSeed is a flag like 7.
type oneSeed uint64

func (s *oneSeed) String() string { return strconv.FormatUint(uint64(*s), 10) }

// Type implements [pflag.Value].
func (*oneSeed) Type() string { return "seed" }

// Set implements [pflag.Value].
func (s *oneSeed) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return errors.New(seedIs)
	}
	*s = oneSeed(n)
	return nil
}

// seedRange is a flag like 1-200 or 7.
type seedRange struct{ first, last uint64 }

func (r *seedRange) String() string {
	if r.first == r.last {
		return strconv.FormatUint(r.first, 10)
	}
	return fmt.Sprintf("%d-%d", r.first, r.last)
}

// Type implements [pflag.Value].
func (*seedRange) Type() string { return "seeds" }

// Set implements [pflag.Value].
func (r *seedRange) Set(text string) error {
	a, b, isRange := strings.Cut(text, "-")
	if !isRange {
		b = a
	}
	first, err1 := strconv.ParseUint(a, 10, 64)
	last, err2 := strconv.ParseUint(b, 10, 64)
	if err1 != nil || err2 != nil || last < first {
		return errors.New("write seeds as 7, or as 1-200; " + seedIs)
	}
	*r = seedRange{first, last}
	return nil
}

// many is how many seeds r has.
func (r *seedRange) many() int { return int(r.last - r.first + 1) }

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

// commandPrefix is how the commands that this program prints begin.
func commandPrefix() string {
	if mutant != "" {
		return "ordeal mutant " + mutant
	}
	return "ordeal"
}

// runOptions are the options that all runs of this program have.
func runOptions() harness.Options {
	return harness.Options{Build: build(), Command: commandPrefix(), Live: runs.Live{}}
}
