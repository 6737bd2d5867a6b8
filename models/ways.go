package models

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/ordeal-go/ordeal/histories"
)

// ways is a set of ways, without those that another of them can do all of.
type ways struct {
	list []way
	of   map[wayKey][]int32 // indexes into list; those that were replaced by a better one point to it
}

type wayKey struct {
	state any
	done  uint64
}

func newWays() *ways { return &ways{of: map[wayKey][]int32{}} }

// add adds w unless it is there, or one that used no more operations without an answer is.
func (ws *ways) add(w way) bool {
	key := wayKey{w.state, w.done}
	same := ws.of[key]
	for _, i := range same {
		if within(ws.list[i].used, w.used) {
			return false
		}
	}
	for n, i := range same {
		if !within(w.used, ws.list[i].used) {
			continue
		}
		ws.list[i] = w
		rest := slices.DeleteFunc(same[n+1:], func(j int32) bool { return within(w.used, ws.list[j].used) })
		ws.of[key] = append(same[:n+1], rest...)
		return true
	}
	ws.of[key] = append(same, int32(len(ws.list)))
	ws.list = append(ws.list, w)
	return true
}

// within says whether all in a are in b. Both are classes, two bytes each, ascending.
func within(a, b string) bool {
	if len(a) > len(b) {
		return false
	}
	for a != "" {
		switch {
		case len(b) < len(a):
			return false
		case a[:2] == b[:2]:
			a = a[2:]
		case a[:2] < b[:2]:
			return false
		}
		b = b[2:]
	}
	return true
}

// times counts class c in used.
func times(used string, c int) (n int) {
	for ; used != ""; used = used[2:] {
		if int(binary.BigEndian.Uint16([]byte(used[:2]))) == c {
			n++
		}
	}
	return n
}

// plus is used with c, in its place.
func plus(used string, c int) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(c))
	at := 0
	for at < len(used) && used[at:at+2] <= string(b) {
		at += 2
	}
	return used[:at] + string(b) + used[at:]
}

// event is an operation's invocation or return.
type event struct {
	op      int
	invoked bool
}

// eventsOf lists the invocations and returns of ops, which are in order of invocation, in order of time. At one and the
// same time invocations come first: intervals are closed. Operations without an answer have no return.
func eventsOf(ops []*histories.Operation) []event {
	byReturn := make([]int, 0, len(ops))
	for i, op := range ops {
		if op.Outcome != histories.Info {
			byReturn = append(byReturn, i)
		}
	}
	slices.SortStableFunc(byReturn, func(a, b int) int { return cmp.Compare(ops[a].Returned, ops[b].Returned) })
	all := make([]event, 0, len(ops)+len(byReturn))
	next := 0
	for i, op := range ops {
		for ; next < len(byReturn) && ops[byReturn[next]].Returned < op.Invoked; next++ {
			all = append(all, event{op: byReturn[next]})
		}
		all = append(all, event{op: i, invoked: true})
	}
	for _, i := range byReturn[next:] {
		all = append(all, event{op: i})
	}
	return all
}
