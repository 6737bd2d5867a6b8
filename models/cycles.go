package models

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// judgeAppend judges lists to which each value is appended once, in single operations or in transactions over several
// lists. What was read tells the order of each list's values, and so which transaction depends on which:
//
//	ww   the later appended the value after the earlier's
//	wr   the later read the earlier's value as the last
//	rw   the earlier read a list to which the later then appended
//	realtime   the earlier had returned when the later was invoked
//
// There is an order of the transactions that respects time if and only if these make no cycle. Cycles go by Adya's names:
// G0 has ww only, G1c also wr, G-single one rw, G2 several; with realtime in it, the name says so. Besides, a read may
// show what was never appended (G1a: it was, by a transaction that certainly did not happen), a part of a transaction
// (G1b), not its own transaction's appends, or an order that another read contradicts. Kingsbury and Alvaro, Elle, 2020.
func judgeAppend(ops []*histories.Operation) (a Answer, ok bool) {
	g := &appendGraph{ops: ops, writers: map[listValue]int{}, lists: map[string]*listOrder{}, aside: make([]bool,
		len(ops))}
	if !g.collect() {
		return a, false
	}
	g.versions()
	if !g.lengths() && len(g.causes.list) == 0 {
		return a, false
	}
	for _, t := range g.txns {
		g.depends(t)
	}
	g.unread()
	g.contradictions()
	g.cycles()
	return Answer{Causes: g.causes.list}, true
}

type listValue struct{ list, value string }

// appendGraph is a history of lists as a graph: its first nodes are the operations.
type appendGraph struct {
	causes
	ops     []*histories.Operation
	txns    []*txn
	writers map[listValue]int // who appended a value
	failed  map[listValue]int // who was to, and certainly did not
	lists   map[string]*listOrder
	names   []string // of the lists, in order of their first use
	edges   []edge
	nodes   int
	aside   []bool // operations whose reads are left out, because a cause names them already
}

// txn is an operation that happened, or may have and was seen.
type txn struct {
	i      int
	micros []micro
}

// listOrder is what is known of one list.
type listOrder struct {
	number  int
	values  []string // in their order, as far as it is known
	at      map[string]int
	longest int        // who read the most of it; nobody
	unread  []int      // who appended values of which the order is not known, other than that they come last
	readers []int      // who read it up to all that is known
	reads   []listRead // longest first
}

type edge struct {
	from, to int32
	list     int32
	kind     edgeKind
}

type edgeKind uint8

const (
	ww edgeKind = iota
	wr
	rw
	realtime
)

func (k edgeKind) String() string { return [...]string{"ww", "wr", "rw", "realtime"}[k] }

// collect takes up what was appended by whom, and the longest read of each list; false if a value was appended to a
// list twice.
func (g *appendGraph) collect() bool {
	g.failed = map[listValue]int{}
	for i, op := range g.ops {
		t := &txn{i, micros(op)}
		g.txns = append(g.txns, t)
		for n := range t.micros {
			m := &t.micros[n]
			l := g.list(m.key)
			if !m.append {
				if op.Outcome == histories.OK {
					l.reads = append(l.reads, listRead{t, m})
				}
				continue
			}
			at := listValue{m.key, word(m.value)}
			if op.Outcome == histories.Fail {
				g.failed[at] = i
			} else if _, twice := g.writers[at]; twice {
				return false
			} else {
				g.writers[at] = i
			}
		}
	}
	for _, key := range g.names {
		l := g.lists[key]
		slices.SortStableFunc(l.reads, func(a, b listRead) int {
			return cmp.Compare(len(b.m.read.Elems()),
				len(a.m.read.Elems()))
		})
	}
	seen := g.seen()
	g.txns = slices.DeleteFunc(g.txns, func(t *txn) bool {
		op := g.ops[t.i]
		return op.Outcome != histories.OK && (op.Outcome == histories.Fail || !slices.ContainsFunc(t.micros,
			func(m micro) bool {
				return m.append && seen[listValue{m.key, word(m.value)}]
			}))
	})
	return true
}

// listRead is a read of a list.
type listRead struct {
	t *txn
	m *micro
}

