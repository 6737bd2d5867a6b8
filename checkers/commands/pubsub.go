package commands

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// PubSub holds servers to what they publish: a message reaches every subscriber of the server that it was published to,
// and, through the replication stream, every subscriber of that server's replicas, once and in the order of the
// publisher. It may be missed, or come again, only where the subscription or the replication history broke: a replica whose
// master starts again from older data hears the stream once more.
//
// Redis 4.0: pubsub.c, publishCommand, which forces the message into the stream.
type PubSub struct{}

// Name implements Checker.
func (PubSub) Name() string { return "pubsub" }

// Check implements Checker.
func (PubSub) Check(r *checkers.Record) checkers.Verdict {
	p := messages{r: r, sent: map[string]int{}}
	p.q.Saw("messages published", 0)
	p.q.Saw("messages heard where they were published", 0)
	p.q.Saw("messages heard at replicas", 0)
	for i := range r.Ops {
		if op := &r.Ops[i]; r.Model(op) == "pubsub" {
			p.sent[op.Arg.Str()] = i
			if op.Outcome == histories.OK {
				p.q.Saw("messages published", 1)
			}
		}
	}
	for _, name := range p.r.OfKind("server") {
		p.at(p.r.Of(name))
	}
	missing := ""
	switch {
	case p.q.Count("messages published") == 0:
		missing = "no message was published"
	case p.q.Count("messages heard where they were published")+p.q.Count("messages heard at replicas") == 0 && len(p.q.Findings) == 0:
		missing = "nobody was subscribed while messages were published"
	}
	return p.q.Verdict(missing, "every message was heard once wherever it had to be")
}

type messages struct {
	r    *checkers.Record
	q    checkers.Inquiry
	sent map[string]int // text → the operation that published it
}

// subscribed is the time during which a subscription stood, and what came over it.
type subscribed struct {
	checkers.Life
	heard map[string]time.Duration   // since the history last broke
	again []map[string]time.Duration // before that
}

// has says whether a message came over the subscription.
func (s *subscribed) has(text string) bool {
	if _, is := s.heard[text]; is {
		return true
	}
	return slices.ContainsFunc(s.again, func(heard map[string]time.Duration) bool {
		_, is := heard[text]
		return is
	})
}

// at judges the subscriptions at one server.
func (p *messages) at(t *checkers.Timeline) {
	breaks := t.Breaks()
	all := p.subscriptions(t, breaks)
	for i := range p.r.Ops {
		op := &p.r.Ops[i]
		if p.r.Model(op) != "pubsub" || op.Outcome != histories.OK {
			continue
		}
		for _, s := range all {
			if s.From >= op.Invoked || s.To < op.Returned+time.Second {
				continue
			}
			heard := s.has(op.Arg.Str())
			switch {
			case op.Node == t.Name:
				p.q.Saw("messages heard where they were published", 1)
				if !heard && !t.Turned(op.Invoked, op.Returned+time.Second) {
					p.q.Breach(op.Returned, t.Name, []int{i}, "published %s on %s, and its own subscriber never heard it", op.Arg.Str(), op.Key)
				}
			case p.follows(t, op, breaks, s.To):
				p.q.Saw("messages heard at replicas", 1)
				if !heard {
					p.q.Breach(op.Returned, t.Name, []int{i}, "never heard %s on %s, which its master %s published", op.Arg.Str(), op.Key, op.Node)
				}
			}
		}
	}
}

// follows says whether the machine was a replica in the history of the server that published, stayed in it until the time
// to, and had by then applied what its master had put into the stream when the publisher was answered: then the message
// must have come through, over however many connections.
func (p *messages) follows(t *checkers.Timeline, op *histories.Operation, breaks checkers.Spans, to time.Duration) bool {
	master := p.r.Timelines[op.Node]
	if master == nil {
		return false
	}
	to = min(to, p.r.End)
	before, theirs, after := t.Before(op.Invoked)[0], master.Before(op.Invoked)[0], p.r.After(master, op.Returned)[0]
	if before == nil || theirs == nil || after == nil || !checkers.IsMaster(theirs) || after.ReplID != theirs.ReplID || !checkers.IsReplica(before) ||
		breaks.Touch(before.Time, to) || master.Turned(theirs.Time, after.Time) {
		return false
	}
	last := t.Before(to)[0] // before, or what came after it
	return last != nil && before.Link == checkers.LinkUp && before.ReplID == theirs.ReplID && last.ReplID == theirs.ReplID && last.Offset >= after.Offset
}

// subscriptions reads the observer's notes of one server, and finds what must never be heard.
func (p *messages) subscriptions(t *checkers.Timeline, breaks checkers.Spans) []subscribed {
	var all []subscribed
	last := map[string]int{} // process, server and channel → its last message's operation
	since := time.Duration(0)
	for i := range p.r.Notes {
		n := &p.r.Notes[i]
		if n.Machine != t.Name {
			continue
		}
		switch n.Kind {
		case "listens":
			// A machine that is lost ends a subscription in silence.
			all = append(all, subscribed{Life: checkers.Life{From: n.Time, To: t.NextTurn(n.Time)}, heard: map[string]time.Duration{}})
			clear(last)
			since = n.Time
		case "deaf":
			if len(all) > 0 {
				all[len(all)-1].To = min(n.Time, all[len(all)-1].To)
			}
		case "heard":
			if len(all) == 0 {
				continue
			}
			s := &all[len(all)-1]
			if breaks.Touch(since, n.Time) { // what comes from here on may have come before
				s.again = append(s.again, s.heard)
				s.heard, since = map[string]time.Duration{}, n.Time
				clear(last)
			}
			p.heard(t, n, s.heard, last)
		}
	}
	return all
}

// heard judges one message that came over a subscription.
func (p *messages) heard(t *checkers.Timeline, n *histories.Note, before map[string]time.Duration, last map[string]int) {
	i, sent := p.sent[n.Text]
	if !sent || p.r.Ops[i].Key != n.Key || p.r.Ops[i].Outcome == histories.Fail {
		p.q.Breach(n.Time, t.Name, nil, "heard %s on %s, which nobody published there", n.Text, n.Key)
		return
	}
	op := &p.r.Ops[i]
	if at, twice := before[n.Text]; twice {
		p.q.Breach(n.Time, t.Name, []int{i}, "heard %s on %s twice, first at %v", n.Text, n.Key, at)
	}
	before[n.Text] = n.Time
	from := op.Process + " " + op.Node + " " + op.Key // what went to another server comes another way
	if j, known := last[from]; known && j > i && p.r.Ops[i].Outcome == histories.OK {
		p.q.Breach(n.Time, t.Name, []int{i, j}, "heard %s of %s after %s, which was published later", n.Text, op.Process, p.r.Ops[j].Arg.Str())
	}
	last[from] = i
}

func (PubSub) Promise(r *checkers.Record) checkers.Promise {
	if !r.Works("pubsub") {
		return checkers.Nobody("nobody publishes")
	}
	return checkers.Unbroken()
}
