package script

import (
	"errors"
	"iter"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Pause is what [Host.Counted] answers to have a script that [Engine.Begin] started stop where it is, until it is resumed.
//
//lint:ignore ST1012 it is no failure: whoever runs the script goes on with it later
var Pause = errors.New("script: pause")

// errAbandoned ends a script that nobody resumes any more.
var errAbandoned = errors.New("the script was abandoned")

// Run is a script that may pause between two instructions, wherever it is: within a coroutine, a comparison of
// table.sort, a pcall. It has a stack of its own, on which nothing runs while anything else of its server does: a run
// is the same each time.
type Run struct {
	next    func() (struct{}, bool)
	stop    func()
	reply   resp.Reply
	running bool
	done    bool
}

// Begin prepares a script by its SHA1, in any case, to be run piece by piece; ok is false if it is not known. Until it is
// done or abandoned, the engine is in use: no other script may be loaded or run.
func (e *Engine) Begin(sha string, keys, argv [][]byte, host Host) (r *Run, ok bool) {
	if _, ok := e.Source(sha); !ok {
		return nil, false
	}
	node.Assert(!e.running, "a script started by a script")
	r = new(Run)
	r.next, r.stop = iter.Pull(func(yield func(struct{}) bool) {
		e.pause = func() error {
			if !yield(struct{}{}) {
				return errAbandoned
			}
			return nil
		}
		defer func() { e.pause = nil }()
		r.reply, _ = e.EvalSHA(sha, keys, argv, host)
	})
	return r, true
}

// Resume runs the script on until it pauses or is done.
func (r *Run) Resume() (reply resp.Reply, done bool) {
	node.Assert(!r.done && !r.running, "a script is resumed that is over or runs")
	r.running = true
	more := false
	defer func() { r.running, r.done = false, !more }() // a panic of the script's is one of this call
	_, more = r.next()
	return r.reply, !more
}

// Abandon ends a script that has paused. Its host is asked nothing any more.
func (r *Run) Abandon() {
	node.Assert(!r.running, "a script is abandoned while it runs")
	r.done = true
	r.stop()
}

// counted asks the host whether the script may go on, and pauses it if that is the answer. After a pause it asks again.
func (e *Engine) counted(instructions int) error {
	if e.host == nil {
		return nil
	}
	for {
		err := e.host.Counted(instructions)
		if err != Pause {
			return err
		}
		node.Assert(e.pause != nil, "a script is to pause that was not begun to be")
		if err := e.pause(); err != nil {
			return err
		}
	}
}
