package models

import (
	"cmp"
	"slices"

	"github.com/ordeal-go/ordeal/histories"
)

// judgeSet judges a set to which each value is added once and of which nothing is removed. Then what was read dictates
// the order: of two reads one has all that the other has, and comes after it; a value was added after the reads that lack
// it and before those that have it. What is left is whether that order respects time.
func judgeSet(ops []*histories.Operation) (a Answer, ok bool) {
	added := newValueIndex() // a value → who added it
	var reads []int
	for i, op := range ops {
		switch op.Func {
		case FuncAdd:
			_, twice := added.get(op.Arg)
			if yes, told := truth(op.Result); twice || told && !yes {
				return a, false
			}
			added.set(op.Arg, i)
		case FuncRemove:
			return a, false
		default:
			reads = append(reads, i)
		}
	}
	s := setJudge{ops: ops, added: added, stage: make([]int64, len(ops)), mark: make([]int, len(ops))}
	s.chain(reads)
	last := s.last + 2
	for i, op := range ops {
		if op.Func != FuncAdd {
			continue
		}
		switch {
		case s.stage[i] > 0:
			s.list = append(s.list, staged{i, s.stage[i]})
		case op.Outcome == histories.OK:
			s.list = append(s.list, staged{i, last}) // nobody saw it: it came last
		}
	}
	s.stages(ops, s.list)
	return Answer{Causes: s.causes.list}, true
}

// setJudge is a set's reads in their order.
type setJudge struct {
	causes
	ops   []*histories.Operation
	added valueIndex
	mark  []int   // of an add, the last read that was found to have it, from 1
	stage []int64 // of an add, when it came: 2, 4, …; 0 if nobody saw it
	list  []staged
	last  int64 // the stage of the largest read
}

// chain brings the reads in order, smallest first: the adds that a read is the first to see come right before it.
func (s *setJudge) chain(reads []int) {
	members := make([][]int32, len(s.ops)) // of a read, who added what it found
	known := reads[:0]
	for _, i := range reads {
		if list, ok := s.members(i); ok {
			members[i] = list
			known = append(known, i)
		}
	}
	slices.SortStableFunc(known, func(i, j int) int { return cmp.Compare(len(members[i]), len(members[j])) })
	size, before := 0, -1
	s.last = 1
	for _, i := range known {
		seen := 0
		for _, add := range members[i] {
			if s.stage[add] > 0 {
				seen++
			}
		}
		if seen < size { // it lacks something that a smaller read has
			s.add([2]int{before, -2}, inOrderOfReturn(s.ops, before, i),
				"%s and %s cannot both be: each has what the other lacks",
				by(s.ops[i]), by(s.ops[before]))
			continue
		}
		if len(members[i]) > size {
			s.last += 2
			for _, add := range members[i] {
				if s.stage[add] == 0 {
					s.stage[add] = s.last - 1
				}
			}
			size = len(members[i])
		}
		before = i
		s.list = append(s.list, staged{i, s.last})
	}
}

// members are the adds of what the read i found; ok is false if nobody added some of it.
func (s *setJudge) members(i int) (adds []int32, ok bool) {
	elems := s.ops[i].Result.Elems()
	adds = make([]int32, 0, len(elems))
	for _, v := range elems {
		add, known := s.added.get(v)
		if !known {
			s.add(word(v), []int{i}, "%s has %s, which nobody added", by(s.ops[i]), v)
			return nil, false
		}
		if s.mark[add] != i+1 {
			s.mark[add] = i + 1
			adds = append(adds, int32(add))
		}
	}
	return adds, true
}

// inOrderOfReturn is a pair of operations, the one that returned later behind.
func inOrderOfReturn(ops []*histories.Operation, a, b int) []int {
	if returned(ops[a]) > returned(ops[b]) {
		a, b = b, a
	}
	return []int{a, b}
}
