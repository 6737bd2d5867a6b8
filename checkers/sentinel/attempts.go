package sentinel

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// monitored begins to watch a master. The second line of a life is about another one, which nobody judges here.
func (c *conduct) monitored(s *conductOf, e *evidence.Event) {
	if w := e.Words; len(w) == 6 && w[4] == "quorum" {
		s.quorum, _ = strconv.Atoi(w[5])
	}
	// What the file said of the epoch, Sentinels note with their first event.
	if at := noteOf(c.r.Notes, e); at != nil && at.Epoch < s.newEpoch && !c.forgets(s.name, e.At) {
		c.q.Breach(e.At, s.name, nil, "began with epoch %d, and had announced %d before it ended", at.Epoch, s.newEpoch)
	}
}

// noteOf finds the note of an event, nil if it comes from a log.
func noteOf(notes []histories.Note, e *evidence.Event) *histories.Note {
	for i := checkers.FirstFrom(notes, e.At); i < len(notes) && notes[i].Time == e.At; i++ {
		if n := &notes[i]; n.Machine == e.Machine && n.Kind == "event" && n.Event == e.Name && n.Text == e.Text && n.From != checkers.ByObserver {
			return n
		}
	}
	return nil
}

// forgets says whether a Sentinel's file, or its disk, was meddled with.
func (c *conduct) forgets(machine string, until time.Duration) bool {
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool {
		verb, _, _ := strings.Cut(f.Text, " ")
		switch verb {
		case "lying-fsync", "torn-tail", "eio-read", "eio-write", "eio-sync", "disk-full", "file-gone", "restore-config", "run-as", "sentinel-remove",
			"sentinel-reset", "replica-remove", "slow-disk":
			return f.Start <= until && slices.Contains(f.Targets, machine) || verb == "replica-remove"
		}
		return false
	})
}

var oDownText = regexp.MustCompile(`#quorum (\d+)/(\d+)$`)

// agreed judges a master called objectively down.
func (c *conduct) agreed(s *conductOf, e *evidence.Event) {
	m := oDownText.FindStringSubmatch(e.Text)
	if m == nil {
		return
	}
	c.q.Saw("objectively down", 1)
	n, _ := strconv.Atoi(m[1])      // digits
	quorum, _ := strconv.Atoi(m[2]) // digits
	if n < quorum || s.quorum > 0 && n < s.quorum {
		c.q.Breach(e.At, s.name, nil, "called the master objectively down by %d Sentinels: the quorum is %d", n, max(quorum, s.quorum))
		return
	}
	if s.quorum > 0 && quorum != s.quorum {
		c.q.Breach(e.At, s.name, nil, "called the master objectively down by a quorum of %d: it was told %d", quorum, s.quorum)
	}
	_, addr := e.Master()
	agree := 1
	for _, other := range c.sentinels {
		if other != s.name && slices.ContainsFunc(c.down[other+" "+addr], func(d span) bool {
			return d.from <= e.At+c.r.Slack && d.to >= e.At-2*opinionLasts-c.r.Slack
		}) {
			agree++
		}
	}
	if agree < n && !c.hurt(s.name, e.At-2*opinionLasts, e.At) {
		c.q.Breach(e.At, s.name, nil, "counted %d Sentinels that call the master down, and no more than %d had done so within %v", n, agree, 2*opinionLasts)
	}
}

// failover follows an attempt.
func (c *conduct) failover(s *conductOf, e *evidence.Event) {
	ft := slices.Min(c.w.FailoverTimeout)
	switch e.Name {
	case "+try-failover":
		c.attempt(s, e)
	case "+vote-for-leader":
		if len(e.Words) == 2 && c.ids[e.Words[0]] != s.name {
			s.notBefore, s.voted = e.At+2*ft, e.At
			s.latest = e.At + 2*slices.Max(c.w.FailoverTimeout) + desyncMost
		}
	case "+elected-leader":
		s.elected = e.At
	case "-failover-abort-not-elected":
		c.notElected(s, e)
		s.tried, s.elected, s.ended = 0, 0, e.At
	case "-failover-abort-no-good-slave":
		s.tried, s.elected, s.ended = 0, 0, e.At
	case "-failover-abort-slave-timeout":
		if s.waits > 0 && e.At-s.waits < ft-conductEarly && s.newAt < s.waits && !c.clockMoved(s.name, s.waits, e.At) {
			c.q.Breach(e.At, s.name, nil, "gave up a promotion after %v: failover-timeout is %v", (e.At - s.waits).Round(time.Millisecond), ft)
		}
		s.tried, s.elected, s.waits, s.ended = 0, 0, 0, e.At
	case "+failover-state-wait-promotion":
		s.waits = e.At
	case "+promoted-slave":
		c.heirIs(s, e)
	case "+slave-reconf-done", "-slave-reconf-sent-timeout":
		s.done[e.Instance()] = true
		if e.Name == "+slave-reconf-done" {
			c.linked(s, e)
		}
	case "+slave-reconf-sent":
		c.q.Saw("reconfigurations", 1)
		c.tell(s, e, s.heir)
	case "+failover-end-for-timeout":
		s.timeout = true
		if s.promoted > 0 && e.At-s.promoted < ft-conductEarly && !c.clockMoved(s.name, s.promoted, e.At) && !c.hurt(s.name, s.promoted-time.Second, s.promoted) {
			c.q.Breach(e.At, s.name, nil, "ended a failover for its time after %v: failover-timeout is %v", (e.At - s.promoted).Round(time.Millisecond), ft)
		}
	case "+failover-end":
		c.ended(s, e)
	case "+convert-to-slave", "+fix-slave-config":
		c.corrected(s, e)
	}
}

