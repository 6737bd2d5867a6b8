package host

import (
	"os"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// carryOut does what the core wants done, with the core's lock held. at is the time of the Step.
func (h *Host) carryOut(at node.Instant, ef *node.Effect) {
	switch ef.Kind {
	case node.EffectSend:
		if c := h.conns[ef.Conn]; c != nil {
			c.queue(ef.Bytes, ef.Flag)
			h.markDirty(c)
		}
	case node.EffectClose:
		h.close(ef.Conn, ef.Flag)
	case node.EffectHold:
		if c := h.conns[ef.Conn]; c != nil {
			c.hold(ef.Flag)
		}
	case node.EffectSetTimer:
		h.setTimer(ef.Timer, ef.After)
	case node.EffectStopTimer:
		h.stopTimer(ef.Timer)
	case node.EffectListen:
		h.listen(ef.Addr, ef.N)
	case node.EffectDial:
		h.dial(ef.Conn, ef.Addr, ef.From)
	case node.EffectFile:
		h.file(ef.Op, ef.Flag, ef.Steps)
	case node.EffectWork:
		h.work(ef.Op, ef.Work)
	case node.EffectScript:
		h.script(ef.Op, ef.Addr, ef.Args)
	case node.EffectKillScript:
		h.killScript(ef.Op)
	case node.EffectResolve:
		h.resolve(ef.Op, ef.Addr)
	case node.EffectBusy:
		if !ef.Flag {
			h.writeDirty()
			h.sleep(ef.After)
		}
	case node.EffectNote:
		if h.cfg.Note != nil {
			h.cfg.Note(at, ef.Note)
		}
	case node.EffectLog:
		h.remember(ef.Addr, ef.Text)
		h.log(ef.Addr, ef.Text)
	case node.EffectExit:
		h.writeDirty()
		h.end(ef.N, nil)
	default:
		node.Assert(false, "no such effect: %v", ef.Kind)
	}
}

func (h *Host) markDirty(c *conn) {
	if !c.dirty {
		c.dirty = true
		h.dirty = append(h.dirty, c)
	}
}

// writeDirty writes what earlier effects sent, before an effect that takes time and before the end. The connections
// stay on the list, for the Sent events.
func (h *Host) writeDirty() {
	for _, c := range h.dirty {
		c.write()
	}
}

func (h *Host) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-h.ctx.Done():
	}
}

func (h *Host) work(op node.OpID, fn func() any) {
	h.spawn(func() {
		result, panicked := h.runWork(fn)
		if panicked == nil {
			h.deliver(node.Event{Kind: node.WorkDone, Op: op, Result: result})
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.ended {
			h.failed(panicked)
		}
	})
}

// remember keeps what is needed to log the core's own end the way it logs.
func (h *Host) remember(file, line string) {
	h.logFile = file
	for i := 0; i+1 < len(line) && i < 12; i++ {
		if line[i] == ':' {
			h.logRole = line[i+1]
			return
		}
	}
}

// log opens the file anew for every line, as Redis does: it may have been renamed or removed since the last one.
// A line that cannot be written is lost.
func (h *Host) log(file, line string) {
	b := append([]byte(line), '\n')
	if file == "" {
		h.cfg.Stdout.Write(b)
		return
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return
	}
	f.Write(b)
	f.Close()
}
