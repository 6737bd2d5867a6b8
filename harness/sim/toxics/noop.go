package toxics

// noop passes everything. Toxiproxy: toxics/noop.go.
type noop struct{ *stub }

func (p *noop) take(_ int64, c Chunk) { p.hand(c) }
func (p *noop) end(int64)             { p.close() }
func (p *noop) due(int64)             {}
func (p *noop) sent(int64)            { p.wait() }
func (p *noop) interrupted() []Chunk  { return nil }
