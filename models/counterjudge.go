package models

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// judgeCounter judges a counter whose adds all add 1 (counterplaces.go), and one that only grows and whose adds, if they
// were answered, were told the new sum. Then the sums dictate the order, and where they leave gaps, adds without an answer
// must have filled them. Of every other counter it says at least whether each sum is within its bounds.
func judgeCounter(ops []*histories.Operation) (a Answer, ok bool) {
	c := counterJudge{ops: ops}
	if !c.sort() {
		return a, false
	}
	c.bounds()
	if len(c.causes.list) > 0 {
		return Answer{Causes: c.causes.list}, true
	}
	switch {
	case c.units:
		c.places()
	case !c.grows || !c.order():
		return a, false
	default:
		c.stages(ops, c.list)
		if c.guessed && len(c.causes.list) > 0 {
			return a, false
		}
	}
	return Answer{Causes: c.causes.list}, true
}

// counterJudge is what is known of a counter's operations.
type counterJudge struct {
	causes
	ops     []*histories.Operation
	told    []int // those that found a sum
	open    []int // adds without an answer, in order of invocation
	grows   bool  // every add adds more than 0, and if it was answered it was told the new sum
	units   bool  // every add adds 1
	guessed bool  // which adds without an answer happened was guessed
	list    []staged
}

// sort parts the operations; false if some argument or result is no integer, or so large that sums could overflow.
func (c *counterJudge) sort() bool {
	const most = 1 << 40
	c.grows, c.units = true, true
	for i, op := range c.ops {
		n := int64(0)
		if op.Func == FuncAdd {
			n = summand(op)
			if _, ok := op.Arg.Int64(); !ok && !op.Arg.IsNothing() {
				return false
			}
		}
		sum, told := found(op)
		if n > most || n < -most || sum > most<<20 || sum < -most<<20 || op.Outcome == histories.OK &&
			!op.Result.IsNothing() && !told {
			return false
		}
		c.grows = c.grows && (op.Func != FuncAdd || n > 0 && (told || op.Outcome == histories.Info))
		c.units = c.units && (op.Func != FuncAdd || n == 1)
		switch {
		case told:
			c.told = append(c.told, i)
		case op.Outcome == histories.Info:
			c.open = append(c.open, i)
		}
	}
	return len(c.ops) < 1<<20
}

// bounds says of every sum that was found whether it is too small or too large: adds of more than 0 that had returned
// before count in any case, those that had been invoked may, and with adds of less than 0 it is the other way round.
func (c *counterJudge) bounds() {
	type change struct {
		at time.Duration
		n  int64
	}
	var atReturn, atInvoke [2][]change // by sign: how the sum changes for certain, and perhaps
	for _, op := range c.ops {
		if op.Func != FuncAdd {
			continue
		}
		n := summand(op)
		sign := 0
		if n < 0 {
			sign = 1
		}
		atReturn[sign] = append(atReturn[sign], change{returned(op), n})
		atInvoke[sign] = append(atInvoke[sign], change{op.Invoked, n})
	}
	sum := func(list []change) func(before time.Duration, closed bool) int64 {
		slices.SortStableFunc(list, func(a, b change) int { return cmp.Compare(a.at, b.at) })
		sums := make([]int64, len(list)+1)
		for i, ch := range list {
			sums[i+1] = sums[i] + ch.n
		}
		return func(before time.Duration, closed bool) int64 {
			return sums[sort.Search(len(list), func(i int) bool {
				return list[i].at > before || !closed &&
					list[i].at == before
			})]
		}
	}
	surely := [2]func(time.Duration, bool) int64{sum(atReturn[0]), sum(atReturn[1])}
	perhaps := [2]func(time.Duration, bool) int64{sum(atInvoke[0]), sum(atInvoke[1])}
	for _, i := range c.told {
		op := c.ops[i]
		found, _ := found(op)
		own := int64(0) // what it adds itself counts in any case
		if op.Func == FuncAdd {
			own = summand(op)
		}
		least := surely[0](op.Invoked, false) + perhaps[1](op.Returned, true) + max(own, 0)
		most := perhaps[0](op.Returned, true) + surely[1](op.Invoked, false) + min(own, 0)
		if found < least {
			c.add("least", []int{i}, "%s is too small: adds that had returned before it make %d at least", by(op),
				least)
		} else if found > most {
			c.add("most", []int{i}, "%s is too large: all adds invoked by then make %d at most", by(op), most)
		}
	}
}

