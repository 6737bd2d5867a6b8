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
	signs map[string][]sign
}

// sign is what a master may take for a sign that a replica is alive: an acknowledgement, or that it has been served.
type sign struct {
	talk   *talk
	times  []time.Duration
	served time.Duration // from then on the replica counts
	closed time.Duration // by the master
}

// asked is what a master needs: min-slaves-to-write, 0 if the feature is off or nobody listened, and min-slaves-max-lag.
func (g *goodness) asked(master string, at time.Duration) (need int, lag time.Duration) {
	need = g.l.set.Number(master, "min-slaves-to-write", 0, at)
	if lag = g.l.set.Seconds(master, "min-slaves-max-lag", 10*time.Second, at); lag <= 0 || len(g.l.talks) == 0 || g.l.r.Slack > 0 {
		need = 0
	}
	return need, lag
}

// goodnessOf reads what an onlooker heard.
func goodnessOf(r *checkers.Record) *goodness {
	g := &goodness{l: linksOf(r), signs: map[string][]sign{}}
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
func (g *goodness) atMost(master string, lag, from, to time.Duration) (n int) {
	oldest := from - lag - clockSlack
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
func (g *goodness) atLeast(master string, lag, from, to time.Duration) (n int) {
	if lag < 2*time.Second {
		return 0
	}
	begin := from - 2*time.Second
	for _, s := range g.signs[master] {
		good := s.closed >= to && s.talk.first("acked", "") <= begin && s.talk.flowing() <= begin
		last := begin - lag
		for _, n := range s.talk.notes {
			if n.Event != "acked" || n.Time > to {
				continue
			}
			if n.Time >= begin-lag+time.Second {
				good = good && n.Time-max(last, begin-lag+time.Second) <= lag-time.Second
			}
			last = n.Time
		}
		if good && to-last <= lag-time.Second {
			n++
		}
	}
	return n
}

// overheard holds writes to what an onlooker knows of the replicas.
func (g *goodness) overheard(q *checkers.Inquiry, f *checkers.Functions) {
	r := g.l.r
	if len(g.l.set.Ever(r.OfKind("server"), "min-slaves-to-write")) == 0 {
		return
	}
	for i := range r.Ops {
		op := &r.Ops[i]
		need, lag := g.asked(op.Node, op.Invoked)
		if need == 0 || !f.Writes(op) || op.Returned == histories.Forever || g.l.troubled(op.Node, op.Invoked-lag-5*time.Second, op.Returned) {
			continue
		}
		t := r.Timelines[op.Node]
		refused := op.Outcome == histories.Fail && evidence.IsError(op.Error, "NOREPLICAS")
		if !refused && !f.Changed(op) || !r.Always(t, op.Invoked-time.Second, op.Returned, checkers.IsMaster) {
			continue
		}
		q.Saw("writes held against what was overheard", 1)
		if most := g.atMost(op.Node, lag, op.Invoked, op.Returned); !refused && most < need {
			q.Breach(op.Returned, op.Node, []int{i}, "acknowledged a write while at most %d replicas can have acknowledged within the %v of min-slaves-max-lag, and needs %d",
				most, lag, need)
		} else if least := g.atLeast(op.Node, lag, op.Invoked, op.Returned); refused && least >= need {
			q.Breach(op.Returned, op.Node, []int{i}, "refused a write for lack of replicas, while %d had acknowledged within the %v of min-slaves-max-lag all the time, and needs %d",
				least, lag, need)
		}
	}
}
