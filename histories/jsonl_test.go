package histories_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/histories"
)

// anyText draws what may stand in a history: words, and now and then bytes that JSON cannot carry.
var anyText = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "m1", "c1", "v 1", `"quoted\"`, "two\nlines", "\x00zero", "caf\u00e9 \u2028 \U0001f600", "\xff\xfe", "a\xc3"}),
	rapid.String(),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
)

var anyNumber = rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 3))

func anyTime(t *rapid.T, label string, from time.Duration) time.Duration {
	return from + time.Duration(rapid.Int64Range(0, 5).Draw(t, label))
}

// anyHistory draws a history as a recorder could have made it.
func anyHistory(t *rapid.T) *histories.History {
	utf8 := rapid.String()
	h := &histories.History{Header: histories.Header{Version: histories.Version, Scenario: utf8.Draw(t, "scenario"),
		Seed: rapid.Uint64().Draw(t, "seed"), World: "sim", Plan: utf8.Draw(t, "plan")}}
	for range rapid.IntRange(0, 3).Draw(t, "machines") {
		h.Machines = append(h.Machines, histories.Machine{Name: utf8.Draw(t, "name"), Kind: "server", Addr: "10.0.0.1:6379"})
	}
	free := map[string]time.Duration{} // process → when it may go on
	var now time.Duration
	for range rapid.IntRange(0, 12).Draw(t, "ops") {
		now = anyTime(t, "invoked", now)
		op := anyOperation(t, now)
		if now < free[op.Process] {
			continue
		}
		free[op.Process] = op.Returned
		h.Ops = append(h.Ops, op)
	}
	now = 0
	for i := range rapid.IntRange(0, 4).Draw(t, "faults") {
		now = anyTime(t, "start", now)
		f := histories.Fault{ID: i + 1, Text: anyText.Draw(t, "text"), Asked: anyText.Draw(t, "asked"), Start: now, Stop: histories.Forever}
		f.Targets = append(f.Targets, rapid.SliceOfN(anyText, 0, 3).Draw(t, "targets")...)
		if rapid.Bool().Draw(t, "healed") {
			f.Stop = anyTime(t, "stop", now)
		}
		h.Faults = append(h.Faults, f)
	}
	now = 0
	for range rapid.IntRange(0, 6).Draw(t, "notes") {
		now = anyTime(t, "noted", now)
		h.Notes = append(h.Notes, anyNote(t, now))
	}
	now = 0
	for range rapid.IntRange(0, 4).Draw(t, "logs") {
		now = anyTime(t, "logged", now)
		h.Logs = append(h.Logs, histories.LogLine{Time: now, Machine: anyText.Draw(t, "machine"), Text: anyText.Draw(t, "line")})
	}
	now = 0
	for range rapid.IntRange(0, 4).Draw(t, "places") {
		now = anyTime(t, "written", now)
		h.Places = append(h.Places, histories.Place{Time: now, Machine: anyText.Draw(t, "machine"), Peer: anyText.Draw(t, "peer"), Role: "master",
			Key: anyText.Draw(t, "key"), Word: anyText.Draw(t, "word"), ReplID: "a", Offset: anyNumber.Draw(t, "offset")})
	}
	if h.Complete = rapid.Bool().Draw(t, "complete"); h.Complete {
		h.Footer = histories.Footer{End: anyTime(t, "end", now), Trace: anyText.Draw(t, "trace")}
	}
	return h
}

// anyValue draws a value, with lists in it that go at most so deep.
func anyValue(depth int) *rapid.Generator[histories.Value] {
	simple := rapid.OneOf(rapid.Just(histories.Value{}), rapid.Map(anyText, histories.Text), rapid.Map(rapid.Int64(), histories.Int),
		rapid.Map(rapid.Bool(), histories.Bool))
	if depth == 0 {
		return simple
	}
	return rapid.OneOf(simple, rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 3), func(v []histories.Value) histories.Value { return histories.List(v...) }))
}

