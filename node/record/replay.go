package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/ordeal-go/ordeal/node"
)

// LineMax is the longest line of a recording that can be read, in bytes: an RDB file of 64 MiB fits.
const LineMax = 96 << 20

// Step is one event of a replayed life, with what the core did. Its contents are valid during the call only.
type Step struct {
	Line    int // of the recording, from 1
	Now     node.Instant
	Event   *node.Event
	Effects []node.Effect
}

// Report is what a replay came to.
type Report struct {
	Birth Birth
	Steps int
	// Torn says that the recording ends in the middle of a line, as that of a killed process may.
	Torn bool
	// Died is what the core panicked with at the last event, "" if it did not, with the Stack.
	Died  string
	Stack string
}

// DivergedError says that the core did something else than it did when it was recorded: it is not the same code, or
// something beside its events decided what it did.
type DivergedError struct {
	Line     int // of the event
	Event    string
	Recorded string // digest
	Replayed string
	Effects  []string // what it did now
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("line %d, %s: the core does something else than it did then (effects %s, recorded %s)", e.Line, e.Event, e.Replayed, e.Recorded)
}

// Replay leads a new core through a recording and compares what it does with what it did then. each, if not nil, is
// called for every event. The error is a [*DivergedError], or says which line of the recording is bad.
func Replay(r io.Reader, each func(Step)) (*Report, error) {
	p := &replay{lines: bufio.NewScanner(r), each: each, works: map[node.OpID]func() any{}}
	p.lines.Buffer(make([]byte, 1<<16), LineMax)
	p.lines.Split(splitLines(&p.report.Torn))
	if err := p.header(); err != nil {
		return nil, err
	}
	for {
		more, err := p.step()
		if err != nil || !more {
			return &p.report, err
		}
	}
}

// replay is a replay under way.
type replay struct {
	lines  *bufio.Scanner
	number int // of the line read last
	core   node.Core
	out    node.Effects
	works  map[node.OpID]func() any // begun and not yet done
	each   func(Step)
	report Report
}

// next reads a line; ok is false at the end.
func (p *replay) next() (l line, ok bool, err error) {
	if !p.lines.Scan() {
		if err := p.lines.Err(); err != nil {
			return l, false, fmt.Errorf("line %d: %w", p.number+1, err)
		}
		return l, false, nil
	}
	p.number++
	d := json.NewDecoder(bytes.NewReader(p.lines.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, false, fmt.Errorf("line %d is no line of a recording: %w", p.number, err)
	}
	return l, true, nil
}

func (p *replay) header() error {
	l, ok, err := p.next()
	switch {
	case err != nil:
		return err
	case !ok || l.Version == 0 || l.Birth == nil:
		return errors.New(`line 1: a recording begins with {"ordeal_recording":1,"birth":…}`)
	case l.Version != Version:
		return fmt.Errorf("line 1: the recording is of version %d, this program reads %d", l.Version, Version)
	}
	p.report.Birth = *l.Birth
	p.core = l.Birth.Core()
	return nil
}

// step replays one event; more is false at the end of the recording.
func (p *replay) step() (more bool, err error) {
	l, ok, err := p.next()
	if err != nil || !ok {
		return false, err
	}
	at := p.number
	ev, err := l.event()
	if err != nil || l.Now == nil {
		return false, fmt.Errorf("line %d: expected an event: %w", at, err)
	}
	if ev.Kind == node.WorkDone {
		work := p.works[ev.Op]
		if work == nil {
			return false, fmt.Errorf("line %d: work %d is done that was not begun", at, ev.Op)
		}
		delete(p.works, ev.Op)
		ev.Result = work() // a pure function: it gives now what it gave then
	}
	p.out.Reset()
	if !p.tell(*l.Now, &ev) {
		return false, nil
	}
	p.report.Steps++
	effects := p.out.List()
	if p.each != nil {
		p.each(Step{Line: at, Now: *l.Now, Event: &ev, Effects: effects})
	}
	for i := range effects {
		if effects[i].Kind == node.EffectWork {
			p.works[effects[i].Op] = effects[i].Work
		}
	}
	return p.compare(at, l.Event, effects)
}

// compare holds the effects against the recording's next line.
func (p *replay) compare(at int, event string, effects []node.Effect) (more bool, err error) {
	l, ok, err := p.next()
	if err != nil || !ok {
		return false, err // the process died before it could write down what it did
	}
	if l.Effects == nil {
		return false, fmt.Errorf("line %d: expected the effects of line %d", p.number, at)
	}
	if digest := Digest(effects); digest != l.Digest || len(effects) != *l.Effects {
		d := &DivergedError{Line: at, Event: event, Recorded: l.Digest, Replayed: digest}
		for i := range effects {
			d.Effects = append(d.Effects, Describe(&effects[i]))
		}
		return false, d
	}
	return true, nil
}

// tell tells the core; ok is false if it panicked.
func (p *replay) tell(now node.Instant, ev *node.Event) (ok bool) {
	defer func() {
		if reason := recover(); reason != nil {
			p.report.Died, p.report.Stack = fmt.Sprint(reason), string(debug.Stack())
		}
	}()
	p.core.Step(now, ev, &p.out)
	return true
}

// splitLines gives whole lines only, and says in torn whether something without a newline was left at the end.
func splitLines(torn *bool) bufio.SplitFunc {
	return func(data []byte, atEOF bool) (advance int, token []byte, err error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i], nil
		}
		if atEOF && len(data) > 0 {
			*torn = true
			return len(data), nil, nil
		}
		return 0, nil, nil
	}
}
