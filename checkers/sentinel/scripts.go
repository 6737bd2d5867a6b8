package sentinel

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
	"github.com/ordeal-go/ordeal/histories"
)

// Scripts holds each Sentinel to the scripts of its operator: the notification script is called for each event that is a
// warning about an instance, with its name and payload; the client-reconfig-script by whoever leads a failover when the
// replica is promoted, and by whoever follows when the address changes, with the master's name, the role, "start", and both
// addresses; each once, in the order of the events, at the next tick, at most 16 at a time. A script that says 1, or dies of a
// signal, is run again after 30 s, then after twice as long each time, ten times in all; any other end is final, and an error
// is published. One that runs for a minute is killed.
//
// What a process had not run yet when it ended is forgotten. Redis 4.0: sentinel.c, sentinelScheduleScriptExecution,
// sentinelRunPendingScripts, sentinelCollectTerminatedScripts, sentinelKillTimedoutScripts; there the count of those that run
// is not taken back for one that is run again, here it is.
type Scripts struct{}

// Name implements Checker.
func (Scripts) Name() string { return "sentinel-scripts" }

// InSimulation implements Simulated.
func (Scripts) InSimulation() string { return "only the simulation sees which scripts a Sentinel runs" }

// Promise implements Promiser.
func (Scripts) Promise(r *checkers.Record) checkers.Promise {
	if scriptIn(r.Plan, "notification-script") == "" && scriptIn(r.Plan, "client-reconfig-script") == "" {
		return checkers.Nobody("no script is configured")
	}
	// Whoever forgets its master forgets its scripts, and may not be told them again (deny-scripts-reconfig).
	return checkers.First(withSentinels(r), r.Ends("an operator took the scripts away", "sentinel-remove", "restore-config", "file-gone", "run-as"))
}

// Limits of Redis 4.0: sentinel.c.
const (
	scriptsMost     = 16
	scriptsQueued   = 256
	scriptRunsMost  = 10
	scriptRetry     = 30 * time.Second
	scriptLastsMost = time.Minute
	scriptLate      = 300 * time.Millisecond
)

// scriptIn is the name of a script that a plan sets, "" if none.
func scriptIn(plan, setting string) string {
	m := regexp.MustCompile(regexp.QuoteMeta(setting) + `["']?\s*[: ]\s*["']?([^\s"',}]+)`).FindStringSubmatch(plan)
	if m == nil {
		return ""
	}
	return path.Base(m[1])
}

// Check implements Checker.
func (Scripts) Check(r *checkers.Record) checkers.Verdict {
	s := scripts{conduct: conduct{r: r, q: &checkers.Inquiry{}, w: evidence.WatchingOf(r)},
		notify: scriptIn(r.Plan, "notification-script"), reconfig: scriptIn(r.Plan, "client-reconfig-script")}
	for _, name := range []string{"calls", "runs", "runs again", "killed"} {
		s.q.Saw(name, 0)
	}
	if s.notify != "" || s.reconfig != "" {
		for _, m := range r.OfKind("sentinel") {
			s.sentinel(m)
		}
	}
	missing := ""
	if s.q.Count("calls") == 0 {
		missing = "nothing happened that a script is called for"
	}
	return s.q.Verdict(missing, "every script was called for what happened, once and in order")
}

type scripts struct {
	conduct
	notify, reconfig string // the names of the scripts, "" none
}

// call is a script that must be called.
type call struct {
	at      time.Duration // when its event was
	words   string        // its name and arguments, with zero bytes between
	runs    []run
	dropped bool
}

// run is one run of a script.
type run struct {
	key      string
	from, to time.Duration // to: Forever while it runs
	exit     int64
}

// shown are the words of a call as a person reads them.
func (c *call) shown() string { return strings.ReplaceAll(c.words, "\x00", " ") }

// queue is what one process of a Sentinel has to call, in order.
type queue struct {
	s        *scripts
	machine  string
	calls    []*call
	running  int
	errors   []time.Duration // when -script-error was published
	timeout  []time.Duration
	follows  string   // the master's name whose new configuration is being followed
	promoted []string // what was said of the replica that was promoted
}

// sentinel judges the processes of one machine, one after the other.
func (s *scripts) sentinel(machine string) {
	var q *queue
	for i := range s.r.Notes {
		n := &s.r.Notes[i]
		if n.Machine != machine {
			continue
		}
		switch {
		case n.Kind == "up":
			q = &queue{s: s, machine: machine}
		case q == nil:
		case n.Kind == "down":
			q.end(n.Time)
			q = nil
		case n.Kind == "event" && n.From == "":
			q.event(n)
		case n.Kind == "script" && n.Event == "started":
			q.started(n)
		case n.Kind == "script":
			q.ended(n)
		}
	}
	if q != nil {
		q.end(s.r.End)
	}
}

