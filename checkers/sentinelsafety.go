package checkers

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// SentinelSafety holds Sentinels to their elections: each votes for one leader per master and epoch, over restarts too;
// at most one is elected per master and epoch; the epoch of its configuration never falls, and the address changes only
// with a larger one; and no address changes without a majority of votes for one leader in that epoch.
//
// Votes are known from the voters' notes, events and logs, and from what those who asked log that they were told. Of a
// Sentinel that notes nothing, as a real one, the configuration is what the observer was told; in the middle of a
// failover that has the new epoch with the old address, and is left out. A failover that a user ordered needs no votes
// and is not judged by them. A Sentinel that was told to remove the master, or was given its first configuration file
// again, knows nothing of what it said before. Redis 4.0: sentinel.c, sentinelVoteLeader, sentinelGetLeader,
// sentinelProcessHelloMessage.
type SentinelSafety struct{}

// Name implements Checker.
func (SentinelSafety) Name() string { return "sentinel-safety" }

// Check implements Checker.
func (SentinelSafety) Check(h *histories.History) Verdict {
	e := elections{q: &inquiry{}, r: index(h), votes: map[ballot]vote{}, elected: map[term]vote{}, config: map[string]*histories.Note{},
		agreed: map[term]*histories.Note{}, forced: map[string]bool{}, ids: map[string]string{}, tally: map[term]map[string]map[string]bool{}, epoch: map[string]int64{}}
	for _, name := range []string{"votes", "elections", "configurations", "address changes"} {
		e.q.saw(name, 0)
	}
	e.master = onlyMaster(h)
	e.sentinels = len(e.r.kind("sentinel"))
	e.events()
	missing := ""
	if e.q.count("votes")+e.q.count("elections")+e.q.count("address changes") == 0 {
		missing = "no Sentinel voted, and no address changed"
	}
	return e.q.verdict(missing, "one vote and one leader per epoch, and addresses changed by majorities only")
}

// term is an epoch of one master.
type term struct {
	master string
	epoch  int64
}

// ballot is where a Sentinel may vote once.
type ballot struct {
	voter string // its ID; the machine's name if it shows none
	term
}

type vote struct {
	leader string
	at     time.Duration
	on     string // the machine that said so
}

type elections struct {
	q         *inquiry
	r         *record
	master    string // the name of the one that is monitored, for events that do not say
	sentinels int
	votes     map[ballot]vote
	tally     map[term]map[string]map[string]bool // → leader → voters
	elected   map[term]vote
	epoch     map[string]int64           // Sentinel → its current epoch by its log
	config    map[string]*histories.Note // Sentinel and master → its last configuration
	agreed    map[term]*histories.Note   // the first configuration of each epoch
	ids       map[string]string          // Sentinel → its ID by its log
	forced    map[string]bool            // Sentinels in a failover that a user ordered
	anyForced bool
}

// events goes through notes and log lines together, in order of time.
func (e *elections) events() {
	// Machines whose events are noted, or logged, or whose configuration is noted: the next best would tell it twice.
	noted, logged, configured := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range e.r.Notes {
		switch n := &e.r.Notes[i]; {
		case n.From == byObserver:
		case n.Kind == "event":
			noted[n.Machine] = true
		case n.Kind == "config":
			configured[n.Machine] = true
		}
	}
	for i := range e.r.Logs {
		logged[e.r.Logs[i].Machine] = true
	}
	logs := e.r.Logs
	for i := range e.r.Notes {
		n := &e.r.Notes[i]
		for ; len(logs) > 0 && logs[0].Time <= n.Time; logs = logs[1:] {
			e.log(&logs[0], noted[logs[0].Machine])
		}
		switch n.Kind {
		case "up":
			if e.restored(n) {
				e.forget(n.Machine)
			}
		case "order":
			if strings.Contains(n.Text, "SENTINEL REMOVE") || strings.Contains(n.Text, "SENTINEL MONITOR") {
				e.forget(n.Machine)
			}
		case "vote":
			e.vote(n.Time, n.Machine, n.ID, n.Master, n.Leader, n.Epoch)
		case "event":
			if n.From == byObserver && (noted[n.Machine] || logged[n.Machine]) {
				continue
			}
			e.event(n.Time, n.Machine, n.ID, n.Event, n.Text, n.Epoch)
		case "config":
			if n.From != byObserver || !configured[n.Machine] && n.Text != "failover_in_progress" {
				e.configured(n)
			}
		}
	}
	for i := range logs {
		e.log(&logs[i], noted[logs[i].Machine])
	}
}

// restored says whether a machine that came up had been given its first configuration file again.
func (e *elections) restored(up *histories.Note) bool {
	return slices.ContainsFunc(e.r.Faults, func(f histories.Fault) bool {
		return f.Start <= up.Time && strings.HasPrefix(f.Text, "restore-config ") && slices.Contains(f.Targets, up.Machine)
	})
}

// forget drops what a Sentinel's epochs were.
func (e *elections) forget(machine string) {
	delete(e.epoch, machine)
	maps.DeleteFunc(e.config, func(key string, _ *histories.Note) bool { return strings.HasPrefix(key, machine+" ") })
}