// attempt judges the beginning of one.
func (c *conduct) attempt(s *conductOf, e *evidence.Event) {
	c.q.Saw("attempts", 1)
	if !s.ordered {
		if s.oDown == 0 {
			c.q.Breach(e.At, s.name, nil, "tried a failover of a master that was not objectively down")
		}
		if e.At < s.notBefore-conductEarly && !c.clockMoved(s.name, 0, e.At) {
			c.q.Breach(e.At, s.name, nil, "tried a failover %v before two failover-timeouts had gone by since its last attempt or its vote for another",
				(s.notBefore - e.At).Round(time.Millisecond))
		}
		s.tried, s.epoch = e.At, s.newEpoch
	} else {
		s.tried = 0
	}
	s.ordered, s.elected, s.waits, s.promoted, s.timeout, s.heir = false, 0, 0, 0, false, ""
	clear(s.done)
	s.notBefore = e.At + 2*slices.Min(c.w.FailoverTimeout)
	s.latest = e.At + 2*slices.Max(c.w.FailoverTimeout) + desyncMost
}

// notElected judges an attempt that was given up: in its time, or before it for a reason.
func (c *conduct) notElected(s *conductOf, e *evidence.Event) {
	if s.tried == 0 {
		return
	}
	if s.voted < s.tried {
		s.notBefore = 0 // if it was split or overtaken, it may try again after a random time
	}
	if e.At-s.tried >= min(electionMost, slices.Min(c.w.FailoverTimeout))-conductEarly || c.clockMoved(s.name, s.tried, e.At) {
		return
	}
	if s.voted < s.tried {
		s.latest = e.At + desyncMost
	}
	if s.newEpoch > s.epoch || s.voted >= s.tried || len(c.sentinels) == 0 || c.meddled() {
		return
	}
	voted := map[string]bool{}
	for i := range c.r.Notes {
		if n := &c.r.Notes[i]; n.Kind == "vote" && n.Epoch == s.epoch && n.Time <= e.At {
			voted[n.Machine] = true
		}
	}
	if len(voted) < len(c.sentinels)/2+1 && s.noted(c.r) {
		c.q.Breach(e.At, s.name, nil, "gave up an election after %v in which %d of %d Sentinels had voted", (e.At - s.tried).Round(time.Millisecond), len(voted), len(c.sentinels))
	}
}

// noted says whether the Sentinel notes what it does itself.
func (s *conductOf) noted(r *checkers.Record) bool {
	return slices.ContainsFunc(r.Notes, func(n histories.Note) bool { return n.Kind == "vote" && n.Machine == s.name })
}

// meddled says whether any Sentinel may know fewer others than there are.
func (c *conduct) meddled() bool {
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool {
		return evidence.Ordered(f.Text) || strings.HasPrefix(f.Text, "restore-config") || strings.HasPrefix(f.Text, "file-gone")
	})
}

// heirIs wants a replica that is called promoted to be a master.
func (c *conduct) heirIs(s *conductOf, e *evidence.Event) {
	s.promoted, s.heir, s.waits, s.tried = e.At, e.Instance(), 0, 0
	t := c.r.Of(c.names[s.heir])
	if c.r.Slack == 0 && len(t.Own) > 0 {
		if i := checkers.LastAt(t.Own, e.At); i >= 0 && checkers.IsReplica(t.Own[i]) && !t.Turned(t.Own[i].Time, e.At) &&
			!c.r.Ever(t, e.At-infoAge, e.At, checkers.IsMaster) { // what it said as a master may have been on its way
			c.q.Breach(e.At, s.name, nil, "took %s for the new master, and it was a replica still", orAddress(c.names, s.heir))
		}
	}
}

// told is a replica that a Sentinel says it told to follow another master.
type told struct {
	e      *evidence.Event
	master string // its address
}

// toldLasts is in what time a replica hears of it.
const toldLasts = 1500 * time.Millisecond