// event adds the calls that an event asks for.
func (q *queue) event(n *histories.Note) {
	of, p := kindsOf[n.Event], payloadOf(n.Text)
	switch n.Event {
	case "-script-error":
		q.errors = append(q.errors, n.Time)
		return
	case "-script-timeout":
		q.timeout = append(q.timeout, n.Time)
		return
	case "+tilt", "-tilt":
		return
	}
	if n.Event == "+failover-state-reconf-slaves" {
		defer q.leads(n.Time)
	}
	if of.level == '#' && q.s.notify != "" {
		q.add(n.Time, q.s.notify, n.Event, n.Text)
	}
	if q.s.reconfig == "" {
		return
	}
	switch n.Event {
	case "+promoted-slave":
		q.follows, q.promoted = "", p.words
	case "+config-update-from":
		q.follows = p.master
	case "+switch-master":
		if w := p.words; len(w) == 5 && q.follows == w[0] {
			q.add(n.Time, q.s.reconfig, w[0], "observer", "start", w[1], w[2], w[3], w[4])
		}
		q.follows = ""
	}
}

// leads is a leader's call, once its replica is a master.
func (q *queue) leads(at time.Duration) {
	if w := q.promoted; len(w) >= 8 && q.s.reconfig != "" {
		q.add(at, q.s.reconfig, w[5], "leader", "start", w[6], w[7], w[2], w[3])
	}
	q.promoted = nil
}

func (q *queue) add(at time.Duration, words ...string) {
	q.s.q.Saw("calls", 1)
	q.calls = append(q.calls, &call{at: at, words: strings.Join(words, "\x00")})
	waiting := 0
	for _, c := range q.calls {
		if c.waits() {
			waiting++
		}
	}
	for _, c := range q.calls { // a full queue drops the oldest that does not run
		if waiting+q.running > scriptsQueued && c.waits() {
			c.dropped = true
			waiting--
		}
	}
}

// waits says whether a call is still to be run, for the first time or again.
func (c *call) waits() bool { return !c.dropped && (len(c.runs) == 0 || c.again()) }

// again says whether a call whose last run ended is to be run once more.
func (c *call) again() bool {
	last := c.runs[len(c.runs)-1]
	return last.to != histories.Forever && (last.exit == 1 || last.exit < 0) && len(c.runs) < scriptRunsMost
}

// equal is how many calls have the words of c.
func (q *queue) equal(c *call) (n int) {
	for _, other := range q.calls {
		if other.words == c.words {
			n++
		}
	}
	return n
}

// mayHaveRun says whether the first run of a call may be one that is taken for that of another call of equal words.
func (q *queue) mayHaveRun(c *call) bool {
	return slices.ContainsFunc(q.calls, func(other *call) bool {
		return other.words == c.words && len(other.runs) > 0 && other.runs[len(other.runs)-1].from >= c.at
	})
}

func (q *queue) breach(at time.Duration, format string, args ...any) {
	q.s.q.Breach(at, q.machine, nil, format, args...)
}

// hurt says whether anything kept the Sentinel's process from its timer.
func (q *queue) hurt(from, to time.Duration) bool {
	return q.s.hurt(q.machine, from, min(to, q.s.r.End))
}

// started judges the beginning of a run.
func (q *queue) started(n *histories.Note) {
	var words []string
	if json.Unmarshal([]byte(n.Text), &words) != nil || len(words) == 0 {
		return
	}
	q.s.q.Saw("runs", 1)
	words[0] = path.Base(words[0])
	text := strings.Join(words, "\x00")
	q.running++
	if q.running > scriptsMost {
		q.breach(n.Time, "ran %d scripts at a time: the most is %d", q.running, scriptsMost)
	}
	this := run{key: n.Key, from: n.Time, to: histories.Forever}
	first := slices.IndexFunc(q.calls, func(c *call) bool { return len(c.runs) == 0 && !c.dropped && !q.mayHaveRun(c) })
	// One that is run again waits for its time; a first run comes in its turn. Of equal words it is the one that is due.
	var due *call
	anyTime := q.s.clockMoved(q.machine, 0, n.Time)
	for _, c := range q.calls {
		if c.words == text && len(c.runs) > 0 && c.again() && (anyTime || n.Time >= c.due()-conductEarly) && (due == nil || c.due() > due.due()) {
			due = c
		}
	}
	if due != nil {
		due.runs = append(due.runs, this)
		q.s.q.Saw("runs again", 1)
		return
	}
	for i, c := range q.calls {
		if c.words == text && len(c.runs) == 0 && !c.dropped {
			if first >= 0 && first < i {
				q.breach(n.Time, "ran %q before %q, which it was to be called for first", c.shown(), q.calls[first].shown())
			}
			c.runs = append(c.runs, this)
			return
		}
	}
	for _, c := range q.calls {
		if c.words == text && len(c.runs) > 0 {
			if q.equal(c) > 1 { // one of the others may be due again
				c.runs = append(c.runs, this)
				return
			}
			q.breach(n.Time, "ran %q once more, %v after a run that ended with %d", c.shown(), (n.Time - c.runs[len(c.runs)-1].to).Round(time.Millisecond), c.runs[len(c.runs)-1].exit)
			c.runs = append(c.runs, this)
			return
		}
	}
	q.breach(n.Time, "ran %q, which nothing that happened calls for", strings.Join(words, " "))
}

