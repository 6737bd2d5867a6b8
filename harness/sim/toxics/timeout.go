package toxics

import "time"

// Timeout loses all data and closes the connection some time after the last of it. Toxiproxy: toxics/timeout.go.
type Timeout struct {
	Timeout int64 // ms; 0: never
}

func (t Timeout) buffer() int             { return 0 }
func (t Timeout) closesWhenRemoved() bool { return true }

func (t Timeout) pipe(s *stub, now int64, _ Draw) pipe {
	p := &timeout{s, t.Timeout}
	p.begin(now)
	return p
}

type timeout struct {
	*stub
	ms int64
}

// begin waits for a chunk and for the end of its time, anew after each chunk.
func (p *timeout) begin(now int64) {
	p.wait()
	if p.ms > 0 {
		p.sleep(now, p.ms*int64(time.Millisecond))
	}
}

func (p *timeout) take(now int64, _ Chunk) { p.begin(now) }
func (p *timeout) end(int64)               { p.close() }
func (p *timeout) due(int64)               { p.close() }
func (p *timeout) sent(int64)              {}
func (p *timeout) interrupted() []Chunk    { return nil }
