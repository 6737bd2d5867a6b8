package histories

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// NoteAssertion is the kind of note that an assertion of a system under test is: Key (its message), Event (what is asserted:
// one of the Assert… below), Result ("true", "false", "" if it is only declared), Text (details), Reason (where in the source).
const NoteAssertion = "assertion"

// What an assertion asserts.
const (
	AssertAlways              = "always"
	AssertAlwaysOrUnreachable = "always-or-unreachable"
	AssertSometimes           = "sometimes"
	AssertReachable           = "reachable"
	AssertUnreachable         = "unreachable"
)

// sdkLine is a line that one of Antithesis' SDKs writes; lines about other things have no assertion.
type sdkLine struct {
	Assert *struct {
		Hit       bool            `json:"hit"`
		MustHit   bool            `json:"must_hit"`
		Type      string          `json:"assert_type"` // "always", "sometimes", "reachability"
		Message   string          `json:"message"`
		ID        string          `json:"id"`
		Condition bool            `json:"condition"`
		Details   json.RawMessage `json:"details"`
		Location  struct {
			Function string `json:"function"`
			File     string `json:"file"`
			Line     int    `json:"begin_line"`
		} `json:"location"`
	} `json:"antithesis_assert"`
}

// ReadAssertions reads what Antithesis' SDKs write to ANTITHESIS_SDK_LOCAL_OUTPUT, a JSON object a line, and returns its
// assertions as notes of machine. The lines tell no time: all of them are of the moment at. Lines about other things, as a
// set-up that is complete, are left out. A last line without its end, of a process that was killed, is left out as well.
func ReadAssertions(r io.Reader, machine string, at time.Duration) ([]Note, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var notes []Note
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		whole := err == nil
		if line = bytes.TrimSpace(line); len(line) > 0 {
			n, ok, err := readAssertion(line)
			switch {
			case err != nil && whole:
				return nil, fmt.Errorf("line %d: %w", number, err)
			case err == nil && ok:
				n.Time, n.Machine = at, machine
				notes = append(notes, n)
			}
		}
		if !whole {
			return notes, nil
		}
	}
}

// readAssertion reads one line; ok is false if it is about something else.
func readAssertion(line []byte) (n Note, ok bool, err error) {
	var of sdkLine
	if err := json.Unmarshal(line, &of); err != nil {
		return n, false, fmt.Errorf("this is no line of Antithesis' SDK: %w", err)
	}
	a := of.Assert
	if a == nil {
		return n, false, nil
	}
	n = Note{Kind: NoteAssertion, Key: a.Message}
	if n.Key == "" {
		n.Key = a.ID
	}
	switch {
	case n.Key == "":
		return n, false, errors.New("an assertion has no message")
	case a.Type == "always" && a.MustHit:
		n.Event = AssertAlways
	case a.Type == "always":
		n.Event = AssertAlwaysOrUnreachable
	case a.Type == "sometimes":
		n.Event = AssertSometimes
	case a.Type == "reachability" && a.MustHit:
		n.Event = AssertReachable
	case a.Type == "reachability":
		n.Event = AssertUnreachable
	default:
		return n, false, fmt.Errorf("assertion %q is of an unknown type %q: there are always, sometimes and reachability", n.Key, a.Type)
	}
	if a.Hit {
		n.Result = strconv.FormatBool(a.Condition)
	}
	if details := string(a.Details); details != "null" && details != "{}" {
		n.Text = details
	}
	if a.Location.File != "" {
		n.Reason = fmt.Sprintf("%s:%d", a.Location.File, a.Location.Line)
	}
	return n, true, nil
}
