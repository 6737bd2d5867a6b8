package callers

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Stages on the way to the first operations, which the harness can tell the observer to wait for beside
// [workload.StageSettled]: one master, all others its replicas with the same data, all Sentinels agree; and
// [workload.StageFinal].
const (
	StageLinked = "linked" // every replica's link to its master is up
	StageFormed = "formed" // and every Sentinel knows every replica and every other Sentinel
)

const (
	observePeriod = time.Second            // between two questions to the same machine, unless Watch says otherwise
	awaitPeriod   = 100 * time.Millisecond // the same while the harness waits for a stage
	observeLimit  = 2 * time.Second        // an answer that is later than that is given up
)

// observerName is the machine and the process that the observer is.
const observerName = "o1"

const timerObserve node.TimerID = 1

// period is the time between two questions when nothing is waited for.
func period(w workload.Watch) time.Duration {
	if w.Every > 0 {
		return w.Every
	}
	return observePeriod
}

// Observer asks servers and Sentinels how they are, in words that any Redis understands, and notes what they
// answer. The nemesis leaves it alone.
type Observer struct {
	setup
	from string // source IP
	now  node.Instant
	out  *node.Effects

	orders  []*order
	ears    []*ear
	views   []*view // the servers, then the Sentinels
	await   string  // the stage being waited for, "" none
	since   node.Instant
	held    int   // rounds in a row in which the cluster was settled
	final   *view // the master that the final reads ask, over a connection of their own; nil before them
	reads   []Op  // the final reads
	reading int   // index of the one under way
	asking  bool  // it has not ended
	talk    Talk  // about it
}

// view is what the observer knows of one machine.
type view struct {
	link
	sentinel bool
	spare    bool         // not there yet
	asked    node.Instant // when the question that is open was sent, 0 none
	heard    node.Instant // when the last answer came, 0 never

	// Of the question that is open: how many replies it gets, how many have come, whether one was an error.
	questions, answers int
	refused            bool
	refusal            string // the last error that it answered to INFO or SENTINEL MASTER; "": it answered
	untold             string // what it last did not tell, and why
	digest             string
	blind              bool // it does not tell its dataset's digest, and never will
	slow               int  // how often its digest did not come in time, although it answered what was asked before

	server   serverState   // of a server
	settings []setting     // those that were asked for
	watch    sentinelState // of a Sentinel
	told     readback
}

func (s setup) observer(m cluster.Machine, _ cluster.Boot) node.Core {
	o := &Observer{setup: s, from: m.Host, reads: s.finals()}
	for _, p := range s.servers {
		o.views = append(o.views, &view{link: link{peer: p, from: m.Host}, spare: s.spares[p.Name]})
		if len(s.channels) > 0 {
			o.ears = append(o.ears, &ear{link: link{peer: p, from: m.Host}, channels: s.channels})
		}
	}
	for _, p := range s.sentinels {
		o.views = append(o.views, &view{link: link{peer: p, from: m.Host}, sentinel: true, spare: s.spares[p.Name]})
		o.ears = append(o.ears, &ear{link: link{peer: p, from: m.Host}})
	}
	return o
}

// Step implements node.Core.
func (o *Observer) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	o.now, o.out = now, out
	if ord := o.orderOf(ev.Conn); ord != nil && ev.Conn != 0 {
		o.deliver(ord, ev)
		o.out = nil
		return
	}
	if e := o.earOf(ev.Conn); e != nil {
		o.hear(e, ev)
		o.out = nil
		return
	}
	switch ev.Kind {
	case node.Started:
		o.round()
	case node.Told:
		o.told(string(ev.Bytes))
	case node.TimerFired:
		o.round()
	case node.Dialled:
		if v := o.of(ev.Conn); v != nil {
			v.up(now, out)
			if v == o.final {
				o.readNext()
			} else {
				o.ask(v)
			}
		}
	case node.DialFailed, node.Closed:
		if v := o.of(ev.Conn); v != nil {
			o.lost(v)
		}
	case node.Received:
		if v := o.of(ev.Conn); v != nil {
			o.received(v, ev.Bytes)
		}
	}
	o.out = nil
}

