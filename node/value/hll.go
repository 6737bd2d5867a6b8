package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
)

// A HyperLogLog is a string: a head of 16 bytes, then 16,384 registers of 6 bits. Redis 4.0: hyperloglog.c.
//
//	"HYLL"  encoding  0 0 0  count of 8 bytes, little endian; its highest bit says that it is out of date
//
// The dense encoding has all registers in a row, the lowest bits of a byte first. The sparse one has runs:
//
//	00llllll            l+1 registers are 0
//	01llllll llllllll   the same, with 14 bits
//	1vvvvvll            l+1 registers are v+1
const (
	hllBits      = 14
	hllRegisters = 1 << hllBits
	hllRank      = 64 - hllBits // the highest value of a register is one more
	hllHead      = 16
	hllDense     = hllHead + hllRegisters*6/8
	hllSeed      = 0xadc83b19

	hllEncoding     = 4 // where in the head
	hllCount        = 8
	hllStale        = 15 // whose highest bit says that the count is out of date
	encodingDense   = 0
	encodingSparse  = 1
	sparseValueMax  = 32 // the highest register in the sparse encoding
	sparseValueRun  = 4  // registers of one value
	sparseZeroRun   = 64 // registers of 0 in one byte
	sparseChangeMax = 5  // longest run of bytes that one register's change leaves
)

// ErrNotHLL is a string that is no HyperLogLog; ErrBadHLL is one that is damaged.
var (
	ErrNotHLL = errors.New("Key is not a valid HyperLogLog string value.")
	ErrBadHLL = errors.New("Corrupted HLL object detected")
)

// NewHLL returns a HyperLogLog that has counted nothing.
func NewHLL() Value {
	b := make([]byte, hllHead, hllHead+2)
	copy(b, "HYLL")
	b[hllEncoding] = encodingSparse
	return NewRaw(appendZeros(b, hllRegisters))
}

func appendZeros(b []byte, n int) []byte {
	if n <= sparseZeroRun {
		return append(b, byte(n-1))
	}
	return append(b, 0x40|byte((n-1)>>8), byte(n-1))
}

// checkHLL looks at the head alone. Redis 4.0: hyperloglog.c, isHLLObjectOrReply.
func checkHLL(v Value) ([]byte, error) {
	if v.kind != KindString || v.Len() < hllHead {
		return nil, ErrNotHLL
	}
	head := v.Slice(0, hllHead, nil)
	if string(head[:4]) != "HYLL" || head[hllEncoding] > encodingSparse ||
		(head[hllEncoding] == encodingDense && v.Len() != hllDense) {
		return nil, ErrNotHLL
	}
	return v.Bytes(), nil
}

// hashHLL returns the register that element belongs to, and the value that it has for it: the place of the first 1 bit
// of the rest of its hash, counted from 1.
func hashHLL(element []byte) (register int, value byte) {
	h := murmur64A(element, hllSeed)
	rest := h>>hllBits | 1<<hllRank
	return int(h & (hllRegisters - 1)), byte(bits.TrailingZeros64(rest)) + 1
}

// murmur64A is Austin Appleby's MurmurHash64A.
func murmur64A(key []byte, seed uint64) uint64 {
	const m, r = 0xc6a4a7935bd1e995, 47
	h := seed ^ uint64(len(key))*m
	for ; len(key) >= 8; key = key[8:] {
		k := binary.LittleEndian.Uint64(key) * m
		k = (k ^ k>>r) * m
		h = (h ^ k) * m
	}
	if len(key) > 0 {
		var tail [8]byte
		copy(tail[:], key)
		h = (h ^ binary.LittleEndian.Uint64(tail[:])) * m
	}
	h = (h ^ h>>r) * m
	return h ^ h>>r
}

func denseGet(registers []byte, i int) byte {
	at, shift := i*6/8, i*6%8
	v := uint16(registers[at])
	if at+1 < len(registers) {
		v |= uint16(registers[at+1]) << 8
	}
	return byte(v>>shift) & 63
}

