package toxic

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
)

// chain is the toxics that one direction of one connection runs through: the nemesis, then toxiproxy's in the order in
// which they were added. Each one runs in a goroutine of its own and takes pieces from the one before it.
//
// Toxiproxy has such chains itself, and changes them while they run. But it takes a toxic for removed whose connection
// was just ending, and then works on its neighbours: toxics of other places run, outputs are closed twice, and the
// program ends. This one is made of toxiproxy's toxics and stubs and keeps these promises:
//   - a stage that has ended takes what still comes and lets it go, so that nobody before it waits for it;
//   - a stage that is taken away leaves the order of the bytes as it was, and its neighbours connected;
//   - whether a toxic with a toxicity below 1 hits the connection is drawn once.
type chain struct {
	pipe *pipe
	side *side
	rng  *rand.Rand // of toxicities; guarded by changing
	// changing is held while stages come and go.
	changing sync.Mutex
	stages   []*stage // the nemesis first, each behind the one that it takes pieces from
	over     bool     // nothing can come out of it any more
}

// stage is one toxic in one chain.
type stage struct {
	want  wanted
	toxic *toxics.ToxicWrapper // this chain's own: toxiproxy changes the one it shows
	stub  *toxics.ToxicStub
	hits  bool // else its toxicity has spared this connection
}

// wanted is a toxic as toxiproxy's API shows it.
type wanted struct {
	name, kind string
	toxicity   float32
	attributes string // JSON
}

// settle has the chain be what its side wants at this moment. It returns when that is so, which can take as long as a
// toxic holds on to a piece.
func (c *chain) settle() {
	c.changing.Lock()
	defer c.changing.Unlock()
	want := c.side.wanted()
	if c.over {
		return
	}
	for i := len(c.stages) - 1; i > 0; i-- { // the last one first: what it holds up is free then
		if c.stages[i].want.name == "" {
			continue
		}
		at := slices.IndexFunc(want, func(w wanted) bool { return w.name == c.stages[i].want.name && w.kind == c.stages[i].want.kind })
		if at < 0 {
			c.remove(i)
		} else if want[at] != c.stages[i].want {
			c.change(c.stages[i], want[at])
		}
	}
	for _, w := range want {
		if !slices.ContainsFunc(c.stages, func(s *stage) bool { return s.want.name == w.name }) {
			c.add(w)
		}
	}
}

// add puts a toxic at the end of the chain, unless the connection ends there.
func (c *chain) add(w wanted) {
	last := c.stages[len(c.stages)-1]
	if !last.interrupt() {
		return
	}
	s := &stage{want: w, toxic: w.toxic(), hits: c.rng.Float64() < float64(w.toxicity)}
	input := make(chan *stream.StreamChunk, s.toxic.BufferSize)
	s.stub = toxics.NewToxicStub(input, last.stub.Output)
	if stateful, ok := s.toxic.Toxic.(toxics.StatefulToxic); ok {
		s.stub.State = stateful.NewState()
	}
	last.stub.Output = input
	c.stages = append(c.stages, s)
	go s.run()
	go last.run()
}

// change gives a toxic other attributes.
func (c *chain) change(s *stage, w wanted) {
	if s.interrupt() {
		s.want, s.toxic = w, w.toxic()
		go s.run()
	}
}

// remove takes stage i out of the chain: what it has not taken yet goes past it, in order. One that has ended stays
// where it is, without a name: whoever comes after it is about to end as well.
func (c *chain) remove(i int) {
	s, before := c.stages[i], c.stages[i-1]
	s.want = wanted{}
	if !s.interrupt() {
		return
	}
	if cleanup, ok := s.toxic.Toxic.(toxics.CleanupToxic); ok && s.hits {
		if cleanup.Cleanup(s.stub); s.stub.Closed() {
			go s.drain()
			return
		}
	}
	interrupted := make(chan bool, 1)
	go func() { interrupted <- before.interrupt() }()
	for waiting := true; waiting || len(s.stub.Input) > 0; {
		select {
		case still := <-interrupted:
			waiting, interrupted = !still, nil // of one that has ended, the end comes by here
		case piece := <-s.stub.Input:
			if piece == nil {
				s.stub.Close()
				return
			}
			s.stub.Output <- piece
		}
	}
	before.stub.Output = s.stub.Output
	c.stages = slices.Delete(c.stages, i, i+1)
	go before.run()
}

