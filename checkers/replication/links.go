package replication

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Links holds servers to how they keep in touch, by what was overheard of their conversations and not by their own word:
// a replica acknowledges every second, and what it has got whole, no more and no less; a master pings every
// repl-ping-slave-period, and shows a replica that waits for its snapshot that it lives; either gives the other up when
// nothing has come from it for repl-timeout, and not before; a master that hears of nobody says no PING; a replica without a link dials every second; a transfer over
// sockets begins repl-diskless-sync-delay after it was asked for; whoever has lost its own master serves nobody.
//
// Nothing is held against a process that a fault touches, nor against one whose settings an operator changed. Redis 4.0:
// replication.c, replicationCron, syncCommand.
type Links struct{}

// Name implements Checker.
func (Links) Name() string { return "links" }

// What is granted beyond the times of the configuration. The cron runs once a second, and both it and the clock that it
// compares by know whole seconds only.
const (
	cronSlack  = 1300 * time.Millisecond
	clockSlack = 2200 * time.Millisecond
	heardGap   = 500 * time.Millisecond // an onlooker does not note more often that something was heard
)

// Check implements Checker.
func (Links) Check(r *checkers.Record) checkers.Verdict {
	l := &touch{links: linksOf(r)}
	for _, name := range []string{"conversations", "acknowledgements", "pauses between acknowledgements", "pauses between pings", "silences", "attempts to connect"} {
		l.q.Saw(name, 0)
	}
	missing := l.set.Missing(r.OfKind("server"))
	if len(l.talks) == 0 {
		missing = "nobody listened to what servers say to each other"
	}
	if missing != "" {
		return l.q.Verdict(missing, "")
	}
	for _, t := range l.talks {
		l.q.Saw("conversations", 1)
		l.acknowledgements(t)
		l.pings(t)
		l.signsOfLife(t)
		l.silentMaster(t)
		l.silentReplica(t)
	}
	l.unheardPings()
	l.givenUpEarly()
	l.attempts()
	l.disklessDelays()
	l.servedWithoutMaster()
	l.backlogTTL()
	return l.q.Verdict("", "replicas and masters kept in touch as configured")
}

func (Links) Promise(r *checkers.Record) checkers.Promise {
	if !slices.ContainsFunc(r.Notes, func(n histories.Note) bool { return n.Kind == "wire" }) {
		return checkers.Nobody("nobody listened to what servers say to each other")
	}
	return r.Ends("an operator changed the settings", "run-as", "name=repl-timeout", "name=repl-ping-slave-period", "name=repl-diskless-sync",
		"name=repl-diskless-sync-delay", "name=repl-backlog-ttl", "name=client-output-buffer-limit")
}

// talk is one conversation between a replica and a master.
type talk struct {
	number          string
	replica, master string
	notes           []*histories.Note
}

// links is what was overheard, and what a run's settings make of it.
type links struct {
	r     *checkers.Record
	set   *evidence.Settings
	talks []*talk
}

// timeout is the repl-timeout of a machine.
func (l *links) timeout(machine string, at time.Duration) time.Duration {
	return l.set.Seconds(machine, "repl-timeout", time.Minute, at)
}

// diskless says whether a machine sends snapshots over sockets.
func (l *links) diskless(machine string, at time.Duration) bool {
	return l.set.Is(machine, "repl-diskless-sync", false, at)
}

// touch judges how those whose conversations were overheard kept in touch.
type touch struct {
	*links
	q checkers.Inquiry
}

// linksOf reads what was overheard in a record.
func linksOf(r *checkers.Record) *links { return checkers.Derived(r, readLinks) }

func readLinks(r *checkers.Record) *links {
	l := &links{r: r, set: evidence.SettingsOf(r)}
	byNumber := map[string]*talk{} // to look up only
	for i := range r.Notes {
		n := &r.Notes[i]
		if n.Kind != "wire" {
			continue
		}
		t := byNumber[n.Key]
		if t == nil {
			t = &talk{number: n.Key, replica: n.Machine, master: n.Peer}
			byNumber[n.Key] = t
			l.talks = append(l.talks, t)
		}
		t.notes = append(t.notes, n)
	}
	return l
}