func denseSet(registers []byte, i int, value byte) {
	at, shift := i*6/8, i*6%8
	mask, v := uint16(63)<<shift, uint16(value)<<shift
	registers[at] = registers[at]&^byte(mask) | byte(v)
	if mask>>8 != 0 {
		registers[at+1] = registers[at+1]&^byte(mask>>8) | byte(v>>8)
	}
}

// opcode reads the run at the start of b: its length in bytes and registers, and its value.
func opcode(b []byte) (size, run int, value byte) {
	switch op := b[0]; {
	case op&0x80 != 0:
		return 1, int(op&3) + 1, op>>2&31 + 1
	case op&0x40 == 0:
		return 1, int(op) + 1, 0
	case len(b) == 1:
		return 1, hllRegisters + 1, 0 // more than there can be
	default:
		return 2, int(op&63)<<8 + int(b[1]) + 1, 0
	}
}

// registers calls visit with each run of registers that are not 0; false says that b is damaged.
func registers(b []byte, visit func(from, run int, value byte)) bool {
	if b[hllEncoding] == encodingDense {
		for i := range hllRegisters {
			if v := denseGet(b[hllHead:], i); v != 0 {
				visit(i, 1, v)
			}
		}
		return true
	}
	at := 0
	for rest := b[hllHead:]; len(rest) > 0; {
		size, run, value := opcode(rest)
		if at+run > hllRegisters {
			return false
		}
		if value != 0 {
			visit(at, run, value)
		}
		at, rest = at+run, rest[size:]
	}
	return at == hllRegisters
}

// toDense returns b in the dense encoding; ok is false if b is damaged.
func toDense(b []byte) (dense []byte, ok bool) {
	if b[hllEncoding] == encodingDense {
		return b, true
	}
	dense = make([]byte, hllDense)
	copy(dense, b[:hllHead])
	dense[hllEncoding] = encodingDense
	ok = registers(b, func(from, run int, value byte) {
		for i := from; i < from+run; i++ {
			denseSet(dense[hllHead:], i, value)
		}
	})
	return dense, ok
}

// raise makes register at least value. It changes b and returns what has become of it, and whether that is something
// else.
func raise(b []byte, register int, value byte, sparseMax int) (_ []byte, changed bool, err error) {
	if b[hllEncoding] == encodingSparse {
		b, changed, fits, err := raiseSparse(b, register, value, sparseMax)
		if err != nil || fits {
			return b, changed, err
		}
		dense, ok := toDense(b)
		if !ok {
			return b, false, ErrBadHLL
		}
		denseSet(dense[hllHead:], register, value)
		return dense, true, nil
	}
	if denseGet(b[hllHead:], register) >= value {
		return b, false, nil
	}
	denseSet(b[hllHead:], register, value)
	return b, true, nil
}

// raiseSparse is raise in the sparse encoding; fits is false, and b as it was, if it has to become dense.
// The bytes that it leaves are those that Redis leaves. Redis 4.0: hyperloglog.c, hllSparseSet.
func raiseSparse(b []byte, register int, value byte, sparseMax int) (_ []byte, changed, fits bool, err error) {
	if value > sparseValueMax {
		return b, false, false, nil
	}
	at, before, first := hllHead, -1, 0
	var size, run int
	var old byte
	for {
		if at >= len(b) {
			return b, false, true, ErrBadHLL
		}
		size, run, old = opcode(b[at:])
		if register < first+run {
			break
		}
		before, at, first = at, at+size, first+run
	}
	if first+run > hllRegisters {
		return b, false, true, ErrBadHLL
	}
	if old >= value {
		return b, false, true, nil
	}
	var buf [sparseChangeMax]byte
	seq := buf[:0]
	side := func(n int) {
		switch {
		case n == 0:
		case old == 0:
			seq = appendZeros(seq, n)
		default:
			seq = append(seq, sparseValue(old, n))
		}
	}
	side(register - first)
	seq = append(seq, sparseValue(value, 1))
	side(first + run - 1 - register)
	if len(seq) > size && len(b)+len(seq)-size > sparseMax {
		return b, false, false, nil
	}
	b = splice(b, at, at+size, len(seq))
	copy(b[at:], seq)
	if before < 0 {
		before = hllHead
	}
	return joinRuns(b, before), true, true, nil
}