// seen are the values that somebody read. Most reads begin as the longest does, and have nothing new.
func (g *appendGraph) seen() map[listValue]bool {
	all := map[listValue]bool{}
	for _, key := range g.names {
		reads := g.lists[key].reads
		for n, r := range reads {
			elems := r.m.read.Elems()
			if n > 0 && differ(reads[0].m.read.Elems(), elems) < 0 {
				continue
			}
			for _, v := range elems {
				all[listValue{key, word(v)}] = true
			}
		}
	}
	return all
}

// differ is the first place where the shorter list is not what the longer is there; -1 if there is none.
func differ(longer, shorter []histories.Value) int {
	for n := range shorter {
		if !shorter[n].Equal(longer[n]) && !sameWord(shorter[n], longer[n]) {
			return n
		}
	}
	return -1
}

func (g *appendGraph) list(key string) *listOrder {
	l := g.lists[key]
	if l == nil {
		l = &listOrder{number: len(g.names), at: map[string]int{}, longest: nobody}
		g.lists[key] = l
		g.names = append(g.names, key)
	}
	return l
}

// versions finds the order of each list's values, and the reads that fit none.
func (g *appendGraph) versions() {
	for _, key := range g.names {
		l := g.lists[key]
		var longest []histories.Value
		for _, r := range l.reads {
			elems := r.m.read.Elems()
			if l.longest < 0 {
				if !g.plausible(r.t, r.m) {
					continue
				}
				l.longest, longest = r.t.i, elems
				for n, v := range elems {
					l.values = append(l.values, word(v))
					l.at[word(v)] = n
				}
				continue
			}
			if n := differ(longest, elems); n >= 0 && g.plausible(r.t, r.m) {
				g.set(r.t, []any{"incompatible", key, l.longest}, g.both(l.longest, r.t.i),
					"incompatible orders of list %s: %s and %s differ at place %d", key, by(g.ops[r.t.i]), by(g.ops[l.longest]), n)
			}
		}
	}
}

// set reports what t read, and leaves that out of what else is judged.
func (g *appendGraph) set(t *txn, key []any, shown []int, format string, args ...any) {
	g.aside[t.i] = true
	g.add(fmt.Sprint(key...), shown, format, args...)
}

// both are two operations, or one if they are the same.
func (g *appendGraph) both(a, b int) []int {
	if a == b {
		return []int{a}
	}
	return inOrderOfReturn(g.ops, a, b)
}

// plausible says whether the values that m read were appended, each once, before t returned.
func (g *appendGraph) plausible(t *txn, m *micro) bool {
	op := g.ops[t.i]
	seen := make(map[string]bool, len(m.read.Elems()))
	for _, v := range m.read.Elems() {
		at := listValue{m.key, word(v)}
		w, known := g.writers[at]
		f, aborted := g.failed[at]
		switch {
		case !known && aborted:
			g.set(t, []any{"G1a", f}, g.both(f, t.i),
				"G1a: %s read %s in list %s, of %s, which certainly did not happen", by(op), v, m.key, by(g.ops[f]))
			return false
		case !known:
			g.set(t, []any{"nobody", at}, []int{t.i}, "%s read %s in list %s, which nobody appended", by(op), v, m.key)
			return false
		case seen[at.value]:
			g.set(t, []any{"twice", w}, g.both(w, t.i), "%s read %s twice in list %s: it was appended once, by %s",
				by(op), v, m.key, g.ops[w].Process)
			return false
		case g.ops[w].Invoked > op.Returned:
			g.set(t, []any{"early", w}, g.both(w, t.i), "%s read %s in list %s, which was appended only at %v",
				by(op), v, m.key, g.ops[w].Invoked)
			return false
		}
		seen[at.value] = true
	}
	return true
}

// lengths takes up what appends were told of the list's length; false if that does not tell the order of values that
// nobody read.
func (g *appendGraph) lengths() bool {
	known := true
	for _, t := range g.txns {
		for _, m := range t.micros {
			if !m.append {
				continue
			}
			l := g.list(m.key)
			n, read := l.at[word(m.value)]
			switch {
			case !read:
				l.unread = append(l.unread, t.i)
			case m.length >= 0 && m.length != n+1:
				shown := g.both(l.longest, t.i)
				g.add(fmt.Sprint("length", m.key), shown, "%s cannot be: %s is at place %d of list %s, as %s read",
					by(g.ops[t.i]), m.value, n, m.key, by(g.ops[l.longest]))
			}
		}
	}
	for _, key := range g.names {
		known = g.extend(key, g.lists[key]) && known
	}
	return known
}

