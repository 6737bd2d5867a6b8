package sentinel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// replica judges what was told of a replica.
func (k *memory) replica(n *histories.Note, w *watched, l *answerLine, loose bool) {
	is := w.replicas[l.addr()]
	what := "replica " + orAddress(k.names, l.addr())
	if is == nil {
		if !loose {
			k.wrong(n, what, "it has said nothing of having found it")
		}
		return
	}
	if !loose && l.fields["down-after-milliseconds"] != k.setting(w, "down-after-milliseconds") {
		k.wrong(n, what, "down-after-milliseconds is %s, and its master's is %s", l.fields["down-after-milliseconds"], k.setting(w, "down-after-milliseconds"))
	}
	k.flags(n, what, l, map[string]bool{"s_down": is.sDown, "promoted": w.failover && w.chosen == l.addr(), "slave": true,
		"reconf_sent": is.reconf == "sent", "reconf_inprog": is.reconf == "inprog", "reconf_done": is.reconf == "done"})
	if k.r.Slack == 0 {
		k.itsOwnWord(n, is, l, what)
	}
}

// itsOwnWord holds what a Sentinel tells of a replica against what that was all the while since an INFO must have come.
func (k *memory) itsOwnWord(n *histories.Note, is *member, l *answerLine, what string) {
	name := k.names[l.addr()]
	since := n.Time - infoPeriod - 2*time.Second
	if name == "" || is.since > since || k.touched(n.Machine, name, since, n.Time) || k.hurt(n.Machine, since, n.Time) {
		return
	}
	t := k.r.Of(name)
	always := func(holds func(*histories.Note) bool) bool { return k.r.Always(t, since, n.Time, holds) }
	if always(checkers.IsMaster) && l.fields["role-reported"] != "master" {
		k.wrong(n, what, "role-reported is %s, and it has been a master since before %v", l.fields["role-reported"], since)
	}
	if priority, known := k.priority(name, since); known && l.fields["slave-priority"] != priority && always(checkers.IsReplica) {
		k.wrong(n, what, "slave-priority is %s, and it has been %s since before %v", l.fields["slave-priority"], priority, since)
	}
	up := func(s *histories.Note) bool { return checkers.IsReplica(s) && s.Link == checkers.LinkUp }
	down := func(s *histories.Note) bool { return checkers.IsReplica(s) && s.Link != checkers.LinkUp }
	if status := l.fields["master-link-status"]; always(up) && status != "ok" || always(down) && status != "err" {
		k.wrong(n, what, "master-link-status is %s, and it has been otherwise since before %v", status, since)
	}
	if now := t.Before(n.Time)[0]; now != nil && k.addrs[now.Peer] != "" && joined(l.fields["master-host"], l.fields["master-port"]) != k.addrs[now.Peer] &&
		always(func(s *histories.Note) bool { return checkers.IsReplica(s) && s.Peer == now.Peer }) {
		k.wrong(n, what, "its master is %s:%s, and it has followed %s since before %v", l.fields["master-host"], l.fields["master-port"], now.Peer, since)
	}
}

// priority is a server's slave-priority in force since a time, if that is known: what an operator sets may be in its
// file or not when it starts again.
func (k *memory) priority(name string, since time.Duration) (value string, known bool) {
	of := evidence.SettingsOf(k.r).At(name, "slave-priority", "100", k.r.End)
	lives := k.r.Of(name).Lives
	if len(lives) == 0 {
		return "", false
	}
	if laid := lives[0].From; of.Since > laid && (of.Since > since-time.Second || !of.Sure || k.r.Of(name).Turned(of.Since, k.r.End)) {
		return "", false
	}
	return of.Value, true
}

// sentinel judges what was told of another Sentinel.
func (k *memory) sentinel(n *histories.Note, w *watched, l *answerLine, loose bool) {
	id := l.fields["name"]
	is := w.others[id]
	what := "Sentinel " + orAddress(k.ids, id)
	if is == nil {
		if !loose {
			k.wrong(n, what, "it has said nothing of having found it")
		}
		return
	}
	if l.addr() != is.addr && !loose {
		k.wrong(n, what, "it is at %s, and by its last word at %s", l.addr(), is.addr)
	}
	if l.fields["runid"] != id {
		k.wrong(n, what, "runid is %s", l.fields["runid"])
	}
	if !loose && l.fields["down-after-milliseconds"] != k.setting(w, "down-after-milliseconds") {
		k.wrong(n, what, "down-after-milliseconds is %s, and its master's is %s", l.fields["down-after-milliseconds"], k.setting(w, "down-after-milliseconds"))
	}
	k.flags(n, what, l, map[string]bool{"s_down": is.sDown, "sentinel": true})
}

