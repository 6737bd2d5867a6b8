package sentinel

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// Safety holds Sentinels to their elections: each votes for one leader per master and epoch, over restarts too;
// at most one is elected per master and epoch, by a majority and the quorum; the epoch of its configuration never falls,
// and the address changes only with a larger one; and no address changes without a majority of votes in the very epoch
// of its configuration, by Sentinels of the cluster, for the leader that all follow.
//
// Votes are known from the voters' notes, events and logs, and from what those who asked log that they were told. An
// attempt has the epoch that was announced with it: a leader may be paused between its election and its next word, and
// meanwhile its current epoch goes on. What is told late is evidence of its own time: votes are counted when all are
// known, those given after the fact left out. Of a Sentinel that notes nothing, as a real one, the configuration is what
// the observer was told; in the middle of a failover that has the new epoch with the old address, and is left out. A
// failover that a user ordered needs no votes: its epoch is not judged by them. A Sentinel that was told to remove the
// master, or was given its first configuration file again, knows nothing of what it said before. Redis 4.0: sentinel.c,
// sentinelVoteLeader, sentinelGetLeader, sentinelProcessHelloMessage.
type Safety struct{}

// Name implements Checker.
func (Safety) Name() string { return "sentinel-safety" }

// Check implements Checker.
func (Safety) Check(r *checkers.Record) checkers.Verdict {
	e := elections{q: &checkers.Inquiry{}, r: r, votes: map[ballot]vote{}, elected: map[term]vote{}, config: map[string]*histories.Note{},
		agreed: map[term]*histories.Note{}, ordered: map[string]bool{}, forced: map[term]bool{}, tries: map[string]try{}, ids: map[string]string{}, machineOf: map[string]string{},
		epoch: map[string]int64{}, attempt: map[string]int64{}}
	for _, name := range []string{"votes", "elections", "configurations", "address changes"} {
		e.q.Saw(name, 0)
	}
	e.master = onlyMaster(r.History)
	e.sentinels = len(e.r.OfKind("sentinel"))
	e.needed = max(e.sentinels/2+1, evidence.WatchingOf(r).Quorum)
	e.events()
	e.majorities()
	missing := ""
	if e.q.Count("votes")+e.q.Count("elections")+e.q.Count("address changes") == 0 {
		missing = "no Sentinel voted, and no address changed"
	}
	return e.q.Verdict(missing, "one vote and one leader per epoch, and addresses changed by majorities only")
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
	q         *checkers.Inquiry
	r         *checkers.Record
	master    string // the name of the one that is monitored, for events that do not say
	sentinels int
	needed    int // votes, to be elected
	votes     map[ballot]vote
	elected   map[term]vote
	epoch     map[string]int64           // Sentinel → its current epoch by its log
	attempt   map[string]int64           // Sentinel → the epoch of its last attempt at a failover
	config    map[string]*histories.Note // Sentinel and master → its last configuration
	agreed    map[term]*histories.Note   // the first configuration of each epoch
	changes   []change
	leads     []lead
	ids       map[string]string // Sentinel → its ID, by what it says of itself
	machineOf map[string]string // and back, of all the IDs it ever had
	ordered   map[string]bool   // Sentinels that a user ordered to fail over, until they try
	forced    map[term]bool     // epochs of failovers that a user ordered
	tries     map[string]try    // Sentinel → its last attempt at a failover
}

// try is a Sentinel's word that it tries to fail over.
type try struct {
	at time.Duration
	term
}

// change is a new address in a Sentinel's configuration.
type change struct{ is, was *histories.Note }

// lead is a Sentinel's word that it was elected.
type lead struct {
	at          time.Duration
	machine, id string
	term
}

