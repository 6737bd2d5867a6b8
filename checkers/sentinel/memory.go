package sentinel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Memory holds each Sentinel to what it tells an operator who asks for everything: the masters that it watches, at the
// addresses that it gave last; their settings, as they were configured or set since; the replicas and Sentinels that it has
// said to have found, and no others; who is down, by its own word; counts that agree with each other; the quorum that it
// can reach; and of replicas what they themselves say for ten seconds. A new process knows what the one before knew. What it
// answers to an order, it did.
//
// What it tells is held against its events, which say of every change; what may have changed on the way is not judged.
// Redis 4.0: sentinel.c, addReplySentinelRedisInstance, sentinelInfoCommand, sentinelFlushConfig.
type Memory struct{}

// Name implements Checker.
func (Memory) Name() string { return "sentinel-memory" }

// InSimulation implements Simulated.
func (Memory) InSimulation() string { return "only Sentinels of ours note what they have found" }

// Promise implements Promiser.
func (Memory) Promise(r *checkers.Record) checkers.Promise { return withSentinels(r) }

// Check implements Checker.
func (Memory) Check(r *checkers.Record) checkers.Verdict {
	k := memory{conduct: conduct{r: r, q: &checkers.Inquiry{}, w: evidence.WatchingOf(r), names: evidence.ByAddress(r), sentinels: r.OfKind("sentinel")},
		addrs: map[string]string{}, last: map[string]answer{}, found: map[string]bool{}, said: map[string][]*histories.Note{}}
	for _, name := range []string{"answers", "masters", "replicas", "Sentinels", "orders"} {
		k.q.Saw(name, 0)
	}
	for _, m := range r.Machines {
		k.addrs[m.Name] = m.Addr
	}
	k.ownIDs()
	k.minds = mindsOf(k.sentinels)
	for i := range r.Notes {
		n := &r.Notes[i]
		switch m := k.minds[n.Machine]; {
		case n.Kind == "read-back":
			k.answered(n)
			continue
		case n.Kind == "order" && m != nil && m.id != "":
			k.ordered(m, n)
		case n.Kind == "event" && n.From == "" && m != nil:
			k.said[n.Machine] = append(k.said[n.Machine], n)
			k.begun(m, n)
		}
		k.minds.read(n)
	}
	missing := ""
	if k.q.Count("answers") == 0 {
		missing = "nobody asked a Sentinel for what it knows"
	}
	return k.q.Verdict(missing, "every Sentinel told what it had been told, and what it had found out")
}

type memory struct {
	conduct
	minds minds
	addrs map[string]string            // by machine
	last  map[string]answer            // of each Sentinel
	found map[string]bool              // what was found already
	said  map[string][]*histories.Note // events, by Sentinel
}

// begun wants a new process to watch the masters that the last one watched, where it watched them last, by the same quorum.
func (k *memory) begun(m *mind, n *histories.Note) {
	p := payloadOf(n.Text)
	if n.Event != "+monitor" || m.before == nil || m.before.masters[p.name] == nil || k.loose(n.Machine, n.Time) {
		return
	}
	was := m.before.masters[p.name]
	last := was.addr
	if was.promoted != "" {
		last = was.promoted
	}
	if p.addr != last {
		k.wrong(n, "its master when it began", "it is at %s, and was at %s by its last word", p.addr, last)
	}
	if len(p.rest) == 2 && p.rest[1] != strconv.Itoa(was.quorum) {
		k.wrong(n, "its master when it began", "quorum is %s, and it was told %d", p.rest[1], was.quorum)
	}
}

// answer is all that a Sentinel told at a time.
type answer struct {
	lines []answerLine
	text  string
}

// answerLine is one line of it: a word, and words or fields.
type answerLine struct {
	kind   string
	words  []string
	fields map[string]string
}