// first is when event was first noted, Forever if never; by the replica or the master, "" for either.
func (t *talk) first(event, by string) time.Duration {
	for _, n := range t.notes {
		if n.Event == event && (by == "" || n.Result == by) {
			return n.Time
		}
	}
	return histories.Forever
}

// end is when a side knew no more of the conversation, or the end of the run.
func (l *links) end(t *talk, by string) time.Duration {
	end := min(t.first("closed", by), l.r.End)
	if by == "replica" { // which has one link at a time: where it dials anew it has hung up
		for _, other := range l.talks {
			if began := other.notes[0].Time; other.replica == t.replica && began > t.notes[0].Time {
				end = min(end, began)
			}
		}
	}
	return end
}

// flowing is when the stream reached the replica first, Forever if never. After a snapshot it does so only when that is
// loaded: the first acknowledgement tells.
func (t *talk) flowing() time.Duration {
	return min(t.first("continue", ""), t.first("ack", ""))
}

// onNetwork are the faults that leave the processes alone.
var onNetwork = []string{"cut", "drop", "isolate", "halves", "bridge", "ring", "clog", "unclog", "refuse", "blackhole", "half-open", "flap", "latency",
	"bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"}

// troubled says whether a fault may have kept the machine's process from its duties at some moment of [from, to], or
// have moved its clock.
func (l *links) troubled(machine string, from, to time.Duration) bool {
	for i := range l.r.Faults {
		f := &l.r.Faults[i]
		verb, _, _ := strings.Cut(f.Text, " ")
		touches := slices.Contains(f.Targets, machine) || verb == "bounce-all" || verb == "storm"
		if !touches || slices.Contains(onNetwork, verb) || f.Start > to {
			continue
		}
		if strings.HasPrefix(verb, "clock-") || f.Stop == histories.Forever || f.Stop+5*time.Second >= from {
			return true
		}
	}
	t := l.r.Timelines[machine]
	return t == nil || t.Turned(from, to) || l.r.Slack > 0
}

// pauses calls judge with every two moments between which event was not noted, from begin to end.
func (t *talk) pauses(event string, begin, end time.Duration, judge func(from, to time.Duration)) {
	last := begin
	for _, n := range t.notes {
		if n.Event != event || n.Time < begin {
			continue
		}
		if n.Time > end {
			break
		}
		judge(last, n.Time)
		last = n.Time
	}
	judge(last, end)
}

// linked says whether the replica itself had the stream all the time, from the master that it talks to.
func (l *links) linked(t *talk, from, to time.Duration) bool {
	m := l.r.Timelines[t.replica]
	return l.r.Always(m, from, to, func(n *histories.Note) bool {
		return checkers.IsReplica(n) && n.Link == checkers.LinkUp && n.Peer == t.master
	})
}

// acknowledgements: one a second, and each of what has come whole, as much as had come a moment before.
func (l *touch) acknowledgements(t *talk) {
	begin := t.flowing()
	if begin == histories.Forever {
		return
	}
	end := l.end(t, "replica")
	t.pauses("ack", begin, end, func(from, to time.Duration) {
		l.q.Saw("pauses between acknowledgements", 1)
		if to-from > time.Second+cronSlack && l.linked(t, from, to) && !l.troubled(t.replica, from, to) {
			l.q.Breach(to, t.replica, nil, "said nothing of what it has applied to its master %s for %v, although that is to be every second", t.master, to-from)
		}
	})
	var before *histories.Note
	for _, n := range t.notes {
		if n.Event != "ack" {
			continue
		}
		l.q.Saw("acknowledgements", 1)
		switch {
		case n.Offset > n.N:
			l.q.Breach(n.Time, t.replica, nil, "acknowledged offset %d to %s, and what had come whole went up to %d", n.Offset, t.master, n.N)
		case before != nil && n.Offset < before.N && n.Time-before.Time > 100*time.Millisecond && !l.troubled(t.replica, before.Time, n.Time):
			l.q.Breach(n.Time, t.replica, nil, "acknowledged offset %d to %s, and %d had come whole by %v", n.Offset, t.master, before.N, before.Time)
		}
		before = n
	}
}

