package replication

import "github.com/ordeal-go/ordeal/node"

// backlog keeps the last bytes of the stream, so that a replica that was away for a while can go on where it stood.
//
// It is a ring of size bytes, whose memory grows as it is first filled: a backlog of 1 GB costs nothing before there
// is a stream. first and length outlive the ring, because INFO goes on to show them.
type backlog struct {
	active bool
	size   int64  // capacity in bytes, > 0
	first  int64  // offset of the oldest byte kept
	length int64  // bytes kept
	ring   []byte // at most size bytes; a ring only once it has them all
	next   int    // where the next byte goes once the ring is full
}

// open starts an empty backlog whose first byte will be the one after offset.
func (b *backlog) open(size, offset int64) {
	*b = backlog{active: true, size: size, first: offset + 1}
}

// free gives the memory back.
func (b *backlog) free() {
	b.active, b.ring, b.next = false, nil, 0
}

// resize changes the capacity and forgets what is kept. Redis 4.0: replication.c, resizeReplicationBacklog.
func (b *backlog) resize(size, offset int64) {
	if !b.active {
		b.size = size
		return
	}
	b.open(size, offset)
}

// append adds p, the bytes of the stream up to and including the one at offset.
func (b *backlog) append(p []byte, offset int64) {
	if int64(len(p)) >= b.size { // nothing older than p remains
		b.ring = append(b.ring[:0], p[int64(len(p))-b.size:]...)
		b.next = 0
	} else {
		p = b.fill(p)
		for len(p) > 0 {
			n := copy(b.ring[b.next:], p)
			if b.next += n; b.next == len(b.ring) {
				b.next = 0
			}
			p = p[n:]
		}
	}
	b.length = int64(len(b.ring))
	b.first = offset - b.length + 1
}

// fill takes as much of p as the ring still grows by and returns the rest.
func (b *backlog) fill(p []byte) []byte {
	room := int(b.size) - len(b.ring)
	if room == 0 {
		return p
	}
	n := min(room, len(p))
	if need := len(b.ring) + n; need > cap(b.ring) {
		grown := make([]byte, len(b.ring), min(max(2*cap(b.ring), need, MinBacklog), int(b.size)))
		copy(grown, b.ring)
		b.ring = grown
	}
	b.ring = append(b.ring, p[:n]...)
	return p[n:]
}

// holds says whether the stream can be had from offset on; the byte after the last one counts: nothing is missing.
func (b *backlog) holds(offset int64) bool {
	return b.active && offset >= b.first && offset <= b.first+b.length
}

// since returns the bytes from offset on, in two pieces.
func (b *backlog) since(offset int64) (older, newer []byte) {
	node.Assert(b.holds(offset), "backlog read at %d, it holds %d bytes from %d on", offset, b.length, b.first)
	skip := int(offset - b.first)
	if tail := len(b.ring) - b.next; skip < tail {
		return b.ring[b.next+skip:], b.ring[:b.next]
	} else {
		return nil, b.ring[skip-tail : b.next]
	}
}

// BacklogResized takes over a new repl-backlog-size.
func (r *Replication) BacklogResized() {
	size := max(r.cfg.BacklogSize, MinBacklog)
	if size != r.backlog.size {
		r.backlog.resize(size, r.Offset)
	}
}

// openBacklog starts to keep the stream from the next byte on.
func (r *Replication) openBacklog() {
	r.backlog.open(max(r.cfg.BacklogSize, MinBacklog), r.Offset)
}

// checkBacklog asserts that the backlog ends where the history does.
func (r *Replication) checkBacklog() {
	if b := &r.backlog; b.active && b.first+b.length != r.Offset+1 {
		node.Assert(false, "the backlog holds %d bytes from %d on, the offset is %d", b.length, b.first, r.Offset)
	}
}

// Memory is what replication keeps, in bytes.
func (r *Replication) Memory() int64 {
	n := int64(cap(r.backlog.ring) + cap(r.scratch))
	if rdb := r.link.rdb; rdb != nil {
		n += int64(cap(rdb.waiting))
	}
	return n
}