func anyOperation(t *rapid.T, now time.Duration) histories.Operation {
	op := histories.Operation{Process: rapid.SampledFrom([]string{"c1", "c2", "c3\xff"}).Draw(t, "process"), Key: anyText.Draw(t, "key"),
		Node: anyText.Draw(t, "node"), Final: rapid.Bool().Draw(t, "final"), Invoked: now,
		Func:     rapid.SampledFrom([]string{histories.FuncRead, histories.FuncWrite, "add"}).Draw(t, "f"),
		Outcome:  rapid.SampledFrom([]histories.Outcome{histories.OK, histories.Fail, histories.Info}).Draw(t, "outcome"),
		Returned: anyTime(t, "returned", now)}
	if rapid.Bool().Draw(t, "argument") {
		op.Arg = anyValue(2).Draw(t, "arg")
	}
	if op.Outcome == histories.OK {
		op.Result = anyValue(2).Draw(t, "result")
	}
	if op.Outcome != histories.OK {
		op.Error = anyText.Draw(t, "error")
	}
	if op.Outcome == histories.Info && rapid.Bool().Draw(t, "never") {
		op.Returned, op.Error = histories.Forever, ""
	}
	return op
}

func anyNote(t *rapid.T, now time.Duration) histories.Note {
	s := func(label string) string { return anyText.Draw(t, label) }
	n := func(label string) int64 { return anyNumber.Draw(t, label) }
	return histories.Note{Time: now, Machine: s("machine"), Kind: "state", From: s("from"), Role: s("role"), Link: s("link"),
		ReplID: s("replid"), ReplID2: s("replid2"), Offset: n("offset"), Offset2: n("offset2"), Peer: s("peer"),
		Result: s("result"), Reason: s("reason"), AskedID: s("asked id"), AskedOffset: n("asked offset"), Digest: s("digest"),
		N: n("n"), M: n("m"), ID: s("id"), Master: s("master"), Leader: s("leader"), Epoch: n("epoch"), Event: s("event"),
		Text: s("text"), Key: s("key"),
		Took: time.Duration(rapid.Int64Min(0).Draw(t, "took"))}
}

func TestWhatIsWrittenReadsBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		var file bytes.Buffer
		require.NoError(t, histories.Write(&file, h))
		again, err := histories.Read(bytes.NewReader(file.Bytes()))
		require.NoError(t, err, file.String())
		if !h.Complete {
			h.End = again.End // that of its last line
		}
		require.Equal(t, h, again)
	})
}

func TestAHistoryWithoutAnEndEndsWithItsLastLine(t *testing.T) {
	for _, lines := range []string{`{"t":7,"op":"invoke","process":"c1","f":"read","key":"x"}`, `{"t":7,"machine":"m1","log":"hello"}`,
		`{"t":7,"machine":"m1","note":"up"}`, "{\"t\":3,\"fault\":\"start\",\"id\":1,\"text\":\"kill m1\"}\n{\"t\":7,\"fault\":\"stop\",\"id\":1}"} {
		h, err := histories.Read(strings.NewReader(`{"ordeal":2,"scenario":"x","seed":1,"world":"sim"}` + "\n" + lines + "\n"))
		require.NoError(t, err)
		require.False(t, h.Complete)
		require.EqualValues(t, 7, h.End, lines)
	}
}

func TestAStreamedHistoryIsTheRecordedOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHistory(t)
		h.Complete = true
		var file bytes.Buffer
		r := histories.NewRecorder(h.Header, histories.NewWriter(&file, rapid.IntRange(0, 300).Draw(t, "buffer")))
		replay(h, r)
		require.NoError(t, r.Finish(h.Footer))
		require.Equal(t, h, r.History())
		again, err := histories.Read(&file)
		require.NoError(t, err)
		require.Equal(t, h, again)
	})
}