// told takes a message of the harness: a stage to wait for, or an order to give.
func (o *Observer) told(message string) {
	if strings.HasPrefix(message, orderPrefix) {
		o.take(message)
		return
	}
	if name, ok := strings.CutPrefix(message, workload.ExpectPrefix); ok {
		if v := o.viewOf(name); v != nil {
			v.spare = false
		}
		return
	}
	if message == workload.Explain {
		o.explain()
		return
	}
	o.await, o.since, o.held = message, o.now, 0
	o.round()
}

func (o *Observer) of(conn node.ConnID) *view {
	for _, v := range o.views {
		if v.state != linkDown && v.conn == conn {
			return v
		}
	}
	return nil
}

// round asks everybody once more and says when to do so again.
func (o *Observer) round() {
	for _, v := range o.views {
		switch {
		case v.spare:
		case v.state == linkDown:
			v.open(o.now, o.out, awaitPeriod)
		case v.state == linkDialling && o.now.Sub(v.since) > observeLimit,
			v.asked != 0 && o.now.Sub(v.asked) > observeLimit:
			o.late(v)
			v.drop(o.now, o.out)
			o.lost(v)
		case v.state == linkUp && v.asked == 0:
			o.ask(v)
		}
	}
	o.listen()
	o.insist()
	period := period(o.watch)
	if o.await != "" || len(o.orders) > 0 {
		period = min(period, awaitPeriod)
	}
	o.out.SetTimer(timerObserve, period)
}

// slowMax is how many digests in a row are too late before none is asked for any more. A server computes them while
// everybody else waits: with 500,000 keys longer than the observer's patience and many a Sentinel's.
const slowMax = 2

// late takes an answer that did not come in time.
func (o *Observer) late(v *view) {
	if v.asked == 0 || v.questions != 3 || v.answers != 1 {
		return // it is not the digest that takes so long
	}
	if v.slow++; v.slow == slowMax && !v.blind {
		v.blind, v.digest, v.server.Digest = true, "", ""
		n := node.Note{Kind: node.NoteUnseen, About: v.peer.Name, Key: "digest", Took: int64(observeLimit)}
		n.Text = "DEBUG DIGEST takes longer than " + observeLimit.String()
		o.out.Note(n)
	}
}

// lost forgets what was under way on a link that is gone.
func (o *Observer) lost(v *view) {
	v.enter(linkDown, o.now)
	v.asked, v.heard = 0, 0
	v.told.last = ""
	if v == o.final {
		if o.asking {
			o.endRead(node.NoteFail, histories.Value{}, "connection lost")
		}
		o.final, o.held, o.await, o.since = nil, 0, workload.StageSettled, o.now // settle anew and read all again
	}
}

// ask sends the question of the moment. While the harness waits for the cluster to settle, the dataset's digest is
// asked for between two looks at the offset: if both are the same, the digest belongs to it. (A transaction would not
// do: Redis 4.0 puts the MULTI and EXEC around an INFO into the replication stream.)
func (o *Observer) ask(v *view) {
	if o.final != nil {
		return
	}
	v.asked, v.answers, v.refused = o.now, 0, false
	switch {
	case v.sentinel:
		o.askSentinel(v)
	case o.await == workload.StageSettled && !v.blind:
		v.questions = 3
		b := v.append(v.out[:0], "INFO", "replication")
		b = v.append(b, "DEBUG", "DIGEST")
		v.out = v.append(b, "INFO", "replication")
		o.out.Send(v.conn, v.out)
	case o.watch.Foreign:
		v.questions = 2
		b := v.append(v.out[:0], "INFO", "replication")
		v.out = v.append(b, "CONFIG", "GET", "min-slaves-*")
		o.out.Send(v.conn, v.out)
	default:
		v.questions = 2
		b := v.append(v.out[:0], "INFO", "replication")
		v.out = v.append(b, "ROLE")
		o.out.Send(v.conn, v.out)
	}
}

