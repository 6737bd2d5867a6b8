package toxics

import "time"

// Latency delays each chunk. Toxiproxy: toxics/latency.go.
type Latency struct {
	Latency int64 // ms
	Jitter  int64 // ms; a chunk is delayed by Latency - Jitter up to Latency + Jitter
}

func (t Latency) buffer() int             { return 1024 }
func (t Latency) closesWhenRemoved() bool { return false }

func (t Latency) pipe(s *stub, _ int64, draw Draw) pipe {
	s.wait()
	return &latency{stub: s, Latency: t, draw: draw}
}

type latency struct {
	*stub
	Latency
	draw Draw
	held Chunk
}

func (p *latency) take(now int64, c Chunk) {
	delay := p.Latency.Latency
	if p.Jitter > 0 {
		delay += p.draw(p.Jitter*2) - p.Jitter
	}
	d := delay*int64(time.Millisecond) - (now - c.At)
	c.At += d // toxiproxy counts back, too, what is too late already
	p.held = c
	p.sleep(now, d)
}

func (p *latency) end(int64)  { p.close() }
func (p *latency) due(int64)  { p.hand(p.held) }
func (p *latency) sent(int64) { p.wait() }

func (p *latency) interrupted() []Chunk {
	if p.sleeping {
		return []Chunk{p.held}
	}
	return nil
}