// extend puts values that nobody read behind those that somebody did, if their appends were told which place they got.
func (g *appendGraph) extend(key string, l *listOrder) bool {
	told := map[int]int{} // length → who was told it
	for _, i := range l.unread {
		if m := micros(g.ops[i])[0]; m.length >= 0 {
			if other, twice := told[m.length]; twice {
				g.add(fmt.Sprint("same length", key), g.both(other, i), "%s and %s cannot both be", by(g.ops[other]),
					by(g.ops[i]))
				return true
			}
			if told[m.length] = i; m.length <= len(l.values) {
				shown := []int{i}
				if l.longest >= 0 {
					shown = g.both(l.longest, i)
				}
				g.add(fmt.Sprint("short", key), shown, "%s cannot be: %d other values of list %s were read",
					by(g.ops[i]), len(l.values), key)
				return true
			}
		}
	}
	rest := len(told)
	for {
		i, is := told[len(l.values)+1]
		if !is {
			return rest == 0
		}
		v := word(micros(g.ops[i])[0].value)
		l.at[v] = len(l.values)
		l.values = append(l.values, v)
		l.unread = slices.DeleteFunc(l.unread, func(j int) bool { return i == j })
		rest--
	}
}

func (g *appendGraph) edge(from, to int, kind edgeKind, list int) {
	if from != to {
		g.edges = append(g.edges, edge{int32(from), int32(to), int32(list), kind})
	}
}

// depends adds what t depends on, and what depends on it.
func (g *appendGraph) depends(t *txn) {
	own := map[string][]string{} // what it has appended so far, by list
	base := map[string]int{}     // how much of a list there was before it, as its first read says
	for _, m := range t.micros {
		l := g.list(m.key)
		if m.append {
			v := word(m.value)
			n, known := l.at[v]
			if before := own[m.key]; known && len(before) > 0 {
				if earlier, is := l.at[before[len(before)-1]]; !is || earlier > n {
					g.add(fmt.Sprint("within", t.i), g.both(l.longest, t.i),
						"%s appended %s first, and %s read it the other way round",
						by(g.ops[t.i]), before[len(before)-1], by(g.ops[l.longest]))
				}
			}
			own[m.key] = append(own[m.key], v)
			if known && n > 0 {
				g.edge(g.writers[listValue{m.key, l.values[n-1]}], t.i, ww, l.number)
			}
			continue
		}
		if g.aside[t.i] || g.ops[t.i].Outcome != histories.OK {
			continue
		}
		n, ok := g.external(t, &m, own[m.key])
		if first, again := base[m.key]; !ok || again && first != n {
			g.set(t, []any{"internal", t.i}, []int{t.i},
				"internal: %s contradicts itself: its read of %s does not fit what it did before", by(g.ops[t.i]), m.key)
			continue
		} else if again {
			continue
		}
		base[m.key] = n
		g.read(t, l, m.key, n)
	}
}

// external is how long the list was before t, given what m read and what t itself had appended to it; false if its own
// appends are not at the end.
func (g *appendGraph) external(t *txn, m *micro, own []string) (n int, ok bool) {
	elems := m.read.Elems()
	n = len(elems) - len(own)
	if n < 0 {
		return 0, false
	}
	for i, v := range own {
		if word(elems[n+i]) != v {
			return 0, false
		}
	}
	return n, true
}

// read adds what it means that t found the first n values of a list, and no others but its own.
func (g *appendGraph) read(t *txn, l *listOrder, key string, n int) {
	if n > 0 {
		w := g.writers[listValue{key, l.values[n-1]}]
		g.edge(w, t.i, wr, l.number)
		if n < len(l.values) && w != t.i && g.writers[listValue{key, l.values[n]}] == w {
			g.set(t, []any{"G1b", w}, g.both(w, t.i), "G1b: %s saw a part of %s", by(g.ops[t.i]), by(g.ops[w]))
			return
		}
	}
	next := n
	for next < len(l.values) && g.writers[listValue{key, l.values[next]}] == t.i {
		next++ // its own
	}
	if next < len(l.values) {
		g.edge(t.i, g.writers[listValue{key, l.values[next]}], rw, l.number)
	} else {
		l.readers = append(l.readers, t.i)
	}
}