// replay tells r what happened in h, not quite in order of time: notes and logs last.
func replay(h *histories.History, r *histories.Recorder) {
	open := map[string]histories.Operation{}
	finish := func(op histories.Operation) {
		switch {
		case op.Returned == histories.Forever:
		case op.Outcome == histories.OK:
			r.OK(op.Returned, op.Process, op.Result)
		case op.Outcome == histories.Fail:
			r.Fail(op.Returned, op.Process, op.Error)
		default:
			r.Info(op.Returned, op.Process, op.Error)
		}
		delete(open, op.Process)
	}
	for _, op := range h.Ops {
		if before, is := open[op.Process]; is {
			finish(before)
		}
		r.Invoke(op.Invoked, op)
		open[op.Process] = op
	}
	for _, process := range []string{"c1", "c2", "c3\xff"} {
		if op, is := open[process]; is {
			finish(op)
		}
	}
	for _, f := range h.Faults {
		id := r.FaultStart(f.Start, f.Text, f.Asked, f.Targets)
		if f.Stop != histories.Forever {
			r.FaultStop(f.Stop, id)
		}
	}
	for _, n := range h.Notes {
		r.Note(n)
	}
	for _, p := range h.Places {
		r.Place(p)
	}
	for _, l := range h.Logs {
		r.Log(l.Time, l.Machine, l.Text)
	}
}

// Wherever a run dies, what it streamed is a prefix of the file. Every prefix with a whole header reads, and holds no
// operation, note or log that the whole does not.
func TestEveryTornHistoryIsReadUpToTheTear(t *testing.T) {
	file, err := os.ReadFile("testdata/example.jsonl")
	require.NoError(t, err)
	whole, err := histories.Read(bytes.NewReader(file))
	require.NoError(t, err)
	require.True(t, whole.Complete)
	header := bytes.IndexByte(file, '\n')
	for n := range file {
		h, err := histories.Read(bytes.NewReader(file[:n]))
		if n < header {
			require.Error(t, err, "cut at %d", n)
			continue
		}
		require.NoError(t, err, "cut at %d", n)
		require.LessOrEqual(t, len(h.Ops), len(whole.Ops))
		for i, op := range h.Ops {
			if op.Returned == histories.Forever {
				require.Equal(t, histories.Info, op.Outcome, "an operation without a return may have happened")
				require.Equal(t, whole.Ops[i].Invoked, op.Invoked)
			} else {
				require.Equal(t, whole.Ops[i], op)
			}
		}
		require.ElementsMatch(t, h.Notes, whole.Notes[:len(h.Notes)])
		if n < len(file)-1 {
			require.False(t, h.Complete, "cut at %d", n)
		}
	}
}