func (e *elections) log(l *histories.LogLine, noted bool) {
	if strings.Contains(l.Text, "Executing user requested FAILOVER of") {
		e.forced[l.Machine], e.anyForced = true, true
		return
	}
	if id := after(l.Text, "Sentinel ID is "); id != "" {
		e.ids[l.Machine] = id
		return
	}
	words := strings.Fields(l.Text)
	for i, word := range words {
		// "… # <voter> voted for <leader> <epoch>": what the one who asked was told
		if word == "voted" && i > 0 && i+3 < len(words) && words[i+1] == "for" {
			if epoch, err := strconv.ParseInt(words[i+3], 10, 64); err == nil && len(words[i-1]) == 40 {
				e.vote(l.Time, l.Machine, words[i-1], e.master, words[i+2], epoch)
			}
			return
		}
		if (word[0] == '+' || word[0] == '-') && len(word) > 1 {
			if !noted {
				e.event(l.Time, l.Machine, e.ids[l.Machine], word, strings.Join(words[i+1:], " "), 0)
			}
			return
		}
	}
}

func (e *elections) event(at time.Duration, machine, id, event, text string, epoch int64) {
	words := strings.Fields(text)
	switch event {
	case "+new-epoch":
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			if n < e.epoch[machine] {
				e.q.breach(at, machine, nil, "went back to epoch %d after %d", n, e.epoch[machine])
			}
			e.epoch[machine] = n
		}
	case "+vote-for-leader":
		if len(words) != 2 || id == "" {
			return // without the voter's ID its vote cannot be told from that of another life
		}
		if n, err := strconv.ParseInt(words[1], 10, 64); err == nil {
			e.vote(at, machine, id, e.master, words[0], n)
		}
	case "+elected-leader":
		if epoch == 0 {
			epoch = e.epoch[machine]
		}
		if len(words) >= 2 && epoch > 0 && !e.forced[machine] {
			e.lead(at, machine, term{words[1], epoch})
		}
	case "+failover-end", "-failover-abort-no-good-slave", "-failover-abort-slave-timeout", "-failover-abort-not-elected":
		delete(e.forced, machine)
	}
}

func (e *elections) vote(at time.Duration, machine, voter, master, leader string, epoch int64) {
	if master == "" {
		master = e.master
	}
	if voter == "" {
		voter = machine
	}
	if leader == "" || leader == "*" {
		return
	}
	b := ballot{voter, term{master, epoch}}
	first, voted := e.votes[b]
	if !voted {
		e.q.saw("votes", 1)
		e.votes[b] = vote{leader, at, machine}
		if e.tally[b.term] == nil {
			e.tally[b.term] = map[string]map[string]bool{}
		}
		if e.tally[b.term][leader] == nil {
			e.tally[b.term][leader] = map[string]bool{}
		}
		e.tally[b.term][leader][voter] = true
		return
	}
	if first.leader != leader {
		e.q.breach(at, machine, nil, "Sentinel %s voted for %s in epoch %d of %s, after it had voted for %s at %v",
			short(voter), short(leader), epoch, master, short(first.leader), first.at)
	}
}

func (e *elections) lead(at time.Duration, machine string, t term) {
	e.q.saw("elections", 1)
	if first, led := e.elected[t]; led && first.on != machine {
		e.q.breach(at, machine, nil, "was elected leader of epoch %d of %s, and so was %s at %v", t.epoch, t.master, first.on, first.at)
	} else if !led {
		e.elected[t] = vote{"", at, machine}
	}
}

func (e *elections) configured(n *histories.Note) {
	e.q.saw("configurations", 1)
	key := n.Machine + " " + n.Master
	last := e.config[key]
	e.config[key] = n
	if last != nil && n.Epoch < last.Epoch {
		e.q.breach(n.Time, n.Machine, nil, "fell from configuration epoch %d of %s to %d", last.Epoch, n.Master, n.Epoch)
		return
	}
	t := term{n.Master, n.Epoch}
	if first := e.agreed[t]; first == nil {
		e.agreed[t] = n
	} else if first.Peer != n.Peer && n.Epoch > 0 && !e.anyForced && (last == nil || last.Epoch < n.Epoch) {
		e.q.breach(n.Time, n.Machine, nil, "has %s as %s in configuration epoch %d, where %s has %s", n.Peer, n.Master, n.Epoch, first.Machine, first.Peer)
	}
	if last == nil || last.Peer == n.Peer {
		return
	}
	e.q.saw("address changes", 1)
	if n.Epoch == last.Epoch {
		e.q.breach(n.Time, n.Machine, nil, "changed the address of %s from %s to %s within configuration epoch %d", n.Master, last.Peer, n.Peer, n.Epoch)
	} else if len(e.votes) > 0 && e.sentinels > 0 && !e.anyForced {
		e.majority(n, last)
	}
}

// majority wants one leader with a majority of votes in the epoch of a new address, or in a later one: whoever adopts
// a later epoch during its failover is elected in that.
func (e *elections) majority(n, last *histories.Note) {
	needed := e.sentinels/2 + 1
	most := 0
	for t, leaders := range e.tally {
		if t.master != n.Master || t.epoch < n.Epoch {
			continue
		}
		for _, voters := range leaders {
			most = max(most, len(voters))
		}
	}
	if most < needed {
		e.q.breach(n.Time, n.Machine, nil, "changed the address of %s from %s to %s in epoch %d, in which nobody had more than %d of the %d votes needed",
			n.Master, last.Peer, n.Peer, n.Epoch, most, needed)
	}
}

// onlyMaster is the name of the master that is monitored, if there is only one: Sentinels say it with their
// configuration and at the begin of most events.
func onlyMaster(h *histories.History) string {
	only := ""
	for i := range h.Notes {
		name := h.Notes[i].Master
		if name != "" && only != "" && name != only {
			return ""
		}
		if name != "" {
			only = name
		}
	}
	return only
}
