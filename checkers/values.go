package checkers

import (
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// values says of each value of each key who wrote it and who read it.
type values struct {
	list   []value
	of     []int32 // of an operation, its value's index in list, or noValue
	before []int32 // of a read, the read before it that found the same value; -1 if there is none
}

// noValue is what operations have that tell no value: a read that found nothing, or that did not happen.
const noValue = -1

// value returns the value that the operation i wrote or found; it must be one that tells a value.
func (vs values) value(i int) *value { return &vs.list[vs.of[i]] }

type keyValue struct{ key, value string }

// value is one value of one key.
type value struct {
	write    int           // an index into Ops, or never, or twice
	read     time.Duration // when the first read that found it returned; Forever if none did
	lastRead int           // an index into Ops, from which before leads to the others; -1 if there is none
}

// What stands for the write of a value that has none, or several.
const (
	never = -1
	twice = -2
)

func valuesOf(h *histories.History) values {
	vs := values{list: make([]value, 0, len(h.Ops)/2), of: make([]int32, len(h.Ops)), before: make([]int32, len(h.Ops))}
	keys := map[string]map[string]int32{} // key → value → its index in list
	f := functionsOf(h)
	for i := range h.Ops {
		op := &h.Ops[i]
		word, writes := f.wrote(op)
		if !writes {
			if !f.reads(op) || !op.Found() {
				vs.of[i] = noValue
				continue
			}
			word = op.Result.Str()
		}
		known := keys[op.Key]
		if known == nil {
			known = map[string]int32{}
			keys[op.Key] = known
		}
		at, ok := known[word]
		if !ok {
			at = int32(len(vs.list))
			vs.list = append(vs.list, value{write: never, read: histories.Forever, lastRead: -1})
			known[word] = at
		}
		vs.of[i] = at
		v := &vs.list[at]
		switch {
		case !writes:
			v.read = min(v.read, op.Returned)
			vs.before[i], v.lastRead = int32(v.lastRead), i
		case v.write == never:
			v.write = i
		default:
			v.write = twice
		}
	}
	return vs
}