func TestErrorsNameTheLineWhatWasFoundAndWhatWasExpected(t *testing.T) {
	const header = `{"ordeal":1,"scenario":"x","seed":1,"world":"sim"}` + "\n"
	const second = `{"ordeal":2,"scenario":"x","seed":1,"world":"sim"}` + "\n"
	const begun = `{"t":5,"op":"invoke","process":"c3","f":"pop","key":"k"}` + "\n"
	write := `{"t":5,"op":"invoke","process":"c3","f":"write","key":"k","value":"1"}` + "\n"
	for _, c := range []struct{ file, want string }{
		{"", "the history is empty: expected a header"},
		{"\n\n", "the history is empty"},
		{`{"t":1}` + "\n", "line 1: found no header: expected a line like"},
		{"once upon a time\n", "line 1: found no header"},
		{`{"ordeal":7}` + "\n", "line 1: the history has version 7, and this program reads versions 1 to 2"},
		{`{"ordeal":1,"sed":4}` + "\n", `line 1: unknown field "sed"`},
		{header + `{"t":7,"op":"ok","process":"c3"}` + "\n", "line 2: ok of process c3, which has no operation open: expected its invoke before"},
		{header + write + write, "line 3: invoke of process c3, whose operation from 5ns is still open"},
		{header + write + `{"t":4,"op":"ok","process":"c3"}` + "\n", "line 3: ok at 4ns of an operation invoked at 5ns"},
		{header + write + `{"t":9,"op":"okay","process":"c3"}` + "\n", `line 3: op is "okay": expected invoke, ok, fail or info`},
		{header + write + `{"t":9,"op":"ok","process":"c3","value":"1"}` + "\n", "line 3: ok of a write with a value"},
		{header + write + `{"t":9,"op":"ok","process":"c3","error":"x"}` + "\n", `line 3: ok with an error, "x"`},
		{header + `{"t":5,"op":"invoke","f":"read","key":"k"}` + "\n", "line 2: invoke without a process"},
		{header + `{"t":5,"op":"invoke","process":"c1","f":"incr","key":"k"}` + "\n", `line 2: invoke of "incr": expected "f" to be "read" or "write"`},
		{header + `{"t":5,"op":"invoke","process":"c1","f":"write","key":"k"}` + "\n", "line 2: invoke of a write without a value"},
		{header + `{"t":5,"op":"invoke","process":"c1","f":"read","key":"k","value":"1"}` + "\n", "line 2: invoke of a read with a value"},
		{header + `{"t":5,"op":"invoke","process":"c1","f":"write","key":"k","arg":"1"}` + "\n", `line 2: invoke with a field "arg": expected "value"`},
		{header + write + `{"t":9,"op":"ok","process":"c3","result":"1"}` + "\n", `line 3: ok with a field "result": expected "value"`},
		{second + write, `line 2: invoke with a field "value": expected "arg"`},
		{second + begun + `{"t":9,"op":"ok","process":"c3","value":"1"}` + "\n", `line 3: ok with a field "value": expected "result"`},
		{second + begun + `{"t":9,"op":"ok","process":"c3","arg":"1"}` + "\n", "line 3: ok of a pop with an argument: expected it in its invoke"},
		{second + begun + `{"t":9,"op":"info","process":"c3","result":"1"}` + "\n", "line 3: info of a pop with a result: expected one only in an ok"},
		{second + `{"t":5,"op":"invoke","process":"c3","f":"pop","result":1}` + "\n", "line 2: invoke of a pop with a result"},
		{second + `{"t":5,"op":"invoke","process":"c3","key":"k"}` + "\n", "line 2: invoke of process c3 without a function"},
		{second + `{"t":5,"op":"invoke","process":"c3","f":"add","arg":{"a":1}}` + "\n", `line 2: field "arg": found {: expected a text, a number`},
		{second + `{"t":5,"op":"invoke","process":"c3","f":"add","arg":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}` + "\n", "lists of lists go deeper than 16"},
		{header + `{"t":5,"machine":"m1"}` + "\n", "line 2: found 0 of the fields op, fault, note, log and end: expected one"},
		{header + `{"t":5,"machine":"m1","note":"state","log":"x"}` + "\n", "line 2: found 2 of the fields"},
		{header + `{"t":5,"machine":"m1","note":"state","ofset":4}` + "\n", `line 2: unknown field "ofset"`},
		{header + `{"t":-5,"machine":"m1","note":"state"}` + "\n", "line 2: t is -5: expected nanoseconds"},
		{header + `{"t":"5s","machine":"m1","note":"state"}` + "\n", "line 2: cannot unmarshal string"},
		{header + `{"t":5,"note":"state"} {}` + "\n", "line 2: found more after the JSON object"},
		{header + `{"t":5,"note":"state"` + "\n" + header, "line 2: unexpected EOF"},
		{header + `{"t":5,"fault":"stop","id":3}` + "\n", "line 2: stop of fault 3, which has not started"},
		{header + `{"t":5,"fault":"start","text":"x"}` + "\n", "line 2: fault without an id"},
		{header + `{"t":5,"fault":"begin","id":3}` + "\n", `line 2: fault is "begin": expected start or stop`},
		{header + `{"end":5}` + "\n" + `{"t":5,"note":"state","machine":"m1"}` + "\n", "line 3: found a line after the end"},
		{header + `{"t":5,"machine":"m1","log":"\u0000%%%"}` + "\n", "line 2: a string begins with a zero byte"},
		{header + strings.Repeat(" ", histories.LineMax+1), "line 1: the line is longer than 16777216 bytes"},
	} {
		_, err := histories.Read(strings.NewReader(c.file))
		require.ErrorContains(t, err, c.want)
	}
}

