package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

const second = time.Second

func TestOperationsKeepTheirPlaceTimesAndOutcomes(t *testing.T) {
	h := &histories.History{Ops: []histories.Operation{
		{Process: "c1", Func: "write", Key: "k", Arg: histories.Text("v"), Node: "m1", Invoked: 1 * second, Returned: 1*second + 1500*time.Microsecond, Outcome: histories.OK},
		{Process: "c2", Func: "read", Key: "k", Node: "m1", Invoked: 2 * second, Returned: 3 * second, Outcome: histories.OK},
		{Process: "c1", Func: "write", Key: "k", Arg: histories.Text("w"), Node: "r1", Invoked: 4 * second, Returned: 5 * second, Outcome: histories.Fail, Error: "READONLY"},
		{Process: "c2", Func: "read", Key: "k", Node: "m1", Final: true, Invoked: 6 * second, Returned: histories.Forever, Outcome: histories.Info},
	}}
	tl := newTimeline(h, nil)
	require.Equal(t, []int64{1e6, 1e6, 2e6, 2e6}, tl.Ops.Start, "each from the one before")
	require.Equal(t, []int64{1500, 1e6, 1e6, -1}, tl.Ops.Length)
	require.Equal(t, []int{0, kindRead | kindMissing, kindFail, kindRead | kindInfo | kindFinal}, tl.Ops.Kind)
	text := func(column []int) (all []string) {
		for _, i := range column {
			all = append(all, tl.Texts[i])
		}
		return all
	}
	require.Equal(t, []string{"c1", "c2", "c1", "c2"}, text(tl.Ops.Process))
	require.Equal(t, []string{"v", "", "w", ""}, text(tl.Ops.Value))
	require.Equal(t, []string{"", "", "READONLY", ""}, text(tl.Ops.Error))
	require.Equal(t, []string{"m1", "m1", "r1", "m1"}, text(tl.Ops.Node))
	require.EqualValues(t, 6e6, tl.End, "a run without an end lasted until the last thing that is known")
	require.Equal(t, []string{"c1", "c2"}, []string{tl.Lanes[0].Name, tl.Lanes[1].Name}, "processes that the header does not list have lanes too")
}

func TestRolesAreTheServersOwnWordsIfItSpeaks(t *testing.T) {
	own := []histories.Note{
		{Time: 0, Machine: "r1", Kind: "up"},
		{Time: 1 * second, Machine: "r1", Kind: "state", Role: "slave", Link: "down", Peer: "m1"},
		{Time: 2 * second, Machine: "r1", Kind: "state", Role: "slave", Link: "up", Peer: "m1"},
		{Time: 3 * second, Machine: "r1", Kind: "state", Role: "slave", Link: "up", Peer: "m1", Offset: 100},
		{Time: 4 * second, Machine: "r1", Kind: "state", From: "observer", Role: "slave", Link: "down", Peer: "m1"}, // an old answer
		{Time: 5 * second, Machine: "r1", Kind: "state", Role: "master"},
		{Time: 6 * second, Machine: "r1", Kind: "down", Text: "killed"},
	}
	lanes := newLanes(&histories.History{Notes: own, Footer: histories.Footer{End: 7 * second}})
	require.Equal(t, []segment{
		{0, 1e6, "up", "", "up, role not known yet"},
		{1e6, 2e6, "unlinked", "m1", "replica of m1, link down"},
		{2e6, 5e6, "replica", "m1", "replica of m1"},
		{5e6, 6e6, "master", "", "master"},
		{6e6, 7e6, "down", "", "down: killed"},
	}, lanes[0].Segments)

	var seen []histories.Note // of a server that notes nothing, as a real Redis
	for _, n := range own {
		if n.Kind == "state" {
			n.From = "observer"
		}
		seen = append(seen, n)
	}
	lanes = newLanes(&histories.History{Notes: seen, Footer: histories.Footer{End: 7 * second}})
	require.Equal(t, segment{4e6, 5e6, "unlinked", "m1", "replica of m1, link down"}, lanes[0].Segments[3])
}