func (c *conduct) tell(s *conductOf, e *evidence.Event, master string) {
	if s.sDown[e.Instance()] == 0 {
		s.told = append(s.told, told{e, master})
	}
}

// arrived judges what should have arrived by now.
func (c *conduct) arrived(s *conductOf, now time.Duration) {
	s.told = slices.DeleteFunc(s.told, func(t told) bool {
		due := t.e.At+toldLasts <= now
		if due {
			c.followed(s, t.e, t.master)
		}
		return due
	})
}

// hungUp says whether the Sentinel gave up all its connections right after a moment, as it does when it turns to another
// address: what had not left is lost then. Redis 4.0: sentinel.c, sentinelResetMaster.
func (c *conduct) hungUp(sentinel string, at time.Duration) bool {
	return slices.ContainsFunc(c.r.Notes, func(n histories.Note) bool {
		return n.Kind == "event" && n.Event == "+switch-master" && n.Machine == sentinel && n.Time >= at && n.Time < at+50*time.Millisecond
	})
}

// followed wants a replica that was told to follow another master to do so, unless the Sentinel called it down meanwhile.
func (c *conduct) followed(s *conductOf, e *evidence.Event, master string) {
	replica, to := c.names[e.Instance()], c.names[master]
	t := c.r.Of(replica)
	until := e.At + toldLasts
	if replica == "" || to == "" || len(t.Own) == 0 || c.r.Slack > 0 || until > c.r.End || c.touched(s.name, replica, e.At, until) {
		return
	}
	if c.r.Ever(t, e.At, until, func(n *histories.Note) bool { return checkers.IsReplica(n) && n.Peer == to }) {
		return
	}
	if c.hungUp(s.name, e.At) || c.loading(replica, e.At) {
		return
	}
	c.q.Breach(e.At, s.name, nil, "says that it told %s to follow %s (%s), and %s did not hear of it in %v", replica, to, e.Name, replica, until-e.At)
}

// loading says whether a replica was taking in its master's data: it refuses orders meanwhile.
func (c *conduct) loading(replica string, at time.Duration) (is bool) {
	for i := range c.r.Logs {
		l := &c.r.Logs[i]
		if l.Time > at {
			break
		}
		if l.Machine == replica && strings.Contains(l.Text, "MASTER <-> SLAVE sync: ") {
			is = strings.Contains(l.Text, "Loading DB in memory")
		}
	}
	return is
}

// touched says whether anything may have come between a Sentinel and another machine.
func (c *conduct) touched(sentinel, machine string, from, to time.Duration) bool {
	if c.hurt(sentinel, from, to) || !c.r.Of(machine).Steady(from-processLingers, to) {
		return true
	}
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool {
		return f.Start <= to && (f.Stop == histories.Forever || f.Stop+faultLingers >= from || lasting(f.Text)) &&
			(parts(&f, sentinel, machine) || strings.HasPrefix(f.Text, "output-limit") && slices.Contains(f.Targets, machine)) // who gets the output stands still
	})
}

// linked wants a replica that is called done to have a link.
func (c *conduct) linked(s *conductOf, e *evidence.Event) {
	t := c.r.Of(c.names[e.Instance()])
	if len(t.Own) == 0 || c.r.Slack > 0 || s.promoted == 0 {
		return
	}
	if !c.r.Ever(t, s.promoted, e.At, func(n *histories.Note) bool {
		return checkers.IsReplica(n) && n.Link == checkers.LinkUp && n.Peer == c.names[s.heir]
	}) {
		c.q.Breach(e.At, s.name, nil, "called %s done, which has had no link to the new master yet", orAddress(c.names, e.Instance()))
	}
}

// ended judges the end of a failover: all that it knows follow, are down, or it took too long.
func (c *conduct) ended(s *conductOf, e *evidence.Event) {
	if !s.timeout && s.promoted > 0 {
		for addr := range s.replicas { // any order: findings are sorted by time, and one is enough
			if addr != s.heir && !s.done[addr] && s.sDown[addr] == 0 && !c.stranger(addr) && !c.elsewhere(s, addr, e) {
				c.q.Breach(e.At, s.name, nil, "ended a failover before all that it could reach followed the new master")
				break
			}
		}
	}
	s.promoted, s.heir, s.timeout = 0, "", false
}

// elsewhere says whether the server at an address has the data of a master that the Sentinel knows nothing of, so that it
// cannot tell whether the server is its own.
func (c *conduct) elsewhere(s *conductOf, addr string, e *evidence.Event) bool {
	t := c.r.Of(c.names[addr])
	i := checkers.LastAt(t.Own, e.At)
	if i < 0 || !checkers.IsReplica(t.Own[i]) {
		return false
	}
	_, old := e.Master()
	for known := range s.replicas { // any order: one is enough
		if c.names[known] == t.Own[i].Peer {
			return false
		}
	}
	return t.Own[i].Peer != c.names[old]
}

