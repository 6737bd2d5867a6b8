package toxic

import (
	"encoding/json"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"

	"github.com/ordeal-go/ordeal/nemesis"
)

// toxicType is the type by which toxiproxy knows our toxic.
const toxicType = "nemesis"

// heldMax is how many bytes of one direction of one connection are kept, about what a kernel's send buffer takes. Then
// the sender's own buffers fill, and its limits on output apply, as across a real cut.
const heldMax = 1 << 20

// register makes our toxics known once: toxiproxy's registry is global.
var register = sync.OnceFunc(func() {
	zerolog.SetGlobalLevel(zerolog.Disabled) // bandwidth logs to standard error whatever logger toxiproxy is given
	toxics.Register(toxicType, new(holdToxic))
	toxics.Register(string(nemesis.ResetPeer), new(resetToxic))
})

// holdToxic applies the faults in force on a route to every connection. It always answers an interrupt, and keeps its
// bytes in the stub's state, which is a *pipe.
type holdToxic struct {
	route *route
}

// pipe is one direction of one connection.
type pipe struct {
	of       *connection
	from, to *end
	route    *route
	rng      *rand.Rand    // of jitter
	gone     chan struct{} // closed when nobody takes the bytes any more
	once     sync.Once
	queue    []delayed
	bytes    int
	ended    bool      // the sender closed; its end is delivered after the queue
	last     time.Time // when the last piece in the queue is due: a later one is never due earlier

	mu    sync.Mutex
	state pipeState
	clogs map[int]bool // faults that hold just this one
}

// pipeState is what faults do to one direction of one connection.
type pipeState struct {
	clogged bool
	lost    bool          // nothing comes through any more, and nobody is told
	told    bool          // whoever still sends is told
	changed chan struct{} // closed when this is no longer so
}

func (p *pipe) now() pipeState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

func (p *pipe) change(what func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what()
	old := p.state.changed
	p.state.clogged = len(p.clogs) > 0
	p.state.changed = make(chan struct{})
	close(old)
}

type delayed struct {
	*stream.StreamChunk
	size int // of its data, which is the next toxic's to change once it has the piece
	due  time.Time
}

// newPipe makes one direction of c.
func newPipe(c *connection, from, to *end, r *route) *pipe {
	p := &pipe{of: c, from: from, to: to, route: r, gone: make(chan struct{}), clogs: map[int]bool{},
		state: pipeState{changed: make(chan struct{})}}
	p.rng = p.stream("jitter")
	return p
}

// stream is a random stream of the pipe's own, for one purpose.
func (p *pipe) stream(purpose string) *rand.Rand {
	name := fnv.New64a()
	name.Write([]byte(p.route.Pair.String() + " " + purpose))
	return rand.New(rand.NewPCG(p.of.network.seed^name.Sum64(), p.of.number))
}

// abandon lets everything go, also what comes yet: the receiver has gone.
func (p *pipe) abandon() { p.once.Do(func() { close(p.gone) }) }

// Pipe carries the bytes of one direction of one connection until it is closed or interrupted.
func (t *holdToxic) Pipe(stub *toxics.ToxicStub) {
	p := stub.State.(*pipe)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		state, own := t.route.now(), p.now()
		hold := state.hold || own.clogged || own.lost
		if own.lost {
			p.queue, p.bytes = nil, 0
		}
		if p.ended && len(p.queue) == 0 && !hold {
			stub.Close()
			return
		}
		// A nil channel is never ready: each of these is there only when it may be used.
		var in <-chan *stream.StreamChunk
		var out chan<- *stream.StreamChunk
		var due <-chan time.Time
		var first *stream.StreamChunk
		room := p.to.out.full()
		if !p.ended && p.bytes < heldMax && (room == nil || own.lost) {
			in = stub.Input
		}
		if len(p.queue) > 0 && !hold {
			first = p.queue[0].StreamChunk
			if wait := time.Until(p.queue[0].due); wait > 0 {
				timer.Reset(wait)
				due = timer.C
			} else {
				out = stub.Output
			}
		}
		select {
		case <-stub.Interrupt:
			return
		case <-p.gone:
			discard(stub, p.ended)
			return
		case c := <-in:
			if c != nil && own.told {
				p.of.resetEnd(p.from)
			}
			p.put(c, state.effect)
		case out <- first:
			p.take()
		case <-due:
		case <-room:
		case <-state.changed:
		case <-own.changed:
		}
	}
}

// put takes a piece in; nil is the end of the stream.
func (p *pipe) put(c *stream.StreamChunk, e effect) {
	if c == nil {
		p.ended = true
		return
	}
	due := c.Timestamp
	if e.delay > 0 || e.jitter > 0 {
		due = due.Add(e.latency(p.rng))
	}
	if due.Before(p.last) {
		due = p.last
	}
	p.last = due
	p.queue = append(p.queue, delayed{c, len(c.Data), due})
	p.bytes += len(c.Data)
}

func (p *pipe) take() {
	p.bytes -= p.queue[0].size
	p.queue[0] = delayed{}
	p.queue = p.queue[1:]
}

// discard lets the toxics before this one finish, which wait until somebody takes their bytes.
func discard(stub *toxics.ToxicStub, ended bool) {
	for !ended {
		select {
		case c := <-stub.Input:
			ended = c == nil
		case <-stub.Interrupt:
			return
		}
	}
	stub.Close()
}

// MarshalJSON shows, in toxiproxy's API, what is in force.
func (t *holdToxic) MarshalJSON() ([]byte, error) {
	state := t.route.now()
	return json.Marshal(map[string]any{"from": t.route.From, "to": t.route.To, "hold": state.hold,
		"delay_ms": state.delay.Milliseconds(), "jitter_ms": state.jitter.Milliseconds(), "faults": append([]int{}, state.faults...)})
}

// UnmarshalJSON refuses to be set through the API: it would be undone by the next fault, and the history would not
// know of it.
func (t *holdToxic) UnmarshalJSON([]byte) error {
	return errors.New("the nemesis sets this toxic: add one of toxiproxy's own beside it instead")
}
