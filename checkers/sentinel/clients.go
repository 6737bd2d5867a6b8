package sentinel

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Clients holds clients under test to what is promised of them, which their machines note at their start: that calls
// return when their context is over, that writes reach a new master in time after a failover, and that a server which
// answers READONLY is left alone.
//
// A failover counts from the moment at which the last Sentinel told of it that told of it within ten seconds. A client
// need not find the new master while a fault lies on either of them, or between it and that or a Sentinel, nor if the new
// master goes down or is replaced within that time, nor if the client does nothing meanwhile.
type Clients struct{}

// Name implements Checker.
func (Clients) Name() string { return "clients" }

// What the machine of a client under test notes (FORMAT.md).
const (
	notePromise = "promise"
	noteOverdue = "overdue"
	noteDemoted = "demoted"
	noteSentOn  = "sent-on"

	promiseWithin        = "within"
	promiseAfterReadOnly = "after-readonly"
)

func (Clients) Promise(r *checkers.Record) checkers.Promise {
	if len(underTest(r.History)) == 0 {
		return checkers.Nobody("no client is under test")
	}
	return checkers.Unbroken()
}

// testee is a client under test and what it is held to.
type testee struct {
	machine       string
	within        time.Duration // 0: nothing
	afterReadOnly int64         // < 0: anything
	ops           []int         // in order of invocation
}

// underTest are the clients under test, by their machines.
func underTest(h *histories.History) map[string]*testee {
	all := map[string]*testee{}
	for i := range h.Notes {
		n := &h.Notes[i]
		if n.Kind != notePromise {
			continue
		}
		c := all[n.Machine]
		if c == nil {
			c = &testee{machine: n.Machine, afterReadOnly: -1}
			all[n.Machine] = c
		}
		switch n.Key { // a value that cannot be read promises nothing
		case promiseWithin:
			c.within, _ = time.ParseDuration(n.Text)
		case promiseAfterReadOnly:
			if most, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
				c.afterReadOnly = most
			}
		}
	}
	for i := range h.Ops {
		if c := all[checkers.MachineOf(h.Ops[i].Process)]; c != nil {
			c.ops = append(c.ops, i)
		}
	}
	return all
}

// Check implements Checker.
func (Clients) Check(r *checkers.Record) checkers.Verdict {
	q := &checkers.Inquiry{}
	for _, name := range []string{"calls", "calls overdue", "failovers", "failovers judged", "max ms to the new master", "READONLY answers", "commands after READONLY"} {
		q.Saw(name, 0)
	}
	clients := underTest(r.History)
	switches := failovers(r)
	q.Saw("failovers", len(switches))
	for _, machine := range slices.Sorted(maps.Keys(clients)) {
		c := clients[machine]
		q.Saw("calls", len(c.ops))
		c.returned(r, q)
		c.left(r, q, switches)
		if c.within > 0 {
			for i := range switches {
				c.follows(r, q, switches, i)
			}
		}
	}
	if q.Count("calls") == 0 {
		return q.Verdict("no client under test did anything", "")
	}
	why := "every call returned in time"
	if n := q.Count("failovers judged"); n > 0 {
		why += fmt.Sprintf("; writes reached the new master after each of %d failovers", n)
	}
	if n := q.Count("READONLY answers"); n > 0 {
		why += "; who answered READONLY was left alone"
	}
	return q.Verdict("", why)
}

// returned holds the calls to returning.
func (c *testee) returned(r *checkers.Record, q *checkers.Inquiry) {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == noteOverdue && n.Machine == c.machine {
			q.Saw("calls overdue", 1)
			q.Breach(n.Time, n.Machine, nil, "%s has not returned %v after its context was over", n.Key, n.Took)
		}
	}
}

// left holds the client to leaving a server alone that has answered READONLY, until that is a master. While Sentinels
// still name it, a client may believe them.
func (c *testee) left(r *checkers.Record, q *checkers.Inquiry, switches []aSwitch) {
	type word struct {
		at   time.Duration
		sent int64
	}
	demoted := map[string]*word{} // to look up only
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.Machine != c.machine {
			continue
		}
		switch n.Kind {
		case noteDemoted:
			q.Saw("READONLY answers", 1)
			if w := demoted[n.Peer]; w == nil || r.Ever(r.Of(n.Peer), w.at, n.Time, checkers.IsMaster) {
				demoted[n.Peer] = &word{at: n.Time}
			}
		case noteSentOn:
			w := demoted[n.Peer]
			if w == nil || r.Ever(r.Of(n.Peer), w.at, n.Time, checkers.IsMaster) || stillNamed(switches, n.Peer, n.Time) {
				continue
			}
			q.Saw("commands after READONLY", int(n.N))
			before := w.sent
			if w.sent += n.N; c.afterReadOnly >= 0 && before <= c.afterReadOnly && w.sent > c.afterReadOnly {
				q.Breach(n.Time, n.Machine, nil, "sends %s on to %s, which had answered READONLY at %v and is no master since: %d more are allowed",
					n.Text, n.Peer, w.at, c.afterReadOnly)
			}
		}
	}
}

