package toxics

import "time"

// Bandwidth passes data at a limited rate. Toxiproxy: toxics/bandwidth.go.
type Bandwidth struct {
	Rate int64 // KB/s; 0 lets nothing pass
}

func (t Bandwidth) buffer() int             { return 0 }
func (t Bandwidth) closesWhenRemoved() bool { return false }

func (t Bandwidth) pipe(s *stub, _ int64, _ Draw) pipe {
	s.wait()
	return &bandwidth{stub: s, rate: t.Rate}
}

// interval is how often a part of a large chunk passes.
const interval = int64(100 * time.Millisecond)

type bandwidth struct {
	*stub
	rate  int64
	debt  int64 // how long is still to be slept for what has passed; negative: slept too long
	held  Chunk
	whole bool // the sleep is for the rest of the chunk and not for a part of it
}

func (p *bandwidth) take(now int64, c Chunk) {
	p.held = c
	if p.rate > 0 {
		p.debt += int64(len(c.Data)) * int64(time.Millisecond) / p.rate
	} else {
		p.debt = 0
	}
	p.next(now)
}

// next sleeps for the next part, or for the rest.
func (p *bandwidth) next(now int64) {
	p.whole = int64(len(p.held.Data)) <= p.rate*100
	switch {
	case p.whole:
		p.sleep(now, p.debt)
	case p.rate > 0:
		p.sleep(now, interval)
	} // else toxiproxy hands on nothing every 100 ms, for ever
}

func (p *bandwidth) due(int64) {
	if p.whole {
		p.debt = min(p.debt, 0)
		p.hand(p.held)
		return
	}
	p.hand(Chunk{p.held.Data[:p.rate*100], p.held.At})
}

func (p *bandwidth) sent(now int64) {
	if p.whole {
		p.wait()
		return
	}
	p.held.Data = p.held.Data[p.rate*100:]
	p.debt -= interval
	p.next(now)
}

func (p *bandwidth) end(int64) { p.close() }

func (p *bandwidth) interrupted() []Chunk {
	switch {
	case p.idle, p.closed, p.offering && p.whole:
		return nil
	case p.offering:
		return []Chunk{{p.held.Data[p.rate*100:], p.held.At}}
	}
	return []Chunk{p.held}
}
