package server

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node/resp"
)

// The differential test: sequences of commands that rapid draws are said to our server and to the redis-server that is
// installed. Replies, keyspace events, what reaches a replica, what clients that wait are served, and in the end the
// digests of the data must be equal, apart from what stands in the tables below with its reason.
//
// Each family of commands has a file of its own, differential_<family>_test.go, with a function that draws one of its
// commands; families names them all.

// families are the groups of commands that are drawn, each as often as the others.
var families = map[string]func(g draws) drawn{"lists": drawLists, "sets": drawSets, "sort": drawSort, "keys": drawKeys,
	"hashes": drawHashes, "sortedsets": drawSortedSets, "hyperloglogs": drawHyperLogLogs, "geo": drawGeo,
	"strings": drawStrings, "bits": drawBits, "scripts": drawScripts}

// worksOn are the families that make what another one works on, where it does not do so itself: all that is drawn beside it
// if it is the only one.
var worksOn = map[string][]string{"sort": {"lists", "sets", "hashes"}, "keys": {"lists", "strings"}, "bits": {"strings"},
	"hyperloglogs": {"strings"}}

// beginning is said before all sequences: places for GEORADIUS to ask for, and what is of a wrong type for good.
var beginning = []unit{
	{commands: []drawn{say("GEOADD", "g1", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania")}},
	{commands: []drawn{say("GEOADD", "g2", "-122.4", "37.8", "a")}},
	{commands: []drawn{say("SET", "w1", "none")}},
}

// drawn is one command to be said to both.
type drawn struct {
	words []string
	as    likeness
}

// likeness is how much of two replies must be equal.
type likeness int

const (
	exact   likeness = iota
	sorted           // arrays whose order is the server's own affair: the elements are equal
	counted          // as many elements
	shaped           // by chance: as many elements, and what a SPOP has left is deleted, because it differs
)

// wordsChanged are errors that Redis has put into other words since 4.0, besides those of sameWords.
var wordsChanged = []struct{ of40, of70, why string }{
	{"-ERR timeout is not an integer or out of range", "-ERR timeout is not a float or out of range",
		"timeouts may be fractions since 6.0"},
	{"-ERR unsupported unit provided. please use m, km, ft, mi",
		"-ERR unsupported unit provided. please use M, KM, FT, MI", "in any case since 6.2"},
	{"-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORDS options",
		"-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
		"the option has no S"},
	{"-ERR at least 1 input key is needed for ZUNIONSTORE/ZINTERSTORE",
		"-ERR at least 1 input key is needed for 'zunionstore' command", "6.2 has ZUNION too"},
	{"-ERR at least 1 input key is needed for ZUNIONSTORE/ZINTERSTORE",
		"-ERR at least 1 input key is needed for 'zinterstore' command", "6.2 has ZINTER too"},
	{"-ERR index out of range", "-ERR value is out of range, must be positive",
		"SPOP of a negative count is told so since 6.2"},
}

// onlyIn40 are commands that 4.0 sends to replicas even if they have changed nothing.
var onlyIn40 = map[string]string{
	"bitfield":    "a field that is what it was is no change since 7.0",
	"setbit":      "a bit that is what it was is no change since 7.0",
	"expires":     "what INCRBYFLOAT leaves is SET with KEEPTTL since 6.0; ours tells the time once more",
	"ltrim":       "counts the elements that it took away since 6.2",
	"sinterstore": "an empty result that takes nobody's place is no change since 6.0",
	"sunionstore": "as SINTERSTORE",
	"sdiffstore":  "as SINTERSTORE",
}

// eventsOnce are events that 4.0 tells each time, and 7.0 when something has changed.
var eventsOnce = map[string]string{"setbit": "a bit that is what it was is no change since 7.0, nor is a field of BITFIELD"}

// otherErrorFirst are commands that have several errors to complain of, and name another one since.
var otherErrorFirst = map[string]string{
	"SORT":             "4.0 looks at the type of the key before it reads the options",
	"ZRANGEBYLEX":      "4.0 reads the ends of the range before the options",
	"ZREVRANGEBYLEX":   "as ZRANGEBYLEX",
	"ZRANGEBYSCORE":    "as ZRANGEBYLEX",
	"ZREVRANGEBYSCORE": "as ZRANGEBYLEX",
}

// eventsSince are events that 4.0 does not tell of.
var eventsSince = map[string]string{"move_from": "since 6.0", "move_to": "since 6.0", "persist": "since 6.0"}

// notSaid are commands that are left out of a sequence where the data is such that 4.0 and 7.0 must differ.
func (p *pair) notSaid(t require.TestingT, u unit) bool {
	for _, c := range u.commands {
		if strings.HasPrefix(c.words[0], "GEORADIUS") && (u.multi || !p.exists(t, c.words[1])) {
			return true // 4.0 looks at nothing else where there is no key, and stores nothing
		}
		if p.makesSkiplist(t, u, c) {
			return true
		}
		if p.missedInRedis(t, u, c) || c.words[0] == "SWAPDB" && p.anyWaits(t) {
			return true // whom a SWAPDB serves first of several keys, hash tables decide in Redis
		}
		keys, ok := c.words[1:], c.words[0] == "SINTER"
		if c.words[0] == "SINTERSTORE" {
			keys, ok = c.words[2:], true
		}
		if !ok {
			continue
		}
		// A key that is not there ends an intersection in 4.0; 7.0 looks at the types of all of them first.
		absent, other := false, false
		for _, key := range keys {
			p.ours.main.write(t, resp.AppendCommand(nil, "TYPE", key))
			kind := string(p.ours.main.must(t).Str)
			absent, other = absent || kind == "none", other || kind != "none" && kind != "set"
		}
		if u.multi || absent && other {
			return true
		}
	}
	return false
}

// missedInRedis says whether a SORT may put a list in the place of something else while somebody waits for the key: in
// Redis, 7.0 too, that client does not hear of it, and waits on beside the list. Ours is served.
func (p *pair) missedInRedis(t require.TestingT, u unit, c drawn) bool {
	at := slices.Index(c.words, "STORE")
	if c.words[0] != "SORT" || at < 0 || at+1 == len(c.words) || !p.anyWaits(t) {
		return false
	}
	return p.exists(t, c.words[at+1]) || u.multi
}

// makesSkiplist says whether a SORT reads a small sorted set: in Redis that becomes a skiplist by being sorted.
func (p *pair) makesSkiplist(t require.TestingT, u unit, c drawn) bool {
	if c.words[0] != "SORT" {
		return false
	}
	p.ours.main.write(t, resp.AppendCommand(nil, "OBJECT", "ENCODING", c.words[1]))
	return string(p.ours.main.must(t).Str) == "ziplist" || u.multi
}

func (p *pair) exists(t require.TestingT, key string) bool {
	p.ours.main.write(t, resp.AppendCommand(nil, "EXISTS", key))
	return p.ours.main.must(t).Int > 0
}

// draws is what generators draw from.
type draws struct{ t *rapid.T }

func (g draws) pick(list ...string) string { return rapid.SampledFrom(list).Draw(g.t, "word") }

// oneIn says yes once in n times.
func (g draws) oneIn(n int) bool { return rapid.IntRange(0, n-1).Draw(g.t, "one in") == n-1 }

// extreme is a number that C calls out of range; where SORT is drawn too, another one: in Redis it is refused what it
// sorts if the number that any command read last was out of range.
func (g draws) extreme(list ...string) string {
	if *onlyFamily == "" {
		return "4"
	}
	return g.pick(list...)
}

// upTo is a number from 0 to n.
func (g draws) upTo(n int) int { return rapid.IntRange(0, n).Draw(g.t, "number") }

// key is a key that holds what the letter says, and now and then one that holds something else.
func (g draws) key(letter string) string {
	if g.oneIn(16) {
		letter = g.pick("l", "s", "k", "h", "z")
	}
	return letter + g.pick("1", "2", "3")
}

// word is a short value, equal to others every now and then, or a long one.
func (g draws) word() string {
	if g.oneIn(30) {
		return strings.Repeat(g.pick("y", "z"), 100*(1+g.upTo(70)))
	}
	return g.pick("a", "b", "c", "1", "2", "3", "-7", "10", "", "1.5", "300", "70000", "5000000000", "b", "x y",
		"\xff\x00")
}

// index is a number that positions are counted by; one in many is none.
func (g draws) index() string {
	return g.pick("0", "1", "2", "3", "-1", "-2", "-3", "7", "-7", "9223372036854775807", "-9223372036854775808", "0",
		"1", "-1", "x", "1.5")
}

// list is one to four of what draw draws.
func (g draws) list(draw func() string) (list []string) {
	for range rapid.IntRange(1, 4).Draw(g.t, "how many") {
		list = append(list, draw())
	}
	return list
}

// String prints the words.
func (d drawn) String() string { return fmt.Sprintf("%q", d.words) }

// say is a command whose replies must be equal.
func say(words ...string) drawn { return drawn{words: words} }

// with is say of some words and more.
func with(more []string, words ...string) drawn { return drawn{words: slices.Concat(words, more)} }

// unit is what is said between two looks at what has come of it: a command, a transaction, or a client's wait.
type unit struct {
	commands []drawn
	multi    bool
	waiter   int // which of the waiting clients says it; 0: nobody waits
}

const waiters = 3

func drawUnit(t *rapid.T, only string) unit {
	g := draws{t}
	command := func() drawn {
		if beside := worksOn[only]; only != "" && len(beside) > 0 && g.oneIn(3) {
			return families[g.pick(beside...)](g)
		}
		if only != "" {
			return families[only](g)
		}
		return families[g.pick(slices.Sorted(maps.Keys(families))...)](g)
	}
	switch rapid.IntRange(0, 19).Draw(t, "unit") {
	case 18:
		u := unit{multi: true}
		for range rapid.IntRange(1, 4).Draw(t, "in the transaction") {
			d := command()
			if g.oneIn(8) && (only == "" || only == "lists") {
				d = drawWait(g) // nobody waits in a transaction
			}
			if d.as != shaped && d.words[0] != "SELECT" {
				u.commands = append(u.commands, d)
			}
		}
		return u
	case 19:
		if only != "" && only != "lists" {
			break
		}
		return unit{waiter: 1 + rapid.IntRange(0, waiters-1).Draw(t, "waiter"), commands: []drawn{drawWait(g)}}
	}
	return unit{commands: []drawn{command()}}
}

// alike says whether the replicas were told the same, which is said in words if not.
func alike(ours, theirs []streamed, as likeness) string {
	if as == shaped { // one SREM of all that SPOP took here, one of each there
		return ""
	}
	j := 0
	for _, o := range ours {
		switch _, extra := onlyIn40[o.name]; {
		case j < len(theirs) && theirs[j].text == o.text:
			j++
		case !extra:
			return fmt.Sprintf("replicas are told\nordeal %v\nredis  %v", ours, theirs)
		}
	}
	if j < len(theirs) {
		return fmt.Sprintf("replicas are told\nordeal %v\nredis  %v", ours, theirs)
	}
	return ""
}

// asText prints a reply so that equal ones are equal.
func (as likeness) asText(r resp.Reply) string {
	switch {
	case as == exact || r.Kind != '*' && as == sorted:
		return replyBytes(r)
	case as == shaped || as == counted:
		return fmt.Sprintf("%c of %d, null %v", r.Kind, len(r.Elems), r.Null)
	}
	parts := make([]string, len(r.Elems))
	for i, e := range r.Elems {
		parts[i] = as.asText(e)
	}
	slices.Sort(parts)
	return fmt.Sprint(parts)
}

func equalReplies(of drawn, ours, theirs resp.Reply, as likeness) bool {
	if _, either := otherErrorFirst[of.words[0]]; either && ours.IsError() && theirs.IsError() {
		return true
	}
	a, b := as.asText(ours), as.asText(theirs)
	if of.words[0] == "EVAL" && ours.IsError() && theirs.IsError() {
		return sameScriptWords(a) == sameScriptWords(b)
	}
	for _, w := range wordsChanged {
		of40 := fmt.Sprintf("-%q", w.of40[1:])
		b = strings.ReplaceAll(b, fmt.Sprintf("-%q", w.of70[1:]), of40)
	}
	return a == b || sameWords(a) == sameWords(b)
}

// pair is both servers.
type pair struct {
	ours, theirs *side
	turn         int
	asked        [waiters + 1]int      // answers that a client that may wait is to get
	served       [waiters + 1][]string // and those that ours gave it
	waiting      [waiters + 1]bool     // the last thing that it said did not have its answer at once
	waited       int                   // how often a client had to wait and was served, in all sequences
}

func newPair(t *testing.T) *pair {
	p := &pair{theirs: theirSide(t), ours: ourSide(t)}
	p.ours.connect(t)
	p.theirs.connect(t)
	return p
}

func (p *pair) token() string {
	p.turn++
	return "m" + strconv.Itoa(p.turn)
}

// try says the units to both and compares all that comes of them.
func (p *pair) try(t require.TestingT, units []unit) (said int) {
	token := p.token()
	p.ours.reset(t, token)
	p.theirs.reset(t, token)
	p.asked, p.served, p.waiting = [waiters + 1]int{}, [waiters + 1][]string{}, [waiters + 1]bool{}
	for _, u := range append(slices.Clone(beginning), units...) {
		if p.notSaid(t, u) {
			continue
		}
		said += len(u.commands)
		if u.waiter > 0 {
			p.wait(t, u)
			continue
		}
		p.say(t, u)
	}
	for w := 1; w <= waiters; w++ {
		p.heard(t, w)
		for i, ours := range p.served[w] {
			theirs := p.theirs.waiting[w].must(t)
			require.Equal(t, sameWords(replyBytes(theirs)), sameWords(ours), "answer %d of client %d, which waited", i, w)
		}
	}
	p.compareDistances(t)
	digest := resp.AppendCommand(nil, "DEBUG", "DIGEST")
	p.theirs.main.write(t, digest)
	want := replyBytes(p.theirs.main.must(t))
	p.ours.main.write(t, digest)
	require.Equal(t, want, replyBytes(p.ours.main.must(t)), "DEBUG DIGEST")
	p.ours.main.write(t, resp.AppendCommand(nil, "DEBUG", "RELOAD"))
	p.ours.main.must(t)
	p.ours.main.write(t, digest)
	require.Equal(t, want, replyBytes(p.ours.main.must(t)), "DEBUG DIGEST after a file was written and read")
	return said
}

// say says a command or a transaction.
func (p *pair) say(t require.TestingT, u unit) {
	mark := p.token()
	var request []byte
	if u.multi {
		request = resp.AppendCommand(request, "MULTI")
	}
	for _, c := range u.commands {
		request = resp.AppendCommand(request, c.words...)
	}
	if u.multi {
		request = resp.AppendCommand(request, "EXEC")
	}
	as := exact
	if len(u.commands) == 1 && !u.multi {
		as = u.commands[0].as
		if as == shaped {
			request = resp.AppendCommand(request, "DEL", u.commands[0].words[1])
		}
	}
	request = resp.AppendCommand(request, "PUBLISH", "mark", mark)
	p.ours.main.write(t, request)
	p.theirs.main.write(t, request)
	if u.multi {
		p.compareTransaction(t, u)
	} else {
		ours, theirs := p.ours.main.must(t), p.theirs.main.must(t)
		if !equalReplies(u.commands[0], ours, theirs, as) {
			require.FailNow(t, fmt.Sprintf("%q:\nordeal %s\nredis  %s", u.commands[0].words, replyBytes(ours),
				replyBytes(theirs)))
		}
		if as == shaped {
			require.Equal(t, replyBytes(p.ours.main.must(t)), replyBytes(p.theirs.main.must(t)), "DEL of what %q left",
				u.commands[0].words)
		}
	}
	require.Equal(t, replyBytes(p.theirs.main.must(t)), replyBytes(p.ours.main.must(t)), "subscribers")
	p.compareEffects(t, u, mark, as)
}

func (p *pair) compareEffects(t require.TestingT, u unit, mark string, as likeness) {
	ours, theirs := p.ours.events(t, mark), p.theirs.events(t, mark)
	require.Equal(t, theirs, likeTheirs(ours, theirs), "events of %v", u.commands)
	if difference := alike(p.ours.stream(t, mark), p.theirs.stream(t, mark), as); difference != "" {
		require.FailNow(t, fmt.Sprintf("%v: %s", u.commands, difference))
	}
}

// likeTheirs leaves out what only 4.0 tells.
func likeTheirs(ours, theirs []string) []string {
	if len(ours) == len(theirs) {
		return ours
	}
	var kept []string
	for _, event := range ours {
		_, name, _ := strings.Cut(event, "__:")
		name, _, _ = strings.Cut(name, " ")
		_, once := eventsOnce[name]
		if next := len(kept); !once || next < len(theirs) && theirs[next] == event {
			kept = append(kept, event)
		}
	}
	return kept
}

func (p *pair) compareTransaction(t require.TestingT, u unit) {
	for range len(u.commands) + 1 {
		a, b := p.ours.main.must(t), p.theirs.main.must(t)
		require.True(t, equalReplies(say("QUEUED"), a, b, exact), "%v: %s, %s", u.commands, replyBytes(a), replyBytes(b))
	}
	a, b := p.ours.main.must(t), p.theirs.main.must(t)
	require.Equal(t, len(b.Elems), len(a.Elems), "%v: %s, %s", u.commands, replyBytes(a), replyBytes(b))
	for i := range a.Elems {
		if !equalReplies(u.commands[i], a.Elems[i], b.Elems[i], u.commands[i].as) {
			require.FailNow(t, fmt.Sprintf("in EXEC, %q:\nordeal %s\nredis  %s", u.commands[i].words, replyBytes(a.Elems[i]),
				replyBytes(b.Elems[i])))
		}
	}
}

// wait has a client of its own say something that it may have to wait for: for the rest of the sequence, at most. One
// that waits already says nothing.
func (p *pair) wait(t require.TestingT, u unit) {
	if p.waits(t, u.waiter) {
		return
	}
	begun, mark := p.token(), p.token()
	// In one piece: once the mark is heard, the command behind it has begun.
	request := resp.AppendCommand(nil, "PUBLISH", "mark", begun)
	request = resp.AppendCommand(request, u.commands[0].words...)
	p.asked[u.waiter] += 2
	for _, s := range []*side{p.ours, p.theirs} {
		s.waiting[u.waiter].write(t, request)
		require.Empty(t, s.events(t, begun))
		s.main.write(t, resp.AppendCommand(nil, "PUBLISH", "mark", mark))
		s.main.must(t)
	}
	p.compareEffects(t, u, mark, exact)
	if p.waits(t, u.waiter) {
		p.waiting[u.waiter] = true
	}
}

// waits says whether a client waits.
func (p *pair) waits(t require.TestingT, waiter int) bool {
	p.heard(t, waiter)
	return len(p.served[waiter]) < p.asked[waiter]
}

func (p *pair) anyWaits(t require.TestingT) bool {
	return p.waits(t, 1) || p.waits(t, 2) || p.waits(t, 3)
}

// heard notes what a client that waits has been answered by our server.
func (p *pair) heard(t require.TestingT, waiter int) {
	for {
		r, ok := p.ours.waiting[waiter].next(t, 0)
		if !ok {
			return
		}
		p.served[waiter] = append(p.served[waiter], replyBytes(r))
		if p.waiting[waiter] {
			p.waiting[waiter] = false
			p.waited++
		}
	}
}

// TestDifferential takes families with -differential.family, and as many sequences as -rapid.checks says.
func TestDifferential(t *testing.T) {
	if *onlyFamily != "" {
		require.Contains(t, families, *onlyFamily, "-differential.family is one of %v", slices.Sorted(maps.Keys(families)))
	}
	p := newPair(t)
	said := 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(t, "length")
		drawn := rapid.Custom(func(t *rapid.T) unit { return drawUnit(t, *onlyFamily) })
		said += p.try(t, rapid.SliceOfN(drawn, n, n).Draw(t, "sequence"))
	})
	t.Logf("%d commands said to both, %d clients served that had waited", said, p.waited)
}

var onlyFamily = flag.String("differential.family", "", "draw commands of this family alone, and of those that make what it works on")
