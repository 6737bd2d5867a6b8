package value

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node"
)

// Limits say up to which size a collection stays in its compact form. A Ledger reads them at each change, so they may
// be changed at any time; what has left its compact form stays out of it. Redis 4.0: server.h, redis.conf.
type Limits struct {
	HashEntries int // hash-max-ziplist-entries: most fields
	HashValue   int // hash-max-ziplist-value: longest field or value, in bytes
	ListSize    int // list-max-ziplist-size: > 0 most elements of a node, -1 to -5 its size: 4, 8, 16, 32, 64 KB
	SetInts     int // set-max-intset-entries: most members
	ZSetEntries int // zset-max-ziplist-entries: most members
	ZSetValue   int // zset-max-ziplist-value: longest member, in bytes
	HLLSparse   int // hll-sparse-max-bytes: longest sparse HyperLogLog, in bytes
}

// DefaultLimits are those of a Redis 4.0 without a configuration file.
func DefaultLimits() Limits {
	return Limits{HashEntries: 512, HashValue: 64, ListSize: -2, SetInts: 512, ZSetEntries: 128, ZSetValue: 64,
		HLLSparse: 3000}
}

// Ledger is the books of whoever holds values, a database: which epoch it is, how much memory its values take, and
// where the limits stand. A value made with a Ledger is free until the Ledger holds it.
//
// The zero value is not usable; see [NewLedger].
type Ledger struct {
	limits *Limits
	seed   uint64
	tables uint64
	epoch  uint32 // at least 1; a value of an earlier one is shared with a snapshot
	bytes  int64
	sums   bool
}

// NewLedger returns books in which nothing stands. limits stays the caller's, who may change it; seed is mixed into
// every hash table, and whoever takes elements from strangers keeps it secret.
func NewLedger(limits *Limits, seed uint64) *Ledger {
	return &Ledger{limits: limits, seed: seed, epoch: 1}
}

// Bytes estimates the memory of all values that l holds.
func (l *Ledger) Bytes() int64 { return l.bytes }

// Freeze begins a new epoch: what l holds at this moment will not change any more. Whoever wants to change it gets a
// copy from Own, which shares all parts with what was frozen until they are changed.
func (l *Ledger) Freeze() { l.epoch++ }

// KeepSums makes large collections keep the sum of their elements for a digest up to date as they change. It costs
// each change about a microsecond and makes [Value.AddTo] of a large collection cheap.
func (l *Ledger) KeepSums(keep bool) { l.sums = keep }

// Hold takes v into the books and returns it, or, if v is held elsewhere or frozen, a copy that shares its parts.
func (l *Ledger) Hold(v Value) Value {
	if r := v.root(); r != nil {
		h := r.head()
		if h.epoch != 0 && (h.ledger != l || h.epoch != l.epoch) {
			v = v.fork(r)
			r = v.root()
			h = r.head()
		}
		node.Assert(h.epoch == 0, "value held twice")
		h.ledger, h.epoch = l, l.epoch
	}
	l.bytes += v.Memory()
	return v
}

// Release takes v, which l holds, out of the books. It is nobody's then; it may be looked at, and held elsewhere.
func (l *Ledger) Release(v Value) {
	l.bytes -= v.Memory()
	if r := v.root(); r != nil {
		h := r.head()
		node.Assert(h.ledger == l && h.epoch != 0, "value released that is not held here")
		if h.epoch == l.epoch {
			h.epoch = 0 // or it is frozen, and Hold will copy it
		}
	}
}

// Reset takes everything out of the books at once: all that was held is thrown away.
func (l *Ledger) Reset() { l.bytes = 0 }

// Own returns v, which l holds, for changing: v itself, or if it is frozen, a copy that shares its parts. The copy
// takes the place of v in the books and must take its place wherever v was kept.
func (l *Ledger) Own(v Value) Value {
	r := v.root()
	if r == nil {
		return v
	}
	h := r.head()
	node.Assert(h.ledger == l && h.epoch != 0, "value owned that is not held here")
	if h.epoch == l.epoch {
		return v
	}
	l.bytes -= v.Memory()
	v = v.fork(r)
	l.bytes += v.Memory()
	h = v.root().head()
	h.ledger, h.epoch = l, l.epoch
	return v
}

// tableSeed returns another seed for each table: with one for all, walking one table and filling another would fill
// it shard by shard.
func (l *Ledger) tableSeed() uint64 {
	l.tables++
	return (l.seed + l.tables) * 0x9e3779b97f4a7c15
}

// root is what a value that changes in place points at.
type root interface {
	head() *header
	fork() root   // a copy with nobody as its owner that shares the parts
	bytes() int64 // the memory it takes
	digest(d *Digest, live bool)
}

// header is the head of every root. Its ledger and epoch are of no concern to readers of a snapshot.
type header struct {
	ledger *Ledger
	epoch  uint32 // in which it may be changed; 0: at any time, nobody holds it
	n      uint32 // elements
}

func (h *header) head() *header { return h }

// Len returns the number of elements.
func (h *header) Len() int { return int(h.n) }

// change says that h changes now, by bytes of memory.
func (h *header) change(bytes int) {
	if h.epoch == 0 {
		return
	}
	if h.epoch != h.ledger.epoch {
		node.Assert(false, "value of epoch %d changed in epoch %d: it belongs to a snapshot", h.epoch, h.ledger.epoch)
	}
	h.ledger.bytes += int64(bytes)
}

// sized is about what an allocation of n bytes takes: the size classes of Go's allocator, in bytes.
func sized(n int) int {
	switch {
	case n <= 32:
		return (n + 7) &^ 7
	case n <= 256:
		return (n + 15) &^ 15
	}
	return n + n/16
}

func badKind(have, want Kind) {
	panic(node.Violation{Sentence: fmt.Sprintf("a %v used as a %v", have, want)})
}
