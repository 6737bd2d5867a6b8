package clients

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// bubble keeps two clocks level: the one that the client's goroutines see, and the world's. It is used by the goroutine
// that plays the run, which is in the bubble as well; asking is for everybody.
type bubble struct {
	epoch  time.Time // when the world's time was 0
	alarm  *time.Timer
	wanted chan struct{} // has one when there are requests
	beats  *atomic.Uint64
	over   atomic.Bool // nobody serves requests any more, nor asks from this bubble

	mu       sync.Mutex
	requests []request
	order    int
}

// request is something that the client wants of the world.
type request struct {
	class class
	key   string // of one class: who asks first by name is served first
	conn  *conn
	order int    // of one key: who asked first
	bytes []byte // write
	note  *node.Note
	line  string // log
}

// class is what a request is about, in the order in which those of one moment are served.
type class uint8

const (
	takeDown class = iota + 1 // a note for the history
	logLine
	dial
	write
	hangUp
)

func newBubble(beats *atomic.Uint64) *bubble {
	alarm := time.NewTimer(time.Hour)
	alarm.Stop()
	return &bubble{epoch: time.Now(), alarm: alarm, wanted: make(chan struct{}, 1), beats: beats}
}

// now is the time of the bubble in the world's.
func (b *bubble) now() time.Duration { return time.Since(b.epoch) }

// await lets the client go on until the time is until, or until it asks for something.
func (b *bubble) await(until time.Duration) time.Duration {
	b.beats.Add(1)
	if d := until - b.now(); d > 0 && !b.asked() {
		b.alarm.Reset(d)
		select {
		case <-b.alarm.C:
		case <-b.wanted:
			b.alarm.Stop()
		}
		b.settle() // others may have something to do at this very moment
	}
	return b.now()
}

// settle waits until the client has done all that it does at this moment.
func (b *bubble) settle() {
	b.beats.Add(1)
	synctest.Wait()
}

// ask puts a request before the world. What a library still has to say when the run is over, and perhaps from the bubble
// of the next, nobody wants to know.
func (b *bubble) ask(r request) {
	if b.over.Load() {
		return
	}
	b.mu.Lock()
	b.order++
	r.order = b.order
	b.requests = append(b.requests, r)
	b.mu.Unlock()
	select {
	case b.wanted <- struct{}{}:
	default:
	}
}

func (b *bubble) asked() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.requests) > 0
}

// take returns the requests of this moment in an order that depends as little as possible on which goroutine ran first:
// what different connections and processes ask for at one moment has no order in time.
func (b *bubble) take() []request {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.requests
	b.requests = nil
	select {
	case <-b.wanted:
	default:
	}
	slices.SortFunc(all, func(x, y request) int {
		return cmp.Or(cmp.Compare(x.class.rank(), y.class.rank()), cmp.Compare(x.key, y.key), cmp.Compare(x.number(), y.number()), cmp.Compare(x.order, y.order))
	})
	return all
}

// rank puts what happens to one connection together: a write and the close after it stay in their order.
func (c class) rank() class { return min(c, write) }

// number is that of the connection, which the world gave it in order; 0 before.
func (r request) number() node.ConnID {
	if r.conn == nil || r.class == dial {
		return 0
	}
	return r.conn.id
}
