package replication

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Good replicas as an onlooker counts them: by the acknowledgements that reached the master, whatever it makes of them.

// goodness is who could be a good replica of whom.
type goodness struct {
	l     *links
	need  int           // min-slaves-to-write; 0: the feature is off
	lag   time.Duration // min-slaves-max-lag
	signs map[string][]sign
}

// sign is what a master may take for a sign that a replica is alive: an acknowledgement, or that it has been served.
type sign struct {
	talk   *talk
	times  []time.Duration
	served time.Duration // from then on the replica counts
	closed time.Duration // by the master
}

// goodnessOf reads the plan; need is 0 where nobody listened.
func goodnessOf(r *checkers.Record) *goodness {
	g := &goodness{l: linksOf(r), lag: 10 * time.Second, signs: map[string][]sign{}}
	if n, is := evidence.InPlan(r.Plan, "min-slaves-max-lag"); is {
		g.lag = time.Duration(n) * time.Second
	}
	if n, is := evidence.InPlan(r.Plan, "min-slaves-to-write"); is && g.lag > 0 && len(g.l.talks) > 0 && r.Slack == 0 {
		g.need = n
	}
	if g.need == 0 {
		return g
	}
	for _, t := range g.l.talks {
		s := sign{talk: t, served: histories.Forever, closed: g.l.end(t, "master")}
		for _, n := range t.notes {
			switch n.Event {
			case "psync", "sent", "acked", "alive":
				s.times = append(s.times, n.Time)
			}
			if n.Event == "psync" { // it may be served at once
				s.served = min(s.served, n.Time)
			}
		}
		g.signs[t.master] = append(g.signs[t.master], s)
	}
	return g
}

// atMost is how many good replicas the master can have counted at some moment of [from, to].
func (g *goodness) atMost(master string, from, to time.Duration) (n int) {
	oldest := from - g.lag - clockSlack
	seen := map[string]bool{} // a replica may have an old connection beside the new one
	for _, s := range g.signs[master] {
		if s.served <= to && s.closed >= from-time.Second-cronSlack && slices.ContainsFunc(s.times, func(at time.Duration) bool { return at >= oldest && at <= to }) &&
			!seen[s.talk.number] {
			seen[s.talk.number] = true
			n++
		}
	}
	return n
}

// atLeast is how many it must have counted all the time from from to to: those that acknowledged every time within the
// lag, with a second to spare, since well before.
func (g *goodness) atLeast(master string, from, to time.Duration) (n int) {
	if g.lag < 2*time.Second {
		return 0
	}
	begin := from - 2*time.Second
	for _, s := range g.signs[master] {
		good := s.closed >= to && s.talk.first("acked", "") <= begin && s.talk.flowing() <= begin
		last := begin - g.lag
		for _, n := range s.talk.notes {
			if n.Event != "acked" || n.Time > to {
				continue
			}
			if n.Time >= begin-g.lag+time.Second {
				good = good && n.Time-max(last, begin-g.lag+time.Second) <= g.lag-time.Second
			}
			last = n.Time
		}
		if good && to-last <= g.lag-time.Second {
			n++
		}
	}
	return n
}

// overheard holds writes to what an onlooker knows of the replicas.
func (g *goodness) overheard(q *checkers.Inquiry, f *checkers.Functions) {
	r := g.l.r
	for i := range r.Ops {
		op := &r.Ops[i]
		if g.need == 0 || !f.Writes(op) || op.Returned == histories.Forever || g.l.troubled(op.Node, op.Invoked-g.lag-5*time.Second, op.Returned) {
			continue
		}
		t := r.Timelines[op.Node]
		refused := op.Outcome == histories.Fail && evidence.IsError(op.Error, "NOREPLICAS")
		if !refused && !f.Changed(op) || !r.Always(t, op.Invoked-time.Second, op.Returned, checkers.IsMaster) {
			continue
		}
		q.Saw("writes held against what was overheard", 1)
		if most := g.atMost(op.Node, op.Invoked, op.Returned); !refused && most < g.need {
			q.Breach(op.Returned, op.Node, []int{i}, "acknowledged a write while at most %d replicas can have acknowledged within the %v of min-slaves-max-lag, and needs %d",
				most, g.lag, g.need)
		} else if least := g.atLeast(op.Node, op.Invoked, op.Returned); refused && least >= g.need {
			q.Breach(op.Returned, op.Node, []int{i}, "refused a write for lack of replicas, while %d had acknowledged within the %v of min-slaves-max-lag all the time, and needs %d",
				least, g.lag, g.need)
		}
	}
}
