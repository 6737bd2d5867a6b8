package replication

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Told holds servers to what INFO and ROLE say of replication, which Sentinels and clients go by: roles, names of histories,
// places, links and for how long they have been down, priorities, and of each replica where it is and how far it has come.
//
// What the observer was answered is of a moment between its question and the answer. It must be what the server notes of
// itself at some moment of that time, and INFO and ROLE, which were asked in one go, must agree. Redis 4.0: server.c,
// genRedisInfoString; replication.c, roleCommand.
type Told struct{}

// Name implements Checker.
func (Told) Name() string { return "told" }

// Check implements Checker.
func (Told) Check(r *checkers.Record) checkers.Verdict {
	c := telling{r: r, l: linksOf(r), byAddr: map[string]string{}}
	for _, m := range r.Machines {
		c.byAddr[m.Addr] = m.Name
	}
	for _, name := range [...]string{"answers of INFO", "answers of ROLE", "replicas listed", "times without a link"} {
		c.q.Saw(name, 0)
	}
	for _, name := range r.Names {
		t := r.Timelines[name]
		for _, s := range t.Seen {
			if s.Took > 0 && s.Text != "" {
				c.answer(t, s)
			}
		}
	}
	missing := ""
	if c.q.Count("answers of INFO") == 0 {
		missing = "nobody asked a server that notes what it is"
	}
	return c.q.Verdict(missing, "what INFO and ROLE said was so")
}

// telling is one look at a history.
type telling struct {
	r      *checkers.Record
	q      checkers.Inquiry
	l      *links
	byAddr map[string]string // names of machines, to look up only
}

// told is an answer and the time that it is of.
type told struct {
	*histories.Note
	t        *checkers.Timeline
	from, to time.Duration
	states   []*histories.Note // those that the server noted of itself and was in at some moment of that time, in order
	lines    map[string]string // of INFO, to look up only
	slaves   []string          // its lines about replicas, in order
	role     []string          // the words of ROLE; none: it was not asked
}

// answer judges what a server answered at one time.
func (c *telling) answer(t *checkers.Timeline, s *histories.Note) {
	a := told{Note: s, t: t, from: s.Time - s.Took - c.r.Slack, to: s.Time + c.r.Slack, lines: map[string]string{}}
	at := checkers.LastAt(t.Own, a.from)
	if at < 0 || t.Turned(t.Own[at].Time, a.to) {
		return // it has said nothing of itself since it began
	}
	for ; at < len(t.Own) && t.Own[at].Time <= a.to; at++ {
		a.states = append(a.states, t.Own[at])
	}
	for _, word := range strings.Fields(s.Text) {
		name, value, _ := strings.Cut(word, ":")
		switch {
		case name == "role":
			a.role = strings.Split(value, ",")
		case strings.HasPrefix(value, "ip="):
			a.slaves = append(a.slaves, value)
		default:
			a.lines[name] = value
		}
	}
	c.q.Saw("answers of INFO", 1)
	c.itself(&a)
	c.place(&a)
	c.lostLink(&a)
	c.replicas(&a)
	if len(a.role) > 0 {
		c.q.Saw("answers of ROLE", 1)
		c.bothWays(&a)
	}
}

// was says whether the server was so at some moment of the answer's time, by its own notes.
func (a *told) was(so func(*histories.Note) bool) bool { return slices.ContainsFunc(a.states, so) }

// last is the server's own state at the end of the answer's time.
func (a *told) last() *histories.Note { return a.states[len(a.states)-1] }

// number is a line of INFO as a number.
func (a *told) number(name string) (n int64, is bool) {
	n, err := strconv.ParseInt(a.lines[name], 10, 64)
	return n, err == nil
}

// lie is a finding about an answer.
func (c *telling) lie(a *told, format string, args ...any) {
	c.q.Breach(a.Time, a.t.Name, nil, format, args...)
}