// order puts the operations in the order of their sums, false if that is not the only one.
func (c *counterJudge) order() bool {
	slices.SortStableFunc(c.told, func(i, j int) int {
		a, _ := found(c.ops[i])
		b, _ := found(c.ops[j])
		return cmp.Or(cmp.Compare(a, b), cmp.Compare(c.stageOf(i), c.stageOf(j)))
	})
	now, before := int64(0), -1
	for _, i := range c.told {
		sum, _ := found(c.ops[i])
		pre := sum
		if c.ops[i].Func == FuncAdd {
			pre -= summand(c.ops[i])
		}
		if pre < now {
			shown := []int{i}
			if before >= 0 {
				shown = inOrderOfReturn(c.ops, before, i)
			}
			c.add("overlap", shown, "%s cannot be: the sum was %d before it, and is %d already after %s",
				by(c.ops[i]), pre, now, c.name(before))
			continue
		}
		if filled, ok := c.fill(now, pre, i); !ok {
			return false
		} else if !filled {
			continue
		}
		now, before = sum, i
		c.list = append(c.list, staged{i, c.stageOf(i)})
	}
	return true
}

func (c *counterJudge) name(i int) string {
	if i < 0 {
		return "the beginning"
	}
	return by(c.ops[i])
}

// stageOf is the place of an operation that found a sum: an add that leaves it comes before the reads of it.
func (c *counterJudge) stageOf(i int) int64 {
	sum, _ := found(c.ops[i])
	if c.ops[i].Func == FuncAdd {
		return 2 * sum
	}
	return 2*sum + 1
}

// fill lets adds without an answer make pre of the sum now, so that i may follow: those that were invoked first, which
// can be the earliest. It says whether there are any. If they add different numbers, it takes the fewest that do, which is
// a guess; ok is false if a few do not.
func (c *counterJudge) fill(now, pre int64, i int) (filled, ok bool) {
	if now == pre {
		return true, true
	}
	take, same := c.parts(pre-now, i)
	if !same && take == nil {
		return false, false
	}
	for _, j := range take {
		now += summand(c.ops[j])
		c.open = slices.DeleteFunc(c.open, func(k int) bool { return k == j })
		c.list = append(c.list, staged{j, 2 * now})
	}
	if now != pre {
		c.add("gap", []int{i}, "%s cannot be: no adds make %d before it", by(c.ops[i]), pre)
		return false, true
	}
	c.guessed = c.guessed || !same
	return true, true
}

// parts are adds without an answer that make gap, in order of invocation. same says that all add the same number, so that
// there is nothing to choose; then they may make less than gap. Otherwise they are three at most, invoked before i returned.
func (c *counterJudge) parts(gap int64, i int) (take []int, same bool) {
	heads := map[int64][]int{} // what is added → the first three that add it
	var sizes []int64
	for _, j := range c.open {
		n := summand(c.ops[j])
		if heads[n] == nil {
			sizes = append(sizes, n)
		}
		if len(heads[n]) < 3 && c.ops[j].Invoked <= c.ops[i].Returned {
			heads[n] = append(heads[n], j)
		}
	}
	if len(sizes) <= 1 {
		for _, j := range c.open {
			if gap -= summand(c.ops[j]); gap < 0 {
				break
			}
			take = append(take, j)
		}
		return take, true
	}
	for most := 1; most <= 3 && take == nil; most++ {
		take = c.few(gap, most, sizes, heads)
	}
	slices.Sort(take)
	return take, false
}

// few are most adds of heads that make gap, nil if there are none.
func (c *counterJudge) few(gap int64, most int, sizes []int64, heads map[int64][]int) []int {
	for at, n := range sizes {
		list := heads[n]
		if len(list) == 0 || n > gap {
			continue
		}
		if most == 1 {
			if n == gap {
				return list[:1:1]
			}
			continue
		}
		heads[n] = list[1:]
		rest := c.few(gap-n, most-1, sizes[at:], heads)
		heads[n] = list
		if rest != nil {
			return append([]int{list[0]}, rest...)
		}
	}
	return nil
}
