package checkers

import (
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// values says of each value of each key who wrote it and who read it.
type values struct {
	of     map[keyValue]*value
	before []int32 // of a read, the read before it that found the same value; -1 if there is none
}

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
	vs := values{of: make(map[keyValue]*value, len(h.Ops)/2), before: make([]int32, len(h.Ops))}
	room := make([]value, 0, len(h.Ops)) // one allocation for all
	for i := range h.Ops {
		op := &h.Ops[i]
		if read := op.Func == histories.FuncRead; read && (op.Outcome != histories.OK || !op.Found) {
			continue
		}
		at := keyValue{op.Key, op.Value}
		v := vs.of[at]
		if v == nil {
			room = append(room, value{write: never, read: histories.Forever, lastRead: -1})
			v = &room[len(room)-1]
			vs.of[at] = v
		}
		switch {
		case op.Func == histories.FuncRead:
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
