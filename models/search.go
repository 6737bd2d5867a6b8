package models

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// Limits are how far a search goes. They are counted, not timed, so that a verdict does not depend on the machine; Stop
// is for people who will not wait.
type Limits struct {
	Steps  int         // of the model; 0 is StepsDefault
	Memory int         // bytes, roughly, that the search may hold; 0 is MemoryDefault
	Stop   func() bool // asked now and then; nil: never
}

// The limits of a search that sets none.
const (
	StepsDefault  = 20_000_000
	MemoryDefault = 512 << 20
)

func (l Limits) withDefaults() Limits {
	if l.Steps <= 0 {
		l.Steps = StepsDefault
	}
	if l.Memory <= 0 {
		l.Memory = MemoryDefault
	}
	return l
}

// search goes through a history in order of time and keeps all the ways in which what has returned so far can have
// happened. No way left: the operation that returned last cannot be explained. What makes the ways few:
//
//   - An operation takes effect only when that is needed for one to return (just in time: Lowe, Testing for
//     linearizability, 2017), but one that changes nothing does so as soon as it can.
//   - Of operations under way that do and found the same, the one that returns first goes first.
//   - Operations without an answer need not happen: a way that used fewer of them can do all that one which used more can.
//   - A way after which a read that is under way, or the next one, can no more find what it found is given up at once, if
//     the model can tell (lookahead.go).
//
// Where nothing is under way but operations without an answer, a way is a state: the history falls apart there by itself.
type search struct {
	m      *Model
	ops    []*histories.Operation
	limits Limits
	steps  int
	full   string // which limit was reached

	ways    *ways
	slots   [slotsMax]int  // operations under way that have an answer, indexes into ops
	busy    uint64         // slots in use
	pure    uint64         // slots of operations that change nothing
	class   []int32        // of each operation: the same for those that do and found the same
	open    []openClass    // of operations without an answer, by what they do
	openOf  map[string]int // what they do → index into open
	cut     *cut
	ahead   *lookahead // nil: the model cannot tell, or all ways would have been given up
	doom    *Cause     // why all would have been
	answer  Answer
	lastBad string // what the last operation that could not be explained did and found
}

const slotsMax = 64

// openClass are operations without an answer that do the same: nobody can tell which of them happened.
type openClass struct {
	op    *histories.Operation
	count int // invoked so far, and not known to have happened
}

// way is one way in which what returned so far can have happened.
type way struct {
	state any
	done  uint64 // slots of operations under way that have taken effect
	used  string // which operations without an answer have: classes, two bytes each, ascending
}

// Search is the Answer of m to ops, which count and are of one part, in order of invocation, by a search of all that
// may have happened.
func (m *Model) Search(ops []*histories.Operation, limits Limits) Answer {
	s := &search{m: m, ops: ops, limits: limits.withDefaults(), openOf: map[string]int{}}
	s.ways = newWays()
	s.ways.add(way{state: m.Init()})
	s.answer.Search = true
	if s.quick() {
		s.answer.Judged, s.answer.Steps = len(ops), s.steps
		return s.answer
	}
	s.class = classes(ops)
	s.ahead = m.newLookahead(ops)
	events := eventsOf(ops)
	for at, e := range events {
		switch {
		case e.invoked:
			s.invoke(e.op)
		default:
			s.finish(e.op)
		}
		if s.full == "" && s.busy == 0 && len(s.ways.list) <= cutWaysMax {
			s.cutAt(at + 1)
		}
		if s.full != "" {
			s.giveUp(events)
			break
		}
		if s.stuck() {
			break
		}
	}
	if s.answer.Limit == "" && len(s.answer.Causes) == 0 {
		s.answer.Judged = len(ops)
	}
	s.answer.Steps = s.steps
	return s.answer
}

// stuck says that an operation which changes things could not be explained: what came after cannot be judged.
func (s *search) stuck() bool { return len(s.ways.list) == 0 }

