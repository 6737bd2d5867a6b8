package toxic

import (
	"slices"
	"sync"
)

// outbox is what is on its way into a socket. Putting something in never waits, so that no toxic ever waits for a
// receiver: toxiproxy adds and removes a toxic by interrupting its neighbours, and holds a lock over all connections of
// the link until they answer. The sender feels a receiver that does not read at the other end, where bytes come in.
type outbox struct {
	mu     sync.Mutex
	wake   chan struct{} // has one element when there is something new
	chunks [][]byte
	bytes  int // not written yet, those being written among them
	over   bool
	dead   bool
	room   chan struct{} // closed when it is no longer full; nil if it is not
}

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

// full returns a channel that is closed when there is room again, nil if there is.
func (o *outbox) full() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.room == nil && o.bytes >= heldMax && !o.dead {
		o.room = make(chan struct{})
	}
	return o.room
}

func (o *outbox) put(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead || o.over || len(b) == 0 {
		return
	}
	o.chunks = append(o.chunks, slices.Clone(b))
	o.bytes += len(b)
	o.ring()
}

// end says that nothing comes any more; die that nothing that is in it matters any more.
func (o *outbox) end() { o.mark(&o.over) }
func (o *outbox) die() { o.mark(&o.dead) }

func (o *outbox) mark(what *bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*what = true
	if o.dead {
		o.chunks, o.bytes = nil, 0
	}
	o.makeRoom()
	o.ring()
}

func (o *outbox) ring() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) makeRoom() {
	if o.room != nil && (o.bytes < heldMax || o.dead) {
		close(o.room)
		o.room = nil
	}
}

// take returns what there is to write; more is false when nothing will come after it.
func (o *outbox) take() (chunks [][]byte, more bool) {
	for {
		o.mu.Lock()
		chunks, o.chunks = o.chunks, nil
		over, dead := o.over, o.dead
		o.mu.Unlock()
		if len(chunks) > 0 || over || dead {
			return chunks, !dead && (!over || len(chunks) > 0)
		}
		<-o.wake
	}
}

func (o *outbox) written(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes = max(o.bytes-n, 0)
	o.makeRoom()
}

// empty writes what is put in into the socket, until it ends or cannot be written.
func (e *end) empty() {
	for {
		chunks, more := e.out.take()
		for _, b := range chunks {
			if _, err := e.socket.Write(b); err != nil {
				e.broken.Store(true)
				e.out.die()
				e.of.over(e)
				return
			}
			e.out.written(len(b))
		}
		if !more {
			e.of.over(e)
			return
		}
	}
}