// stranger says whether the server at an address follows somebody who is none of the cluster.
func (c *conduct) stranger(addr string) bool {
	t := c.r.Of(c.names[addr])
	return slices.ContainsFunc(append(slices.Clone(t.Own), t.Seen...), func(n *histories.Note) bool { return c.r.Stranger(n.Peer) })
}

// corrected judges a replica that was made to follow the master: it had been something else for long enough.
func (c *conduct) corrected(s *conductOf, e *evidence.Event) {
	c.q.Saw("reconfigurations", 1)
	addr := e.Instance()
	name := orAddress(c.names, addr)
	least := convertAfter
	if e.Name == "+fix-slave-config" {
		least = slices.Min(c.w.FailoverTimeout)
	} else if since := s.isMaster[addr]; since > 0 && e.At-since < least-conductEarly && !c.clockMoved(s.name, since, e.At) {
		c.q.Breach(e.At, s.name, nil, "made %s a replica, which had said for %v that it is a master: it must wait %v", name, (e.At - since).Round(time.Millisecond), least)
		return
	}
	_, master := e.Master()
	if s.sDown[master] > 0 {
		c.q.Breach(e.At, s.name, nil, "pointed %s at a master that it calls down", name)
		return
	}
	known := max(s.since[addr], s.wasDown[addr])
	if known > 0 && e.At-known < least-conductEarly && !c.clockMoved(s.name, known, e.At) {
		c.q.Breach(e.At, s.name, nil, "corrected %s %v after it began to watch it, or called it down: it must wait %v", name, (e.At - known).Round(time.Millisecond), least)
		return
	}
	c.tell(s, e, master)
}

// foundReplica wants those that were known before a start not to be found anew.
func (c *conduct) foundReplica(s *conductOf, e *evidence.Event) {
	addr := e.Instance()
	if s.known[0][addr] && s.switched == 0 && !c.forgets(s.name, e.At) {
		c.q.Breach(e.At, s.name, nil, "found replica %s anew, which it had known before it ended", orAddress(c.names, addr))
	}
	s.replicas[addr] = true
	s.since[addr] = e.At
}

// foundSentinel is the same for Sentinels.
func (c *conduct) foundSentinel(s *conductOf, e *evidence.Event) {
	if len(e.Words) < 2 {
		return
	}
	id := e.Words[1]
	if s.known[1][id] && !c.forgets(s.name, e.At) {
		c.q.Breach(e.At, s.name, nil, "found Sentinel %s anew, which it had known before it ended", orAddress(c.ids, id))
	}
	s.others[id] = true
}

// late wants what has its time to be over by then: called before the next thing that a Sentinel says.
func (c *conduct) late(s *conductOf, now time.Duration) {
	c.arrived(s, now)
	ft := slices.Max(c.w.FailoverTimeout)
	over := func(since, lasts time.Duration, format string) (was bool) {
		if since == 0 || now-since <= lasts+conductLate || c.hurt(s.name, since, min(now, since+lasts+conductLate)) || s.inTilt || s.tilt > since {
			return false
		}
		c.q.Breach(since+lasts+conductLate, s.name, nil, format, since, lasts)
		return true
	}
	if s.inTilt && now-s.tilt > tiltLasts+conductLate && !c.hurt(s.name, s.tilt+time.Millisecond, s.tilt+tiltLasts+conductLate) {
		c.q.Breach(s.tilt+tiltLasts+conductLate, s.name, nil, "is still in TILT, which it entered at %v", s.tilt)
		s.inTilt = false
	}
	if s.tried > 0 && s.elected == 0 && over(s.tried, min(electionMost, ft)+desyncMost, "did not give up the election that it began at %v, in %v") {
		s.tried = 0
	}
	if over(s.waits, ft, "did not give up the promotion that it waits for since %v, in %v") {
		s.waits = 0
	}
	if s.promoted > 0 && s.sDown[s.heir] == 0 && s.wasDown[s.heir] < s.promoted && over(s.promoted, ft, "did not end the failover whose promotion it saw at %v, in %v") {
		s.promoted = 0
	}
	if due := s.due(); due > 0 && now > due && s.oDown > 0 && s.tried == 0 && s.promoted == 0 && s.elected == 0 {
		if over(due, desyncMost, "could have tried a failover at %v, and did not in %v more") {
			s.oDown = 0
		}
	}
}

// due is by when a Sentinel whose master is objectively down tries a failover, 0 if that is not known.
func (s *conductOf) due() time.Duration {
	if s.oDown == 0 || s.waits > 0 {
		return 0
	}
	return max(s.oDown, s.newAt+desyncMost, s.ended, s.latest)
}
