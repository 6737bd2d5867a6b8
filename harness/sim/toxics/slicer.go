package toxics

import "time"

// Slicer cuts data into small slices. Toxiproxy: toxics/slicer.go.
type Slicer struct {
	AverageSize   int // bytes, more than SizeVariation
	SizeVariation int // bytes
	Delay         int // µs, after each slice
}

func (t Slicer) buffer() int             { return 0 }
func (t Slicer) closesWhenRemoved() bool { return false }

func (t Slicer) pipe(s *stub, _ int64, draw Draw) pipe {
	s.wait()
	return &slicer{stub: s, Slicer: t, draw: draw}
}

// cuts returns where the bytes from start to end are cut: the ends of the slices. It halves until a slice is small
// enough, with some variation.
func (t Slicer) cuts(start, end int, draw Draw) []int {
	if end-start-t.AverageSize <= t.SizeVariation {
		return []int{end}
	}
	mid := start + (end-start)/2
	if t.SizeVariation > 0 {
		mid += int(draw(int64(t.SizeVariation)*2)) - t.SizeVariation
	}
	left := t.cuts(start, mid, draw)
	return append(left, t.cuts(mid, end, draw)...)
}

type slicer struct {
	*stub
	Slicer
	draw Draw
	held Chunk
	from int   // where the next slice begins
	ends []int // of the slices to come
}

func (p *slicer) take(_ int64, c Chunk) {
	p.held, p.from, p.ends = c, 0, p.cuts(0, len(c.Data), p.draw)
	p.slice()
}

func (p *slicer) slice() {
	p.hand(Chunk{p.held.Data[p.from:p.ends[0]], p.held.At})
	p.from, p.ends = p.ends[0], p.ends[1:]
}

func (p *slicer) sent(now int64) { p.sleep(now, int64(p.Delay)*int64(time.Microsecond)) }

func (p *slicer) due(int64) {
	if len(p.ends) == 0 {
		p.wait()
		return
	}
	p.slice()
}

func (p *slicer) end(int64) { p.close() }

func (p *slicer) interrupted() []Chunk {
	if p.idle || p.closed || p.from == len(p.held.Data) {
		return nil
	}
	return []Chunk{{p.held.Data[p.from:], p.held.At}}
}
