package histories

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ReadEDN reads a history as Jepsen writes it in EDN: one map for each invocation and each completion, one after another
// or in a vector, such as {:type :invoke, :process 0, :f :read, :value nil, :time 17}. Porcupine's logs of a key–value
// store are the same with a field :key.
//
// The order of the maps is the order of time; :time, in ns, is kept where it agrees. What the nemesis did, each begin and
// end as :info, are faults. A result is what :result says, if it is there; otherwise it is :value for what reads, true for
// a cas, release or transfer that is :ok, and nothing for the rest. The mapping says what is otherwise.
func ReadEDN(r io.Reader, m Mapping) (*History, error) {
	in := newEDN(bufio.NewReaderSize(r, 1<<16))
	j := newJepsen(m)
	first, err := in.blank()
	if err != nil && err != io.EOF {
		return nil, err
	}
	vector := first == '[' || first == '('
	if !vector && err == nil {
		in.back(first)
	}
	for {
		form, err := in.form()
		switch {
		case err == io.EOF:
			return j.end()
		case err == errClosed && vector:
			return j.end()
		case err == errClosed:
			return nil, in.fault("found a closing bracket that closes nothing")
		case err != nil:
			return nil, err
		}
		if err := j.form(form); err != nil {
			return nil, in.fault("%w", err)
		}
	}
}

// jepsen is a history while it is read.
type jepsen struct {
	m      Mapping
	h      *History
	now    time.Duration
	events int
	open   map[string]int // process → its operation under way
	faults map[string]int // what the nemesis is at → index into Faults
}

func newJepsen(m Mapping) *jepsen {
	h := &History{Header: Header{Version: Version, Scenario: "imported", World: "imported"}}
	return &jepsen{m: m, h: h, open: map[string]int{}, faults: map[string]int{}}
}

func (j *jepsen) end() (*History, error) {
	if j.events == 0 {
		return nil, errors.New("the history is empty: expected maps like {:type :invoke, :process 0, :f :read, :value nil}")
	}
	j.h.Complete, j.h.End = true, j.now+1
	j.h.sort()
	return j.h, nil
}

func (j *jepsen) form(form any) error {
	op, ok := form.(ednMap)
	if !ok {
		return fmt.Errorf("found %s: expected a map like {:type :invoke, :process 0, :f :read, :value nil}",
			valueOf(form))
	}
	kind, _ := op.get("type")
	process, ok1 := op.get("process")
	f, ok2 := op.get("f")
	if !ok1 || !ok2 {
		return errors.New("an operation has no :process or no :f")
	}
	at, _ := op.get("time")
	ns, _ := at.(int64)
	e := jepsenEvent{kind: valueOf(kind).Str(), process: valueOf(process).Str(), f: valueOf(f).Str(),
		key: j.m.key(op), value: j.m.value(op)}
	if result, told := op.get("result"); told {
		e.result, e.told = valueOf(result), true
	}
	for _, name := range []string{"error", "exception"} {
		if text, is := op.get(name); is && e.text == "" {
			e.text = word(valueOf(text))
		}
	}
	return j.event(time.Duration(ns), e)
}

// word is a value as a word, or as JSON if it is none.
func word(v Value) string { return cmp.Or(v.Str(), v.String()) }

// jepsenEvent is an invocation or a completion.
type jepsenEvent struct {
	kind, process, f, key, text string
	value                       Value
	result                      Value // told apart from value
	told                        bool
}

func (j *jepsen) event(at time.Duration, e jepsenEvent) error {
	// What stands later came later, also if the clock does not say so.
	j.now = max(j.now+1, at)
	j.events++
	if e.process == "nemesis" {
		j.nemesis(e)
		return nil
	}
	if e.kind == "invoke" {
		// Whoever begins anew has given up what was open; it may have happened.
		j.open[e.process] = len(j.h.Ops)
		j.h.Ops = append(j.h.Ops, Operation{Process: e.process, Func: j.m.function(e.f), Key: e.key, Arg: e.value,
			Invoked: j.now, Returned: Forever, Outcome: Info})
		return nil
	}
	i, open := j.open[e.process]
	if !open {
		return fmt.Errorf("process %s ends a %s that it did not invoke", e.process, e.f)
	}
	delete(j.open, e.process)
	op := &j.h.Ops[i]
	op.Returned = j.now
	told, isAnswer := j.m.Told[e.f]
	switch {
	case e.kind == "ok":
		op.Outcome, op.Result = OK, e.found(op)
	case e.kind == "fail" && isAnswer:
		op.Outcome, op.Result = OK, told
	case e.kind == "fail":
		op.Outcome, op.Error = Fail, e.text
	case e.kind == "info":
		op.Error = e.text
	default:
		return fmt.Errorf(":type is %q: expected :invoke, :ok, :fail or :info", e.kind)
	}
	if op.Func == FuncRead {
		op.Arg = Value{} // what a read names as its value is what it found
	}
	return nil
}

// found is the result of op, which is ok.
func (e *jepsenEvent) found(op *Operation) Value {
	switch {
	case e.told:
		return e.result
	case op.Func == "cas" || op.Func == "release" || op.Func == "transfer":
		return Bool(true)
	case op.Func == "txn" || op.Arg.IsNothing():
		return e.value
	}
	return Value{}
}

// nemesis takes up what the nemesis did: it says so twice, when it begins and when it is done.
func (j *jepsen) nemesis(e jepsenEvent) {
	if i, open := j.faults[e.f]; open {
		j.h.Faults[i].Stop = j.now
		delete(j.faults, e.f)
		return
	}
	j.faults[e.f] = len(j.h.Faults)
	text := e.f
	if !e.value.IsNothing() {
		text += " " + word(e.value)
	}
	j.h.Faults = append(j.h.Faults, Fault{ID: len(j.h.Faults) + 1, Text: text, Start: j.now, Stop: Forever})
}

// jepsenLog begins the lines of Jepsen's log that are a history, as porcupine keeps some of etcd.
const jepsenLog = "jepsen.util -"

// ReadJepsenLog reads a history from Jepsen's log: lines such as "INFO jepsen.util - 0 :invoke :cas [1 2]", and others
// among them that say something else. There, a cas that failed found another value than it expected, and a read that
// failed timed out: both of these are what porcupine takes them for.
func ReadJepsenLog(r io.Reader, m Mapping) (*History, error) {
	j := newJepsen(m)
	if _, given := j.m.Told["cas"]; !given {
		told := map[string]Value{"cas": Bool(false)}
		for f, v := range m.Told { // any order: into another map
			told[f] = v
		}
		j.m.Told = told
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, LineMax)
	for n := 1; lines.Scan(); n++ {
		_, rest, ok := strings.Cut(lines.Text(), jepsenLog)
		words := strings.Fields(rest)
		if !ok || len(words) < 4 || words[1][0] != ':' || words[2][0] != ':' {
			continue
		}
		form, err := newEDN(bufio.NewReader(strings.NewReader(strings.Join(words[3:], " ")))).form()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		e := jepsenEvent{kind: words[1][1:], process: words[0], f: words[2][1:], value: valueOf(form)}
		if text, isWord := form.(keyword); isWord && e.kind != "invoke" {
			e.text, e.value = string(text), Value{}
			if e.kind == "fail" {
				e.kind = "info"
			}
		}
		if err := j.event(0, e); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return j.end()
}