func sparseValue(value byte, run int) byte { return 0x80 | (value-1)<<2 | byte(run-1) }

// joinRuns joins neighbouring runs of one value, as far as a change of the run behind at could have made any.
func joinRuns(b []byte, at int) []byte {
	for look := sparseChangeMax; look > 0 && at < len(b); look-- {
		size, run, value := opcode(b[at:])
		if value != 0 && at+1 < len(b) {
			if _, run2, value2 := opcode(b[at+1:]); value2 == value && run+run2 <= sparseValueRun {
				b[at+1] = sparseValue(value, run+run2)
				b = append(b[:at], b[at+1:]...)
				continue
			}
		}
		at += size
	}
	return b
}

// HLLAdd counts elements in the HyperLogLog v and returns what to store in the place of v; changed says whether any
// register has changed. v comes from [Ledger.Own], or is [NewHLL]. It fails with ErrNotHLL or ErrBadHLL. PFADD.
func (l *Ledger) HLLAdd(v Value, elements [][]byte) (_ Value, changed bool, err error) {
	b, err := checkHLL(v)
	if err != nil {
		return v, false, err
	}
	if b[hllEncoding] == encodingDense {
		if !anyHigher(b, elements) { // the usual case costs no copy
			return v, false, nil
		}
		v, b = l.Buffer(v)
	} else {
		b = append(make([]byte, 0, len(b)+sparseChangeMax), b...)
	}
	for _, e := range elements {
		register, value := hashHLL(e)
		var higher bool
		if b, higher, err = raise(b, register, value, l.limits.HLLSparse); err != nil {
			return v, changed, err
		}
		changed = changed || higher
	}
	if !changed {
		return v, false, nil
	}
	b[hllStale] |= 0x80
	return v.withBytes(b), true, nil
}

func anyHigher(b []byte, elements [][]byte) bool {
	for _, e := range elements {
		if register, value := hashHLL(e); denseGet(b[hllHead:], register) < value {
			return true
		}
	}
	return false
}

// withBytes returns v if it holds b itself, otherwise the string b.
func (v Value) withBytes(b []byte) Value {
	if v.form == formChunks && len(b) == v.Len() && &(*text)(v.p).chunks[0][0] == &b[0] {
		return v
	}
	w := NewRaw(b)
	w.Mark = v.Mark
	return w
}

// HLLKept returns the estimate that is kept in the HyperLogLog v; kept is false if it is out of date.
func HLLKept(v Value) (n uint64, kept bool, err error) {
	b, err := checkHLL(v)
	if err != nil || b[hllStale]&0x80 != 0 {
		return 0, false, err
	}
	return binary.LittleEndian.Uint64(b[hllCount:]), true, nil
}

// HLLCount estimates how many different elements the HyperLogLog v has counted. The estimate is kept in v itself:
// stored says that it was not there yet, and w is then what to store in the place of v, which comes from where HLLAdd's
// does. PFCOUNT of one key, which so is a write to it.
func (l *Ledger) HLLCount(v Value) (n uint64, w Value, stored bool, err error) {
	n, kept, err := HLLKept(v)
	if err != nil || kept {
		return n, v, false, err
	}
	b := v.Bytes()
	var histogram [64]int
	histogram[0] = hllRegisters
	if !registers(b, func(_, run int, value byte) { histogram[0] -= run; histogram[value] += run }) {
		return 0, v, false, ErrBadHLL
	}
	n = estimate(&histogram)
	if len(b) > flatMax && len(b) <= chunkSize {
		w, b = l.Buffer(v)
	} else {
		b = bytes.Clone(b)
		w = NewRaw(b)
		w.Mark = v.Mark
	}
	binary.LittleEndian.PutUint64(b[hllCount:], n)
	return n, w, true, nil
}

