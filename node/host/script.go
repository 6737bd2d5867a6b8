package host

import (
	"context"
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
	ctx, kill := context.WithCancel(h.ctx)
	h.scripts[op] = kill
	h.spawn(func() {
		err := exec.CommandContext(ctx, path, args...).Run()
		kill()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.scripts, op)
		h.deliverLocked(node.Event{Kind: node.ScriptExited, Op: op, N: exitStatus(err)})
	})
}

// killScript ends a script that runs.
func (h *Host) killScript(op node.OpID) {
	if kill := h.scripts[op]; kill != nil {
		kill()
	}
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
