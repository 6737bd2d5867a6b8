package live

import (
	"sync"

	"github.com/ordeal-go/ordeal/node"
)

// mailbox gives a core messages of the harness. A host delivers what happens to a process, and a process is told
// nothing; but it can be asked to stop, and that is how the mailbox is rung.
type mailbox struct {
	node.Core
	listens func(addr string) // called before the core hears that it can be reached at addr
	started chan struct{}     // closed when the core has started

	mu      sync.Mutex
	letters [][]byte
}

// ring is the number of the signal that means mail; no real signal is negative.
const ring = -1

func newMailbox(core node.Core) *mailbox { return &mailbox{Core: core, started: make(chan struct{})} }

// Step leads the core through ev, or through the oldest letter if ev is the bell.
func (b *mailbox) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	if ev.Kind == node.StopRequested && ev.N == ring {
		b.mu.Lock()
		letter := b.letters[0]
		b.letters = b.letters[1:]
		b.mu.Unlock()
		b.Core.Step(now, &node.Event{Kind: node.Told, Bytes: letter}, out)
		return
	}
	if ev.Kind == node.Listened && ev.Err == node.ErrNone {
		b.listens(ev.Local)
	}
	b.Core.Step(now, ev, out)
	if ev.Kind == node.Started {
		close(b.started)
	}
}

func (b *mailbox) put(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.letters = append(b.letters, []byte(message))
}
