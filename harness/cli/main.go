// Package cli is the command ordeal: it runs scenarios against replicated servers, judges histories and writes reports.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live/serve"
	"github.com/ordeal-go/ordeal/harness/plain/primarybackup"
	"github.com/ordeal-go/ordeal/harness/redis"
)

// The exit statuses. Scripts rely on them.
const (
	exitValid   = 0 // every property held
	exitInvalid = 1 // a property was broken
	exitUsage   = 2 // the command, a file or the set-up is wrong: nothing was judged
	exitUnknown = 3 // nothing was broken, but a checker could not tell, or no fault could be done
)

// command is a sub-command.
type command struct {
	name  string
	args  string // of the usage line
	about string // one line
	run   func(ctx context.Context, io streams, args []string) (int, error)
}

func commands() []command {
	return []command{
		{"run", "SCENARIO", "play a scenario once, judge it, keep it with a report", runCommand},
		{"sweep", "SCENARIO…", "play scenarios with many seeds", sweepCommand},
		{"compare", "SCENARIO…", "play settings against each other, with the same seeds: one table of what each costs", compareCommand},
		{"shrink", "RUN", "make a failing run small: fewest faults, operations, machines and settings", shrinkCommand},
		{"draw", "SCENARIO", "print a scenario with every draw of a seed made", drawCommand},
		{"replay", "DIR|RECORDING", "play a kept run again and compare; or lead a recorded node through its life again", replayCommand},
		{"diff", "DIR1 DIR2", "name the first event in which two simulated runs differ", diffCommand},
		{"check", "HISTORY", "judge a history file", checkCommand},
		{"export", "HISTORY", "write a history as Jepsen's EDN, porcupine's logs or JSON lines", exportCommand},
		{"report", "DIR", "write the report of a kept run anew", reportCommand},
		{"list", "", "list the scenarios, checkers and faults there are", listCommand},
		{"explore", "", "search every order of messages and timers, and faults, around one election", exploreCommand},
		{"mutant", "NAME …", "do any of this with a bug planted in the servers", mutantCommand},
	}
}

// systems are the kinds of systems that this program knows; the first is that of a scenario file which names none.
var systems = harness.Systems{redis.System{}, primarybackup.System{}}

// Main is the program: ordeal for Redis and for more systems, each any value of its type.
func Main(more ...harness.System) {
	serve.Core(primarybackup.Name, primarybackup.Core)
	systems = append(systems, more...)
	harness.TuneCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() { // a second Ctrl-C ends the program at once
		<-ctx.Done()
		stop()
	}()
	os.Exit(dispatch(ctx, streams{plain{os.Stdout}, os.Stderr}, os.Args[1:]))
}

// dispatch runs the sub-command that args name, and returns the exit status.
func dispatch(ctx context.Context, io streams, args []string) int {
	if len(args) == 0 {
		usage(io.err)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(io.out)
		return exitValid
	case "version", "-version", "--version":
		fmt.Fprintln(io.out, "ordeal", build())
		return exitValid
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		status, err := c.run(ctx, io, args[1:])
		switch {
		case errors.Is(err, errHelp):
			return exitValid
		case err != nil:
			fmt.Fprintf(plain{io.err}, "ordeal %s: %v\n", c.name, err)
			return exitUsage
		}
		return status
	}
	fmt.Fprintf(plain{io.err}, "ordeal: there is no command %q: there are %s\n", args[0], strings.Join(commandNames(), ", "))
	return exitUsage
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

func usage(w interface{ Write([]byte) (int, error) }) {
	fmt.Fprint(w, "ordeal puts a replicated server through an ordeal and says, with evidence, what it kept and what it broke.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  ordeal %-7s %-14s %s\n", c.name, c.args, c.about)
	}
	fmt.Fprint(w, "\nordeal COMMAND -h tells the flags of a command.\n"+
		"Exit status: 0 valid, 1 invalid, 2 usage or set-up error, 3 unknown.\n")
}
