package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// timeline is the data that the page draws. Times are microseconds from the run's start; -1 is never. Strings that
// repeat are indexes into Texts, of which the first is "".
type timeline struct {
	End     int64      `json:"end"`
	Texts   []string   `json:"texts"`
	Ops     operations `json:"ops"`
	Bad     []int      `json:"bad"`     // operations that findings are about
	Allowed []int      `json:"allowed"` // operations that look bad and are within the promise
	Faults  []fault    `json:"faults"`
	Stages  []stage    `json:"stages"`
	Lanes   []lane     `json:"lanes"`
	Offsets []series   `json:"offsets"`
	Logs    logs       `json:"logs"`
}

// operations are the history's, column by column and in its order: a finding's index is an index here.
type operations struct {
	Process []int   `json:"process"`
	Start   []int64 `json:"start"`  // each from the one before
	Length  []int64 `json:"length"` // -1: never returned
	Kind    []int   `json:"kind"`   // the bits below
	Key     []int   `json:"key"`
	Value   []int   `json:"value"`
	Node    []int   `json:"node"`
	Error   []int   `json:"error"`
}

// The bits of an operation's kind.
const (
	kindRead    = 1
	kindFail    = 2
	kindInfo    = 4
	kindFinal   = 8
	kindMissing = 16 // a read that found no value
)

type fault struct {
	ID      int      `json:"id"`
	Text    string   `json:"text"`
	Asked   string   `json:"asked,omitempty"`
	Targets []string `json:"targets"`
	Start   int64    `json:"start"`
	Stop    int64    `json:"stop"`
}

// stage is a moment of the cluster as a whole.
type stage struct {
	Time int64  `json:"t"`
	Text string `json:"text"`
}

// texts gives strings an index.
type texts struct {
	known map[string]int
	all   []string
}

func newTexts() *texts { return &texts{known: map[string]int{"": 0}, all: []string{""}} }

func (t *texts) index(s string) int {
	i, is := t.known[s]
	if !is {
		i = len(t.all)
		t.known[s] = i
		t.all = append(t.all, s)
	}
	return i
}

func newTimeline(h *histories.History, verdicts checkers.Verdicts) *timeline {
	t := newTexts()
	tl := &timeline{End: max(1, micros(end(h))), Ops: newOperations(h, t), Lanes: newLanes(h), Offsets: newSeries(h, t), Logs: newLogs(h, t),
		Bad: []int{}, Allowed: []int{}, Faults: []fault{}, Stages: []stage{}}
	for _, f := range h.Faults {
		tl.Faults = append(tl.Faults, fault{ID: f.ID, Text: shown(f.Text), Asked: shown(f.Asked), Targets: append([]string{}, f.Targets...),
			Start: micros(f.Start), Stop: micros(f.Stop)})
	}
	for _, n := range h.Notes {
		if n.Kind == "stage" {
			tl.Stages = append(tl.Stages, stage{micros(n.Time), shown(n.Text)})
		}
	}
	for _, v := range verdicts {
		tl.Bad = appendOps(tl.Bad, v.Findings, len(h.Ops))
		tl.Allowed = appendOps(tl.Allowed, v.Allowed, len(h.Ops))
	}
	tl.Texts = t.all
	return tl
}

// appendOps adds the operations that findings are about. An index that is none of the history's is left out: verdicts
// may be of another version.
func appendOps(to []int, from []checkers.Finding, n int) []int {
	for _, f := range from {
		for _, op := range f.Ops {
			if op >= 0 && op < n {
				to = append(to, op)
			}
		}
	}
	slices.Sort(to)
	return slices.Compact(to)
}

func newOperations(h *histories.History, t *texts) operations {
	n := len(h.Ops)
	o := operations{make([]int, n), make([]int64, n), make([]int64, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n), make([]int, n)}
	before := int64(0)
	for i, op := range h.Ops {
		start := micros(op.Invoked)
		o.Start[i], before = start-before, start
		o.Length[i] = -1
		if op.Returned != histories.Forever {
			o.Length[i] = micros(op.Returned) - start
		}
		o.Process[i], o.Key[i], o.Value[i] = t.index(op.Process), t.index(shown(op.Key)), t.index(shown(op.Word()))
		o.Node[i], o.Error[i], o.Kind[i] = t.index(op.Node), t.index(shown(op.Error)), kind(op)
	}
	return o
}

func kind(op histories.Operation) (k int) {
	if op.Func == histories.FuncRead {
		k |= kindRead
		if op.Outcome == histories.OK && !op.Found() {
			k |= kindMissing
		}
	}
	switch op.Outcome {
	case histories.Fail:
		k |= kindFail
	case histories.Info:
		k |= kindInfo
	}
	if op.Final {
		k |= kindFinal
	}
	return k
}

// shownMax is how many bytes of a string the page shows: it is for reading, the history is for the bytes.
const shownMax = 400

// shown is s as a person can read it: bytes that are not printable escaped, and cut if it is long.
func shown(s string) string {
	whole := len(s)
	if whole > shownMax {
		cut := shownMax
		for cut > shownMax-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	if !printable(s) {
		s = strconv.Quote(s)
	}
	if whole > shownMax {
		s = fmt.Sprintf("%s… (%d bytes)", s, whole)
	}
	return s
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