// pings: a master that is none of anybody's replica says one every period to all whom the stream flows to.
func (l *touch) pings(t *talk) {
	// Behind a snapshot over the socket the stream waits until an acknowledgement has reached the master.
	begin := min(t.first("continue", ""), t.first("acked", ""))
	if begin == histories.Forever {
		return
	}
	m := l.r.Timelines[t.master]
	t.pauses("ping", begin, min(l.end(t, "master"), l.end(t, "replica")), func(from, to time.Duration) {
		l.q.Saw("pauses between pings", 1)
		if period := l.set.Seconds(t.master, "repl-ping-slave-period", 10*time.Second, from); to-from > period+cronSlack && l.r.Always(m, from, to, checkers.IsMaster) && !l.troubled(t.master, from, to) && t.heardOf(from, to) {
			l.q.Breach(to, t.master, nil, "did not ping %s for %v, although repl-ping-slave-period is %v", t.replica, to-from, period)
		}
	})
}

// heardOf says whether the replica's acknowledgements reached the master without a pause from one moment to another: who
// is not heard of need not be pinged, since a PING counts in the history.
func (t *talk) heardOf(from, to time.Duration) bool {
	longest := time.Duration(0)
	t.pauses("acked", from, to, func(a, b time.Duration) { longest = max(longest, b-a) })
	return longest <= time.Second+500*time.Millisecond
}

// signsOfLife: who waits for a snapshot is shown every second that the master lives.
func (l *touch) signsOfLife(t *talk) {
	asked := t.first("psync", "")
	if asked == histories.Forever || l.diskless(t.master, asked) || t.first("continue", "") < histories.Forever {
		return
	}
	end := min(t.first("payload", ""), l.end(t, "master"))
	if end < asked {
		return
	}
	t.pauses("newline", asked, end, func(from, to time.Duration) {
		if to-from > time.Second+cronSlack && !l.troubled(t.master, from, to) && t.first("fullresync", "") <= to {
			l.q.Breach(to, t.master, nil, "showed %s, which waited for its snapshot, for %v no sign of life", t.replica, to-from)
		}
	})
}

// connected is when a replica that dialled its master had its connection, which is a sign of life: that of a kernel at least.
func (l *touch) connected(replica string, from, to time.Duration) time.Duration {
	for i := range l.r.Logs {
		if line := &l.r.Logs[i]; line.Machine == replica && line.Time >= from && line.Time <= to && strings.Contains(line.Text, "Non blocking connect for SYNC fired the event") {
			return line.Time
		}
	}
	return from
}

// silentMaster: a replica gives up a master of which nothing has come for repl-timeout.
func (l *touch) silentMaster(t *talk) {
	end := l.end(t, "replica")
	t.pauses("heard", t.notes[0].Time, end, func(from, to time.Duration) {
		l.q.Saw("silences", 1)
		timeout := l.timeout(t.replica, from)
		limit := timeout + clockSlack + heardGap
		if from == t.notes[0].Time {
			from = l.connected(t.replica, from, to)
		}
		if to-from > limit && !l.troubled(t.replica, from, to) && !l.loading(t, from, to) {
			l.q.Breach(to, t.replica, nil, "heard nothing of %s for %v and kept the connection, although repl-timeout is %v", t.master, to-from, timeout)
		}
	})
}

// loading says whether the replica may have been loading a snapshot: its cron gives nobody up meanwhile.
func (l *links) loading(t *talk, from, to time.Duration) bool {
	received := t.first("received", "")
	return received <= to && t.first("ack", "") >= from
}

