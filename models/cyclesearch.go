package models

import (
	"fmt"
	"slices"
	"strings"
)

// roundsMax is how many cycles are looked for, each after what closes the one before was left out.
const roundsMax = 20

// cycles finds cycles, the gravest kind first, and reports the smallest of each knot.
func (g *appendGraph) cycles() {
	for round := 0; round < roundsMax; {
		found := g.gravest()
		if len(found) == 0 {
			return
		}
		for _, cycle := range found {
			g.report(cycle)
			round++
		}
	}
}

// gravest are the smallest cycles of the gravest kind that there is, one for each knot of operations.
func (g *appendGraph) gravest() [][]edge {
	var left []edge
	for _, e := range g.edges {
		if (int(e.from) >= len(g.ops) || !g.aside[e.from]) && (int(e.to) >= len(g.ops) || !g.aside[e.to]) {
			left = append(left, e)
		}
	}
	timely, nodes := g.inTime(left)
	// Most histories have no cycle at all: look at everything first.
	if len(knots(newAdjacency(timely, nodes))) == 0 {
		return nil
	}
	for _, inTime := range []bool{false, true} {
		for _, upTo := range []edgeKind{ww, wr, rw} {
			edges := left
			if inTime {
				edges = timely
			}
			edges = slices.DeleteFunc(slices.Clone(edges), func(e edge) bool {
				return e.kind > upTo &&
					e.kind != realtime
			})
			adjacency := newAdjacency(edges, nodes)
			var found [][]edge
			for _, knot := range knots(adjacency) {
				if cycle := g.smallest(adjacency, knot); cycle != nil {
					found = append(found, cycle)
				}
			}
			if len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// report names a cycle, and leaves its last operation out of what else is looked for.
func (g *appendGraph) report(cycle []edge) {
	steps := g.operations(cycle)
	last := 0
	for n, e := range steps {
		if returned(g.ops[e.from]) > returned(g.ops[steps[last].from]) {
			last = n
		}
	}
	steps = append(steps[last+1:len(steps):len(steps)], steps[:last+1]...) // it stands last
	var shown []int
	var words []string
	for _, e := range steps {
		shown = append(shown, int(e.from))
		how := e.kind.String()
		if e.kind != realtime {
			how += " " + g.names[e.list]
		}
		words = append(words, fmt.Sprintf("%s —%s→", by(g.ops[e.from]), how))
	}
	culprit := shown[len(shown)-1]
	g.aside[culprit] = true
	g.add(fmt.Sprint("cycle", shown), shown, "%s: %s the first again", name(steps), strings.Join(words, " "))
}

// operations are the edges of a cycle from operation to operation, those over moments joined.
func (g *appendGraph) operations(cycle []edge) []edge {
	begin := slices.IndexFunc(cycle, func(e edge) bool { return int(e.from) < len(g.ops) })
	cycle = append(cycle[begin:len(cycle):len(cycle)], cycle[:begin]...)
	var steps []edge
	for _, e := range cycle {
		if int(e.from) < len(g.ops) {
			steps = append(steps, e)
			continue
		}
		steps[len(steps)-1].to = e.to
	}
	return steps
}

// adjacency lists the edges that leave each node.
type adjacency struct {
	edges []edge // in order of from
	first []int32
}

func newAdjacency(edges []edge, nodes int) *adjacency {
	a := &adjacency{edges: make([]edge, len(edges)), first: make([]int32, nodes+1)}
	for _, e := range edges {
		a.first[e.from+1]++
	}
	for i := range nodes {
		a.first[i+1] += a.first[i]
	}
	next := slices.Clone(a.first)
	for _, e := range edges {
		a.edges[next[e.from]] = e
		next[e.from]++
	}
	return a
}

func (a *adjacency) from(node int32) []edge { return a.edges[a.first[node]:a.first[node+1]] }

// knots are the sets of nodes that can all be reached from each other, those of one node left out. Tarjan, Depth-first
// search and linear graph algorithms, 1972, without recursion.
func knots(a *adjacency) [][]int32 {
	nodes := len(a.first) - 1
	index, low := make([]int32, nodes), make([]int32, nodes)
	on := make([]bool, nodes)
	var all [][]int32
	var stack []int32
	type frame struct {
		node int32
		next int
	}
	var calls []frame
	count := int32(0)
	enter := func(n int32) {
		count++
		index[n], low[n], on[n] = count, count, true
		stack = append(stack, n)
		calls = append(calls, frame{node: n})
	}
	for root := range int32(nodes) {
		if index[root] == 0 {
			enter(root)
		}
		for len(calls) > 0 {
			top := &calls[len(calls)-1]
			n := top.node
			if out := a.from(n); top.next < len(out) {
				to := out[top.next].to
				top.next++
				if index[to] == 0 {
					enter(to)
				} else if on[to] {
					low[n] = min(low[n], index[to])
				}
				continue
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				up := calls[len(calls)-1].node
				low[up] = min(low[up], low[n])
			}
			if low[n] != index[n] {
				continue
			}
			at := len(stack) - 1
			for stack[at] != n {
				at--
			}
			for _, m := range stack[at:] {
				on[m] = false
			}
			if len(stack)-at > 1 {
				all = append(all, slices.Clone(stack[at:]))
			}
			stack = stack[:at]
		}
	}
	return all
}

// lookedMax is how many operations of a knot are looked at, about, before the smallest cycle found so far has to do.
const lookedMax = 2_000_000

// smallest is a cycle through the knot with the fewest operations.
func (g *appendGraph) smallest(a *adjacency, knot []int32) []edge {
	inside := make(map[int32]bool, len(knot))
	var starts []int32
	for _, n := range knot {
		inside[n] = true
		if int(n) < len(g.ops) {
			starts = append(starts, n)
		}
	}
	slices.Sort(starts)
	var best []edge
	fewest := len(starts) + 1
	for _, start := range starts[:min(len(starts), 1+lookedMax/len(knot))] {
		if cycle, n := g.around(a, inside, start, fewest); cycle != nil {
			best, fewest = cycle, n
		}
		if fewest <= 2 {
			break
		}
	}
	return best
}

// around is a cycle through start of fewer than below operations, and of how many; nil if there is none. Operations are
// a step each, moments none: nodes are taken in order of steps.
func (g *appendGraph) around(a *adjacency, inside map[int32]bool, start int32, below int) (cycle []edge, steps int) {
	came := map[int32]edge{}
	now := []int32{start}
	for steps = 1; steps < below && len(now) > 0; steps++ {
		var next []int32
		for at := 0; at < len(now); at++ { // moments are added to now
			for _, e := range a.from(now[at]) {
				if !inside[e.to] {
					continue
				}
				if e.to == start {
					for e = (edge{e.from, e.to, e.list, e.kind}); ; e = came[e.from] {
						cycle = append(cycle, e)
						if e.from == start {
							slices.Reverse(cycle)
							return cycle, steps
						}
					}
				}
				if _, known := came[e.to]; known {
					continue
				}
				came[e.to] = e
				if int(e.to) < len(g.ops) {
					next = append(next, e.to)
				} else {
					now = append(now, e.to)
				}
			}
		}
		now = next
	}
	return nil, 0
}
