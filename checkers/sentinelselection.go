package checkers

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// SentinelSelection holds the leader of a failover to its choice: the replica that it promotes has the lowest priority
// number of those that are fit, of equals the most data, of equals there the least run ID; and never priority 0.
//
// A Sentinel of ours notes what it knows of each replica when it chooses, and is held to that. Another one knows replicas
// by their INFO, which may be five seconds old, and passes over those whose INFO is older: there, another replica was the better one only if it was
// so already then, if nothing had parted it from the leader, and if its link to the old master had been up. Offsets are
// compared within one history alone, and which of two had the lesser run ID is not judged. Priorities are those of the plan, and of CONFIG SET once the leader had the time to
// hear of it. Redis 4.0: sentinel.c, sentinelSelectSlave.
type SentinelSelection struct{}

// Name implements Checker.
func (SentinelSelection) Name() string { return "sentinel-selection" }

const (
	infoAge      = 5 * time.Second // of the INFO that a leader chooses by, at most
	priorityHard = 2 * infoPeriod  // after which a leader knows a priority
)

// Check implements Checker.
func (SentinelSelection) Check(h *histories.History) Verdict {
	c := choices{r: index(h), q: &inquiry{}, w: watchingOf(h)}
	for _, name := range []string{"selections", "compared with others", "of the operator's priority"} {
		c.q.saw(name, 0)
	}
	c.names, c.servers = c.r.byAddress(), c.r.kind("server")
	all := c.r.happenings()
	for i := range all {
		if e := &all[i]; e.name == "+selected-slave" {
			c.selected(e)
		}
	}
	missing := ""
	if c.q.count("compared with others")+c.q.count("of the operator's priority") == 0 {
		missing = "no choice between replicas could be judged"
	}
	return c.q.verdict(missing, "the best replica was chosen, as far as its leader could know")
}

type choices struct {
	r       *record
	q       *inquiry
	w       watching
	names   map[string]string
	servers []string
}

func (c *choices) selected(e *happening) {
	c.q.saw("selections", 1)
	chosen := c.names[e.instance()]
	_, addr := e.master()
	old := c.names[addr]
	if chosen == "" {
		return
	}
	priority, sure := c.priority(chosen, e.at)
	if sure && priority == 0 {
		c.q.saw("of the operator's priority", 1)
		c.q.breach(e.at, e.machine, nil, "chose %s, whose priority is 0: never to be promoted", chosen)
		return
	}
	is := c.stateAt(chosen, e.at)
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
		theirs, known := c.priority(other, e.at)
		if !sure || !known || theirs == 0 {
			continue
		}
		if theirs != priority {
			c.q.saw("of the operator's priority", 1)
			if theirs < priority {
				c.q.breach(e.at, e.machine, nil, "chose %s of priority %d, and %s has %d", chosen, priority, other, theirs)
			}
			continue
		}
		was := c.stateAt(other, e.at-infoAge)
		if is == nil || was == nil || is.ReplID != was.ReplID {
			continue
		}
		c.q.saw("compared with others", 1)
		if was.Offset > is.Offset {
			c.q.breach(e.at, e.machine, nil, "chose %s at offset %d, and %s had had %d of %s for %v, with nothing between it and the leader",
				chosen, is.Offset, other, was.Offset, short(was.ReplID), infoAge)
		}
	}
}

// stateAt is the last that a server said of itself until a time, or else that the observer saw.
func (c *choices) stateAt(machine string, at time.Duration) *histories.Note {
	found := c.r.of(machine).before(at)
	if found[0] != nil {
		return found[0]
	}
	return found[1]
}

// fit says whether a replica was certainly fit in the eyes of the leader: up, a replica, linked until a short while ago,
// and in reach.
func (c *choices) fit(machine string, e *happening) bool {
	t := c.r.of(machine)
	from := e.at - infoAge - infoPeriod
	if !t.steady(from, e.at) {
		return false
	}
	for i := range c.r.Faults {
		f := &c.r.Faults[i]
		if f.Start > e.at || f.Stop != histories.Forever && f.Stop+faultLingers < e.at && !lasting(f.Text) {
			continue
		}
		if parts(f, machine, e.machine) && !strings.HasPrefix(f.Text, "config-set ") {
			return false
		}
	}
	linked := func(n *histories.Note) bool { return isReplica(n) && n.Link == linkUp }
	return c.r.ever(t, e.at-c.w.downAfterLeast()-infoAge, e.at, linked) && !c.r.ever(t, from, e.at, isMaster)
}

// known is what the leader noted of a replica when it chose, nil if it notes nothing.
func (c *choices) known(machine string, e *happening) (n *histories.Note) {
	for i := firstFrom(c.r.Notes, e.at-c.r.slack-time.Millisecond); i < len(c.r.Notes) && c.r.Notes[i].Time <= e.at; i++ {
		if note := &c.r.Notes[i]; note.Kind == "candidate" && note.Machine == e.machine && note.Peer == machine {
			n = note
		}
	}
	return n
}

// byKnowledge holds the choice against what the leader itself says that it knew of another replica.
func (c *choices) byKnowledge(chosen string, other *histories.Note, e *happening) {
	is := c.known(chosen, e)
	if is == nil || other.Result != "fit" {
		return
	}
	c.q.saw("compared with others", 1)
	best := cmp.Or(cmp.Compare(is.N, other.N), cmp.Compare(other.Offset, is.Offset))
	switch {
	case is.Result != "fit":
		c.q.breach(e.at, e.machine, nil, "chose %s, which it knew to be unfit", chosen)
	case best > 0:
		c.q.breach(e.at, e.machine, nil, "chose %s of priority %d at offset %d, and knew %s to have priority %d and offset %d",
			chosen, is.N, is.Offset, other.Peer, other.N, other.Offset)
	case best == 0 && other.ID != "" && strings.ToLower(other.ID) < strings.ToLower(is.ID):
		c.q.breach(e.at, e.machine, nil, "chose %s, and knew %s to have the same data and the lesser run ID", chosen, other.Peer)
	}
}

var settingText = regexp.MustCompile(`name="?slave-priority"? value="?(\d+)"?`)

// priority is the slave-priority of a server, if it has been the same for long enough to be known to everybody.
func (c *choices) priority(machine string, at time.Duration) (n int, sure bool) {
	n = 100
	if planned, is := inPlan(c.r.Plan, "slave-priority"); is {
		n = planned
	}
	for i := range c.r.Faults {
		f := &c.r.Faults[i]
		if f.Start > at || !slices.Contains(f.Targets, machine) {
			continue
		}
		set := settingText.FindStringSubmatch(f.Text)
		if set == nil {
			continue
		}
		if at-f.Start < priorityHard || f.Stop <= at {
			return 0, false
		}
		n, _ = strconv.Atoi(set[1]) // digits
	}
	return n, true
}
