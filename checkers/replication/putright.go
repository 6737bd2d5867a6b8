package replication

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// What an operator leaves behind, as far as it keeps a cluster from becoming one again. What disks do is little of
// it: a server whose files are no good is given others and started again.

// leftWrong is the promise of a cluster that gets well by itself: it ends with the first thing that somebody did and
// nobody put right.
func leftWrong(r *checkers.Record) checkers.Promise {
	p := checkers.Unbroken()
	for i := range r.Faults {
		if f := &r.Faults[i]; f.Start < p.Until && !r.Skipped(f) && !putRight(r, f) {
			p = checkers.Promise{Until: max(f.Start, 1), Why: fmt.Sprintf("nobody puts right what an operator set wrong (%s)", f.Text)}
		}
	}
	return p
}

// putRight says whether a fault leaves nothing behind, or nothing that stays.
func putRight(r *checkers.Record, f *histories.Fault) bool {
	verb, _, _ := strings.Cut(f.Text, " ")
	switch verb {
	case "config-set", "sentinel-set":
		return harmless(argument(f.Text, "name"), argument(f.Text, "value"))
	case "sentinel-remove", "sentinel-add", "replica-add", "tenant-add", "run-as", "restore-config",
		"lying-fsync", "torn-tail":
		return false
	case "eio-read", "eio-write", "eio-sync", "disk-full":
		return !slices.ContainsFunc(f.Targets, func(server string) bool { return cannotSave(r, server) })
	case "sentinel-reset", "replica-remove":
		return recalled(r, f)
	case "sentinel-failover":
		return !twiceInAnEpoch(r)
	case "promote":
		return unitedAfter(r, f) || watched(r, f)
	case "slaveof":
		_, to, _ := strings.Cut(f.Text, " -> ")
		t := r.Timelines[to]
		return unitedAfter(r, f) || t != nil && t.MasterBefore(f.Start) && !failingOver(r, f.Start)
	}
	return true
}

// argument is the value of an attribute of a fault, "" if it has none of that name.
func argument(text, name string) string {
	for _, word := range strings.Fields(text) {
		if value, is := strings.CutPrefix(word, name+"="); is {
			return value
		}
	}
	return ""
}

// harmless says whether a cluster becomes one whatever a setting is. A timeout as short as the pings are rare breaks a link
// as often as it comes up; a replica that may be written to goes its own way.
func harmless(name, value string) bool {
	name = strings.ReplaceAll(name, "replica", "slave")
	switch name {
	case "repl-timeout":
		return len(value) > 1 || value >= "7" // of at most three seconds between pings, two may be lost
	case "repl-ping-slave-period":
		return value == "1"
	}
	return slices.Contains([]string{"repl-backlog-size", "repl-backlog-ttl", "repl-diskless-sync", "repl-diskless-sync-delay",
		"repl-disable-tcp-nodelay", "min-slaves-to-write", "min-slaves-max-lag", "slave-priority", "slave-serve-stale-data",
		"parallel-syncs", "failover-timeout", "down-after-milliseconds"}, name)
}

// unitedAfter says whether somebody then told all servers but one to follow that one, and was obeyed by each.
func unitedAfter(r *checkers.Record, f *histories.Fault) bool {
	for i := len(r.Faults) - 1; i >= 0 && r.Faults[i].Start >= f.Start; i-- {
		order, is := strings.CutPrefix(r.Faults[i].Text, "slaveof ")
		who, master, _ := strings.Cut(order, " -> ")
		if is && !failingOver(r, r.Faults[i].Start) && obeyed(r, append(strings.Fields(who), master), master, r.Faults[i].Start) {
			return true
		}
	}
	return false
}

// obeyed says whether those, the master among them, are all servers, and each of the others took the order to follow it
// from a time on.
func obeyed(r *checkers.Record, those []string, master string, from time.Duration) bool {
	for _, server := range r.OfKind("server") {
		if !slices.Contains(those, server) {
			return false
		}
		if server != master && !slices.ContainsFunc(r.Notes[checkers.FirstFrom(r.Notes, from):], func(n histories.Note) bool {
			return n.Kind == "order" && n.Machine == server && strings.HasPrefix(n.Text, "SLAVEOF ") && !strings.HasSuffix(n.Text, "NO ONE") &&
				strings.HasPrefix(n.Result, "+OK")
		}) {
			return false
		}
	}
	return true
}