// end ends what is left of the chain once nothing can come out of it any more: a toxic may have ended the connection
// while one before it waits for its time. The nemesis hears of it from the pipe.
func (c *chain) end() {
	c.changing.Lock()
	defer c.changing.Unlock()
	for _, s := range slices.Backward(c.stages[1:]) {
		if s.interrupt() {
			s.stub.Close()
			go s.drain()
		}
	}
	c.over = true
}

// interrupt stops the stage, which then waits to be run again. It is false if it has ended.
func (s *stage) interrupt() bool { return s.stub.InterruptToxic() && !s.stub.Closed() }

// run is the stage's goroutine until it is interrupted or ends.
func (s *stage) run() {
	toxic := *s.toxic
	toxic.Toxicity = 1 // it has been drawn
	if !s.hits {
		toxic.Toxic = new(toxics.NoopToxic)
	}
	s.stub.Run(&toxic)
	if s.stub.Closed() {
		s.drain()
	}
}

// drain lets go what comes to a stage that has ended.
func (s *stage) drain() {
	for range s.stub.Input {
	}
}

// toxic makes the toxic for one chain.
func (w wanted) toxic() *toxics.ToxicWrapper {
	made := &toxics.ToxicWrapper{Name: w.name, Type: w.kind}
	if err := json.Unmarshal([]byte(w.attributes), toxics.New(made)); err != nil {
		panic(fmt.Sprintf("toxic %s does not take its own attributes %s: %v", w.name, w.attributes, err))
	}
	return made
}

// side is one direction of a link: which toxics its connections have, and those connections.
type side struct {
	link    *Link
	stream  string     // "upstream", "downstream"
	nemesis *holdToxic // the first stage of each chain

	mu     sync.Mutex
	chains map[*chain]struct{}
}

// begin starts a direction of a new connection.
func (s *side) begin(p *pipe) {
	input, output := make(chan *stream.StreamChunk), make(chan *stream.StreamChunk)
	first := &stage{toxic: &toxics.ToxicWrapper{Toxic: s.nemesis}, stub: toxics.NewToxicStub(input, output), hits: true}
	first.stub.State = p
	c := &chain{pipe: p, side: s, stages: []*stage{first}, rng: p.stream("toxicity")}
	go first.run()
	s.mu.Lock()
	s.chains[c] = struct{}{} // before it asks what is wanted: a change in between is heard of twice rather than never
	s.mu.Unlock()
	c.settle()
	in, out := stream.NewChanWriter(input), stream.NewChanReader(output)
	go func() {
		io.Copy(in, p.from) // the end knows how it ended
		in.Close()
	}()
	go func() {
		io.Copy(p.to, out)
		p.to.Close()
		c.end()
		s.forget(c)
	}()
}

func (s *side) forget(c *chain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.chains, c)
}

// settle has all connections be hit by what is wanted now, and returns when they are.
func (s *side) settle() {
	var work sync.WaitGroup
	s.mu.Lock()
	for c := range s.chains {
		work.Go(c.settle)
	}
	s.mu.Unlock()
	work.Wait()
}

// wanted are the side's toxics, as toxiproxy has them, without the nemesis.
func (s *side) wanted() (list []wanted) {
	n := s.link.network
	n.registry.Lock()
	defer n.registry.Unlock()
	for _, t := range s.link.proxy.Toxics.GetToxicArray() {
		w := t.(*toxics.ToxicWrapper)
		if w.Type == toxicType || w.Stream != s.stream {
			continue
		}
		attributes, err := json.Marshal(w.Toxic)
		if err != nil {
			panic(fmt.Sprintf("toxic %s cannot be written: %v", w.Name, err))
		}
		list = append(list, wanted{w.Name, w.Type, w.Toxicity, string(attributes)})
	}
	return list
}
