// Package cli is the command ordeal: it runs scenarios against replicated servers, judges histories and writes reports.
//
// A command is a file. It returns a [cobra.Command] from a method of [program], and root.go lists it in its group. What a
// person reads goes through a [terminal], which escapes, breaks lines and colours; what a program reads does not.
package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

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
	os.Exit(dispatch(ctx, streams{os.Stdout, os.Stderr}, os.Args[1:]))
}

// streams are where a command writes: results to out, progress and errors to err.
type streams struct{ out, err io.Writer }

// program is one call of the command.
type program struct {
	raw      streams // as they are, for another program
	out, err *terminal
	verbose  bool             // tell what is usually left out
	quiet    bool             // tell the result only
	status   int              // what the command came to, if it gave no error
	commands []*cobra.Command // in the order in which help shows them
}

// dispatch runs the command that args name, and returns the exit status.
func dispatch(ctx context.Context, io streams, args []string) int {
	return (&program{raw: io, out: newTerminal(io.out), err: newTerminal(io.err)}).dispatch(ctx, args)
}

func (p *program) dispatch(ctx context.Context, args []string) int {
	root := p.root()
	args, err := p.understand(root, args)
	if err == nil {
		root.SetArgs(args)
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		return p.status
	}
	var wrong *usageError
	if errors.As(err, &wrong) && wrong.nothing {
		p.tellCommands(p.err, root)
		return exitUsage
	}
	name := "ordeal"
	if c, _, e := root.Find(args); e == nil && c.HasParent() {
		name = c.CommandPath()
	}
	p.err.line(0, 2, piece{text: name + ": "}, piece{bad, "error: "}, piece{text: err.Error()})
	return exitUsage
}
