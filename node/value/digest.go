package value

import (
	"crypto/sha1"
	"math"
	"strconv"
)

// Digest is the sum that DEBUG DIGEST is made of. Redis 4.0: debug.c, computeDatasetDigest.
type Digest [sha1.Size]byte

// Any adds x to things whose order does not matter. To add it again takes it away.
func (d *Digest) Any(x []byte) { d.xor(sha1.Sum(x)) }

// Next adds x to things whose order does matter.
func (d *Digest) Next(x []byte) {
	d.Any(x)
	*d = sha1.Sum(d[:])
}

func (d *Digest) xor(x Digest) {
	for i := range d {
		d[i] ^= x[i]
	}
}

// AddTo adds what v holds to d, to which its key and its type have been added. live says that v is no part of a
// snapshot: then a large collection may remember its sum, as [Ledger.KeepSums] says.
func (v Value) AddTo(d *Digest, live bool) {
	if r := v.root(); r != nil {
		r.digest(d, live && r.head().ledger.sums)
		return
	}
	var text [20]byte
	if v.form == formInt {
		d.Next(v.AppendTo(text[:0]))
	} else {
		d.Next(v.flat())
	}
}

// sum is the sum of a value that is remembered. Snapshots never look at it. All its methods do nothing for nil.
type sum struct {
	valid bool
	of    Digest
}

func (s *sum) copy() *sum {
	if s == nil {
		return nil
	}
	c := *s
	return &c
}

// toggle adds a member that comes, or takes one away that goes.
func (s *sum) toggle(member []byte) {
	if s != nil {
		s.of.Any(member)
	}
}

// togglePair is toggle of a field with its value, or a member with its score.
func (s *sum) togglePair(a, b []byte) {
	if s != nil {
		s.of.addPair(a, b)
	}
}

func (d *Digest) addPair(a, b []byte) {
	var of Digest
	of.Next(a)
	of.Next(b)
	d.Any(of[:])
}

func (t *text) digest(d *Digest, live bool) {
	var of Digest
	if live && t.sum != nil && t.sum.valid {
		of = t.sum.of
	} else {
		h := sha1.New()
		for _, c := range t.chunks {
			h.Write(c)
		}
		h.Sum(of[:0])
		if live {
			t.sum = &sum{valid: true, of: of}
		}
	}
	d.xor(of)
	*d = sha1.Sum(d[:])
}

// digest goes over the whole list at first. Whoever keeps sums goes on from the first chunk that has changed since.
func (l *List) digest(d *Digest, live bool) {
	if !live {
		for e := range l.Range(0, l.Len()) {
			d.Next(e)
		}
		return
	}
	if l.sums == nil || l.sums.start != *d {
		l.sums = &listSums{start: *d}
	}
	known := l.sums.after
	if len(known) > 0 {
		*d = known[len(known)-1]
	}
	for _, c := range l.chunks()[len(known):] {
		for at := c.from; at < len(c.b); {
			var e []byte
			e, at = packedAt(c.b, at)
			d.Next(e)
		}
		known = append(known, *d)
	}
	l.sums.after = known
}

func (s *Set) digest(d *Digest, live bool) {
	if live && s.members != nil && s.members.sum != nil {
		d.xor(s.members.sum.of)
		return
	}
	var of Digest
	for m := range s.All() {
		of.Any(m)
	}
	if live && s.members != nil {
		s.members.sum = &sum{of: of}
	}
	d.xor(of)
}

func (h *Hash) digest(d *Digest, live bool) {
	if live && h.fields != nil && h.fields.sum != nil {
		d.xor(h.fields.sum.of)
		return
	}
	var of Digest
	for field, value := range h.All() {
		of.addPair(field, value)
	}
	if live && h.fields != nil {
		h.fields.sum = &sum{of: of}
	}
	d.xor(of)
}

func (z *ZSet) digest(d *Digest, live bool) {
	if live && z.body != nil && z.body.sum != nil {
		d.xor(z.body.sum.of)
		return
	}
	var of Digest
	var text [32]byte
	for member, score := range z.Range(0, z.Len()) {
		of.addPair(member, AppendScore(text[:0], score))
	}
	if live && z.body != nil {
		z.body.sum = &sum{of: of}
	}
	d.xor(of)
}

// AppendScore appends score as Redis prints it: C's "%.17g", which reads back as the same number.
func AppendScore(b []byte, score float64) []byte {
	switch {
	case math.IsInf(score, 1):
		return append(b, "inf"...)
	case math.IsInf(score, -1):
		return append(b, "-inf"...)
	case math.IsNaN(score):
		return append(b, "nan"...)
	}
	if n := int64(score); score == float64(n) && n > -1<<52 && n < 1<<52 && (n != 0 || !math.Signbit(score)) {
		return strconv.AppendInt(b, n, 10)
	}
	return strconv.AppendFloat(b, score, 'g', 17, 64)
}
