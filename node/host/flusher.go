package host

import "sync"

// flusher writes for connections other than the one whose event the core has just handled: a replica's stream, a
// subscriber's messages. One goroutine does it, so that what many clients' commands send to one replica while it is
// being written to leaves in one piece.
type flusher struct {
	wake chan struct{}
	mu   sync.Mutex
	list []*conn
}

func (f *flusher) add(c *conn) {
	f.mu.Lock()
	if !c.queued {
		c.queued = true
		f.list = append(f.list, c)
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default: // it is awake
	}
}

func (f *flusher) take(into []*conn) []*conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.list {
		c.queued = false
	}
	into, f.list = f.list, into[:0]
	return into
}

func (h *Host) flushLoop() {
	var list []*conn
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.flusher.wake:
		}
		list = h.flusher.take(list)
		for _, c := range list {
			c.push()
		}
		clear(list)
	}
}
