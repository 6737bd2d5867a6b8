package toxics

import "time"

// SlowClose lets the end of a stream come later. Toxiproxy: toxics/slow_close.go.
type SlowClose struct {
	Delay int64 // ms
}

func (t SlowClose) buffer() int             { return 0 }
func (t SlowClose) closesWhenRemoved() bool { return false }

func (t SlowClose) pipe(s *stub, _ int64, _ Draw) pipe {
	s.wait()
	return &slowClose{noop{s}, t.Delay}
}

type slowClose struct {
	noop
	delay int64
}

func (p *slowClose) end(now int64) { p.sleep(now, p.delay*int64(time.Millisecond)) }
func (p *slowClose) due(int64)     { p.close() }
