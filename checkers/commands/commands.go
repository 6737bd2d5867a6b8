package commands

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/models/reference"
)

// Commands holds a master to what its commands are documented to do: each reply to a client that has its keys for itself
// is the one that the commands before it lead to.
//
// A session is judged as long as one server answers it and is master all the while, over a restart only where its append only
// file promises everything; an operation without an answer, or a refusal for the server's own state in the middle of several
// commands, ends that. A key that may
// just be dying ends it too, and so does any time to live at a server whose clock a fault moved. Redis 4.0: t_*.c, db.c,
// expire.c, multi.c, sort.c; redis.io/commands.
type Commands struct{}

// Name implements Checker.
func (Commands) Name() string { return "commands" }

// Check implements Checker.
func (Commands) Check(r *checkers.Record) checkers.Verdict {
	e := lives{r: r}
	e.q.Saw("commands judged", 0)
	e.q.Saw("sessions", 0)
	open := map[string]*session{} // to look up only
	for i := range r.Ops {
		op := &r.Ops[i]
		if op.Func != models.FuncSession || r.Model(op) != "session" {
			continue
		}
		name := op.Workload + "/" + op.Key
		s := open[name]
		if s == nil {
			s = &session{node: op.Node, since: op.Invoked, data: reference.New(home(op.Key), expirySlack+e.r.Slack), moved: e.moved(op.Node)}
			open[name] = s
			e.q.Saw("sessions", 1)
		}
		e.follow(s, i)
	}
	missing := ""
	if e.q.Count("commands judged") == 0 {
		missing = "no client had keys for itself at a server that was master all the while"
	}
	return e.q.Verdict(missing, "every reply was the one that the commands before it lead to")
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
		if t := e.r.Timelines[op.Node]; op.Returned == histories.Forever || !e.r.Always(t, op.Invoked, op.Returned, checkers.IsReplica) {
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
		if n == 0 && e.r.Timelines[s.node].Turned(s.since, op.Returned) {
			e.q.Saw("restarts survived", 1)
		}
		e.q.Saw("commands judged", 1)
		if why != "" {
			s.data.Unsure = true // what comes after it means nothing
			e.q.Breach(op.Returned, op.Node, s.ops, "%s: %s", reference.Line(line), why)
			return
		}
	}
	s.since = op.Invoked
}

// steadily says whether the machine was master, and held the data that it had, from one moment to another.
func (e *lives) steadily(machine string, from, to time.Duration) bool {
	t := e.r.Timelines[machine]
	if t == nil || checkers.AnyIn(t.Resyncs, from, to) || e.flushed(from, to) {
		return false
	}
	if t.Turned(from, to) {
		return e.stayedMaster(t, from, to) && evidence.Outlives(e.r, t, from, to)
	}
	return e.r.Always(t, from, to, checkers.IsMaster)
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

func (Commands) Promise(r *checkers.Record) checkers.Promise {
	if !r.Works("session") {
		return checkers.Nobody("nobody has keys for himself")
	}
	return r.Ends("data was changed by hand, or keys may be evicted", append([]string{"name=maxmemory"}, checkers.HandsOn...)...)
}
