package callers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Kind is one kind of work, as a value: how its operations are drawn, what they say to a server and what the replies
// mean, which model judges them, and what is read of it in the end.
type Kind struct {
	Name  string
	About string // one sentence
	Model string // of package models
	// Commands are those that a server must know, apart from SELECT and ROLE.
	Commands []string

	// draw says what the operation does; everything that chance decides is decided here. Its key is chosen already.
	draw func(d *drawing) Op
	// begin asks the first questions; it may fill in the argument from what the client has seen before.
	begin func(op *Op, t *Talk)
	// hear takes reply number t.heard, from 1, to what was asked. It may ask more. An operation is over when it has said
	// how it ended and every reply has come.
	hear func(op *Op, t *Talk, r resp.Reply)
	// final are the operations that read everything once more, in the end.
	final func(w *work) []Op
}

// Kinds are the kinds of work that there are, in the order of the documents.
func Kinds() []*Kind {
	return []*Kind{Register(), CAS(), Counter(), StringAppend(), ListAppend(), Set(), Queue(), Bank(), Script(), Lock(), Expiry(),
		Databases(), Wait(), Publish(), Intruder(), Blocking(), Raw(), Session()}
}

// Works are the kinds as scenarios name them.
func Works() []workload.Kind {
	var all []workload.Kind
	for _, k := range Kinds() {
		all = append(all, workload.Kind{Name: k.Name, About: k.About, Model: k.Model, Check: k.check,
			Usual: workload.Work{Reads: 50, ReplicaReads: 20, Probes: 2}})
	}
	return all
}

// kindByName returns the kind called name.
func kindByName(name string) *Kind {
	for _, k := range Kinds() {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// check says what only a Redis has to say about a work of kind k.
func (k *Kind) check(w workload.Work) error {
	switch {
	case w.DB < 0 || w.DB > 15:
		return fmt.Errorf("%s: db: %d is not between 0 and 15", w.Name, w.DB)
	case w.DB != 0 && k.Name == Databases().Name:
		return fmt.Errorf("%s: db: kind %s chooses its databases by itself", w.Name, k.Name)
	case len(w.Commands) > 0 && k.Name != Raw().Name:
		return fmt.Errorf("%s: commands: only kind %s has them", w.Name, Raw().Name)
	case len(w.Commands) == 0 && k.Name == Raw().Name:
		return fmt.Errorf("%s: commands: kind %s needs some, as \"APPEND {key} {value}\"", w.Name, Raw().Name)
	}
	for _, line := range w.Commands {
		if err := checkTemplate(line); err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
	}
	return nil
}

// Op is one operation of a client.
type Op struct {
	Func  string          // as the model calls it
	Key   string          // as the history and the server call it; "" if it is of several
	Arg   histories.Value //
	DB    int             // the database to select first
	Write bool            // it may change data: it goes to the master, and its outcome is unknown if no answer comes

	patience time.Duration // how long its client waits for its end; 0: as long as for others

	work *work
	hand *hand

	// What the kind keeps between the parts of the conversation.
	saved string
	told  histories.Value
}

// work is a [workload.Work] in a run.
type work struct {
	workload.Work
	kind  *Kind
	label string   // of its operations in the history, "" if it is the only one
	keys  []string //
}

// works lays out the works of a spec.
func works(s workload.Spec) []*work {
	var all []*work
	for i, w := range s.Mix {
		kind := kindByName(w.Kind)
		node.Assert(kind != nil, "a scenario was not checked: kind %q", w.Kind)
		all = append(all, &work{Work: w, kind: kind, label: s.Label(i), keys: s.KeysOf(i)})
	}
	return all
}

// other is the key after key, round and round: itself if there is only one.
func (w *work) other(key string, steps int) string {
	i := slices.Index(w.keys, key)
	return w.keys[(i+steps)%len(w.keys)]
}

// drawing is what an operation is drawn from.
type drawing struct {
	rng    *rand.Rand
	work   *work
	key    string
	write  bool   // it shall change something
	client string // who does it,
	n      int    // as which of its operations, from 1
	word   []byte // memory of uniqueValue

	servers []Peer // whose addresses templates name
}

// unique is a word that no other operation of the run has.
func (d *drawing) unique() string { return d.client + "-" + strconv.Itoa(d.n) }

// uniqueValue is [drawing.unique] as a value.
func (d *drawing) uniqueValue() histories.Value {
	d.word = strconv.AppendInt(append(append(d.word[:0], d.client...), '-'), int64(d.n), 10)
	return histories.Word(d.word)
}

// hand is what one client has in hand of one work: what it saw and holds.
type hand struct {
	seen map[string]string // key → the value last seen or written there, to look up only
	held map[string]int64  // lock → the token it is held by, to look up only
}

func newHand() *hand { return &hand{seen: map[string]string{}, held: map[string]int64{}} }

// Talk is a conversation with a server about one operation.
type Talk struct {
	out          []byte // commands to send
	asked, heard int
	auth         []string          // what lets a caller in, nil: nothing is asked for
	renamed      map[string]string // its commands that have another name

	ended  bool
	end    node.NoteKind
	result histories.Value
	text   string
}

// Ask asks one command.
func (t *Talk) Ask(words ...string) {
	t.out = appendAs(t.out, t.renamed, words)
	t.asked++
}

// over says whether the operation has ended, and every reply has come.
func (t *Talk) over() bool { return t.ended && t.heard == t.asked }

// Done says that the operation happened, and what it found.
func (t *Talk) Done(result histories.Value) { t.finish(node.NoteOK, result, "") }

// Refused says that the operation certainly did not happen, and why.
func (t *Talk) Refused(why string) { t.finish(node.NoteFail, histories.Value{}, why) }

// Unknown says that the operation may have happened.
func (t *Talk) Unknown(why string) { t.finish(node.NoteInfo, histories.Value{}, why) }

// finish keeps the first word about how the operation ended.
func (t *Talk) finish(kind node.NoteKind, result histories.Value, why string) {
	if !t.ended {
		t.ended, t.end, t.result, t.text = true, kind, result, why
	}
}

// refuses ends an operation that the reply is an error to, and says whether it is one. One command that answers an
// error has done nothing.
func (t *Talk) refuses(r resp.Reply) bool {
	if r.IsError() {
		t.Refused(string(r.Str))
	}
	return r.IsError()
}

// found is the value of a bulk reply: nothing if it is null.
func found(r resp.Reply) histories.Value {
	switch {
	case r.Null:
		return histories.Value{}
	case r.Kind == ':':
		return histories.Int(r.Int)
	case r.Kind == '*':
		values := make([]histories.Value, len(r.Elems))
		for i, e := range r.Elems {
			values[i] = found(e)
		}
		return histories.List(values...)
	}
	return histories.Word(r.Str)
}
