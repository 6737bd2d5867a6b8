package checkers_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/corpus"
	"github.com/ordeal-go/ordeal/models"
)

// tiny draws a history of few operations on one key, at times so close together that most overlap. With unique, no
// value is written twice.
func tiny(t *rapid.T, unique bool) *histories.History {
	h := &histories.History{Header: histories.Header{World: "sim"}}
	for i := range rapid.IntRange(1, 6).Draw(t, "ops") {
		from := rapid.IntRange(0, 8).Draw(t, "from")
		op := histories.Operation{Process: fmt.Sprint("c", i), Key: "k", Func: histories.FuncWrite, Outcome: histories.OK,
			Invoked: time.Duration(from), Returned: time.Duration(from + rapid.IntRange(0, 5).Draw(t, "long"))}
		value, found := fmt.Sprint("v", rapid.IntRange(0, 2).Draw(t, "value")), true
		switch rapid.IntRange(0, 5).Draw(t, "what") {
		case 0:
			op.Outcome = histories.Info
			op.Returned = histories.Forever
		case 1, 2, 3:
			op.Func = histories.FuncRead
			found = rapid.IntRange(0, 4).Draw(t, "found") > 0
			if unique {
				value = fmt.Sprint("v", rapid.IntRange(0, 4).Draw(t, "of"))
			}
		}
		switch {
		case op.Func == histories.FuncRead:
			op.Result = word(value, found)
		case unique:
			op.Arg = histories.Text(fmt.Sprint("v", i))
		default:
			op.Arg = histories.Text(value)
		}
		h.Ops = append(h.Ops, op)
	}
	return h
}

// bruteForce tries every order of the operations, with any of those without an answer left out.
func bruteForce(ops []histories.Operation, done []bool, value string, found bool) bool {
	all := true
	for i, op := range ops {
		if done[i] || op.Outcome == histories.Info {
			continue
		}
		all = false
		_ = i
	}
	if all {
		return true
	}
	for i, op := range ops {
		if done[i] || tooEarly(ops, done, op) {
			continue
		}
		v, f := op.Word(), true
		if op.Func == histories.FuncRead {
			if op.Found() != found || op.Found() && op.Word() != value {
				continue
			}
			v, f = value, found
		}
		done[i] = true
		ok := bruteForce(ops, done, v, f)
		done[i] = false
		if ok {
			return true
		}
	}
	return false
}

// tooEarly says whether something that is not done yet had returned before op was invoked.
func tooEarly(ops []histories.Operation, done []bool, op histories.Operation) bool {
	for j, other := range ops {
		if !done[j] && other.Outcome != histories.Info && other.Returned < op.Invoked {
			return true
		}
	}
	return false
}

func TestLinearizableAgreesWithEveryOrderTried(t *testing.T) {
	valid, invalid := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		h := tiny(t, rapid.Bool().Draw(t, "unique"))
		want := bruteForce(h.Ops, make([]bool, len(h.Ops)), "", false)
		v := checkers.Linearizable{}.Check(checkers.NewRecord(h))
		reads := v.Saw("reads") > 0
		switch {
		case !want:
			invalid++
			require.Equal(t, checkers.Invalid, v.Result, "%v", h.Ops)
			require.NotEmpty(t, v.Findings[0].Ops)
		case reads:
			valid++
			require.Equal(t, checkers.Valid, v.Result, "%v: %v", v, h.Ops)
		default:
			require.Equal(t, checkers.Unknown, v.Result)
		}
	})
	require.NotZero(t, valid)
	require.NotZero(t, invalid)
}

func TestZonesAgreeWithPorcupine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := tiny(t, true)
		model := models.Register()
		want := porcupine.CheckOperations(model.Porcupine(), model.Operations(h.Ops))
		v := checkers.Linearizable{}.Check(checkers.NewRecord(h))
		require.Equal(t, !want, v.Result == checkers.Invalid, "%v: %v", v, h.Ops)
	})
}

func TestPageShowsTheOperationsAndTheFaults(t *testing.T) {
	h, err := corpus.Open("linearizable-bad-old-value")
	require.NoError(t, err)
	h.Faults = []histories.Fault{{ID: 1, Text: "cut m1 | r1", Start: 2, Stop: histories.Forever}}
	var page bytes.Buffer
	require.NoError(t, checkers.Linearizable{}.WritePage(&page, h))
	for _, want := range []string{"<html", `write k \"v2\"`, `read k`, "cut m1 | r1", "nemesis"} {
		require.Contains(t, page.String(), want)
	}
	require.ErrorContains(t, checkers.Linearizable{}.WritePage(&page, &histories.History{}), "nothing to show")
}

