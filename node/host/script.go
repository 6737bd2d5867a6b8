package host

import (
	"errors"
	"os/exec"
	"runtime/debug"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
)

// notStarted is the exit status of a script that could not be executed.
// Redis 4.0: sentinel.c, sentinelRunPendingScripts.
const notStarted = 2

// script runs a program with nothing to read and nobody to read it. The end of the life kills it.
func (h *Host) script(op node.OpID, path string, args []string) {
	h.spawn(func() {
		err := exec.CommandContext(h.ctx, path, args...).Run()
		h.deliver(node.Event{Kind: node.ScriptExited, Op: op, N: exitStatus(err)})
	})
}

func exitStatus(err error) int64 {
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return notStarted
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return -int64(ws.Signal())
	}
	return int64(exit.ExitCode())
}

func (h *Host) runWork(fn func() any) (result any, p *Panic) {
	defer func() {
		if v := recover(); v != nil {
			p = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn(), nil
}