func answerOf(text string) (a answer) {
	a.text = text
	for l := range strings.Lines(text) {
		words := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		line := answerLine{kind: words[0], words: words[1:]}
		if line.kind == "master" || line.kind == "slave" || line.kind == "sentinel" {
			line.fields = map[string]string{}
			for _, w := range line.words {
				name, value, _ := strings.Cut(w, "=")
				line.fields[name] = value
			}
		}
		a.lines = append(a.lines, line)
	}
	return a
}

func (l *answerLine) addr() string { return joined(l.fields["ip"], l.fields["port"]) }

func (l *answerLine) flag(name string) bool {
	return slices.Contains(strings.Split(l.fields["flags"], ","), name)
}

// of are the lines of a kind.
func (a *answer) of(kind string) (all []*answerLine) {
	for i := range a.lines {
		if a.lines[i].kind == kind {
			all = append(all, &a.lines[i])
		}
	}
	return all
}

// wrong finds something once for each Sentinel.
func (k *memory) wrong(n *histories.Note, what, format string, args ...any) {
	key := n.Machine + " " + what
	if !k.found[key] {
		k.found[key] = true
		k.q.Breach(n.Time, n.Machine, nil, "told of %s: %s", what, fmt.Sprintf(format, args...))
	}
}

// answered judges all that a Sentinel told.
func (k *memory) answered(n *histories.Note) {
	a, known := k.last[n.Machine]
	if n.Event != "same" {
		a, known = answerOf(n.Text), true
		k.last[n.Machine] = a
	}
	m := k.minds[n.Machine]
	if !known || m == nil || m.id == "" || m.stepAt >= n.Time-n.Took-k.r.Slack || !k.r.Of(n.Machine).Steady(n.Time-n.Took, n.Time) {
		return
	}
	k.q.Saw("answers", 1)
	k.counts(n, m, a)
	masters := a.of("master")
	if len(masters) != len(m.masters) && !k.loose(n.Machine, n.Time) {
		k.wrong(n, "the masters that it watches", "%d, and there are %d", len(masters), len(m.masters))
	}
	for _, l := range masters {
		if w := m.masters[l.fields["name"]]; w != nil {
			k.master(n, m, w, l)
		} else if !k.loose(n.Machine, n.Time) {
			k.wrong(n, l.fields["name"], "it does not watch that master")
		}
	}
	if len(m.masters) != 1 {
		return
	}
	for _, w := range m.masters { // any order: there is one
		k.group(n, m, w, a)
	}
}

// master judges what was told of a master.
func (k *memory) master(n *histories.Note, m *mind, w *watched, l *answerLine) {
	k.q.Saw("masters", 1)
	if l.addr() != w.addr {
		k.wrong(n, "its master", "it is at %s, and was at %s by its last word", l.addr(), w.addr)
	}
	k.flags(n, "its master", l, map[string]bool{"s_down": w.sDown, "o_down": w.oDown, "failover_in_progress": w.failover, "master": true})
	if w.configAddr != "" && l.fields["config-epoch"] != strconv.FormatInt(w.configEpoch, 10) {
		k.wrong(n, "its master", "config-epoch is %s, and it gives %d", l.fields["config-epoch"], w.configEpoch)
	}
	if k.loose(n.Machine, n.Time) {
		return
	}
	if q := strconv.Itoa(w.quorum); l.fields["quorum"] != q {
		k.wrong(n, "its master", "quorum is %s, and it was told %s", l.fields["quorum"], q)
	}
	for _, name := range []string{"down-after-milliseconds", "failover-timeout", "parallel-syncs"} {
		if want := k.setting(w, name); l.fields[name] != want {
			k.wrong(n, "its master", "%s is %s, and it was told %s", name, l.fields[name], want)
		}
	}
}

// defaultSettings are those of a master of which nothing is said. Redis 4.0: sentinel.c.
var defaultSettings = map[string]string{"down-after-milliseconds": "30000", "failover-timeout": "180000", "parallel-syncs": "1"}