// watched says whether Sentinels will make replicas again of those that an operator promoted: all of them know them, and none
// was made to forget.
func watched(r *checkers.Record, f *histories.Fault) bool {
	sentinels := r.OfKind("sentinel")
	type sight struct{ sentinel, addr string }
	known := map[sight]bool{}
	events := evidence.Events(r)
	for i := range events {
		if e := &events[i]; e.At < f.Start && e.Name == "+slave" {
			known[sight{e.Machine, e.Instance()}] = true
		}
	}
	for _, m := range r.Machines {
		if !slices.Contains(f.Targets, m.Name) {
			continue
		}
		if slices.ContainsFunc(sentinels, func(s string) bool { return !known[sight{s, m.Addr}] }) {
			return false
		}
	}
	return len(sentinels) > 0 && !slices.ContainsFunc(r.Faults, func(f histories.Fault) bool { return evidence.Ordered(f.Text) })
}

// failingOver says whether Sentinels were about to replace a master: who follows the old one then may be the new one.
func failingOver(r *checkers.Record, at time.Duration) bool {
	return slices.ContainsFunc(evidence.Events(r), func(e evidence.Event) bool {
		return e.Name == "+try-failover" && e.At <= at+time.Second && e.At >= at-slices.Max(evidence.WatchingOf(r).FailoverTimeout)
	})
}

// twiceInAnEpoch says whether Sentinels end with two masters of one configuration epoch. An operator's failover asks
// nobody, so its epoch may be one in which others elect a leader; none of the two is the newer one, and both stay.
func twiceInAnEpoch(r *checkers.Record) bool {
	last := map[string]*histories.Note{} // by Sentinel and master
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "config" && n.Epoch > 0 {
			last[n.Machine+" "+n.Master] = n
		}
	}
	type term struct {
		master string
		epoch  int64
	}
	named := map[term]string{}
	for _, n := range last { // any order: two that differ are enough
		t := term{n.Master, n.Epoch}
		if other := named[t]; other != "" && other != n.Peer {
			return true
		}
		named[t] = n.Peer
	}
	return false
}

// cannotSave says whether the last snapshot that a server's process tried came to nothing. It then refuses writes, and the
// PING with which a replica begins, until one succeeds; without writes it tries none. Redis 4.0: server.c, processCommand.
func cannotSave(r *checkers.Record, server string) (failed bool) {
	for i := range r.Logs {
		switch l := &r.Logs[i]; {
		case l.Machine != server:
		case strings.Contains(l.Text, "CONFIG REWRITE failed"):
			return true // it may start again as what it no longer was
		case strings.Contains(l.Text, "Background saving error"):
			failed = true
		case strings.Contains(l.Text, "Background saving terminated with success"), strings.Contains(l.Text, "just started"):
			failed = false
		}
	}
	return failed
}

// recalled says whether after a RESET every Sentinel has found out again what it knew: of a replica that is away from its
// master, nobody tells it.
func recalled(r *checkers.Record, f *histories.Fault) bool {
	reset := map[string]time.Duration{} // Sentinel → its last RESET
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "order" && strings.Contains(n.Text, "SENTINEL RESET") {
			reset[n.Machine] = n.Time
		}
	}
	events := evidence.Events(r)
	for _, s := range r.OfKind("sentinel") {
		at, told := reset[s]
		if !told {
			at = f.Start
		}
		before, after, master := map[string]bool{}, map[string]bool{}, ""
		for i := range events {
			e := &events[i]
			if e.Machine != s {
				continue
			}
			known := before
			if e.At > at {
				known = after
			}
			switch _, addr := e.Master(); {
			case e.Name == "+slave":
				known[e.Instance()] = true
			case e.Name == "+switch-master" && len(e.Words) == 5:
				master = e.Words[3] + ":" + e.Words[4]
				known[master] = true
			case e.Name == "+monitor":
				master = addr
				known[addr] = true
			}
		}
		after[master] = true
		for addr := range before { // any order: one that is missing is enough
			if !after[addr] {
				return false
			}
		}
	}
	return true
}