// itself compares what the server says of itself.
func (c *telling) itself(a *told) {
	own := a.last()
	for _, field := range []struct {
		line, said, is string
		so             func(*histories.Note) bool
	}{
		{"role", a.Role, own.Role, func(n *histories.Note) bool { return n.Role == a.Role }},
		{"master_replid", a.ReplID, own.ReplID, func(n *histories.Note) bool { return n.ReplID == a.ReplID }},
		{"master_replid2", a.ReplID2, own.ReplID2, func(n *histories.Note) bool { return n.ReplID2 == a.ReplID2 }},
		{"second_repl_offset", strconv.FormatInt(a.Offset2, 10), strconv.FormatInt(own.Offset2, 10), func(n *histories.Note) bool { return n.Offset2 == a.Offset2 }},
		{"master_link_status", a.Link, own.Link, func(n *histories.Note) bool { return n.Link == a.Link || n.Role != a.Role }},
		{"the master's address", a.Peer, own.Peer, func(n *histories.Note) bool { return n.Peer == a.Peer || n.Role != a.Role }},
	} {
		if !a.was(field.so) {
			c.lie(a, "INFO said that %s is %q, and it was %q all the while", field.line, field.said, field.is)
		}
	}
	set := int64(c.l.set.Number(a.t.Name, "slave-priority", evidence.PriorityDefault, a.from))
	if n, is := a.number("slave_priority"); is && n != set && c.r.World == "sim" && !c.everSet("name=slave-priority") && c.l.set.Missing([]string{a.t.Name}) == "" {
		c.lie(a, "INFO said slave_priority:%d, and it is configured to %d", n, set)
	}
}

// everSet says whether an operator ever gave an order with that word.
func (c *telling) everSet(word string) bool {
	return slices.ContainsFunc(c.r.Faults, func(f histories.Fault) bool { return slices.Contains(strings.Fields(f.Text), word) })
}

// place compares how far the server says that it has come.
func (c *telling) place(a *told) {
	first := a.states[0]
	if a.was(func(n *histories.Note) bool { return n.ReplID != a.ReplID }) || checkers.AnyIn(a.t.Resyncs, first.Time, a.to) {
		return
	}
	if a.Offset < first.Offset {
		c.lie(a, "INFO said that master_repl_offset is %d, and it had been %d before", a.Offset, first.Offset)
	}
	if next := c.r.After(a.t, a.to)[0]; next != nil && next.ReplID == a.ReplID && a.Offset > next.Offset && !a.t.Turned(a.to, next.Time) &&
		!checkers.AnyIn(a.t.Resyncs, a.to, next.Time) {
		c.lie(a, "INFO said that master_repl_offset is %d, and it was %d later", a.Offset, next.Offset)
	}
	n, is := a.number("slave_repl_offset")
	if !is || n == a.Offset || len(a.role) > 3 && a.role[3] == "sync" || a.was(func(n *histories.Note) bool { return n.Role != a.Role || n.Link != a.Link }) {
		return
	}
	if _, had := c.lastUp(a); a.Link == checkers.LinkUp || had {
		c.lie(a, "INFO said that slave_repl_offset is %d and master_repl_offset %d, of one stream", n, a.Offset)
	}
}

// lastUp is when a replica of this history that has no link now lost it; had is false if it had none in this life.
func (c *telling) lastUp(a *told) (lost time.Duration, had bool) {
	lost = a.from
	for i := checkers.LastAt(a.t.Own, a.from); i >= 0; i-- {
		switch n := a.t.Own[i]; {
		case !checkers.IsReplica(n) || n.ReplID != a.ReplID || a.t.Turned(n.Time, a.to) || checkers.AnyIn(a.t.Resyncs, n.Time, a.to):
			return 0, false
		case n.Link == checkers.LinkUp:
			return lost, true
		default:
			lost = n.Time
		}
	}
	return 0, false
}

// downSlack is how far a number of whole seconds may be off the time that it is of.
const downSlack = 2 * time.Second