// HLLUnion estimates how many different elements several HyperLogLogs have counted together. PFCOUNT of more keys.
func HLLUnion(vs ...Value) (uint64, error) {
	highest, _, err := highest(vs)
	if err != nil {
		return 0, err
	}
	var histogram [64]int
	for _, value := range highest {
		histogram[value]++
	}
	return estimate(&histogram), nil
}

func highest(vs []Value) (registersOf *[hllRegisters]byte, dense bool, err error) {
	var all [hllRegisters]byte
	for _, v := range vs {
		b, err := checkHLL(v)
		if err != nil {
			return nil, false, err
		}
		dense = dense || b[hllEncoding] == encodingDense
		if !registers(b, func(from, run int, value byte) {
			for i := from; i < from+run; i++ {
				all[i] = max(all[i], value)
			}
		}) {
			return nil, false, ErrBadHLL
		}
	}
	return &all, dense, nil
}

// HLLMerge returns what to store in the place of the HyperLogLog v, which is [NewHLL] if its key was not there: what
// has counted all that v and others have. It is dense if any of them is. PFMERGE.
func (l *Ledger) HLLMerge(v Value, others ...Value) (Value, error) {
	all, dense, err := highest(append([]Value{v}, others...))
	if err != nil {
		return v, err
	}
	b := bytes.Clone(v.Bytes())
	if dense {
		b, _ = toDense(b) // highest has read it, so it is in order
	}
	for i, value := range all {
		if value != 0 {
			if b, _, err = raise(b, i, value, l.limits.HLLSparse); err != nil {
				return v, err
			}
		}
	}
	b[hllStale] |= 0x80
	return v.withBytes(b), nil
}

// HLLRegisters returns all registers of v, for PFDEBUG GETREG.
func HLLRegisters(v Value) ([]byte, error) {
	all, _, err := highest([]Value{v})
	if err != nil {
		return nil, err
	}
	return all[:], nil
}

// HLLIsSparse says whether the HyperLogLog v is in the sparse encoding.
func HLLIsSparse(v Value) (bool, error) {
	b, err := checkHLL(v)
	return err == nil && b[hllEncoding] == encodingSparse, err
}

// HLLRuns describes the runs of v, a HyperLogLog in the sparse encoding: z:n for n registers of 0, Z:n if the run takes
// two bytes, v:x,n for n registers of x. PFDEBUG DECODE.
func HLLRuns(v Value) string {
	var text []byte
	for rest := v.Bytes()[hllHead:]; len(rest) > 0; {
		size, run, value := opcode(rest)
		switch {
		case value != 0:
			text = fmt.Appendf(text, "v:%d,%d ", value, run)
		case size == 2:
			text = fmt.Appendf(text, "Z:%d ", run)
		default:
			text = fmt.Appendf(text, "z:%d ", run)
		}
		rest = rest[size:]
	}
	return strings.TrimSuffix(string(text), " ")
}

// HLLToDense returns what to store in the place of v to have it dense. PFDEBUG TODENSE.
func HLLToDense(v Value) (Value, error) {
	b, err := checkHLL(v)
	if err != nil {
		return v, err
	}
	dense, ok := toDense(b)
	if !ok {
		return v, ErrBadHLL
	}
	return v.withBytes(dense), nil
}

// estimate is the improved raw estimator of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches", algorithm 6; histogram counts registers by value.
func estimate(histogram *[64]int) uint64 {
	const m = float64(hllRegisters)
	z := m * tau((m-float64(histogram[hllRank+1]))/m)
	for v := hllRank; v >= 1; v-- {
		z = 0.5 * (z + float64(histogram[v]))
	}
	z += float64(m * sigma(float64(histogram[0])/m)) // rounded, or some processors would fuse it with the sum
	const alpha = 0.721347520444481703680            // 1/(2 ln 2)
	return uint64(math.Round(alpha * m * m / z))
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		before := z
		z += float64(x * y)
		y += y
		if z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= float64(float64((1-x)*(1-x)) * y)
		if z == before {
			return z / 3
		}
	}
}
