package checkers

import (
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// Values says of each value of each key who wrote it and who read it.
type Values struct {
	list   []ValueUse
	Of     []int32 // of an operation, its value's index in list, or noValue
	Before []int32 // of a read, the read before it that found the same value; -1 if there is none
}

// NoValue is what operations have that tell no value: a read that found nothing, or that did not happen.
const NoValue = -1

// Value returns the value that the operation i wrote or found; it must be one that tells a value.
func (vs Values) Value(i int) *ValueUse { return &vs.list[vs.Of[i]] }

// ValueUse is one value of one key.
type ValueUse struct {
	Write    int           // an index into Ops, or never, or twice
	Read     time.Duration // when the first read that found it returned; Forever if none did
	LastRead int           // an index into Ops, from which before leads to the others; -1 if there is none
}

// What stands for the write of a value that has none, or several.
const (
	Never = -1
	Twice = -2
)

// ValuesOf reads who wrote and read what in a record.
func ValuesOf(r *Record) Values { return Derived(r, readValues) }

func readValues(r *Record) Values {
	h := r.History
	vs := Values{list: make([]ValueUse, 0, len(h.Ops)/2), Of: make([]int32, len(h.Ops)), Before: make([]int32, len(h.Ops))}
	keys := map[string]map[string]int32{} // key → value → its index in list
	f := FunctionsOf(r)
	for i := range h.Ops {
		op := &h.Ops[i]
		word, writes := f.wrote(op)
		if !writes {
			if !f.Reads(op) || !op.Found() {
				vs.Of[i] = NoValue
				continue
			}
			word = op.Result.Str()
		}
		known := keys[op.Key]
		if known == nil {
			// Half of the operations, shared among eight keys or more: a map that need not grow from nothing is made faster.
			known = make(map[string]int32, min(1024, len(h.Ops)/2/max(len(keys)+1, 8)))
			keys[op.Key] = known
		}
		at, ok := known[word]
		if !ok {
			at = int32(len(vs.list))
			vs.list = append(vs.list, ValueUse{Write: Never, Read: histories.Forever, LastRead: -1})
			known[word] = at
		}
		vs.Of[i] = at
		v := &vs.list[at]
		switch {
		case !writes:
			v.Read = min(v.Read, op.Returned)
			vs.Before[i], v.LastRead = int32(v.LastRead), i
		case v.Write == Never:
			v.Write = i
		default:
			v.Write = Twice
		}
	}
	return vs
}

// Invoked is when the value that the read i returned was begun to be written.
func (vs Values) Invoked(h *histories.History, i int) time.Duration {
	return h.Ops[vs.Value(i).Write].Invoked
}
