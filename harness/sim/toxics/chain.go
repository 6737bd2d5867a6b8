package toxics

import "slices"

// Chunk is a piece of a stream inside a proxy. Nobody changes its bytes.
type Chunk struct {
	Data []byte
	At   int64 // when the proxy read it, in ns, and later if latency was added
}

// Draw returns a random number from [0, n).
type Draw func(n int64) int64

// Toxic is a toxic with its attributes, for any number of connections.
type Toxic interface {
	// pipe returns the toxic at work on one direction of one connection, from now on.
	pipe(s *stub, now int64, draw Draw) pipe
	// buffer is how many chunks wait for it without keeping the one before it.
	buffer() int
	// closesWhenRemoved says whether connections that are open end when the toxic is taken away.
	closesWhenRemoved() bool
}

// pipe is a toxic at work. Its methods are called at most at one place of its life each: take and end when it is
// idle, due when the time it sleeps is over, sent when what it offered was taken.
type pipe interface {
	take(now int64, c Chunk)
	end(now int64)
	due(now int64)
	sent(now int64)
	// interrupted returns what it holds, in order, to be handed on without it.
	interrupted() []Chunk
}

// stub is what every pipe has: its place in the chain. Toxiproxy: toxics.ToxicStub.
type stub struct {
	idle     bool // takes the next chunk
	sleeping bool
	wakeAt   int64
	offering bool // stands still until the next one takes offer
	offer    Chunk
	closed   bool // hands on nothing more

	inbox []Chunk // chunks that wait for it
	ended bool    // nothing follows them
}

func (s *stub) wait() { s.idle = true }
func (s *stub) sleep(now, d int64) {
	s.sleeping, s.wakeAt = true, now+max(d, 0)
}
func (s *stub) hand(c Chunk) { s.offering, s.offer = true, c }
func (s *stub) close()       { s.idle, s.sleeping, s.offering, s.closed = false, false, false, true }

// stage is a toxic in a chain.
type stage struct {
	stub
	pipe
	id       int
	room     int
	toxic    Toxic // nil: the chunk passes as it is
	toxicity float64
}

// Chain is what one direction of one proxied connection passes through: a reader that has one chunk in its hand, a
// stage that does nothing, and the toxics in the order in which they were added. Toxiproxy: ToxicLink.
type Chain struct {
	hand   []Chunk // of the reader: at most one
	over   bool    // the reader has seen the end
	stages []*stage
	freed  []Chunk // what toxics held that were interrupted: it passes before all else
	draw   Draw
	closed bool
}

// NewChain returns a chain without toxics. Draws come from draw.
func NewChain(draw Draw) *Chain {
	c := &Chain{draw: draw}
	c.append(0, nil, 1, 0)
	return c
}

// Empty says whether no toxic is in the chain and nothing on its way through it.
func (c *Chain) Empty() bool { return len(c.stages) == 1 && !c.Busy() && !c.over }

// Busy says whether bytes are on their way through the chain.
func (c *Chain) Busy() bool {
	if len(c.hand) > 0 || len(c.freed) > 0 {
		return true
	}
	for _, s := range c.stages {
		if len(s.inbox) > 0 || s.offering || !s.closed && !s.idle {
			return true
		}
	}
	return false
}

// Add puts a toxic at the end of the chain. With a toxicity below 1 a draw decides whether it does anything to this
// connection. What the toxic before it holds passes at once, as when that is taken away. Toxiproxy: ToxicLink.AddToxic.
func (c *Chain) Add(now int64, id int, t Toxic, toxicity float64) {
	last := c.stages[len(c.stages)-1]
	if held, ok := last.interrupt(); ok {
		c.freed = append(c.freed, held...)
		c.run(last, now)
	}
	c.append(id, t, toxicity, now)
}

func (c *Chain) append(id int, t Toxic, toxicity float64, now int64) {
	s := &stage{id: id, toxic: t, toxicity: toxicity}
	if t != nil {
		s.room = t.buffer()
	}
	c.stages = append(c.stages, s)
	c.run(s, now)
}

// run lets a toxic begin, or one that does nothing in its place. Toxiproxy: ToxicStub.Run.
func (c *Chain) run(s *stage, now int64) {
	const precision = 1 << 24 // of a float32 in [0, 1)
	if s.toxic == nil || float64(c.draw(precision))/precision >= s.toxicity {
		s.pipe = &noop{&s.stub}
		s.wait()
		return
	}
	before := s.pipe
	s.pipe = s.toxic.pipe(&s.stub, now, c.draw)
	if p, ok := s.pipe.(*limitData); ok {
		if q, ok := before.(*limitData); ok {
			p.left = q.left // the one thing that toxiproxy keeps
		}
	}
}

