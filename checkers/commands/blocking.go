package commands

import (
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Blocking holds a master to what it promises those who wait for an element of a list: who waits in vain does so for his
// whole time and no longer, and only if there was nothing; who began to wait first is served first; and what one was given,
// nobody else is.
//
// What a client waited for is judged where one server was master all the while without a restart. Times and turns are judged
// where no fault was near: then a request arrives within turnSlack. Redis 4.0: blocked.c; t_list.c,
// handleClientsBlockedOnLists.
type Blocking struct{}

const (
	blockedFor = time.Second            // how long each waits
	turnSlack  = 300 * time.Millisecond // what a request, a reply and the server's cron take at most, undisturbed
	calm       = 5 * time.Second        // how long after a fault nothing is felt of it any more
)

// Name implements Checker.
func (Blocking) Name() string { return "blocking" }

// Check implements Checker.
func (Blocking) Check(r *checkers.Record) checkers.Verdict {
	b := blockings{lives: lives{r: r}, given: map[string]int{}, taken: map[string]int{}, lists: map[string]*waited{}}
	for _, name := range [...]string{"elements taken", "waits in vain", "turns compared"} {
		b.q.Saw(name, 0)
	}
	for i := range r.Ops {
		if op := &r.Ops[i]; r.Model(op) == "blocking" {
			b.gather(i)
		}
	}
	for _, name := range b.names {
		l := b.lists[name]
		for _, i := range l.takes {
			b.take(i, l)
		}
		b.turns(l)
	}
	missing := ""
	if b.q.Count("elements taken")+b.q.Count("waits in vain") == 0 {
		missing = "nobody waited for an element of a list"
	}
	return b.q.Verdict(missing, "who waited was served in his turn, and in vain only where there was nothing")
}

// blockings is one look at a history.
type blockings struct {
	lives
	given map[string]int // element → the operation that put it there, to look up only
	taken map[string]int // element → the first that was given it, to look up only
	lists map[string]*waited
	names []string // of lists, in order of first use
}

// waited is a list at one server, with who put something there and who took or wanted it, in order of invocation.
type waited struct {
	key          string
	gives, takes []int
}

func (b *blockings) gather(i int) {
	op := &b.r.Ops[i]
	keys := []string{op.Key}
	if op.Func == models.FuncTake && len(op.Arg.Elems()) > 1 {
		keys = append(keys, op.Arg.Elem(1).Str())
	}
	if op.Func == models.FuncGive {
		b.given[op.Arg.Elem(0).Str()] = i
	}
	for _, key := range keys {
		name := op.Workload + " " + op.Node + " " + key
		l := b.lists[name]
		if l == nil {
			l = &waited{key: key}
			b.lists[name] = l
			b.names = append(b.names, name)
		}
		if op.Func == models.FuncGive {
			l.gives = append(l.gives, i)
		} else {
			l.takes = append(l.takes, i)
		}
	}
}

// take judges one wait, once for each of its lists.
func (b *blockings) take(i int, l *waited) {
	op := &b.r.Ops[i]
	switch {
	case op.Outcome == histories.Fail:
	case op.Outcome != histories.OK:
		b.unanswered(i)
	case op.Result.IsNothing():
		b.inVain(i, l)
	default:
		b.served(i)
	}
}

// undisturbed says whether the machine was master all the while and no fault was near.
func (b *blockings) undisturbed(machine string, from, to time.Duration) bool {
	return b.r.Slack == 0 && !b.r.FaultNear(from-calm, to) && b.steadily(machine, from, to)
}

// unanswered judges a wait that the client gave up, long after its time was up.
func (b *blockings) unanswered(i int) {
	op := &b.r.Ops[i]
	until := op.Invoked + blockedFor + turnSlack
	if op.Error == "timeout" && b.undisturbed(op.Node, op.Invoked, until+turnSlack) {
		b.q.Breach(until, op.Node, []int{i}, "waited for %s for more than %v, and was to wait for %v", op.Key, blockedFor+turnSlack, blockedFor)
	}
}

// inVain judges a wait whose time was up.
func (b *blockings) inVain(i int, l *waited) {
	op := &b.r.Ops[i]
	if !b.steadily(op.Node, op.Invoked, op.Returned) || b.moved(op.Node) {
		return
	}
	b.q.Saw("waits in vain", 1)
	took := op.Returned - op.Invoked
	if slack := expirySlack + b.r.Slack; took < blockedFor-slack {
		b.q.Breach(op.Returned, op.Node, []int{i}, "waited for %s in vain for %v, and was to wait for %v", op.Key, took.Round(time.Millisecond), blockedFor)
	} else if took > blockedFor+turnSlack && b.undisturbed(op.Node, op.Invoked, op.Returned) {
		b.q.Breach(op.Returned, op.Node, []int{i}, "waited for %s in vain for %v, and was to wait for %v", op.Key, took.Round(time.Millisecond), blockedFor)
	}
	over := min(op.Returned, op.Invoked+blockedFor) // at the earliest: the answer may have been on its way for long
	for _, g := range l.gives {
		give := &b.r.Ops[g]
		if give.Outcome == histories.OK && give.Result.True() && give.Returned < over-turnSlack && b.lies(g, op.Returned, l) {
			b.q.Breach(op.Returned, op.Node, []int{g, i}, "waited for %s in vain, although %s had been put there %v before, and was there",
				op.Key, give.Arg.Elem(0).Str(), (op.Returned - give.Returned).Round(time.Millisecond))
			return
		}
	}
}

// lies says whether what operation g put into the list certainly is there until a moment.
func (b *blockings) lies(g int, until time.Duration, l *waited) bool {
	give := &b.r.Ops[g]
	if first, was := b.taken[give.Arg.Elem(0).Str()]; was && b.r.Ops[first].Invoked <= until || !b.steadily(give.Node, give.Invoked, until) {
		return false
	}
	for _, j := range l.takes {
		if other := &b.r.Ops[j]; other.Invoked <= until && (other.Outcome == histories.Info || other.Outcome == histories.OK && !other.Result.IsNothing() &&
			other.Result.Elem(1).Str() == give.Arg.Elem(0).Str()) {
			return false // somebody took it, or may have
		}
	}
	return true
}

// served judges what a wait was given.
func (b *blockings) served(i int) {
	op := &b.r.Ops[i]
	element := op.Result.Elem(1).Str()
	first, again := b.taken[element]
	if again && first == i {
		return // it is looked at once for each of its lists
	}
	b.q.Saw("elements taken", 1)
	if g, known := b.given[element]; !known || b.r.Ops[g].Invoked > op.Returned || b.r.Ops[g].Outcome == histories.OK && !b.r.Ops[g].Result.True() {
		b.q.Breach(op.Returned, op.Node, []int{i}, "was given %s of %s, which nobody had put there", element, op.Result.Elem(0).Str())
	}
	if !again {
		b.taken[element] = i
		return
	}
	if other := &b.r.Ops[first]; other.Node == op.Node && b.steadily(op.Node, min(other.Invoked, op.Invoked), max(other.Returned, op.Returned)) {
		b.q.Breach(op.Returned, op.Node, []int{first, i}, "was given %s, which %s had been given", element, other.Process)
	}
}

// turns finds those who were served before somebody who had begun to wait for the same list before them, and waited on.
func (b *blockings) turns(l *waited) {
	for n, j := range l.takes {
		late := &b.r.Ops[j]
		g, known := b.given[elementOf(late)]
		if !known || b.r.Ops[g].Key != l.key || b.r.Ops[g].Invoked <= late.Invoked+turnSlack || !b.undisturbed(late.Node, late.Invoked-blockedFor, late.Returned) {
			continue // it did not wait for what it was given
		}
		for _, i := range l.takes[:n] {
			early := &b.r.Ops[i]
			if early.Outcome != histories.OK || early.Invoked+turnSlack >= late.Invoked || early.Returned <= b.r.Ops[g].Returned+turnSlack ||
				early.Invoked+blockedFor <= b.r.Ops[g].Returned+turnSlack {
				continue
			}
			b.q.Breach(late.Returned, late.Node, []int{i, j}, "%s was served, who began to wait for %s %v after %s, who waited on", late.Process, l.key,
				(late.Invoked - early.Invoked).Round(time.Millisecond), early.Process)
		}
		b.q.Saw("turns compared", 1)
	}
}

// elementOf is what a wait was given, "" for nothing.
func elementOf(op *histories.Operation) string {
	if op.Outcome != histories.OK || op.Func != models.FuncTake || op.Result.IsNothing() {
		return ""
	}
	return op.Result.Elem(1).Str()
}

// Promise implements [checkers.Promiser].
func (Blocking) Promise(r *checkers.Record) checkers.Promise {
	if !r.Works("blocking") {
		return checkers.Nobody("nobody waits for elements of lists")
	}
	return r.Ends("data was changed by hand, or keys may be evicted", append([]string{"name=maxmemory"}, checkers.HandsOn...)...)
}