// due is when a call is to be run again, at the earliest.
func (c *call) due() time.Duration {
	return c.runs[len(c.runs)-1].to + scriptRetry<<(len(c.runs)-1)
}

// ended judges the end of a run.
func (q *queue) ended(n *histories.Note) {
	q.running--
	for _, c := range q.calls {
		if len(c.runs) == 0 || c.runs[len(c.runs)-1].key != n.Key {
			continue
		}
		last := &c.runs[len(c.runs)-1]
		last.to, last.exit = n.Time, n.N
		if lasted := last.to - last.from; lasted > scriptLastsMost+scriptLate && !q.hurt(last.from, last.to) {
			q.breach(n.Time, "let %q run for %v: the most is %v", c.shown(), lasted.Round(time.Millisecond), scriptLastsMost)
		}
		return
	}
}

// end judges what is left when a process ends, or the run.
func (q *queue) end(at time.Duration) {
	for _, c := range q.calls {
		switch {
		case c.dropped:
		case len(c.runs) == 0:
			q.wait(c.at, at, "did not run %q, which it was to be called for at %v", c.shown(), c.at)
		case c.runs[len(c.runs)-1].to == histories.Forever:
			if from := c.runs[len(c.runs)-1].from; at-from > scriptLastsMost+scriptLate && !q.hurt(from, at) {
				q.breach(from+scriptLastsMost+scriptLate, "has let %q run since %v: the most is %v", c.shown(), from, scriptLastsMost)
			}
		case c.again() && !q.hurt(c.runs[len(c.runs)-1].to-tiltTick, c.runs[len(c.runs)-1].to+scriptLate):
			q.wait(c.due(), at, "did not run %q again, which had ended with %d", c.shown(), c.runs[len(c.runs)-1].exit)
		}
		q.between(c, at)
	}
	q.kills(at)
}

// wait wants something that is due to be done before the end, unless too many ran.
func (q *queue) wait(due, end time.Duration, format string, args ...any) {
	if due+scriptLate < end && !q.busy(due, due+scriptLate) && !q.hurt(due-tiltTick, due+scriptLate) {
		q.breach(due+scriptLate, format, args...)
	}
}

// tiltTick is for how long before something is due a timer may have stood still to be late for it.
const tiltTick = 2 * time.Second

// busy says whether as many scripts as may run at a time did so at some moment.
func (q *queue) busy(from, to time.Duration) bool {
	open := 0
	for _, c := range q.calls {
		for _, r := range c.runs {
			if r.from <= to && r.to >= from {
				open++
			}
		}
	}
	return open >= scriptsMost
}

// between judges the runs of one call: each in its time, and the error of a final one.
func (q *queue) between(c *call, end time.Duration) {
	if q.equal(c) > 1 { // whose runs they are cannot be told
		return
	}
	due := c.at
	for i, r := range c.runs {
		if r.from > due+scriptLate && !q.busy(due, r.from) && !q.hurt(due-tiltTick, r.from) {
			q.breach(r.from, "ran %q %v late", c.shown(), (r.from - due).Round(time.Millisecond))
			return
		}
		if i+1 < len(c.runs) {
			due = r.to + scriptRetry<<i
			if q.hurt(r.to-tiltTick, r.to+scriptLate) {
				return // it may have heard of the end later
			}
		}
	}
	if len(c.runs) == 0 {
		return
	}
	last := c.runs[len(c.runs)-1]
	final := last.to != histories.Forever && last.exit != 0 && !c.again()
	if final && last.to+scriptLate < end && !checkers.AnyIn(q.errors, last.to-1, last.to+scriptLate) && !q.hurt(last.to, last.to+scriptLate) {
		q.breach(last.to, "published no -script-error of %q, which had ended with %d", c.shown(), last.exit)
	}
}

// kills wants scripts to be killed for their time when it is over, and not before.
func (q *queue) kills(end time.Duration) {
	for _, at := range q.timeout {
		q.s.q.Saw("killed", 1)
		old := false
		for _, c := range q.calls {
			for _, r := range c.runs {
				old = old || r.from <= at-scriptLastsMost+conductEarly && (r.to >= at || q.equal(c) > 1)
			}
		}
		if !old && at < end && !q.s.clockMoved(q.machine, 0, at) {
			q.breach(at, "killed a script for its time, and none had run for %v", scriptLastsMost)
		}
	}
}