// silentReplica: a master gives up a replica that has not acknowledged for repl-timeout.
func (l *touch) silentReplica(t *talk) {
	begin := t.first("acked", "")
	if begin == histories.Forever {
		return
	}
	t.pauses("acked", begin, l.end(t, "master"), func(from, to time.Duration) {
		l.q.Saw("silences", 1)
		if timeout := l.timeout(t.master, from); to-from > timeout+clockSlack && !l.troubled(t.master, from, to) {
			l.q.Breach(to, t.master, nil, "heard nothing of its replica %s for %v and kept it, although repl-timeout is %v", t.replica, to-from, timeout)
		}
	})
}

// givenUpEarly finds those who say that another was silent for too long, and had heard of it.
func (l *touch) givenUpEarly() {
	for i := range l.r.Logs {
		line := &l.r.Logs[i]
		var event string
		var of func(t *talk) bool
		switch {
		case strings.Contains(line.Text, "MASTER timeout: no data nor PING received"):
			event, of = "heard", func(t *talk) bool { return t.replica == line.Machine && l.end(t, "replica") >= line.Time }
		case strings.Contains(line.Text, "Disconnecting timedout slave: "):
			_, addr, _ := strings.Cut(line.Text, "Disconnecting timedout slave: ")
			name := l.machineAt(addr)
			event, of = "acked", func(t *talk) bool {
				return t.master == line.Machine && t.replica == name && l.end(t, "master") >= line.Time
			}
		default:
			continue
		}
		l.hasty(line, event, of)
	}
}

// hasty judges a line by which somebody gives another up: of is which conversations it can be about.
func (l *touch) hasty(line *histories.LogLine, event string, of func(t *talk) bool) {
	var about *talk
	longest := time.Duration(-1) // the longest silence: a connection that died unnoticed may stand beside its successor
	for _, t := range l.talks {
		last := t.last(event, line.Time)
		switch {
		case !of(t) || t.notes[0].Time > line.Time:
		case last < 0 || t.flowing() > line.Time || l.troubled(line.Machine, last, line.Time):
			return
		case line.Time-last > longest:
			about, longest = t, line.Time-last
		}
	}
	if timeout := l.timeout(line.Machine, line.Time); about != nil && longest < timeout-heardGap {
		l.q.Breach(line.Time, line.Machine, nil, "gave up the connection of %s to %s for its silence after %v, although repl-timeout is %v",
			about.replica, about.master, longest, timeout)
	}
}

// machineAt is the machine of an address, "" if it is none's.
func (l *links) machineAt(addr string) string {
	for _, m := range l.r.Machines {
		if m.Addr == addr {
			return m.Name
		}
	}
	return ""
}

// last is when event was noted last up to a moment, -1 if never.
func (t *talk) last(event string, at time.Duration) time.Duration {
	found := time.Duration(-1)
	for _, n := range t.notes {
		if n.Event == event && n.Time <= at {
			found = n.Time
		}
	}
	return found
}

// attempts: a replica without a link dials its master every second until it has one.
func (l *touch) attempts() {
	byReplica := map[string][]*talk{}
	for _, t := range l.talks {
		byReplica[t.replica] = append(byReplica[t.replica], t)
	}
	for _, name := range l.r.Names {
		talks := byReplica[name]
		slices.SortStableFunc(talks, func(a, b *talk) int { return int(a.notes[0].Time - b.notes[0].Time) })
		for i, t := range talks {
			from, to := l.end(t, "replica"), l.r.End
			if i+1 < len(talks) {
				to = talks[i+1].notes[0].Time
			}
			l.q.Saw("attempts to connect", 1)
			down := func(n *histories.Note) bool { return checkers.IsReplica(n) && n.Link != checkers.LinkUp }
			if to-from > time.Second+cronSlack && l.r.Always(l.r.Timelines[name], from+time.Millisecond, to, down) && !l.troubled(name, from, to) {
				l.q.Breach(to, name, nil, "had no link to its master and did not dial it for %v, although that is to be every second", to-from)
			}
		}
	}
}