// What nobody saw is not shown as if it had gone on.
func TestAServerThatNobodySeesIsNotSaidToBeWhatItWas(t *testing.T) {
	state := func(at time.Duration) histories.Note {
		return histories.Note{Time: at, Machine: "m1", Kind: "state", From: "observer", Role: "master", ReplID: "aa", Offset: int64(at / second)}
	}
	h := &histories.History{Notes: []histories.Note{state(1 * second), state(2 * second), state(9 * second), {Time: 20 * second, Machine: "m1", Kind: "down"},
		{Time: 30 * second, Machine: "m1", Kind: "up"}, state(31 * second)}, Footer: histories.Footer{End: 32 * second}}
	require.Equal(t, []segment{{1e6, 5e6, "master", "", "master"}, {5e6, 9e6, "up", "", "not seen since 2.000 s"}, {9e6, 12e6, "master", "", "master"},
		{12e6, 20e6, "up", "", "not seen since 9.000 s"}, {20e6, 30e6, "down", "", "down"}, {30e6, 31e6, "up", "", "up, role not known yet"}, {31e6, 32e6, "master", "", "master"}}, newLanes(h)[0].Segments)
	s := newSeries(h, newTexts())[0]
	require.Equal(t, []int64{1, 2, -1, 9, -1, -1, 31}, s.Offset)
	require.Equal(t, []int64{1e6, 1e6, 0, 7e6, 0, 11e6, 11e6}, s.Time)
}

func TestSentinelsAreCalledByTheirNames(t *testing.T) {
	id := strings.Repeat("ab", 20)
	h := &histories.History{Header: histories.Header{Machines: []histories.Machine{
		{Name: "m1", Kind: "server", Addr: "10.0.0.1:6379"}, {Name: "r1", Kind: "server", Addr: "10.0.0.2:6379"}, {Name: "s1", Kind: "sentinel", Addr: "10.0.0.4:26379"}}},
		Notes: []histories.Note{
			{Machine: "s1", Kind: "config", ID: id, Peer: "m1", Master: "mymaster"},
			{Time: 1 * second, Machine: "s1", Kind: "vote", ID: id, Leader: id, Epoch: 3},
			{Time: 2 * second, Machine: "s1", Kind: "event", ID: id, Event: "+switch-master", Text: "mymaster 10.0.0.1 6379 10.0.0.2 6379"},
			{Time: 2 * second, Machine: "s1", Kind: "config", ID: id, Peer: "r1", Epoch: 3},
			{Time: 3 * second, Machine: "s1", Kind: "event", ID: id, Event: "+slave", Text: "slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.2 6379"},
		}, Footer: histories.Footer{End: 4 * second}}
	s1 := newLanes(h)[2]
	require.Equal(t, []mark{{1e6, "vote", "votes for s1 in epoch 3"}, {2e6, "switch", "+switch-master mymaster m1 r1"}, {3e6, "event", "+slave slave m1 @ mymaster r1"}}, s1.Marks)
	require.Equal(t, []segment{{0, 2e6, "watch", "m1", "holds m1 for the master, epoch 0"}, {2e6, 4e6, "watch", "r1", "holds r1 for the master, epoch 3"}}, s1.Segments)
}

func TestRefusedResyncsSayWhy(t *testing.T) {
	n := newNames(&histories.History{})
	is, text := n.mark(&histories.Note{Kind: "psync", Peer: "r1", Result: "fullresync", Reason: "second-offset", AskedID: "aaaaaaaaaaaa", AskedOffset: 90, ReplID: "bbbbbbbbbbbb", Offset: 70})
	require.Equal(t, "fullsync", is)
	require.Equal(t, "full sync for r1, which asked to continue: refused because of an offset beyond the second replid's (asked for aaaaaaaa from 90, here bbbbbbbb at 70)", text)
	is, _ = n.mark(&histories.Note{Kind: "psync", Peer: "r1", Result: "continue"})
	require.Equal(t, "continue", is)
}

func TestOffsetsBreakWhereTheServerWasDownAndKeepTheEndsOfLevelStretches(t *testing.T) {
	state := func(at time.Duration, offset int64) histories.Note {
		return histories.Note{Time: at, Machine: "m1", Kind: "state", ReplID: "aa", Offset: offset}
	}
	h := &histories.History{Notes: []histories.Note{state(1*second, 0), state(2*second, 10), state(3*second, 10), state(4*second, 10), state(5*second, 10),
		{Time: 6 * second, Machine: "m1", Kind: "down"}, state(8*second, 10), state(9*second, 12)}}
	s := newSeries(h, newTexts())
	require.Len(t, s, 1)
	require.Equal(t, []int64{0, 10, 10, -1, 10, 12}, s[0].Offset)
	require.Equal(t, []int64{1e6, 1e6, 3e6, 1e6, 2e6, 1e6}, s[0].Time)
}