func (o *Observer) received(v *view, b []byte) {
	v.in.Feed(b)
	for v.state == linkUp {
		r, ok, err := v.next()
		if err != nil {
			v.drop(o.now, o.out)
			o.lost(v)
			return
		}
		if !ok {
			return
		}
		switch {
		case o.final == nil:
			o.answered(v, r)
		case v == o.final:
			o.read(r)
		}
	}
}

// answered takes one reply of a machine.
func (o *Observer) answered(v *view, r resp.Reply) {
	if v.sentinel {
		o.answeredSentinel(v, r)
		return
	}
	v.answers++
	switch {
	case r.Kind == '$' && !r.Null:
		before := v.server
		v.server.parse(r.Str)
		v.server.Needed = before.Needed
		if v.answers == 3 && before.ReplID == v.server.ReplID && before.Offset == v.server.Offset {
			v.server.Digest = v.digest
		}
	case r.Kind == '+' && v.answers == 2:
		v.digest, v.slow = string(r.Str), 0
	case r.Kind == '-' && v.questions == 3 && v.answers == 2 && !busy(r.Str):
		v.blind, v.digest = true, ""
		o.unseen(v, "digest", "DEBUG DIGEST", r.Str)
	case r.Kind == '*' && v.answers == 2 && o.watch.Foreign: // CONFIG GET
		o.settings(v, r.Elems)
	case v.questions == 2 && v.answers == 2 && !o.watch.Foreign:
		v.server.role(r)
	case r.Kind == '-' && v.questions == 2 && v.answers == 2 && o.watch.Foreign && !busy(r.Str):
		o.unseen(v, "settings", "CONFIG GET", r.Str)
	default:
		v.refused = true // an error, as while it loads its dataset
	}
	if r.Kind == '-' && v.answers == 1 {
		v.refusal = string(r.Str)
	}
	if v.answers == v.questions {
		o.concluded(v)
	}
}

// unseen notes what a server does not tell, because the command is renamed or not allowed: once until it does.
func (o *Observer) unseen(v *view, what, command string, err []byte) {
	if v.untold == what+string(err) {
		return
	}
	v.untold = what + string(err)
	o.out.Note(node.Note{Kind: node.NoteUnseen, About: v.peer.Name, Key: what, Text: command + ": " + string(err)})
}

// settings takes the answer to CONFIG GET, names and values in turn, and notes what is new.
func (o *Observer) settings(v *view, words []resp.Reply) {
	v.server.Needed = 0
	for i := 0; i+1 < len(words); i += 2 {
		name, value := string(words[i].Str), string(words[i+1].Str)
		if name == "min-slaves-to-write" {
			v.server.Needed, _ = strconv.ParseInt(value, 10, 64) // digits: it is a number's setting
		}
		o.inForce(v, name, value)
	}
}

// inForce notes a setting that is new, or has changed.
func (o *Observer) inForce(v *view, name, value string) {
	if known := slices.IndexFunc(v.settings, func(s setting) bool { return s.name == name }); known < 0 {
		v.settings = append(v.settings, setting{name, value})
	} else if v.settings[known].value == value {
		return
	} else {
		v.settings[known].value = value
	}
	o.out.Note(node.Note{Kind: node.NoteSettings, About: v.peer.Name, Key: name, Text: value})
}

// setting is a directive in force at a server, as it says itself.
type setting struct{ name, value string }

// concluded takes a server's whole answer.
func (o *Observer) concluded(v *view) {
	if v.refused {
		v.asked = 0
		return
	}
	v.refusal = ""
	n := v.server.note(v.peer.Name)
	n.Took = int64(o.now.Sub(v.asked))
	v.asked, v.heard = 0, o.now
	if v.server.ReadOnly != "" {
		o.inForce(v, "slave-read-only", v.server.ReadOnly)
	}
	o.out.Note(n)
	if v.server.Digest != "" {
		o.out.Note(v.server.digestNote(v.peer.Name))
	}
	o.judge()
}

// busy says whether an error is one that passes, as while a server loads its dataset. What else a server answers to
// DEBUG DIGEST, it answers for good: it does not know the command, or does not allow it.
func busy(err []byte) bool {
	for _, code := range []string{"LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN"} {
		if bytes.HasPrefix(err, []byte(code)) {
			return true
		}
	}
	return false
}
