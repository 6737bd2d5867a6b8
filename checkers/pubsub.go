package checkers

import (
	"slices"
	"time"

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
func (PubSub) Check(h *histories.History) Verdict {
	p := messages{r: index(h), sent: map[string]int{}}
	p.q.saw("messages published", 0)
	p.q.saw("messages heard where they were published", 0)
	p.q.saw("messages heard at replicas", 0)
	for i := range h.Ops {
		if op := &h.Ops[i]; h.Model(op) == "pubsub" {
			p.sent[op.Arg.Str()] = i
			if op.Outcome == histories.OK {
				p.q.saw("messages published", 1)
			}
		}
	}
	for _, name := range p.r.kind("server") {
		p.at(p.r.of(name))
	}
	missing := ""
	switch {
	case p.q.count("messages published") == 0:
		missing = "no message was published"
	case p.q.count("messages heard where they were published")+p.q.count("messages heard at replicas") == 0 && len(p.q.findings) == 0:
		missing = "nobody was subscribed while messages were published"
	}
	return p.q.verdict(missing, "every message was heard once wherever it had to be")
}

type messages struct {
	r    *record
	q    inquiry
	sent map[string]int // text → the operation that published it
}

// subscribed is the time during which a subscription stood, and what came over it.
type subscribed struct {
	life
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
func (p *messages) at(t *timeline) {
	breaks := t.breaks()
	all := p.subscriptions(t, breaks)
	for i := range p.r.Ops {
		op := &p.r.Ops[i]
		if p.r.Model(op) != "pubsub" || op.Outcome != histories.OK {
			continue
		}
		for _, s := range all {
			if s.from >= op.Invoked || s.to < op.Returned+time.Second {
				continue
			}
			heard := s.has(op.Arg.Str())
			switch {
			case op.Node == t.name:
				p.q.saw("messages heard where they were published", 1)
				if !heard && !t.turned(op.Invoked, op.Returned+time.Second) {
					p.q.breach(op.Returned, t.name, []int{i}, "published %s on %s, and its own subscriber never heard it", op.Arg.Str(), op.Key)
				}
			case p.follows(t, op, breaks, s.to):
				p.q.saw("messages heard at replicas", 1)
				if !heard {
					p.q.breach(op.Returned, t.name, []int{i}, "never heard %s on %s, which its master %s published", op.Arg.Str(), op.Key, op.Node)
				}
			}
		}
	}
}

// follows says whether the machine was a replica in the history of the server that published, stayed in it until the time
// to, and had by then applied what its master had put into the stream when the publisher was answered: then the message
// must have come through, over however many connections.
func (p *messages) follows(t *timeline, op *histories.Operation, breaks spans, to time.Duration) bool {
	master := p.r.machines[op.Node]
	if master == nil {
		return false
	}
	to = min(to, p.r.End)
	before, theirs, after := t.before(op.Invoked)[0], master.before(op.Invoked)[0], p.r.after(master, op.Returned)[0]
	if before == nil || theirs == nil || after == nil || !isMaster(theirs) || after.ReplID != theirs.ReplID || !isReplica(before) ||
		breaks.touch(before.Time, to) {
		return false
	}
	last := t.before(to)[0] // before, or what came after it
	return last != nil && before.Link == linkUp && before.ReplID == theirs.ReplID && last.ReplID == theirs.ReplID && last.Offset >= after.Offset
}

// subscriptions reads the observer's notes of one server, and finds what must never be heard.
func (p *messages) subscriptions(t *timeline, breaks spans) []subscribed {
	var all []subscribed
	last := map[string]int{} // process, server and channel → its last message's operation
	since := time.Duration(0)
	for i := range p.r.Notes {
		n := &p.r.Notes[i]
		if n.Machine != t.name {
			continue
		}
		switch n.Kind {
		case "listens":
			// A machine that is lost ends a subscription in silence.
			all = append(all, subscribed{life: life{n.Time, t.nextTurn(n.Time)}, heard: map[string]time.Duration{}})
			clear(last)
			since = n.Time
		case "deaf":
			if len(all) > 0 {
				all[len(all)-1].to = min(n.Time, all[len(all)-1].to)
			}
		case "heard":
			if len(all) == 0 {
				continue
			}
			s := &all[len(all)-1]
			if breaks.touch(since, n.Time) { // what comes from here on may have come before
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
func (p *messages) heard(t *timeline, n *histories.Note, before map[string]time.Duration, last map[string]int) {
	i, sent := p.sent[n.Text]
	if !sent || p.r.Ops[i].Key != n.Key || p.r.Ops[i].Outcome == histories.Fail {
		p.q.breach(n.Time, t.name, nil, "heard %s on %s, which nobody published there", n.Text, n.Key)
		return
	}
	op := &p.r.Ops[i]
	if at, twice := before[n.Text]; twice {
		p.q.breach(n.Time, t.name, []int{i}, "heard %s on %s twice, first at %v", n.Text, n.Key, at)
	}
	before[n.Text] = n.Time
	from := op.Process + " " + op.Node + " " + op.Key // what went to another server comes another way
	if j, known := last[from]; known && j > i && p.r.Ops[i].Outcome == histories.OK {
		p.q.breach(n.Time, t.name, []int{i, j}, "heard %s of %s after %s, which was published later", n.Text, op.Process, p.r.Ops[j].Arg.Str())
	}
	last[from] = i
}
