package checkers

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// monitored begins to watch a master. The second line of a life is about another one, which nobody judges here.
func (c *conduct) monitored(s *conductOf, e *happening) {
	if w := e.words; len(w) == 6 && w[4] == "quorum" {
		s.quorum, _ = strconv.Atoi(w[5])
	}
	// What the file said of the epoch, Sentinels note with their first event.
	if at := noteOf(c.r.Notes, e); at != nil && at.Epoch < s.newEpoch && !c.forgets(s.name, e.at) {
		c.q.breach(e.at, s.name, nil, "began with epoch %d, and had announced %d before it ended", at.Epoch, s.newEpoch)
	}
}

// noteOf finds the note of an event, nil if it comes from a log.
func noteOf(notes []histories.Note, e *happening) *histories.Note {
	for i := firstFrom(notes, e.at); i < len(notes) && notes[i].Time == e.at; i++ {
		if n := &notes[i]; n.Machine == e.machine && n.Kind == "event" && n.Event == e.name && n.Text == e.text && n.From != byObserver {
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
func (c *conduct) agreed(s *conductOf, e *happening) {
	m := oDownText.FindStringSubmatch(e.text)
	if m == nil {
		return
	}
	c.q.saw("objectively down", 1)
	n, _ := strconv.Atoi(m[1])      // digits
	quorum, _ := strconv.Atoi(m[2]) // digits
	if n < quorum || s.quorum > 0 && n < s.quorum {
		c.q.breach(e.at, s.name, nil, "called the master objectively down by %d Sentinels: the quorum is %d", n, max(quorum, s.quorum))
		return
	}
	if s.quorum > 0 && quorum != s.quorum {
		c.q.breach(e.at, s.name, nil, "called the master objectively down by a quorum of %d: it was told %d", quorum, s.quorum)
	}
	_, addr := e.master()
	agree := 1
	for _, other := range c.sentinels {
		if other != s.name && slices.ContainsFunc(c.down[other+" "+addr], func(d span) bool {
			return d.from <= e.at+c.r.slack && d.to >= e.at-2*opinionLasts-c.r.slack
		}) {
			agree++
		}
	}
	if agree < n && !c.hurt(s.name, e.at-2*opinionLasts, e.at) {
		c.q.breach(e.at, s.name, nil, "counted %d Sentinels that call the master down, and no more than %d had done so within %v", n, agree, 2*opinionLasts)
	}
}

// failover follows an attempt.
func (c *conduct) failover(s *conductOf, e *happening) {
	ft := slices.Min(c.w.failoverTimeout)
	switch e.name {
	case "+try-failover":
		c.attempt(s, e)
	case "+vote-for-leader":
		if len(e.words) == 2 && c.ids[e.words[0]] != s.name {
			s.notBefore, s.voted = e.at+2*ft, e.at
			s.latest = e.at + 2*slices.Max(c.w.failoverTimeout) + desyncMost
		}
	case "+elected-leader":
		s.elected = e.at
	case "-failover-abort-not-elected":
		c.notElected(s, e)
		s.tried, s.elected, s.ended = 0, 0, e.at
	case "-failover-abort-no-good-slave":
		s.tried, s.elected, s.ended = 0, 0, e.at
	case "-failover-abort-slave-timeout":
		if s.waits > 0 && e.at-s.waits < ft-conductEarly && s.newAt < s.waits && !c.clockMoved(s.name, s.waits, e.at) {
			c.q.breach(e.at, s.name, nil, "gave up a promotion after %v: failover-timeout is %v", (e.at - s.waits).Round(time.Millisecond), ft)
		}
		s.tried, s.elected, s.waits, s.ended = 0, 0, 0, e.at
	case "+failover-state-wait-promotion":
		s.waits = e.at
	case "+promoted-slave":
		c.heirIs(s, e)
	case "+slave-reconf-done", "-slave-reconf-sent-timeout":
		s.done[e.instance()] = true
		if e.name == "+slave-reconf-done" {
			c.linked(s, e)
		}
	case "+slave-reconf-sent":
		c.q.saw("reconfigurations", 1)
		c.tell(s, e, s.heir)
	case "+failover-end-for-timeout":
		s.timeout = true
		if s.promoted > 0 && e.at-s.promoted < ft-conductEarly && !c.clockMoved(s.name, s.promoted, e.at) {
			c.q.breach(e.at, s.name, nil, "ended a failover for its time after %v: failover-timeout is %v", (e.at - s.promoted).Round(time.Millisecond), ft)
		}
	case "+failover-end":
		c.ended(s, e)
	case "+convert-to-slave", "+fix-slave-config":
		c.corrected(s, e)
	}
}

// attempt judges the beginning of one.
func (c *conduct) attempt(s *conductOf, e *happening) {
	c.q.saw("attempts", 1)
	if !s.ordered {
		if s.oDown == 0 {
			c.q.breach(e.at, s.name, nil, "tried a failover of a master that was not objectively down")
		}
		if e.at < s.notBefore-conductEarly && !c.clockMoved(s.name, 0, e.at) {
			c.q.breach(e.at, s.name, nil, "tried a failover %v before two failover-timeouts had gone by since its last attempt or its vote for another",
				(s.notBefore - e.at).Round(time.Millisecond))
		}
		s.tried, s.epoch = e.at, s.newEpoch
	} else {
		s.tried = 0
	}
	s.ordered, s.elected, s.waits, s.promoted, s.timeout, s.heir = false, 0, 0, 0, false, ""
	clear(s.done)
	s.notBefore = e.at + 2*slices.Min(c.w.failoverTimeout)
	s.latest = e.at + 2*slices.Max(c.w.failoverTimeout) + desyncMost
}

// notElected judges an attempt that was given up: in its time, or before it for a reason.
func (c *conduct) notElected(s *conductOf, e *happening) {
	if s.tried == 0 {
		return
	}
	if s.voted < s.tried {
		s.notBefore = 0 // if it was split or overtaken, it may try again after a random time
	}
	if e.at-s.tried >= min(electionMost, slices.Min(c.w.failoverTimeout))-conductEarly || c.clockMoved(s.name, s.tried, e.at) {
		return
	}
	if s.voted < s.tried {
		s.latest = e.at + desyncMost
	}
	if s.newEpoch > s.epoch || s.voted >= s.tried || len(c.sentinels) == 0 || c.meddled() {
		return
	}
	voted := map[string]bool{}
	for i := range c.r.Notes {
		if n := &c.r.Notes[i]; n.Kind == "vote" && n.Epoch == s.epoch && n.Time <= e.at {
			voted[n.Machine] = true
		}
	}
	if len(voted) < len(c.sentinels)/2+1 && s.noted(c.r) {
		c.q.breach(e.at, s.name, nil, "gave up an election after %v in which %d of %d Sentinels had voted", (e.at - s.tried).Round(time.Millisecond), len(voted), len(c.sentinels))
	}
}

// noted says whether the Sentinel notes what it does itself.
func (s *conductOf) noted(r *record) bool {
	return slices.ContainsFunc(r.Notes, func(n histories.Note) bool { return n.Kind == "vote" && n.Machine == s.name })
}

// meddled says whether any Sentinel may know fewer others than there are.
func (c *conduct) meddled() bool {
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool {
		return ordered(f.Text) || strings.HasPrefix(f.Text, "restore-config") || strings.HasPrefix(f.Text, "file-gone")
	})
}

// heirIs wants a replica that is called promoted to be a master.
func (c *conduct) heirIs(s *conductOf, e *happening) {
	s.promoted, s.heir, s.waits, s.tried = e.at, e.instance(), 0, 0
	t := c.r.of(c.names[s.heir])
	if c.r.slack == 0 && len(t.own) > 0 {
		if i := lastAt(t.own, e.at); i >= 0 && isReplica(t.own[i]) && !t.turned(t.own[i].Time, e.at) {
			c.q.breach(e.at, s.name, nil, "took %s for the new master, and it was a replica still", orAddress(c.names, s.heir))
		}
	}
}

// told is a replica that a Sentinel says it told to follow another master.
type told struct {
	e      *happening
	master string // its address
}

// toldLasts is in what time a replica hears of it.
const toldLasts = 1500 * time.Millisecond

func (c *conduct) tell(s *conductOf, e *happening, master string) {
	if s.sDown[e.instance()] == 0 {
		s.told = append(s.told, told{e, master})
	}
}

// arrived judges what should have arrived by now.
func (c *conduct) arrived(s *conductOf, now time.Duration) {
	s.told = slices.DeleteFunc(s.told, func(t told) bool {
		due := t.e.at+toldLasts <= now
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
func (c *conduct) followed(s *conductOf, e *happening, master string) {
	replica, to := c.names[e.instance()], c.names[master]
	t := c.r.of(replica)
	until := e.at + toldLasts
	if replica == "" || to == "" || len(t.own) == 0 || c.r.slack > 0 || until > c.r.End || c.touched(s.name, replica, e.at, until) {
		return
	}
	if c.r.ever(t, e.at, until, func(n *histories.Note) bool { return isReplica(n) && n.Peer == to }) {
		return
	}
	if c.hungUp(s.name, e.at) {
		return
	}
	c.q.breach(e.at, s.name, nil, "says that it told %s to follow %s (%s), and %s did not hear of it in %v", replica, to, e.name, replica, until-e.at)
}

// touched says whether anything may have come between a Sentinel and another machine.
func (c *conduct) touched(sentinel, machine string, from, to time.Duration) bool {
	if c.hurt(sentinel, from, to) || !c.r.of(machine).steady(from-processLingers, to) {
		return true
	}
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool {
		return f.Start <= to && (f.Stop == histories.Forever || f.Stop+faultLingers >= from || lasting(f.Text)) &&
			(parts(&f, sentinel, machine) || strings.HasPrefix(f.Text, "output-limit") && slices.Contains(f.Targets, machine)) // who gets the output stands still
	})
}

// linked wants a replica that is called done to have a link.
func (c *conduct) linked(s *conductOf, e *happening) {
	t := c.r.of(c.names[e.instance()])
	if len(t.own) == 0 || c.r.slack > 0 || s.promoted == 0 {
		return
	}
	if !c.r.ever(t, s.promoted, e.at, func(n *histories.Note) bool { return isReplica(n) && n.Link == linkUp && n.Peer == c.names[s.heir] }) {
		c.q.breach(e.at, s.name, nil, "called %s done, which has had no link to the new master yet", orAddress(c.names, e.instance()))
	}
}

// ended judges the end of a failover: all that it knows follow, are down, or it took too long.
func (c *conduct) ended(s *conductOf, e *happening) {
	if !s.timeout && s.promoted > 0 {
		for addr := range s.replicas { // any order: findings are sorted by time, and one is enough
			if addr != s.heir && !s.done[addr] && s.sDown[addr] == 0 && !c.stranger(addr) {
				c.q.breach(e.at, s.name, nil, "ended a failover before all that it could reach followed the new master")
				break
			}
		}
	}
	s.promoted, s.heir, s.timeout = 0, "", false
}

// stranger says whether the server at an address follows somebody who is none of the cluster.
func (c *conduct) stranger(addr string) bool {
	t := c.r.of(c.names[addr])
	return slices.ContainsFunc(append(slices.Clone(t.own), t.seen...), func(n *histories.Note) bool { return c.r.stranger(n.Peer) })
}

// corrected judges a replica that was made to follow the master: it had been something else for long enough.
func (c *conduct) corrected(s *conductOf, e *happening) {
	c.q.saw("reconfigurations", 1)
	addr := e.instance()
	name := orAddress(c.names, addr)
	least := convertAfter
	if e.name == "+fix-slave-config" {
		least = slices.Min(c.w.failoverTimeout)
	} else if since := s.isMaster[addr]; since > 0 && e.at-since < least-conductEarly && !c.clockMoved(s.name, since, e.at) {
		c.q.breach(e.at, s.name, nil, "made %s a replica, which had said for %v that it is a master: it must wait %v", name, (e.at - since).Round(time.Millisecond), least)
		return
	}
	_, master := e.master()
	if s.sDown[master] > 0 {
		c.q.breach(e.at, s.name, nil, "pointed %s at a master that it calls down", name)
		return
	}
	known := max(s.since[addr], s.wasDown[addr])
	if known > 0 && e.at-known < least-conductEarly && !c.clockMoved(s.name, known, e.at) {
		c.q.breach(e.at, s.name, nil, "corrected %s %v after it began to watch it, or called it down: it must wait %v", name, (e.at - known).Round(time.Millisecond), least)
		return
	}
	c.tell(s, e, master)
}

// foundReplica wants those that were known before a start not to be found anew.
func (c *conduct) foundReplica(s *conductOf, e *happening) {
	addr := e.instance()
	if s.known[0][addr] && s.switched == 0 && !c.forgets(s.name, e.at) {
		c.q.breach(e.at, s.name, nil, "found replica %s anew, which it had known before it ended", orAddress(c.names, addr))
	}
	s.replicas[addr] = true
	s.since[addr] = e.at
}

// foundSentinel is the same for Sentinels.
func (c *conduct) foundSentinel(s *conductOf, e *happening) {
	if len(e.words) < 2 {
		return
	}
	id := e.words[1]
	if s.known[1][id] && !c.forgets(s.name, e.at) {
		c.q.breach(e.at, s.name, nil, "found Sentinel %s anew, which it had known before it ended", orAddress(c.ids, id))
	}
	s.others[id] = true
}

// late wants what has its time to be over by then: called before the next thing that a Sentinel says.
func (c *conduct) late(s *conductOf, now time.Duration) {
	c.arrived(s, now)
	ft := slices.Max(c.w.failoverTimeout)
	over := func(since, lasts time.Duration, format string) (was bool) {
		if since == 0 || now-since <= lasts+conductLate || c.hurt(s.name, since, min(now, since+lasts+conductLate)) || s.inTilt || s.tilt > since {
			return false
		}
		c.q.breach(since+lasts+conductLate, s.name, nil, format, since, lasts)
		return true
	}
	if s.inTilt && now-s.tilt > tiltLasts+conductLate && !c.hurt(s.name, s.tilt+time.Millisecond, s.tilt+tiltLasts+conductLate) {
		c.q.breach(s.tilt+tiltLasts+conductLate, s.name, nil, "is still in TILT, which it entered at %v", s.tilt)
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
