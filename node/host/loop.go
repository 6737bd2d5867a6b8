package host

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node"
)

// readiness is what a poller knows of one socket. It may be out of date: reading and writing find out.
type readiness struct {
	fd          int
	read, write bool
}

// flushRounds is how often in a row a core may answer Sent events with more to send (a file, piece by piece) before
// other connections get their turn.
const flushRounds = 4

// loop serves all connections until the life is over. As Redis's event loop it reads whatever can be read, and then
// writes what came of it: what many clients' commands sent to one replica leaves in one piece.
func (h *Host) loop() {
	defer h.poller.close()
	for {
		ready, err := h.poller.wait()
		h.mu.Lock()
		if err != nil && !h.ended {
			h.end(0, fmt.Errorf("the poller of the host's sockets failed: %w", err))
		}
		h.serve(ready)
		over := h.ended
		h.mu.Unlock()
		if over {
			return
		}
	}
}

// serve reads and writes what is ready, with the core's lock held.
func (h *Host) serve(ready []readiness) {
	for _, r := range ready {
		c := h.socket(r.fd)
		if c != nil && r.write && c.stuck {
			c.unstick()
		}
		// Writing may have closed it. Another may then have its number: it is not ready, and hears of that itself.
		if c != nil && r.read && c == h.socket(r.fd) {
			c.read()
		}
		if h.ended {
			return
		}
	}
	h.flush()
}

// flush writes what the core has sent and tells it what has left, with the core's lock held.
func (h *Host) flush() {
	for range flushRounds {
		h.fireSoon()
		if len(h.dirty)+len(h.soon) == 0 || h.ended {
			return
		}
		round := h.dirty
		h.dirty = h.spareDirty[:0]
		for _, c := range round {
			c.dirty = false
			c.write()
		}
		for _, c := range round {
			for n, ok := c.told(); ok && !h.ended; n, ok = c.told() {
				h.run(node.Event{Kind: node.Sent, Conn: c.id, N: n})
			}
		}
		clear(round)
		h.spareDirty = round
	}
	if len(h.dirty)+len(h.soon) > 0 && !h.ended {
		h.poller.wake()
	}
}

// socket returns the connection whose socket is fd, nil if there is none.
func (h *Host) socket(fd int) *conn {
	if fd < len(h.sockets) {
		return h.sockets[fd]
	}
	return nil
}