func TestAPageOfALongHistoryShowsItsBeginning(t *testing.T) {
	h := served("register", 50, 30_000, servedRegister(0))
	var page bytes.Buffer
	require.NoError(t, checkers.Linearizable{}.WritePage(&page, h))
	require.True(t, bytes.Contains(page.Bytes(), []byte("later operations are not shown")))
	require.Less(t, page.Len(), 4<<20)
}

func TestASearchThatReachesItsLimitSaysHowMuchItJudged(t *testing.T) {
	h := &histories.History{}
	for i := range 4 {
		h.Ops = append(h.Ops, histories.Operation{Process: "a", Func: histories.FuncWrite, Key: "k", Arg: histories.Text("0"),
			Invoked: time.Duration(2 * i), Returned: time.Duration(2*i + 1), Outcome: histories.OK})
	}
	for i := range 60 { // every value twice, all at once
		h.Ops = append(h.Ops, histories.Operation{Process: fmt.Sprint("c", i), Func: histories.FuncWrite, Key: "k", Arg: histories.Text(fmt.Sprint(i / 2)),
			Invoked: 100, Returned: 1000, Outcome: histories.OK})
	}
	for i := range 30 {
		h.Ops = append(h.Ops, histories.Operation{Process: fmt.Sprint("d", i), Func: histories.FuncRead, Key: "k", Result: histories.Text(fmt.Sprint(i)),
			Invoked: 2000, Returned: 2100, Outcome: histories.OK})
	}
	v := checkers.Linearizable{Steps: 20_000}.Check(checkers.NewRecord(h))
	require.Equal(t, checkers.Unknown, v.Result)
	require.Contains(t, v.Why, "of the 94 operations on k, there is an order of the 4 that returned first: the search reached its limit of 20000 steps")
	require.Equal(t, v, checkers.Linearizable{Steps: 20_000}.Check(checkers.NewRecord(h)), "the limit is counted: the same verdict every time")
}

// A read that found an old value is one finding: the values written since contradict it, and none of them is at fault.
func TestOneCauseIsOneFinding(t *testing.T) {
	for name, c := range map[string]struct {
		model string
		serve object
	}{
		"register":                {"register", servedRegister(0)},
		"counter":                 {"counter", servedCounter(false)},
		"counter, told the sums":  {"counter", servedCounter(true)},
		"set, read as a whole":    {"set", servedList(models.FuncAdd)},
		"list, appended and read": {"append", servedList(models.FuncAppend)},
	} {
		t.Run(name, func(t *testing.T) {
			h := served(c.model, 5, 20_000, c.serve)
			require.Equal(t, checkers.Valid, checkers.Linearizable{}.Check(checkers.NewRecord(h)).Result)
			var reads []int
			for i, op := range h.Ops {
				if op.Func == histories.FuncRead && op.Outcome == histories.OK {
					reads = append(reads, i)
				}
			}
			stale, old := reads[len(reads)*3/4], len(reads)/2
			for h.Ops[reads[old]].Result.Equal(h.Ops[stale].Result) {
				old++
			}
			h.Ops[stale].Result = h.Ops[reads[old]].Result
			v := checkers.Linearizable{}.Check(checkers.NewRecord(h))
			require.Equal(t, checkers.Invalid, v.Result, "%v", v)
			require.Len(t, v.Findings, 1, "%v", v.Findings)
			require.Zero(t, v.MoreFindings)
			require.Zero(t, v.Saw("operations that follow from a cause"))
			require.Contains(t, v.Findings[0].Ops, stale)
			require.LessOrEqual(t, len(v.Findings[0].Ops), 9, "%v", v.Findings)
		})
	}
}

// A write that was acknowledged and lost contradicts every read that follows: that is one cause too, and it is counted how
// many do.
func TestALostWriteIsOneFindingHoweverManyReadsShowIt(t *testing.T) {
	h := &histories.History{}
	op := func(process, f string, arg, result histories.Value) {
		at := time.Duration(10 * len(h.Ops))
		h.Ops = append(h.Ops, histories.Operation{Process: process, Key: "k", Func: f, Arg: arg, Result: result, Invoked: at, Returned: at + 1, Outcome: histories.OK})
	}
	op("c1", histories.FuncWrite, histories.Text("a"), histories.Value{})
	op("c1", histories.FuncWrite, histories.Text("b"), histories.Value{})
	for range 50 {
		op("c2", histories.FuncRead, histories.Value{}, histories.Text("a"))
	}
	v := checkers.Linearizable{}.Check(checkers.NewRecord(h))
	require.Len(t, v.Findings, 1)
	require.Equal(t, []int{0, 1, 2}, v.Findings[0].Ops)
	require.Contains(t, v.Findings[0].Text, "from the same cause, 49 more cannot be explained")
}

// word is what a read found.
func word(value string, found bool) histories.Value {
	if !found {
		return histories.Value{}
	}
	return histories.Text(value)
}
