package checkers

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/models/reference"
)

// Commands holds a master to what its commands are documented to do: each reply to a client that has its keys for itself
// is the one that the commands before it lead to.
//
// A session is judged as long as one server answers it and is master all the while without a restart; an operation
// without an answer, or a refusal for the server's own state in the middle of several commands, ends that. A key that may
// just be dying ends it too, and so does any time to live at a server whose clock a fault moved. Redis 4.0: t_*.c, db.c,
// expire.c, multi.c, sort.c; redis.io/commands.
type Commands struct{}

// Name implements Checker.
func (Commands) Name() string { return "commands" }

// Check implements Checker.
func (Commands) Check(h *histories.History) Verdict {
	e := lives{r: index(h)}
	e.q.saw("commands judged", 0)
	e.q.saw("sessions", 0)
	open := map[string]*session{} // to look up only
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Func != models.FuncSession || h.Model(op) != "session" {
			continue
		}
		name := op.Workload + "/" + op.Key
		s := open[name]
		if s == nil {
			s = &session{node: op.Node, since: op.Invoked, data: reference.New(home(op.Key), expirySlack+e.r.slack), moved: e.moved(op.Node)}
			open[name] = s
			e.q.saw("sessions", 1)
		}
		e.follow(s, i)
	}
	missing := ""
	if e.q.count("commands judged") == 0 {
		missing = "no client had keys for itself at a server that was master all the while"
	}
	return e.q.verdict(missing, "every reply was the one that the commands before it lead to")
}

// session is one client's way with its keys.
type session struct {
	node  string
	since time.Duration // it is known to have been the master since
	data  *reference.Data
	moved bool // the node's clock was
	ops   []int
}

// follow takes operation i of the session.
func (e *lives) follow(s *session, i int) {
	op := &e.r.Ops[i]
	switch {
	case s.data.Unsure:
		return
	case op.Node != s.node:
		// A probe at a replica, which changes nothing there; as long as it is one.
		if t := e.r.machines[op.Node]; op.Returned == histories.Forever || !e.r.always(t, op.Invoked, op.Returned, isReplica) {
			s.data.Unsure = true
		}
		return
	case op.Outcome == histories.Fail:
		return // it never reached the server
	case op.Outcome != histories.OK || len(op.Result.Elems()) != len(op.Arg.Elems()) || !e.steadily(s.node, s.since, op.Returned):
		s.data.Unsure = true
		return
	}
	s.ops = append(s.ops, i)
	for n, words := range op.Arg.Elems() {
		line := wordsOf(words)
		why := s.data.Step(line, op.Result.Elem(n), reference.Span{From: op.Invoked, To: op.Returned})
		if s.moved && s.data.Mortal() {
			s.data.Unsure = true
		}
		if s.data.Unsure {
			return
		}
		e.q.saw("commands judged", 1)
		if why != "" {
			s.data.Unsure = true // what comes after it means nothing
			e.q.breach(op.Returned, op.Node, s.ops, "%s: %s", reference.Line(line), why)
			return
		}
	}
	s.since = op.Invoked
}

// steadily says whether the machine was master, and held the data that it had, from one moment to another.
func (e *lives) steadily(machine string, from, to time.Duration) bool {
	t := e.r.machines[machine]
	return t != nil && !t.turned(from, to) && e.r.always(t, from, to, isMaster) && !anyIn(t.resyncs, from, to) && !e.flushed(from, to)
}

// ofSession says whether a change was part of a session, which empties only databases that it has for itself.
func (r *record) ofSession(p *histories.Place) bool {
	i := sort.Search(len(r.Ops), func(i int) bool { return r.Ops[i].Invoked > p.Time+r.slack })
	for i--; i >= 0; i-- { // an operation without an answer may be carried out long after the client has gone on
		if op := &r.Ops[i]; op.Process == p.Peer && op.Func == models.FuncSession && op.Node == p.Machine && names(op, p.Word) {
			return op.Returned+r.slack >= p.Time || op.Outcome != histories.OK
		}
	}
	return false
}

// names says whether one of the commands of a session's operation is called name.
func names(op *histories.Operation, name string) bool {
	return slices.ContainsFunc(op.Arg.Elems(), func(words histories.Value) bool { return strings.EqualFold(words.Elem(0).Str(), name) })
}

// home is the database that a session's key names.
func home(key string) int {
	_, db, _ := strings.Cut(key, models.InDatabase)
	n, _ := strconv.Atoi(db) // 0 if it names none
	return n
}

func wordsOf(v histories.Value) []string {
	words := make([]string, len(v.Elems()))
	for i, w := range v.Elems() {
		words[i] = w.Str()
	}
	return words
}

func (Commands) promise(r *record) Promise {
	if !r.works("session") {
		return nobody("nobody has keys for himself")
	}
	return r.ends("data was changed by hand, or keys may be evicted", append([]string{"name=maxmemory"}, handsOn...)...)
}