// setting is what a Sentinel was told last of a master: at run time, or in its file, unless it began to watch it later.
func (k *memory) setting(w *watched, name string) string {
	if value, is := w.set[name]; is {
		return value
	}
	if lives := k.r.Of(w.machine).Lives; w.atStart && len(lives) > 0 {
		return evidence.SettingsOf(k.r).At(w.machine, name, defaultSettings[name], lives[0].From).Value
	}
	return defaultSettings[name]
}

func (k *memory) flags(n *histories.Note, what string, l *answerLine, want map[string]bool) {
	for _, name := range []string{"s_down", "o_down", "master", "failover_in_progress", "promoted", "reconf_sent", "reconf_inprog", "reconf_done", "slave", "sentinel"} {
		if is, judged := want[name]; judged && l.flag(name) != is {
			k.wrong(n, what, "its flags are %s, and %s must be %s by its last word", l.fields["flags"], name, map[bool]string{true: "among them", false: "none"}[is])
		}
	}
}

// group judges what was told of the replicas and Sentinels of the only master.
func (k *memory) group(n *histories.Note, m *mind, w *watched, a answer) {
	slaves, others := a.of("slave"), a.of("sentinel")
	loose := k.loose(n.Machine, n.Time)
	if m.before != nil && !loose { // what was on the disk, and not said any more when the process before ended
		for _, l := range slaves {
			if w.replicas[l.addr()] == nil {
				w.replicas[l.addr()] = &member{addr: l.addr(), since: n.Time}
			}
		}
		for _, l := range others {
			if w.others[l.fields["name"]] == nil {
				w.others[l.fields["name"]] = &member{addr: l.addr(), since: n.Time}
			}
		}
		m.before = nil
	}
	if !loose {
		k.same(n, "replicas", len(slaves), len(w.replicas))
		k.same(n, "other Sentinels", len(others), len(w.others))
	}
	down := 0
	for _, l := range slaves {
		k.q.Saw("replicas", 1)
		k.replica(n, w, l, loose)
	}
	for _, l := range others {
		k.q.Saw("Sentinels", 1)
		if l.flag("s_down") {
			down++
		}
		k.sentinel(n, w, l, loose)
	}
	given := w.addr
	if w.promoted != "" {
		given = w.promoted
	}
	for _, l := range a.of("address") {
		if l.words[0] != given {
			k.wrong(n, "the address of its master", "%s, and by its last word it is %s", l.words[0], given)
		}
	}
	for _, l := range a.of("status") {
		if l.words[0] == "ckquorum" && len(l.words) > 1 {
			k.quorum(n, w, l.words[1], 1+len(others)-down, 1+len(others))
		}
	}
	for _, l := range a.of("master") {
		if l.fields["num-slaves"] != strconv.Itoa(len(slaves)) || l.fields["num-other-sentinels"] != strconv.Itoa(len(others)) {
			k.wrong(n, "its master", "it has %s replicas and %s other Sentinels, and it lists %d and %d", l.fields["num-slaves"], l.fields["num-other-sentinels"], len(slaves), len(others))
		}
	}
}

func (k *memory) same(n *histories.Note, what string, is, must int) {
	if is != must {
		k.wrong(n, what, "%d, and it has said to have found %d", is, must)
	}
}

// quorum judges CKQUORUM: who is usable, for the quorum and for a majority.
func (k *memory) quorum(n *histories.Note, w *watched, reply string, usable, all int) {
	want := fmt.Sprintf("+OK %d usable Sentinels. Quorum and failover authorization can be reached", usable)
	var problems []string
	if usable < w.quorum {
		problems = append(problems, "Not enough available Sentinels to reach the specified quorum for this master")
	}
	if usable < all/2+1 {
		problems = append(problems, "Not enough available Sentinels to reach the majority and authorize a failover")
	}
	if len(problems) > 0 {
		want = fmt.Sprintf("-NOQUORUM %d usable Sentinels. %s", usable, strings.Join(problems, ". "))
	}
	if reply != want && !k.loose(n.Machine, n.Time) {
		k.wrong(n, "its quorum", "%q, and it must be %q", reply, want)
	}
}
