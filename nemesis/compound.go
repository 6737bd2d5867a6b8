package nemesis

import (
	"maps"
	"slices"
	"time"
)

// Beat is one movement of a compound fault: faults that a world knows, which begin After the compound fault began and
// last For (0: as long as the compound fault).
type Beat struct {
	After, For time.Duration
	Faults     []Fault
}

// Beat returns the n-th movement, from 0, of a compound fault whose targets are names; false behind the last one. A
// flap has no last one: it ends with its step.
func (f Fault) Beat(n int, view View) (Beat, bool) {
	switch f.Verb {
	case Flap:
		period := max(f.Duration("period"), time.Millisecond)
		cut := Fault{Verb: Cut, A: f.A, B: f.B, OneWay: f.OneWay}
		open := time.Duration(f.Number("duty") * float64(period))
		if open <= 0 {
			return Beat{After: time.Duration(n) * period}, true
		}
		return Beat{After: time.Duration(n) * period, For: min(open, period), Faults: []Fault{cut}}, true
	case Storm:
		every := max(f.Duration("every"), time.Millisecond)
		return Beat{After: time.Duration(n) * every, For: every / 2, Faults: []Fault{{Verb: Kill, A: f.A}}}, int64(n) < f.Int("times")
	}
	return Beat{Faults: f.parts(view)}, n == 0 && f.Compound()
}

// parts are what a compound fault that only lasts is made of.
func (f Fault) parts(view View) []Fault {
	switch f.Verb {
	case Isolate:
		all := view.everybody()
		g := Grudge{}
		for _, m := range f.A {
			grudge := IsolationGrudge(m, all)
			for _, to := range slices.Sorted(maps.Keys(grudge)) {
				g.add(to, grudge[to])
			}
		}
		return g.Cuts(all)
	case Halves:
		return HalvesGrudge(f.A).Cuts(f.A)
	case Bridge:
		return BridgeGrudge(f.A).Cuts(f.A)
	case Ring:
		return MajoritiesRing(f.A).Cuts(f.A)
	case Stall:
		faults := []Fault{{Verb: Pause, A: f.A}}
		others := slices.DeleteFunc(view.everybody(), func(m string) bool { return slices.Contains(f.A, m) })
		if len(others) > 0 {
			faults = append(faults, Fault{Verb: Cut, A: f.A, B: others})
		}
		return faults
	case BounceAll:
		up := slices.DeleteFunc(slices.Concat(view.Servers, view.Sentinels), func(m string) bool { return slices.Contains(view.Down, m) })
		if len(up) > 0 {
			return []Fault{{Verb: Kill, A: up}}
		}
	}
	return nil
}

// everybody is every machine that has links, the spare ones too.
func (v View) everybody() []string {
	return slices.Concat(v.Servers, v.Spares, v.Tenants, v.Sentinels, v.SpareSentinels, v.Clients)
}