// events goes through notes and log lines together, in order of time.
func (e *elections) events() {
	// Machines whose events are noted, or logged, or whose configuration is noted: the next best would tell it twice.
	noted, logged, configured := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range e.r.Notes {
		switch n := &e.r.Notes[i]; {
		case n.From == checkers.ByObserver:
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
		if n.ID != "" && n.From != checkers.ByObserver && (n.Kind == "vote" || n.Kind == "event" || n.Kind == "config") {
			e.call(n.Machine, n.ID)
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
			if n.From == checkers.ByObserver && (noted[n.Machine] || logged[n.Machine]) {
				continue
			}
			e.event(n.Time, n.Machine, n.ID, n.Event, n.Text, n.Epoch)
		case "config":
			if n.From != checkers.ByObserver || !configured[n.Machine] && n.Text != "failover_in_progress" {
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

// call takes a Sentinel's word of what its ID is.
func (e *elections) call(machine, id string) {
	e.ids[machine] = id
	e.machineOf[id] = machine
}

// forget drops what a Sentinel's epochs were.
func (e *elections) forget(machine string) {
	delete(e.epoch, machine)
	// any order: the predicate looks at nothing but the key
	maps.DeleteFunc(e.config, func(key string, _ *histories.Note) bool { return strings.HasPrefix(key, machine+" ") })
}

func (e *elections) log(l *histories.LogLine, noted bool) {
	if versions.Says(l.Text, versions.FailoverOrdered) {
		if tried, is := e.tries[l.Machine]; is && l.Time-tried.at < evidence.NoteBeforeLog { // see there
			e.forced[tried.term] = true
			if e.elected[tried.term].on == l.Machine { // by its word, a moment ago
				delete(e.elected, tried.term)
			}
			return
		}
		e.ordered[l.Machine] = true
		return
	}
	if id := evidence.After(l.Text, versions.SentinelID); id != "" {
		e.call(l.Machine, id)
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
				e.q.Breach(at, machine, nil, "went back to epoch %d after %d", n, e.epoch[machine])
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
	case "+try-failover":
		e.attempt[machine] = e.epoch[machine] // which was announced with it
		if len(words) < 2 {
			return
		}
		tried := term{words[1], e.epoch[machine]}
		e.tries[machine] = try{at, tried}
		if e.ordered[machine] {
			e.forced[tried] = true
		}
		delete(e.ordered, machine)
	case "+elected-leader":
		if begun := e.attempt[machine]; begun > 0 {
			epoch = begun
		}
		if len(words) >= 2 && epoch > 0 && !e.forced[term{words[1], epoch}] {
			e.lead(lead{at, machine, id, term{words[1], epoch}})
		}
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
		e.q.Saw("votes", 1)
		e.votes[b] = vote{leader, at, machine}
		return
	}
	if first.leader != leader {
		e.q.Breach(at, machine, nil, "Sentinel %s voted for %s in epoch %d of %s, after it had voted for %s at %v",
			evidence.Short(voter), evidence.Short(leader), epoch, master, evidence.Short(first.leader), first.at)
	}
}

func (e *elections) lead(l lead) {
	e.q.Saw("elections", 1)
	if l.id == "" {
		l.id = e.ids[l.machine]
	}
	if first, led := e.elected[l.term]; led && first.on != l.machine {
		e.q.Breach(l.at, l.machine, nil, "was elected leader of epoch %d of %s, and so was %s at %v", l.epoch, l.master, first.on, first.at)
		return
	} else if !led {
		e.elected[l.term] = vote{l.id, l.at, l.machine}
	}
	e.leads = append(e.leads, l)
}

func (e *elections) configured(n *histories.Note) {
	e.q.Saw("configurations", 1)
	key := n.Machine + " " + n.Master
	last := e.config[key]
	e.config[key] = n
	if last != nil && n.Epoch < last.Epoch {
		e.q.Breach(n.Time, n.Machine, nil, "fell from configuration epoch %d of %s to %d", last.Epoch, n.Master, n.Epoch)
		return
	}
	t := term{n.Master, n.Epoch}
	if first := e.agreed[t]; first == nil {
		e.agreed[t] = n
	} else if first.Peer != n.Peer && n.Epoch > 0 && !e.forced[t] && (last == nil || last.Epoch < n.Epoch) {
		e.q.Breach(n.Time, n.Machine, nil, "has %s as %s in configuration epoch %d, where %s has %s", n.Peer, n.Master, n.Epoch, first.Machine, first.Peer)
	}
	if last == nil || last.Peer == n.Peer {
		return
	}
	e.q.Saw("address changes", 1)
	if n.Epoch == last.Epoch {
		e.q.Breach(n.Time, n.Machine, nil, "changed the address of %s from %s to %s within configuration epoch %d", n.Master, last.Peer, n.Peer, n.Epoch)
		return
	}
	e.changes = append(e.changes, change{n, last})
}

// majorities judges elections and new addresses by the votes, once all of those are known.
func (e *elections) majorities() {
	if len(e.votes) == 0 || e.sentinels == 0 {
		return
	}
	minority := map[term]bool{}
	for _, l := range e.leads {
		if e.forced[l.term] {
			continue
		}
		if most := e.voters(l.term, l.id, l.at+e.r.Slack); most < e.needed {
			minority[l.term] = true
			e.q.Breach(l.at, l.machine, nil, "was elected leader of epoch %d of %s by %d of the %d votes needed", l.epoch, l.master, most, e.needed)
		}
	}
	for _, c := range e.changes {
		t := term{c.is.Master, c.is.Epoch}
		if e.forced[t] || minority[t] {
			continue
		}
		leader := "" // unknown: whoever has the most
		if led, known := e.elected[t]; known {
			leader = led.leader
		} else if first := e.agreed[t]; first != nil && first.From != checkers.ByObserver {
			leader = e.ids[first.Machine] // a leader is the first to have its configuration
		}
		if most := e.voters(t, leader, c.is.Time+e.r.Slack); most < e.needed {
			e.q.Breach(c.is.Time, c.is.Machine, nil, "changed the address of %s from %s to %s in epoch %d, in which %s had no more than %d of the %d votes needed",
				c.is.Master, c.was.Peer, c.is.Peer, c.is.Epoch, orNobody(leader), most, e.needed)
		}
	}
}

// voters is how many Sentinels voted for leader in t, for the one that has the most if leader is "", until a time.
func (e *elections) voters(t term, leader string, until time.Duration) int {
	by := map[string]map[string]bool{}
	most := 0
	for b, v := range e.votes { // any order: sets of voters are counted, which only grow
		if b.term != t || v.at > until || leader != "" && v.leader != leader {
			continue
		}
		voter, known := e.machineOf[b.voter]
		if !known && len(e.ids) >= e.sentinels {
			continue // of no Sentinel of this cluster
		}
		if !known {
			voter = b.voter
		}
		if by[v.leader] == nil {
			by[v.leader] = map[string]bool{}
		}
		by[v.leader][voter] = true
		most = max(most, len(by[v.leader]))
	}
	return most
}

func orNobody(leader string) string {
	if leader == "" {
		return "nobody"
	}
	return evidence.Short(leader)
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

// A vote must survive on a disk that does not lie; what an operator orders needs no election; and a RESET, which takes a
// replica out too, makes a Sentinel forget a failover that is past its point of no return.
func (Safety) Promise(r *checkers.Record) checkers.Promise {
	if len(r.OfKind("sentinel")) == 0 {
		return checkers.Nobody("there is no Sentinel")
	}
	return r.Ends("a disk lied or an operator intervened", "lying-fsync", "torn-tail", "file-gone", "restore-config", "sentinel-reset",
		"sentinel-remove", "sentinel-add", "sentinel-failover", "sentinel-set", "replica-add", "replica-remove", "run-as")
}