// aSwitch is a failover, as the Sentinels told of it.
type aSwitch struct {
	first, last time.Duration
	to          string // the new master
}

// stillNamed says whether a Sentinel may still have named the server as the master at a moment: it did not switch away
// from it before, as far as is known of a history in which any did.
func stillNamed(switches []aSwitch, server string, at time.Duration) bool {
	if len(switches) == 0 {
		return false
	}
	for _, s := range slices.Backward(switches) {
		if s.last <= at {
			return s.to == server
		}
	}
	return true
}

// switchSpread is how long after the first the last Sentinel may tell of the same failover.
const switchSpread = 10 * time.Second

func failovers(r *checkers.Record) (all []aSwitch) {
	names := evidence.ByAddress(r)
	for _, e := range evidence.Events(r) {
		if e.Name != "+switch-master" || len(e.Words) < 5 {
			continue
		}
		to := names[e.Words[3]+":"+e.Words[4]]
		if n := len(all); n > 0 && all[n-1].to == to && e.At <= all[n-1].first+switchSpread {
			all[n-1].last = e.At
			continue
		}
		all = append(all, aSwitch{e.At, e.At, to})
	}
	return all
}

// follows holds the client to writing to the new master of the failover i.
func (c *testee) follows(r *checkers.Record, q *checkers.Inquiry, switches []aSwitch, i int) {
	s := &switches[i]
	end := s.last + c.within
	if s.to == "" || !c.works(r, s.last, end) || i+1 < len(switches) && switches[i+1].first <= end || c.disturbed(r, s, end) {
		return
	}
	f := checkers.FunctionsOf(r)
	var tried []int
	for _, i := range c.ops {
		op := &r.Ops[i]
		if op.Invoked > end {
			break
		}
		if !f.Writes(op) || op.Returned <= s.first {
			continue
		}
		tried = append(tried, i)
		if op.Outcome == histories.OK && op.Returned <= end && (op.Node == s.to || op.Node == "") {
			q.Saw("failovers judged", 1)
			q.Most("max ms to the new master", int64((op.Returned-s.first)/time.Millisecond))
			return
		}
	}
	if len(tried) == 0 {
		return
	}
	q.Saw("failovers judged", 1)
	last := &r.Ops[tried[len(tried)-1]]
	q.Breach(end, c.machine, tried[len(tried)-1:], "none of %d writes reached the new master %s in %v after the failover of %v; the last of them: %s",
		len(tried), s.to, c.within, s.last, outcomeOf(last))
}

// works says whether the client was at work during all of [from, to], so far as it began its operations.
func (c *testee) works(r *checkers.Record, from, to time.Duration) bool {
	if len(c.ops) == 0 || r.Ops[c.ops[0]].Invoked > from {
		return false
	}
	for _, i := range slices.Backward(c.ops) {
		if r.Ops[i].Invoked >= to || r.Ops[i].Returned >= to {
			return true
		}
		if r.Ops[i].Invoked < from {
			break
		}
	}
	return false
}

// disturbed says whether client or new master were not left in peace from the failover to end.
func (c *testee) disturbed(r *checkers.Record, s *aSwitch, end time.Duration) bool {
	if r.Of(s.to).Turned(s.first, end) || r.Ever(r.Of(s.to), s.last, end, checkers.IsReplica) {
		return true
	}
	sentinels := r.OfKind("sentinel")
	return slices.ContainsFunc(r.Faults, func(f histories.Fault) bool {
		if f.Start > end || f.Stop < s.first {
			return false
		}
		hits := func(machine string) bool { return slices.Contains(f.Targets, machine) }
		if strings.Contains(f.Text, " | ") || strings.Contains(f.Text, " -> ") { // what lies between others is not in its way
			return hits(c.machine) && (hits(s.to) || slices.ContainsFunc(sentinels, hits))
		}
		return hits(c.machine) || hits(s.to)
	})
}

func outcomeOf(op *histories.Operation) string {
	switch {
	case op.Returned == histories.Forever && op.Error == "":
		return "no return"
	case op.Outcome == histories.OK:
		return fmt.Sprintf("ok, by %s", op.Node)
	}
	return op.Error
}