// unread adds that values which nobody read came after all reads, and after the values that were. One more node of the
// graph stands for that moment of a list.
func (g *appendGraph) unread() {
	g.nodes = len(g.ops)
	for _, key := range g.names {
		l := g.lists[key]
		if len(l.unread) == 0 {
			continue
		}
		slices.Sort(l.unread)
		l.unread = slices.Compact(l.unread)
		g.last(key, l, g.nodes)
		g.nodes++
	}
}

// last adds what the moment after which a list got the values that nobody read comes after, and what before. An operation
// that has values on both sides of it is not before itself.
func (g *appendGraph) last(key string, l *listOrder, moment int) {
	for _, w := range l.unread {
		g.edge(moment, w, rw, l.number)
	}
	before := func(i int, kind edgeKind) (appends bool) {
		if _, appends = slices.BinarySearch(l.unread, i); !appends {
			g.edge(i, moment, kind, l.number)
			return false
		}
		for _, w := range l.unread {
			g.edge(i, w, kind, l.number)
		}
		return true
	}
	if n := len(l.values); n > 0 {
		before(g.writers[listValue{key, l.values[n-1]}], ww)
	}
	first := nobody // who read the list and then appended
	for _, r := range l.readers {
		if _, appends := slices.BinarySearch(l.unread, r); appends && first >= 0 {
			g.add(fmt.Sprint("lost update", key), g.both(first, r),
				"G-single: lost update of list %s: %s and %s read the same and then appended",
				key, by(g.ops[first]), by(g.ops[r]))
		} else if before(r, rw) {
			first = r
		}
	}
}

// contradictions finds what depends on something that was invoked only after it had returned: the shortest cycles there
// are, and the most.
func (g *appendGraph) contradictions() {
	first := map[int32]int{} // of a list's last moment, who that comes before returned first
	for _, e := range g.edges {
		if int(e.from) >= len(g.ops) {
			w, known := first[e.from]
			if !known || returned(g.ops[e.to]) < returned(g.ops[w]) {
				first[e.from] = int(e.to)
			}
		}
	}
	for _, e := range g.edges {
		a, b := int(e.from), int(e.to)
		if a >= len(g.ops) || g.aside[a] {
			continue
		}
		if b >= len(g.ops) {
			b = first[e.to]
		}
		if a == b || g.aside[b] || returned(g.ops[b]) >= g.ops[a].Invoked {
			continue
		}
		g.contradiction(a, b, e)
	}
}

func (g *appendGraph) contradiction(a, b int, e edge) {
	g.add(fmt.Sprint("realtime", b), []int{b, a},
		"%s: %s must come before %s (%v of list %s), which had returned when it was invoked",
		name([]edge{e, {kind: realtime}}), by(g.ops[a]), by(g.ops[b]), e.kind, g.names[e.list])
	g.aside[a] = true
}

// name is what a cycle of these edges is called.
func name(cycle []edge) string {
	var count [4]int
	for _, e := range cycle {
		count[e.kind]++
	}
	text := "G0"
	switch {
	case count[rw] == 1:
		text = "G-single"
	case count[rw] > 1:
		text = "G2"
	case count[wr] > 0:
		text = "G1c"
	}
	if count[realtime] > 0 {
		text += "-realtime"
	}
	return text
}

// returns lists the operations that returned, in order of that.
func (g *appendGraph) returns() []int {
	var list []int
	for _, t := range g.txns {
		if g.ops[t.i].Outcome == histories.OK {
			list = append(list, t.i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(g.ops[a].Returned, g.ops[b].Returned) })
	return list
}

// inTime adds the order of time to edges, over nodes that stand for the moments of returns: each operation comes before
// that of its return, each moment before the next, and the last before an invocation comes before the operation.
func (g *appendGraph) inTime(edges []edge) (all []edge, nodes int) {
	order := g.returns()
	all = slices.Clone(edges)
	moment := func(n int) int32 { return int32(g.nodes + n) }
	for n, i := range order {
		all = append(all, edge{int32(i), moment(n), 0, realtime})
		if n > 0 {
			all = append(all, edge{moment(n - 1), moment(n), 0, realtime})
		}
	}
	for _, t := range g.txns {
		n, _ := slices.BinarySearchFunc(order, g.ops[t.i].Invoked, func(i int,
			at time.Duration) int {
			return cmp.Compare(g.ops[i].Returned, at)
		})
		if n > 0 {
			all = append(all, edge{moment(n - 1), int32(t.i), 0, realtime})
		}
	}
	return all, g.nodes + len(order)
}