// counts judges INFO: what it counts, and what it says of each master, agree with the rest.
func (k *memory) counts(n *histories.Note, m *mind, a answer) {
	info := map[string]string{}
	for _, l := range a.of("info") {
		name, value, _ := strings.Cut(l.words[0], ":")
		info[name] = value
	}
	if len(info) == 0 {
		return
	}
	masters, running := a.of("master"), 0
	scripts := a.of("script")
	for _, l := range scripts {
		if l.words[0] == "running" {
			running++
		}
	}
	for _, count := range []struct {
		name string
		must int
	}{{"sentinel_masters", len(masters)}, {"sentinel_tilt", map[bool]int{true: 1}[m.tilt]}, {"sentinel_running_scripts", running},
		{"sentinel_scripts_queue_length", len(scripts)}} {
		if info[count.name] != strconv.Itoa(count.must) {
			k.wrong(n, count.name, "%s, and it must be %d", info[count.name], count.must)
		}
	}
	for i, l := range masters {
		status := "ok"
		if l.flag("o_down") {
			status = "odown"
		} else if l.flag("s_down") {
			status = "sdown"
		}
		others, _ := strconv.Atoi(l.fields["num-other-sentinels"]) // 0 if it is none
		key := fmt.Sprintf("master%d", i)
		want := fmt.Sprintf("name=%s,status=%s,address=%s,slaves=%s,sentinels=%d", l.fields["name"], status, l.addr(), l.fields["num-slaves"], others+1)
		if info[key] != want {
			k.wrong(n, "INFO's "+key, "%s, and it must be %s", info[key], want)
		}
	}
}

// loose says whether a Sentinel's file, or its disk, was meddled with, so that it may know what it never said.
func (k *memory) loose(machine string, until time.Duration) bool {
	return slices.ContainsFunc(k.r.Faults, func(f histories.Fault) bool {
		verb, _, _ := strings.Cut(f.Text, " ")
		switch verb {
		case "lying-fsync", "torn-tail", "eio-read", "eio-write", "eio-sync", "disk-full", "file-gone", "restore-config", "run-as":
			return f.Start <= until && slices.Contains(f.Targets, machine)
		}
		return false
	})
}

// orderLasts is for how long an operator's order may have been on its way.
const orderLasts = 6 * time.Second

// ordered judges what an operator was answered: what a Sentinel says that it did, it did.
func (k *memory) ordered(m *mind, n *histories.Note) {
	w := strings.Fields(n.Text)
	if len(w) < 3 || !strings.EqualFold(w[0], "SENTINEL") || strings.Contains(n.Text, ";") {
		return
	}
	done := func(event, suffix string) (times int) {
		for _, e := range k.said[n.Machine] {
			if e.Event == event && e.Time >= n.Time-orderLasts-k.r.Slack && strings.HasSuffix(e.Text, suffix) {
				times++
			}
		}
		return times
	}
	k.q.Saw("orders", 1)
	ok := n.Result == "+OK"
	switch sub := strings.ToUpper(w[1]); {
	case sub == "SET" && ok && len(w) == 5 && done("+set", " "+w[3]+" "+w[4]) == 0:
		k.wrong(n, n.Text, "it answered OK, and said nothing of it (+set)")
	case sub == "REMOVE" && ok && done("-monitor", "") == 0:
		k.wrong(n, n.Text, "it answered OK, and said nothing of it (-monitor)")
	case sub == "FAILOVER" && ok && done("+try-failover", "") == 0:
		k.wrong(n, n.Text, "it answered OK, and began no failover (+try-failover)")
	case sub == "FAILOVER" && strings.HasPrefix(n.Result, "-INPROG") && done("+try-failover", "")+done("+switch-master", "") == 0 && !m.failingOver():
		k.wrong(n, n.Text, "it answered %q, and none was under way", n.Result)
	case sub == "RESET" && strings.HasPrefix(n.Result, ":") && done("+reset-master", "") == 1 && n.Result != ":1":
		k.wrong(n, n.Text, "it answered %s, and reset 1", n.Result)
	case sub == "RESET" && n.Result == ":1" && done("+reset-master", "") == 0:
		k.wrong(n, n.Text, "it answered %s, and said nothing of it (+reset-master)", n.Result)
	}
}

// failingOver says whether a Sentinel replaces any of its masters.
func (m *mind) failingOver() bool {
	for _, w := range m.masters { // any order: it is asked whether there is one
		if w.failover {
			return true
		}
	}
	return false
}