func TestLogsOfAllMachinesAndTheNemesisAreInOrderOfTime(t *testing.T) {
	h := &histories.History{
		Logs: []histories.LogLine{{Time: 1 * second, Machine: "m1", Text: "7:M * Ready to accept connections"}, {Time: 3 * second, Machine: "r1", Text: "8:S # Connection with master lost."}},
		Faults: []histories.Fault{{ID: 1, Text: "cut m1 | r1", Start: 2 * second, Stop: 4 * second},
			{ID: 2, Text: "kill m1", Start: 5 * second, Stop: histories.Forever}},
	}
	texts := newTexts()
	l := newLogs(h, texts)
	require.Equal(t, []string{"7:M * Ready to accept connections", "cut m1 | r1", "8:S # Connection with master lost.", "end of: cut m1 | r1", "kill m1"}, l.Line)
	require.Equal(t, []int64{1e6, 1e6, 1e6, 1e6, 1e6}, l.Time)
	require.Equal(t, []int{2}, l.Warns, "the nemesis's own lines are marked as such, not as trouble")

	long := &histories.History{}
	for i := range logLinesMax + 10 {
		long.Logs = append(long.Logs, histories.LogLine{Time: time.Duration(i), Text: fmt.Sprint(i)})
	}
	l = newLogs(long, newTexts())
	require.Len(t, l.Line, logLinesMax)
	require.Equal(t, 10, l.LeftOut)
	require.Equal(t, fmt.Sprint(logLinesMax+9), l.Line[logLinesMax-1], "the end is what a failed run is about")
}

func TestTroubleIsToldFromTheOrdinary(t *testing.T) {
	for line, trouble := range map[string]bool{
		"1:M 01 Jan # Server initialized":                                           false,
		"1:M 01 Jan # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo":                false,
		"1:X 01 Jan # +failover-state-wait-promotion slave 10.0.0.2:6379":           false,
		"1:S 01 Jan * Partial resynchronization not possible (no cached master)":    false,
		"1:S 01 Jan # Unable to connect to MASTER: Resource temporarily":            true,
		"1:M 01 Jan # Connection with slave 10.0.0.3:6379 lost.":                    true,
		"1:X 01 Jan # +sdown master mymaster 10.0.0.1 6379":                         true,
		"1:X 01 Jan # -failover-abort-no-good-slave master mymaster 10.0.0.1 6379":  true,
		"1:M 01 Jan * Unable to partial resync with slave for lack of backlog":      true,
		"panic: backlog read at 7, first byte is 9":                                 true,
		"1:S 01 Jan * MASTER <-> SLAVE sync: Master accepted a Partial Resynchroni": false,
	} {
		require.Equal(t, trouble, warns(line), line)
	}
}

func TestStringsAreShownAsAPersonCanReadThem(t *testing.T) {
	require.Equal(t, "wörld 7", shown("wörld 7"))
	require.Equal(t, `"\xff\x00a"`, shown("\xff\x00a"))
	require.Equal(t, `"two\nlines"`, shown("two\nlines"))
	long := shown(strings.Repeat("é", 300))
	require.Equal(t, strings.Repeat("é", 200)+"… (600 bytes)", long)
	require.Equal(t, `x`+strings.Repeat("é", 199)+"… (601 bytes)", shown("x"+strings.Repeat("é", 300)), "no character is cut in two")
}

func TestFindingsPointAtOperationsOfThisHistoryOnly(t *testing.T) {
	h := &histories.History{Ops: make([]histories.Operation, 3)}
	tl := newTimeline(h, checkers.Verdicts{{Findings: []checkers.Finding{{Ops: []int{2, 0}}, {Ops: []int{2, 3, -1}}}, Allowed: []checkers.Finding{{Ops: []int{1}}}}})
	require.Equal(t, []int{0, 2}, tl.Bad)
	require.Equal(t, []int{1}, tl.Allowed)
}

func TestTheStoryNamesWhatMattersInOrder(t *testing.T) {
	h := &histories.History{
		Faults: []histories.Fault{{ID: 1, Text: "kill m1", Start: 2 * second, Stop: histories.Forever}},
		Notes: []histories.Note{
			{Time: 0, Machine: "m1", Kind: "up"},
			{Time: 1 * second, Machine: "o1", Kind: "stage", Text: "formed"},
			{Time: 2 * second, Machine: "m1", Kind: "down", Text: "killed"},
			{Time: 3 * second, Machine: "s1", Kind: "event", Event: "+sdown", Text: "slave r2"},
			{Time: 3 * second, Machine: "s1", Kind: "event", Event: "+sdown", Text: "master mymaster m1"},
			{Time: 4 * second, Machine: "r1", Kind: "promoted", Offset: 7, ReplID: "bb", ReplID2: "aa"},
		}}
	var told []string
	for _, m := range moments(h) {
		told = append(told, strings.TrimSpace(m.At+" "+m.Machine+" "+m.Text))
	}
	require.Equal(t, []string{"1.000  the cluster is formed", "2.000 nemesis kill m1", "2.000 m1 ended: killed", "3.000 s1 +sdown master mymaster m1",
		"4.000 r1 became a master at offset 7, replid bb after aa"}, told)
}