// interrupt stops a toxic and returns what it held; false if it is closing the connection or has closed it, from which
// toxiproxy does not keep it.
func (s *stage) interrupt() (held []Chunk, ok bool) {
	if _, closing := s.pipe.(*resetPeer); s.closed || closing && s.sleeping {
		return nil, false
	}
	if s.offering {
		held = append(held, s.offer)
	}
	held = append(held, s.interrupted()...)
	s.idle, s.sleeping, s.offering = false, false, false
	return held, true
}

// Remove takes the toxic away that was added as id, if it is there. What it and the one before it hold is handed on at
// once, or lost with the connection if the toxic ends it: then it returns false. Toxiproxy: ToxicLink.RemoveToxic.
func (c *Chain) Remove(now int64, id int) (open bool) {
	i := slices.IndexFunc(c.stages, func(s *stage) bool { return s.id == id })
	if i < 1 || c.closed {
		return true
	}
	s, before := c.stages[i], c.stages[i-1]
	left, ok := s.interrupt()
	if !ok {
		return true
	}
	if s.toxic.closesWhenRemoved() { // whether or not it was one that did nothing
		s.close()
		c.closed = true
		return false
	}
	left = append(left, s.inbox...)
	if held, ok := before.interrupt(); ok {
		left = append(left, held...)
		c.run(before, now)
	}
	c.stages = slices.Delete(c.stages, i, i+1)
	if i == len(c.stages) {
		c.freed = append(c.freed, left...)
		return true
	}
	c.stages[i].inbox = append(c.stages[i].inbox, left...)
	return true
}

// Wants says whether the reader has its hand free.
func (c *Chain) Wants() bool { return len(c.hand) == 0 && !c.over && !c.closed }

// Feed gives the reader a chunk; it must want one.
func (c *Chain) Feed(now int64, data []byte) { c.hand = append(c.hand, Chunk{data, now}) }

// End tells the reader that the stream is at its end.
func (c *Chain) End() { c.over = true }

// Next is when something happens by itself; false if nothing does.
func (c *Chain) Next() (at int64, ok bool) {
	for _, s := range c.stages {
		if s.sleeping && (!ok || s.wakeAt < at) {
			at, ok = s.wakeAt, true
		}
	}
	return at, ok
}

// Run lets happen what happens until now, and gives out what comes out at the end of the chain. It says whether the
// chain is still open: whoever closes it, toxic or end of the stream, both ends of the connection are closed then.
func (c *Chain) Run(now int64, out func([]byte)) (open bool) {
	for _, chunk := range c.freed {
		if len(chunk.Data) > 0 {
			out(chunk.Data)
		}
	}
	c.freed = c.freed[:0]
	for moved := true; moved && !c.closed; {
		moved = false
		for i := len(c.stages) - 1; i >= 0; i-- {
			for c.move(i, now, out) {
				moved = true
			}
		}
	}
	return !c.closed
}

// move lets one thing happen at stage i, if anything does.
func (c *Chain) move(i int, now int64, out func([]byte)) bool {
	s := c.stages[i]
	switch {
	case c.closed:
		return false
	case s.offering && c.accept(i+1, s.offer, out):
		s.offering = false
		s.sent(now)
	case s.offering:
		return false
	case s.sleeping && s.wakeAt <= now:
		s.sleeping = false
		s.due(now)
	case s.closed:
		return c.endAfter(i)
	case s.idle && len(s.inbox) > 0:
		s.idle = false
		chunk := s.inbox[0]
		s.inbox = s.inbox[1:]
		s.take(now, chunk)
	case s.idle && i == 0 && len(c.hand) > 0:
		s.idle = false
		chunk := c.hand[0]
		c.hand = c.hand[1:]
		s.take(now, chunk)
	case s.idle && (s.ended || i == 0 && c.over):
		s.idle = false
		s.ended = true
		s.end(now)
	default:
		return false
	}
	return true
}

// accept is what the stage behind does with a chunk that is offered to it: it takes one when it is idle, or puts it
// into its buffer.
func (c *Chain) accept(i int, chunk Chunk, out func([]byte)) bool {
	if i == len(c.stages) {
		if len(chunk.Data) > 0 {
			out(chunk.Data)
		}
		return true
	}
	s := c.stages[i]
	if s.closed || len(s.inbox) > s.room || len(s.inbox) == s.room && !(s.idle && s.room == 0) {
		return false
	}
	s.inbox = append(s.inbox, chunk)
	return true
}

// endAfter tells the stage behind a closed one that nothing follows.
func (c *Chain) endAfter(i int) bool {
	if i == len(c.stages)-1 {
		c.closed = true
		return true
	}
	if next := c.stages[i+1]; !next.ended {
		next.ended = true
		return true
	}
	return false
}
