package value

import (
	"iter"
	"slices"

	"github.com/ordeal-go/ordeal/node"
)

// chunkSize is how many bytes of a long string are copied when one of them is changed that a snapshot shares.
const chunkSize = 16 << 10

// flatMax is the longest string that is copied as a whole when it is changed.
const flatMax = 256

// text is a string that is changed in place: all chunks but the last have chunkSize bytes.
type text struct {
	header
	size   int
	gen    uint32
	gens   []uint32 // of the chunks: one of an earlier generation is shared
	chunks [][]byte
	sum    *sum
}

// textIn returns v as a text, made of v's bytes if it is none yet.
func (l *Ledger) textIn(v Value) *text {
	if v.form == formChunks {
		return (*text)(v.p)
	}
	t := &text{header: header{ledger: l}, gen: 1}
	b := v.Bytes()
	t.size = len(b)
	for len(b) > 0 { // not copied: of generation 0, they are shared with v
		n := min(len(b), chunkSize)
		t.chunks, t.gens = append(t.chunks, b[:n:n]), append(t.gens, 0)
		b = b[n:]
	}
	return t
}

func (t *text) fork() root {
	f := *t
	f.header.epoch = 0
	f.gen++
	f.gens, f.chunks, f.sum = slices.Clone(t.gens), slices.Clone(t.chunks), t.sum.copy()
	return &f
}

func (t *text) bytes() int64 {
	n := 96 + 28*cap(t.chunks)
	if full := len(t.chunks) - 1; full >= 0 {
		n += full*chunkSize + sized(cap(t.chunks[full]))
	}
	return int64(n)
}

// own returns chunk i for writing.
func (t *text) own(i int) []byte {
	if t.gens[i] != t.gen {
		t.chunks[i] = append(make([]byte, 0, sized(len(t.chunks[i]))), t.chunks[i]...)
		t.gens[i] = t.gen
	}
	return t.chunks[i]
}

// grow makes t at least size bytes long; new bytes are zero.
func (t *text) grow(size int) {
	if size <= t.size {
		return
	}
	if last := len(t.chunks) - 1; last >= 0 && len(t.chunks[last]) < chunkSize {
		want := min(chunkSize, size-last*chunkSize)
		c := t.own(last)
		c = slices.Grow(c, want-len(c))
		had := len(c)
		c = c[:want]
		clear(c[had:])
		t.chunks[last] = c[:want:min(cap(c), chunkSize)]
	}
	if missing := size - len(t.chunks)*chunkSize; missing > 0 {
		fresh := make([]byte, missing)
		for len(fresh) > 0 {
			n := min(len(fresh), chunkSize)
			t.chunks, t.gens = append(t.chunks, fresh[:n:n]), append(t.gens, t.gen)
			fresh = fresh[n:]
		}
	}
	t.size = size
}

// WriteAt puts b into the string v from offset on and returns what to store in its place; if it was shorter than
// that, the bytes between are zero. v comes from [Ledger.Own], or is the zero value or nobody's. offset must not be
// negative.
func (l *Ledger) WriteAt(v Value, offset int, b []byte) Value {
	end := offset + len(b)
	if v.form != formChunks && max(end, v.Len()) <= flatMax {
		whole := v.AppendTo(make([]byte, 0, max(end, v.Len())))
		whole = whole[:cap(whole)]
		copy(whole[offset:], b)
		w := NewRaw(whole)
		w.Mark = v.Mark
		return w
	}
	t := l.textIn(v)
	before := t.bytes()
	t.grow(end)
	for len(b) > 0 {
		i, from := offset/chunkSize, offset%chunkSize
		n := copy(t.own(i)[from:], b)
		b, offset = b[n:], offset+n
	}
	t.changed(before)
	return chunked(t, v.Mark)
}

// Append adds b to the string v and returns what to store in its place, as WriteAt does. Many small appends to one
// string cost no more than one large one. An append to the empty string is NewString.
func (l *Ledger) Append(v Value, b []byte) Value {
	if v.form == formFlat && v.n == 0 {
		w := NewString(b)
		w.Mark = v.Mark
		return w
	}
	return l.WriteAt(v, v.Len(), b)
}

func (t *text) changed(before int64) {
	t.change(int(t.bytes() - before))
	if t.sum != nil {
		t.sum.valid = false
	}
}

// Buffer returns all bytes of the string v, of at most 16 KB, for writing, and what to store in the place of v. It
// comes from where WriteAt's does. The bytes must be written before anything else is done with the string.
func (l *Ledger) Buffer(v Value) (Value, []byte) {
	t := l.textIn(v)
	node.Assert(t.size <= chunkSize, "a string of %d bytes asked for as one buffer, %d are the most", t.size, chunkSize)
	if t.size == 0 {
		return v, nil
	}
	before := t.bytes()
	b := t.own(0)
	t.changed(before)
	return chunked(t, v.Mark), b
}

// ByteAt returns byte i of the string v, 0 beyond its end.
func (v Value) ByteAt(i int) byte {
	if i < 0 || i >= v.Len() {
		return 0
	}
	if v.form == formChunks {
		return (*text)(v.p).chunks[i/chunkSize][i%chunkSize]
	}
	return v.Bytes()[i]
}

// Pieces returns the bytes from ≤ i < to of the string v, both within it, in as few pieces as it is held in. They are
// for reading only and until it is changed.
func (v Value) Pieces(from, to int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if v.form != formChunks {
			if from < to {
				yield(v.Bytes()[from:to:to])
			}
			return
		}
		for from < to {
			c := (*text)(v.p).chunks[from/chunkSize][from%chunkSize:]
			c = c[:min(len(c), to-from)]
			if !yield(c[:len(c):len(c)]) {
				return
			}
			from += len(c)
		}
	}
}

// Slice returns the bytes from ≤ i < to of the string v, both within it, for reading only and until it is changed:
// as they lie, or if they lie in several chunks, copied into scratch.
func (v Value) Slice(from, to int, scratch []byte) []byte {
	if v.form != formChunks || from >= to || from/chunkSize == (to-1)/chunkSize {
		for b := range v.Pieces(from, to) {
			return b
		}
		return nil
	}
	scratch = scratch[:0]
	for b := range v.Pieces(from, to) {
		scratch = append(scratch, b...)
	}
	return scratch
}