func TestTheResultIsSaidInWords(t *testing.T) {
	require.Equal(t, "No checker judged this history.", says(nil))
	require.Equal(t, "Broken: read-only.", says(checkers.Verdicts{{Checker: "lost-writes", Result: checkers.Unknown}, {Checker: "read-only", Result: checkers.Invalid}}))
	require.Equal(t, "Nothing was broken, but these could not tell: lost-writes.", says(checkers.Verdicts{{Checker: "lost-writes", Result: checkers.Unknown}, {Checker: "read-only", Result: checkers.Valid}}))
	require.Equal(t, "All 2 properties held.", says(checkers.Verdicts{{Result: checkers.Valid}, {Result: checkers.Valid}}))
}

func TestNumbersAndTimesReadWell(t *testing.T) {
	require.Equal(t, "60,000", thousands(60000))
	require.Equal(t, "999", thousands(999))
	require.Equal(t, "-1,000", thousands(-1000))
	require.Equal(t, "-100", thousands(-100))
	require.Equal(t, "8.140", seconds(8140*time.Millisecond))
	require.EqualValues(t, -1, micros(histories.Forever))
}

func TestAnEmptyHistoryHasAReport(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, HTML(&b, &histories.History{}, nil, Options{}))
	require.Contains(t, b.String(), "This history has no end.")
	require.Contains(t, b.String(), "Nobody judged this history.")
}

// The data is one script element of JSON, and nothing in it can end that element early.
func TestTheDataSurvivesHostileStrings(t *testing.T) {
	hostile := `</script><img src=x onerror="alert(1)"><!--` + "\u2028"
	h := &histories.History{Ops: []histories.Operation{{Process: hostile, Func: "write", Key: hostile, Arg: histories.Text(hostile), Node: hostile}},
		Logs: []histories.LogLine{{Machine: hostile, Text: hostile}}, Faults: []histories.Fault{{Text: hostile, Targets: []string{hostile}}}}
	var b bytes.Buffer
	require.NoError(t, HTML(&b, h, nil, Options{}))
	require.NotContains(t, b.String(), "<img")
	found := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(b.String())
	require.NotNil(t, found)
	var back timeline
	require.NoError(t, json.Unmarshal([]byte(found[1]), &back))
	require.Contains(t, back.Texts[back.Ops.Process[0]], "</script><img")
}

func TestALongRunStaysSmall(t *testing.T) {
	h, verdicts := synthetic(5000)
	var b bytes.Buffer
	require.NoError(t, HTML(&b, h, verdicts, Options{}))
	require.Less(t, b.Len(), 500_000, "bytes for 5,000 operations")
}

// Every script is in the page: a file that is not listed would be left out without a word.
func TestEveryScriptIsListed(t *testing.T) {
	entries, err := files.ReadDir("page")
	require.NoError(t, err)
	n := 0
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".js") {
			require.Contains(t, scripts, e.Name())
			n++
		}
	}
	require.Len(t, scripts, n)
}

// As Jepsen has it: a process that had no answer is over, and another one takes its place.
func TestProcessesThatNeverOverlapShareALane(t *testing.T) {
	op := func(process string, from, to time.Duration) histories.Operation {
		o := histories.Operation{Process: process, Func: histories.FuncRead, Key: "k", Invoked: from, Returned: to, Outcome: histories.OK}
		if to == histories.Forever {
			o.Outcome = histories.Info
		}
		return o
	}
	h := &histories.History{Ops: []histories.Operation{op("0", 1, 2), op("1", 1, 9), op("0", 3, histories.Forever), op("2", 4, 5), op("3", 6, 7), op("4", 8, 10)}}
	lanes := newLanes(h)
	require.Len(t, lanes, 2)
	require.Equal(t, lane{Name: "0", Kind: "client", Also: []string{"2", "3", "4"}}, lanes[0])
	require.Equal(t, lane{Name: "1", Kind: "client"}, lanes[1])
}

func TestATileSaysADashWhereNothingWasJudged(t *testing.T) {
	numbers := map[string]string{}
	for _, tile := range tiles(&histories.History{}, checkers.Verdicts{{Checker: "lost-writes", Result: checkers.Unknown}}) {
		numbers[tile.Name] = tile.Number
	}
	require.Equal(t, map[string]string{"operations": "0", "succeeded": "–", "faults": "0", "promotions": "–", "full syncs": "–", "writes lost": "–"}, numbers)
}