// classes numbers operations by what they do and found.
func classes(ops []*histories.Operation) []int32 {
	known := map[string]int32{}
	all := make([]int32, len(ops))
	var b []byte
	for i, op := range ops {
		b = append(append(b[:0], op.Func...), 0)
		b = append(append(b, op.Key...), 0)
		b = append(op.Arg.AppendJSON(b), 0)
		b = op.Result.AppendJSON(b)
		c, is := known[string(b)]
		if !is {
			c = int32(len(known))
			known[string(b)] = c
		}
		all[i] = c
	}
	return all
}

// invoke takes note that operation i is under way.
func (s *search) invoke(i int) {
	op := s.ops[i]
	s.ahead.invoked(i)
	if op.Outcome == histories.Info {
		what := op.Func + "\x00" + op.Key + "\x00" + op.Arg.String()
		at, known := s.openOf[what]
		if !known {
			at = len(s.open)
			s.openOf[what] = at
			s.open = append(s.open, openClass{op: op})
		}
		s.open[at].count++
		if len(s.open) > 1<<16 {
			s.full = fmt.Sprintf("there are more than %d different operations without an answer", 1<<16)
		}
		return
	}
	slot := bits.TrailingZeros64(^s.busy)
	if slot == slotsMax {
		s.full = fmt.Sprintf("more than %d operations are under way at a time", slotsMax)
		return
	}
	s.slots[slot] = i
	s.busy |= 1 << slot
	if !s.m.OnlyReads(op) {
		return
	}
	s.pure |= 1 << slot
	old := s.ways
	s.ways = newWays()
	for _, w := range old.list {
		if s.step(w.state, op) != nil {
			w.done |= 1 << slot
		}
		s.ways.add(w)
	}
}

// step is the state after op, nil if op cannot have found in state what it found.
func (s *search) step(state any, op *histories.Operation) any {
	s.steps++
	if s.steps >= s.limits.Steps {
		s.full = fmt.Sprintf("the search reached its limit of %d steps", s.limits.Steps)
	} else if s.steps&0xfff == 0 && s.limits.Stop != nil && s.limits.Stop() {
		s.full = "the search was stopped"
	}
	if ok, next := s.m.Step(state, op); ok {
		return next
	}
	return nil
}

// finish keeps the ways in which operation i has happened, now that it has returned.
func (s *search) finish(i int) {
	if s.ops[i].Outcome == histories.Info {
		return
	}
	slot := s.slotOf(i)
	bit := uint64(1) << slot
	before := s.ways
	next := s.after(before, bit)
	if s.full == "" && len(next.list) == 0 && s.ahead.gaveUp() {
		s.doom = &Cause{Ops: []int{i, s.ahead.because},
			Text: fmt.Sprintf("%s cannot be: whatever had happened when %s returned, it could not find that any more",
				by(s.ops[s.ahead.because]), by(s.ops[i]))}
		s.ahead = nil // which of them is to blame, only looking at each in its turn can tell
		next = s.after(before, bit)
	}
	if s.full != "" {
		return
	}
	if len(next.list) == 0 {
		s.unexplained(i, before)
		if s.pure&bit == 0 {
			s.ways = next
			return
		}
		next = before // as if it had not been
	} else {
		s.answer.Judged++
	}
	s.busy &^= bit
	s.pure &^= bit
	s.ways = newWays()
	for _, w := range next.list {
		w.done &^= bit
		s.ways.add(w)
	}
	s.settle()
}

// after are the ways that follow from those before in which the operation with bit has happened.
func (s *search) after(before *ways, bit uint64) *ways {
	next, seen := newWays(), newWays()
	var queue []way
	for _, w := range before.list {
		if w.done&bit != 0 {
			next.add(w)
		} else if seen.add(w) {
			queue = append(queue, w)
		}
	}
	for ; len(queue) > 0 && s.full == ""; queue = queue[1:] {
		s.expand(queue[0], bit, func(w way) {
			if w.done&bit != 0 {
				next.add(w)
			} else if seen.add(w) {
				queue = append(queue, w)
			}
		})
		if (len(seen.list)+len(next.list)+len(before.list))*s.wayBytes() > s.limits.Memory {
			s.full = fmt.Sprintf("the search reached its limit of %d MiB", s.limits.Memory>>20)
		}
	}
	return next
}