// disklessDelays: a transfer over sockets begins when one of those who wait has waited for longer than the delay.
func (l *touch) disklessDelays() {
	var all []*talk
	for _, t := range l.talks {
		if t.first("psync", "") < histories.Forever && t.first("continue", "") == histories.Forever {
			all = append(all, t)
		}
	}
	for _, t := range all {
		begun := t.first("payload", "")
		asked := t.first("psync", "")
		delay := l.set.Seconds(t.master, "repl-diskless-sync-delay", 5*time.Second, asked)
		if delay == 0 || !l.diskless(t.master, asked) {
			continue
		}
		if begun < histories.Forever && !l.otherSave(all, t.master, asked-time.Minute, begun) && l.firstToAsk(all, t) {
			l.q.Saw("delayed transfers", 1)
			if begun-asked < delay && !l.troubled(t.master, asked, begun) {
				l.q.Breach(begun, t.master, nil, "began to send a snapshot over the socket to %s %v after it was asked, although repl-diskless-sync-delay is %v", t.replica, begun-asked, delay)
			}
		}
		until := min(begun, l.end(t, "master"), l.end(t, "replica"))
		if until-asked > delay+clockSlack+time.Second && !l.otherSave(all, t.master, asked-time.Minute, until) && !l.troubled(t.master, asked, until) &&
			l.r.Always(l.r.Timelines[t.master], asked, until, func(n *histories.Note) bool { return checkers.IsMaster(n) || n.Link == checkers.LinkUp }) {
			l.q.Breach(until, t.master, nil, "let %s wait %v for a snapshot over the socket, although repl-diskless-sync-delay is %v", t.replica, until-asked, delay)
		}
	}
}

// firstToAsk says whether nobody else was waiting at the master when t asked.
func (l *links) firstToAsk(all []*talk, t *talk) bool {
	asked := t.first("psync", "")
	return !slices.ContainsFunc(all, func(o *talk) bool {
		return o != t && o.master == t.master && o.first("psync", "") <= asked && min(o.first("payload", ""), l.end(o, "master")) >= asked-2*time.Second
	})
}

// otherSave says whether the master may have been at another snapshot, or at a rewrite of its append only file, at some
// moment of [from, to]: then it waits for that, and begins with the next one as soon as a snapshot is over.
func (l *links) otherSave(all []*talk, master string, from, to time.Duration) bool {
	for i := range l.r.Logs {
		line := &l.r.Logs[i]
		if line.Machine != master || line.Time < from || line.Time >= to {
			continue
		}
		if strings.Contains(line.Text, "Background saving started") || strings.Contains(line.Text, "Background append only file rewriting started") ||
			strings.Contains(line.Text, "Background RDB transfer started") && line.Time < to-50*time.Millisecond { // which is not the one that is judged
			return true
		}
	}
	return false
}

// servedWithoutMaster finds replicas that let others synchronize while they had lost their own master.
func (l *touch) servedWithoutMaster() {
	for i := range l.r.Notes {
		n := &l.r.Notes[i]
		if n.Kind != "psync" {
			continue
		}
		own := l.r.Timelines[n.Machine].Own
		at := sort.Search(len(own), func(i int) bool { return own[i].Time >= n.Time }) - 1
		if at >= 0 && checkers.IsReplica(own[at]) && own[at].Link != checkers.LinkUp && !l.r.Timelines[n.Machine].Turned(own[at].Time, n.Time) {
			l.q.Breach(n.Time, n.Machine, nil, "let %s synchronize with it, and had itself no link to its master %s", n.Peer, own[at].Peer)
		}
	}
}

func (Links) InSimulation() string { return "only the simulation hears what servers say to each other" }
