package nemesis

import "slices"

// Grudge says, for each machine, whose messages it drops: Jepsen's word. The functions that make one are pure; draw by
// shuffling the machines before.
type Grudge map[string][]string

// Bisect cuts machines in two halves; the first is the smaller one when their number is odd.
func Bisect(machines []string) (first, second []string) {
	middle := len(machines) / 2
	return machines[:middle], machines[middle:]
}

// HalvesGrudge cuts the machines in two halves that do not hear each other.
func HalvesGrudge(machines []string) Grudge { return Components(Bisect(machines)) }

// IsolationGrudge takes one machine away from all others.
func IsolationGrudge(machine string, machines []string) Grudge {
	others := slices.DeleteFunc(slices.Clone(machines), func(m string) bool { return m == machine })
	return Components([]string{machine}, others)
}

// Components lets the machines of each component hear nobody outside it. Jepsen: complete-grudge.
func Components(components ...[]string) Grudge {
	g := Grudge{}
	for i, mine := range components {
		for _, m := range mine {
			for j, theirs := range components {
				if i != j {
					g[m] = append(g[m], theirs...)
				}
			}
		}
	}
	return g
}

// BridgeGrudge cuts the machines in two halves and leaves one, the first of the second half, talking to both.
func BridgeGrudge(machines []string) Grudge {
	first, second := Bisect(machines)
	if len(second) == 0 {
		return Grudge{}
	}
	return Components(first, second[1:])
}

// MajoritiesRing lets every machine hear a majority of all, itself included, and no two the same one. Five machines in
// a ring hear their neighbours:
//
//	  a
//	e   b      a hears e a b and drops c d,
//	 d c       b hears a b c and drops d e, …
//
// With an even number of at least 6 some machines hear others that do not hear them.
func MajoritiesRing(machines []string) Grudge {
	n := len(machines)
	majority := n/2 + 1
	g := Grudge{}
	for first := range n {
		self := machines[(first+majority/2)%n]
		for away := majority; away < n; away++ {
			g[self] = append(g[self], machines[(first+away)%n])
		}
	}
	return g
}

// add lets to drop what from sends, beside what it drops already.
func (g Grudge) add(to string, from []string) {
	for _, m := range from {
		if !slices.Contains(g[to], m) {
			g[to] = append(g[to], m)
		}
	}
}

// Drops says whether to drops what from sends.
func (g Grudge) Drops(from, to string) bool { return slices.Contains(g[to], from) }

// Cuts returns the faults that bring the grudge about, few and in the order of machines: both ways for pairs that do
// not hear each other, one way for the rest.
func (g Grudge) Cuts(machines []string) []Fault {
	mutual := func(x, y string) bool { return g.Drops(x, y) && g.Drops(y, x) }
	cuts := bundle(machines, mutual, true)
	oneWay := func(x, y string) bool { return g.Drops(x, y) && !g.Drops(y, x) }
	return append(cuts, bundle(machines, oneWay, false)...)
}

// bundle covers the pairs for which cut holds by as few faults A×B as come from putting together those machines that
// are cut from the same others.
func bundle(machines []string, cut func(x, y string) bool, bothWays bool) []Fault {
	type pair struct{ x, y string }
	done := map[pair]bool{}
	open := func(x string) (ys []string) {
		for _, y := range machines {
			if x != y && cut(x, y) && !done[pair{x, y}] {
				ys = append(ys, y)
			}
		}
		return ys
	}
	var faults []Fault
	for i, x := range machines {
		b := open(x)
		if len(b) == 0 {
			continue
		}
		a := []string{x}
		for _, other := range machines[i+1:] {
			if !slices.Contains(b, other) && slices.Equal(open(other), b) {
				a = append(a, other)
			}
		}
		for _, x := range a {
			for _, y := range b {
				done[pair{x, y}] = true
				if bothWays {
					done[pair{y, x}] = true
				}
			}
		}
		faults = append(faults, Fault{Verb: Cut, A: a, B: b, OneWay: !bothWays})
	}
	return faults
}