// wayBytes is about what a way takes.
func (s *search) wayBytes() int { return 200 + 2*len(s.ways.list[0].used) }

// settle forgets operations without an answer that have happened if there is only one way.
func (s *search) settle() {
	if len(s.ways.list) != 1 || s.ways.list[0].used == "" {
		return
	}
	w := s.ways.list[0]
	for used := w.used; used != ""; used = used[2:] {
		s.open[binary.BigEndian.Uint16([]byte(used[:2]))].count--
	}
	w.used = ""
	s.ways = newWays()
	s.ways.add(w)
}

func (s *search) slotOf(i int) int {
	for busy := s.busy; busy != 0; busy &= busy - 1 {
		if slot := bits.TrailingZeros64(busy); s.slots[slot] == i {
			return slot
		}
	}
	panic("models: an operation returns that is not under way") // eventsOf pairs them
}

// expand tells of every way that is one operation further than w, as long as the one in target has not taken effect.
func (s *search) expand(w way, target uint64, tell func(way)) {
	for left := s.busy &^ w.done &^ (s.pure &^ target); left != 0; left &= left - 1 {
		slot := bits.TrailingZeros64(left)
		if s.waits(w, slot) {
			continue
		}
		if next := s.step(w.state, s.ops[s.slots[slot]]); next != nil {
			if w := s.looked(way{next, w.done | 1<<slot, w.used}); !s.hopeless(w) {
				tell(w)
			}
		}
	}
	for c := range s.open {
		count := s.open[c].count
		if count == 0 || count <= times(w.used, c) {
			continue
		}
		if next := s.step(w.state, s.open[c].op); next != nil && next != w.state {
			if w := s.looked(way{next, w.done, plus(w.used, c)}); !s.hopeless(w) {
				tell(w)
			}
		}
	}
}

// waits says that another operation under way does and found the same as the one in slot, and returns earlier.
func (s *search) waits(w way, slot int) bool {
	op := s.slots[slot]
	for left := s.busy &^ w.done &^ (1 << slot); left != 0; left &= left - 1 {
		other := s.slots[bits.TrailingZeros64(left)]
		if s.class[other] != s.class[op] {
			continue
		}
		a, b := s.ops[other].Returned, s.ops[op].Returned
		if a < b || a == b && other < op {
			return true
		}
	}
	return false
}

// looked lets the operations under way that change nothing, and find in w what they found, take effect.
func (s *search) looked(w way) way {
	for left := s.busy & s.pure &^ w.done; left != 0; left &= left - 1 {
		slot := bits.TrailingZeros64(left)
		if s.step(w.state, s.ops[s.slots[slot]]) != nil {
			w.done |= 1 << slot
		}
	}
	return w
}

// unexplained reports operation i, which returned and has not happened in any of the ways there were before.
func (s *search) unexplained(i int, before *ways) {
	op := s.ops[i]
	what := op.Func + " " + op.Result.String()
	if n := len(s.answer.Causes); n > 0 && what == s.lastBad {
		s.answer.Causes[n-1].Follows++
		return
	}
	s.lastBad = what
	var states []string
	seen := map[any]bool{}
	for _, w := range before.list {
		if !seen[w.state] && len(states) < 4 {
			seen[w.state] = true
			states = append(states, s.m.Show(w.state))
		}
	}
	text := fmt.Sprintf("%s cannot be: the state was %s", by(op), strings.Join(states, " or "))
	var ops []int
	var others []string
	for busy := s.busy; busy != 0; busy &= busy - 1 {
		if j := s.slots[bits.TrailingZeros64(busy)]; j != i && len(ops) < 8 {
			ops = append(ops, j)
			others = append(others, by(s.ops[j]))
		}
	}
	if len(others) > 0 {
		text += ", and under way was " + strings.Join(others, ", ")
	}
	s.answer.Causes = append(s.answer.Causes, Cause{Ops: append(ops, i), Text: text})
}