func TestALineIsWrittenWhole(t *testing.T) {
	for _, buffer := range []int{0, 64, 1 << 20} {
		var writes lineChecker
		w := histories.NewWriter(&writes, buffer)
		w.Header(histories.Header{Scenario: "x"})
		for i := range 100 {
			w.Log(time.Duration(i), "m1", strings.Repeat("x", i))
		}
		if buffer == 0 {
			require.Equal(t, 101, writes.n, "every line at once")
		}
		require.NoError(t, w.Close())
		require.NoError(t, writes.err)
		require.True(t, writes.closed)
	}
}

type lineChecker struct {
	n      int
	err    error
	closed bool
}

func (c *lineChecker) Write(b []byte) (int, error) {
	c.n++
	if len(b) == 0 || b[len(b)-1] != '\n' {
		c.err = errors.New("half a line was written")
	}
	return len(b), nil
}

func (c *lineChecker) Close() error { c.closed = true; return nil }

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestTheFirstWriteErrorIsReportedAtTheEnd(t *testing.T) {
	r := histories.NewRecorder(histories.Header{}, histories.NewWriter(fullDisk{}, 0))
	r.Log(1, "m1", "x")
	require.ErrorContains(t, r.Finish(histories.Footer{}), "no space left")
	require.Len(t, r.History().Logs, 1, "the history in memory is whole")
}

func TestARecorderReportsNonsense(t *testing.T) {
	r := histories.NewRecorder(histories.Header{}, nil)
	r.OK(5, "c1", histories.Value{})
	r.FaultStop(6, 1)
	require.ErrorContains(t, r.Finish(histories.Footer{}), "ok of process c1 at 5ns, which has no operation open")
	require.Empty(t, r.History().Ops)
}

func FuzzRead(f *testing.F) {
	if file, err := os.ReadFile("testdata/example.jsonl"); err == nil {
		f.Add(file)
	}
	f.Add([]byte(`{"ordeal":2}` + "\n" + `{"t":1,"op":"invoke","process":"c","f":"cas","key":"k","arg":[null,1,[true]]}` + "\n" + `{"t":2,"op":"ok","process":"c","result":"x"}`))
	f.Add([]byte(`{"ordeal":1}` + "\n" + `{"t":1,"op":"invoke","process":"c","f":"read","key":"k"}` + "\n" + `{"t":2,"op":"ok","process":"c","value":null}`))
	f.Add([]byte(`{"ordeal":2}` + "\n" + `{"t":1,"op":"invoke","process":"c","f":"cas","key":"k","arg":[null,1,[true]]}` + "\n" + `{"t":2,"op":"ok","process":"c","result":"x"}`))
	f.Add([]byte(`{"ordeal":1}` + "\n" + `{"t":1,"fault":"start","id":1,"targets":["a"]}` + "\n" + `{"t":1,"machine":"\u0000/w==","note":"x"}` + "\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := histories.Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := histories.Write(&again, h); err != nil {
			t.Fatal(err)
		}
		h2, err := histories.Read(&again)
		if err != nil {
			t.Fatalf("what Read accepted and Write wrote does not read: %v", err)
		}
		require.Equal(t, h, h2)
	})
}

func BenchmarkRecord(b *testing.B) {
	r := histories.NewRecorder(histories.Header{}, nil)
	for i := range b.N {
		r.Invoke(time.Duration(i), histories.Operation{Process: "c1", Func: histories.FuncWrite, Key: "k1", Arg: histories.Text("v1"), Node: "m1"})
		r.OK(time.Duration(i+1), "c1", histories.Value{})
	}
}

func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	w := histories.NewWriter(&file, 1<<16)
	w.Header(histories.Header{})
	for i := range 10000 {
		w.Invoke(&histories.Operation{Invoked: time.Duration(i), Process: "c1", Func: histories.FuncWrite, Key: "k1", Arg: histories.Text("v1"), Node: "m1"})
		w.OK(time.Duration(i+1), "c1", histories.Value{})
	}
	w.Flush()
	b.SetBytes(int64(file.Len()))
	for range b.N {
		if _, err := histories.Read(bytes.NewReader(file.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
