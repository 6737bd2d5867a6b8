package sentinel

import (
	"cmp"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Selection holds the leader of a failover to its choice: the replica that it promotes has the lowest priority
// number of those that are fit, of equals the most data, of equals there the least run ID; and never priority 0.
//
// A Sentinel of ours notes what it knows of each replica when it chooses, and is held to that. Another one knows replicas
// by their INFO, which may be five seconds old, and passes over those whose INFO is older: there, another replica was the better one only if it was
// so already then, if nothing had parted it from the leader, and if its link to the old master had been up. Offsets are
// compared within one history alone, and which of two had the lesser run ID is not judged. Priorities are those of the plan, and of CONFIG SET once the leader had the time to
// hear of it. Redis 4.0: sentinel.c, sentinelSelectSlave.
type Selection struct{}

// Name implements Checker.
func (Selection) Name() string { return "sentinel-selection" }

const (
	infoAge      = 5 * time.Second // of the INFO that a leader chooses by, at most
	firstInfo    = 2 * time.Second // after its start, at most, a Sentinel has asked everybody in reach
	priorityHard = 2 * infoPeriod  // after which a leader knows a priority
)

// Check implements Checker.
func (Selection) Check(r *checkers.Record) checkers.Verdict {
	c := choices{r: r, q: &checkers.Inquiry{}, w: evidence.WatchingOf(r)}
	for _, name := range []string{"selections", "compared with others", "of the operator's priority"} {
		c.q.Saw(name, 0)
	}
	if missing := evidence.SettingsOf(r).Missing(r.OfKind("sentinel")); missing != "" {
		return c.q.Verdict(missing, "")
	}
	c.names, c.servers = evidence.ByAddress(c.r), c.r.OfKind("server")
	all := evidence.Events(c.r)
	for i := range all {
		if e := &all[i]; e.Name == "+selected-slave" {
			c.selected(e)
		}
	}
	missing := ""
	if c.q.Count("compared with others")+c.q.Count("of the operator's priority") == 0 {
		missing = "no choice between replicas could be judged"
	}
	return c.q.Verdict(missing, "the best replica was chosen, as far as its leader could know")
}

type choices struct {
	r       *checkers.Record
	q       *checkers.Inquiry
	w       evidence.Watching
	names   map[string]string
	servers []string
}

func (c *choices) selected(e *evidence.Event) {
	c.q.Saw("selections", 1)
	chosen := c.names[e.Instance()]
	_, addr := e.Master()
	old := c.names[addr]
	if chosen == "" {
		return
	}
	priority, sure := c.priority(chosen, e.At)
	if sure = sure && c.heard(chosen, e); sure && priority == 0 {
		c.q.Saw("of the operator's priority", 1)
		c.q.Breach(e.At, e.Machine, nil, "chose %s, whose priority is 0: never to be promoted", chosen)
		return
	}
	is := c.stateAt(chosen, e.At)
	for _, other := range c.servers {
		if other == chosen || other == old {
			continue
		}
		if known := c.known(other, e); known != nil {
			c.byKnowledge(chosen, known, e)
			continue
		}
		if !c.fit(other, e) {
			continue
		}
		theirs, known := c.priority(other, e.At)
		if !sure || !known || theirs == 0 {
			continue
		}
		if theirs != priority {
			c.q.Saw("of the operator's priority", 1)
			if theirs < priority {
				c.q.Breach(e.At, e.Machine, nil, "chose %s of priority %d, and %s has %d", chosen, priority, other, theirs)
			}
			continue
		}
		was := c.stateAt(other, e.At-infoAge)
		if is == nil || was == nil || is.ReplID != was.ReplID {
			continue
		}
		c.q.Saw("compared with others", 1)
		if was.Offset > is.Offset {
			c.q.Breach(e.At, e.Machine, nil, "chose %s at offset %d, and %s had had %d of %s for %v, with nothing between it and the leader",
				chosen, is.Offset, other, was.Offset, evidence.Short(was.ReplID), infoAge)
		}
	}
}

// heard says whether the leader can have heard from a server what its priority is: a master says none, and a Sentinel keeps
// none over its own restart.
func (c *choices) heard(server string, e *evidence.Event) bool {
	began := time.Duration(0)
	leader := c.r.Timelines[e.Machine]
	if i := leader.LifeAt(e.At); i >= 0 {
		began = leader.Lives[i].From
	}
	return c.r.Ever(c.r.Timelines[server], began+firstInfo, e.At, checkers.IsReplica)
}

// stateAt is the last that a server said of itself until a time, or else that the observer saw.
func (c *choices) stateAt(machine string, at time.Duration) *histories.Note {
	found := c.r.Of(machine).Before(at)
	if found[0] != nil {
		return found[0]
	}
	return found[1]
}

// fit says whether a replica was certainly fit in the eyes of the leader: up, a replica, linked until a short while ago,
// and in reach.
func (c *choices) fit(machine string, e *evidence.Event) bool {
	t := c.r.Of(machine)
	from := e.At - infoAge - infoPeriod
	if !t.Steady(from, e.At) {
		return false
	}
	for i := range c.r.Faults {
		f := &c.r.Faults[i]
		if f.Start > e.At || f.Stop != histories.Forever && f.Stop+faultLingers < e.At && !lasting(f.Text) {
			continue
		}
		if parts(f, machine, e.Machine) && !strings.HasPrefix(f.Text, "config-set ") {
			return false
		}
	}
	linked := func(n *histories.Note) bool { return checkers.IsReplica(n) && n.Link == checkers.LinkUp }
	return c.r.Ever(t, e.At-c.w.DownAfterLeast()-infoAge, e.At, linked) && !c.r.Ever(t, from, e.At, checkers.IsMaster)
}

// known is what the leader noted of a replica when it chose, nil if it notes nothing.
func (c *choices) known(machine string, e *evidence.Event) (n *histories.Note) {
	for i := checkers.FirstFrom(c.r.Notes, e.At-c.r.Slack-time.Millisecond); i < len(c.r.Notes) && c.r.Notes[i].Time <= e.At; i++ {
		if note := &c.r.Notes[i]; note.Kind == "candidate" && note.Machine == e.Machine && note.Peer == machine {
			n = note
		}
	}
	return n
}

// byKnowledge holds the choice against what the leader itself says that it knew of another replica.
func (c *choices) byKnowledge(chosen string, other *histories.Note, e *evidence.Event) {
	is := c.known(chosen, e)
	if is == nil || other.Result != "fit" {
		return
	}
	c.q.Saw("compared with others", 1)
	best := cmp.Or(cmp.Compare(is.N, other.N), cmp.Compare(other.Offset, is.Offset))
	switch {
	case is.Result != "fit":
		c.q.Breach(e.At, e.Machine, nil, "chose %s, which it knew to be unfit", chosen)
	case best > 0:
		c.q.Breach(e.At, e.Machine, nil, "chose %s of priority %d at offset %d, and knew %s to have priority %d and offset %d",
			chosen, is.N, is.Offset, other.Peer, other.N, other.Offset)
	case best == 0 && other.ID != "" && strings.ToLower(other.ID) < strings.ToLower(is.ID):
		c.q.Breach(e.At, e.Machine, nil, "chose %s, and knew %s to have the same data and the lesser run ID", chosen, other.Peer)
	}
}

// priority is the slave-priority of a server, if it has been the same for long enough to be known to everybody.
func (c *choices) priority(machine string, at time.Duration) (n int, sure bool) {
	set := evidence.SettingsOf(c.r)
	found := set.At(machine, "slave-priority", "", at)
	if !found.Sure || found.Since > 0 && at-found.Since < priorityHard && found.Value != set.At(machine, "slave-priority", "", found.Since-1).Value {
		return 0, false
	}
	return set.Number(machine, "slave-priority", evidence.PriorityDefault, at), true
}

// With one replica there is nothing to choose between, and nobody else to be pointed at the one that was chosen.
func (Selection) Promise(r *checkers.Record) checkers.Promise { return withChoice(r) }