// lostLink compares for how long the server says that it has had no link.
func (c *telling) lostLink(a *told) {
	n, is := a.number("master_link_down_since_seconds")
	broke, had := c.lastUp(a)
	if !is || !had || a.was(func(n *histories.Note) bool { return n.Link == checkers.LinkUp }) || clockMoved(c.r, a.t.Name) {
		return
	}
	c.q.Saw("times without a link", 1)
	if said := time.Duration(n) * time.Second; n > int64(a.to/time.Second)+3600 || said < a.from-broke-downSlack || said > a.to-broke+downSlack {
		c.lie(a, "INFO said that the link has been down for %d s, and it broke %v before", n, (a.to - broke).Round(time.Millisecond))
	}
}

// clockMoved says whether a fault moved the machine's clock at any time.
func clockMoved(r *checkers.Record, machine string) bool {
	return slices.ContainsFunc(r.Faults, func(f histories.Fault) bool {
		return strings.HasPrefix(f.Text, "clock-") && slices.Contains(f.Targets, machine)
	})
}

// listed is a replica as a line of INFO has it.
type listed struct {
	addr, state string
	offset, lag int64
}

func parseListed(line string) (s listed) {
	var ip, port string
	for _, field := range strings.Split(line, ",") {
		name, value, _ := strings.Cut(field, "=")
		n, _ := strconv.ParseInt(value, 10, 64) // 0 where it is no number
		switch name {
		case "ip":
			ip = value
		case "port":
			port = value
		case "state":
			s.state = value
		case "offset":
			s.offset = n
		case "lag":
			s.lag = n
		}
	}
	s.addr = ip + ":" + port
	return s
}

// replicas compares what the server says of its replicas.
func (c *telling) replicas(a *told) {
	if n, is := a.number("connected_slaves"); is && n != int64(len(a.slaves)) {
		c.lie(a, "INFO said connected_slaves:%d, and told of %d", n, len(a.slaves))
	}
	seen := map[string]int{} // to look up only
	for _, line := range a.slaves {
		s := parseListed(line)
		c.q.Saw("replicas listed", 1)
		name := c.byAddr[s.addr]
		if name == "" {
			c.lie(a, "INFO told of a replica at %s, where there is none", s.addr)
			continue
		}
		if seen[name]++; s.state == "online" {
			c.come(a, name, s)
		}
	}
	for _, name := range c.r.Names {
		if t := c.r.Timelines[name]; seen[name] == 0 && name != a.t.Name && c.attached(a, t) {
			c.lie(a, "INFO did not tell of %s, which had its link to it all the while", name)
		}
	}
	for _, t := range c.l.talks {
		if seen[t.replica] == 0 && t.master == a.t.Name && c.waits(a, t) {
			c.lie(a, "INFO did not tell of %s, which waits for a snapshot", t.replica)
		}
	}
}

// attached says whether a machine certainly was a replica of the server for some time, and nothing hurt them.
func (c *telling) attached(a *told, t *checkers.Timeline) bool {
	from := a.from - downSlack
	return !c.r.FaultNear(from-checkers.Undisturbed, a.to) && !t.Turned(from, a.to) && !a.t.Turned(from, a.to) &&
		c.r.Always(t, from, a.to, func(n *histories.Note) bool {
			return checkers.IsReplica(n) && n.Link == checkers.LinkUp && n.Peer == a.t.Name
		})
}

// waits says whether a replica has been told of a full synchronization, and waits for its snapshot.
func (c *telling) waits(a *told, t *talk) bool {
	began := t.first("fullresync", "")
	over := min(t.first("sent", ""), t.first("closed", "replica"), t.first("closed", "master"))
	return began < a.from && a.to < over && !c.r.FaultNear(began-checkers.Undisturbed, a.to)
}

