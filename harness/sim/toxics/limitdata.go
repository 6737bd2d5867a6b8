package toxics

// LimitData closes the connection after a number of bytes. Toxiproxy: toxics/limit_data.go.
type LimitData struct {
	Bytes int64
}

func (t LimitData) buffer() int             { return 0 }
func (t LimitData) closesWhenRemoved() bool { return false }

func (t LimitData) pipe(s *stub, _ int64, _ Draw) pipe {
	s.wait()
	return &limitData{s, t.Bytes}
}

type limitData struct {
	*stub
	left int64
}

func (p *limitData) take(now int64, c Chunk) {
	c.Data = c.Data[:min(int64(len(c.Data)), max(p.left, 0))]
	if len(c.Data) == 0 {
		p.sent(now)
		return
	}
	p.left -= int64(len(c.Data))
	p.hand(c)
}

func (p *limitData) sent(int64) {
	if p.left <= 0 {
		p.close()
		return
	}
	p.wait()
}

func (p *limitData) end(int64)            { p.close() }
func (p *limitData) due(int64)            {}
func (p *limitData) interrupted() []Chunk { return nil }
