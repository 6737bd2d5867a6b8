package nemesis

import (
	"strconv"
	"time"
)

// pick draws one of values.
func pick[T any](g *generator, values ...T) T { return values[g.rng.IntN(len(values))] }

// sides draws whose links are hit: those of the master, mostly, or those between two halves of the machines.
func (g *generator) sides(verb Verb, args ...Arg) []Fault {
	if g.rng.IntN(3) > 0 {
		faults := g.cutMaster(g.rng.IntN(2) == 0)
		for i := range faults {
			faults[i].Verb, faults[i].Args = verb, args
		}
		return faults
	}
	machines := g.machines()
	if len(machines) < 2 {
		return nil
	}
	at := 1 + g.rng.IntN(len(machines)-1)
	return []Fault{{Verb: verb, A: machines[:at], B: machines[at:], OneWay: g.rng.IntN(2) == 0, Args: args}}
}

func (g *generator) drop() ([]Fault, resource) { return g.sides(Drop), partitions }

func (g *generator) clog() ([]Fault, resource) {
	n := Arg{"connections", strconv.Itoa(pick(g, 1, 1, 2, 3))}
	if g.rng.IntN(4) == 0 {
		return g.sides(Unclog, n), unlimited
	}
	return g.sides(Clog, n), unlimited
}

func (g *generator) connect() ([]Fault, resource) {
	return g.sides(pick(g, Refuse, BlackHole)), partitions
}

func (g *generator) halfOpen() ([]Fault, resource) { return g.sides(HalfOpen), partitions }

func (g *generator) flap() ([]Fault, resource) {
	period := time.Duration(500<<g.rng.IntN(4)) * time.Millisecond // 0.5 s … 4 s
	return g.sides(Flap, Arg{"period", period.String()}, Arg{"duty", pick(g, "20%", "50%", "80%")}), partitions
}

// toxic draws one of toxiproxy's toxics with attributes of every size.
func (g *generator) toxic() ([]Fault, resource) {
	number := func(least int) string { return strconv.Itoa(least << g.rng.IntN(8)) }
	var faults []Fault
	of := unlimited
	switch pick(g, Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData) {
	case Latency:
		ms := 5 << g.rng.IntN(8) // 5 ms … 640 ms
		faults = g.sides(Latency, Arg{"latency", strconv.Itoa(ms)}, Arg{"jitter", strconv.Itoa(ms / pick(g, 2, 4, 10))})
	case Bandwidth:
		faults = g.sides(Bandwidth, Arg{"rate", number(1)}) // 1 … 128 KB/s
	case SlowClose:
		faults = g.sides(SlowClose, Arg{"delay", number(50)})
	case Timeout:
		faults, of = g.sides(Timeout, Arg{"timeout", pick(g, "0", number(50))}), partitions
	case ResetPeer:
		faults, of = g.sides(ResetPeer, Arg{"timeout", pick(g, "0", number(20))}), partitions
	case Slicer:
		size := 2 << g.rng.IntN(8) // 2 … 256 bytes
		faults = g.sides(Slicer, Arg{"average_size", strconv.Itoa(size)}, Arg{"size_variation", strconv.Itoa(size / 2)}, Arg{"delay", number(10)})
	case LimitData:
		faults, of = g.sides(LimitData, Arg{"bytes", number(100)}), partitions
	}
	for i := range faults {
		// Toxiproxy draws again which connections are hit whenever a toxic is put on their link. One that had lost bytes by a
		// timeout would go on without them, which no network does.
		if g.rng.IntN(3) == 0 && faults[i].Verb != Timeout {
			faults[i].Args = append(faults[i].Args, Arg{"toxicity", pick(g, "0.5", "0.9", "0.1")})
		}
		if g.rng.IntN(3) == 0 {
			faults[i].Args = append(faults[i].Args, Arg{"stream", pick(g, "upstream", "downstream")})
		}
	}
	return faults, of
}