// come compares how far the server says that a replica has come, and when it last heard of it.
func (c *telling) come(a *told, name string, s listed) {
	t := c.r.Timelines[name]
	after := c.r.After(t, a.to)[0]
	recent := max(a.to-c.l.timeout(a.t.Name, a.to)-5*time.Second, checkers.Begun)
	if after != nil && after.ReplID == a.ReplID && checkers.IsReplica(after) && !t.Turned(recent, after.Time) && !checkers.AnyIn(t.Resyncs, recent, after.Time) &&
		!a.was(func(n *histories.Note) bool { return n.ReplID != a.ReplID }) && s.offset > after.Offset {
		c.lie(a, "INFO said that %s is at offset %d, and it was at %d later", name, s.offset, after.Offset)
	}
	if before, last, sure := c.heard(a, name); sure && !c.l.troubled(a.t.Name, recent, a.to) {
		if said := time.Duration(s.lag) * time.Second; said < a.from-last-downSlack || said > a.to-before+downSlack {
			c.lie(a, "INFO said that the lag of %s is %d s, and it was last heard of %v before", name, s.lag, (a.to - last).Round(time.Millisecond))
		}
	}
}

// heard is when the server last heard of the replica before the time of the answer, and before its end; sure is false if
// several connections are open, or none was overheard.
func (c *telling) heard(a *told, name string) (before, last time.Duration, sure bool) {
	open := 0
	for _, t := range c.l.talks {
		if t.master != a.t.Name || t.replica != name || c.l.end(t, "master") < a.from {
			continue
		}
		open++
		for _, n := range t.notes {
			switch n.Event {
			case "psync", "sent", "acked", "alive":
				if n.Time <= a.to {
					last = n.Time
				}
				if n.Time < a.from {
					before = n.Time
				}
			}
		}
	}
	return before, last, open == 1 && before > 0
}

// bothWays compares INFO with ROLE.
func (c *telling) bothWays(a *told) {
	if a.was(func(n *histories.Note) bool {
		return n.Role != a.Role || n.Link != a.Link || n.Peer != a.Peer || n.ReplID != a.ReplID
	}) {
		return // it became another one meanwhile
	}
	if a.role[0] != a.Role {
		c.lie(a, "ROLE said %s, and INFO %s", a.role[0], a.Role)
		return
	}
	if a.Role == checkers.RoleReplica {
		c.roleOfReplica(a)
	} else if len(a.role) > 1 {
		c.roleOfMaster(a)
	}
}

func (c *telling) roleOfReplica(a *told) {
	if len(a.role) < 5 {
		return
	}
	addr, state, offset := a.role[1]+":"+a.role[2], a.role[3], a.role[4]
	if addr != a.Peer && c.byAddr[addr] != a.Peer {
		c.lie(a, "ROLE said that the master is at %s, and INFO %s", addr, a.Peer)
	}
	if (state == "connected") != (a.Link == checkers.LinkUp) {
		c.lie(a, "ROLE said %s, and INFO that the link is %s", state, a.Link)
	}
	n, err := strconv.ParseInt(offset, 10, 64)
	told, is := a.number("slave_repl_offset")
	switch up := a.Link == checkers.LinkUp; {
	case err != nil || !is:
	case up && (n < told || n > told && !c.mayHaveMoved(a)), !up && n != -1:
		c.lie(a, "ROLE said that the offset is %d, and INFO %d, with the link %s", n, told, a.Link)
	}
}

// mayHaveMoved says whether the server's offset changed around the answer: then INFO and ROLE may be of two moments.
func (c *telling) mayHaveMoved(a *told) bool {
	next := c.r.After(a.t, a.to)[0]
	return next == nil || next.Offset != a.states[0].Offset || next.ReplID != a.ReplID
}

func (c *telling) roleOfMaster(a *told) {
	if n, err := strconv.ParseInt(a.role[1], 10, 64); err == nil && (n < a.Offset || n > a.Offset && !c.mayHaveMoved(a)) {
		c.lie(a, "ROLE said that the offset is %d, and INFO %d", n, a.Offset)
	}
	var online []string
	for _, line := range a.slaves {
		if s := parseListed(line); s.state == "online" {
			online = append(online, s.addr)
		}
	}
	var said []string
	for i := 2; i+2 < len(a.role); i += 3 {
		said = append(said, a.role[i]+":"+a.role[i+1])
	}
	if !slices.Equal(said, online) {
		c.lie(a, "ROLE told of replicas at %v, and INFO of those online at %v", said, online)
	}
}
