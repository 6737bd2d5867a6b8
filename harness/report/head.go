package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// head is what the template shows as text: all but the drawings.
type head struct {
	Scenario, Why string
	Seed          uint64
	Result        checkers.Result
	Says          string // the result in a sentence
	Facts         []fact
	Replay        string
	Page          string
	Incomplete    bool
	Tiles         []tile
	Verdicts      []verdict
	Plan          string
	Machines      []histories.Machine
	Moments       []moment
}

// fact is a named property of the run.
type fact struct {
	Name, Value string
	Code        bool // to be shown in a fixed-width font
}

// tile is a number that says at a glance what kind of run it was.
type tile struct{ Name, Number, Detail string }

type verdict struct {
	checkers.Verdict
	Open     bool // findings are shown without a click
	Findings []finding
	Allowed  []finding
}

// finding is a checker's finding with what the timeline needs to go there.
type finding struct {
	At      string // "8.140"
	Micros  int64
	Machine string
	Text    string
	Ops     string // indexes, with spaces between
}

func newHead(h *histories.History, verdicts checkers.Verdicts, opts Options) head {
	hd := head{Scenario: cmp.Or(h.Scenario, "a run without a name"), Why: h.Why, Seed: h.Seed, Result: verdicts.Result(), Replay: h.Replay,
		Page: opts.Page, Incomplete: !h.Complete, Plan: h.Plan, Machines: h.Machines, Tiles: tiles(h, verdicts), Moments: moments(h)}
	hd.Says = says(verdicts)
	hd.Facts = facts(h, opts)
	if d := h.NotDone(); d != nil {
		hd.Says += " " + d.Heading() + "."
		for _, f := range d.Faults {
			hd.Facts = append(hd.Facts, fact{Name: "not done", Value: f.Fault + ": " + f.Why})
		}
	}
	for _, v := range verdicts {
		hd.Verdicts = append(hd.Verdicts, verdict{Verdict: v, Open: v.Result == checkers.Invalid || v.Result == checkers.Unknown,
			Findings: findings(v.Findings), Allowed: findings(v.Allowed)})
	}
	return hd
}

// says is the result in a sentence.
func says(verdicts checkers.Verdicts) string {
	var broken, unknown []string
	held := 0
	for _, v := range verdicts {
		switch v.Result {
		case checkers.Valid:
			held++
		case checkers.Invalid:
			broken = append(broken, v.Checker)
		case checkers.Unknown:
			unknown = append(unknown, v.Checker)
		}
	}
	switch {
	case len(verdicts) == 0:
		return "No checker judged this history."
	case len(broken) > 0:
		return "Broken: " + strings.Join(broken, ", ") + "."
	case len(unknown) > 0:
		return "Nothing was broken, but these could not tell: " + strings.Join(unknown, ", ") + "."
	}
	if not := len(verdicts) - held; not > 0 {
		return fmt.Sprintf("All %d properties that are promised held; %d are not promised here.", held, not)
	}
	if held == 1 {
		return "The property that was checked held."
	}
	return fmt.Sprintf("All %d properties held.", held)
}

func facts(h *histories.History, opts Options) []fact {
	all := []fact{{Name: "seed", Value: strconv.FormatUint(h.Seed, 10), Code: true}, {Name: "world", Value: h.World}, {Name: "target", Value: h.Target},
		{Name: "build", Value: h.Build}, {Name: "started", Value: h.Started}}
	elapsed := "virtual time"
	if h.World != "sim" {
		elapsed = "time"
	}
	all = append(all, fact{Name: elapsed, Value: seconds(end(h)) + " s"})
	if opts.Took > 0 {
		all = append(all, fact{Name: "took", Value: seconds(opts.Took) + " s of real time"})
	}
	all = append(all, fact{Name: "trace hash", Value: h.Trace, Code: true})
	kept := all[:0]
	for _, f := range all {
		if f.Value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// ofKinds says how many of the operations write a register, and how many read: what else there is does other things.
func ofKinds(writes, reads, all int) string {
	text := fmt.Sprintf("%s writes, %s reads", thousands(writes), thousands(reads))
	if others := all - writes - reads; others > 0 {
		text += fmt.Sprintf(", %s others", thousands(others))
	}
	return text
}

func findings(from []checkers.Finding) []finding {
	var all []finding
	for _, f := range from {
		ops := make([]string, len(f.Ops))
		for i, op := range f.Ops {
			ops[i] = strconv.Itoa(op)
		}
		all = append(all, finding{At: seconds(f.Time), Micros: micros(f.Time), Machine: f.Machine, Text: f.Text, Ops: strings.Join(ops, " ")})
	}
	return all
}

// unjudged is the number of a tile about which nothing is known.
const unjudged = "–"

func tiles(h *histories.History, verdicts checkers.Verdicts) []tile {
	outcomes := map[string]int{}
	for _, op := range h.Ops {
		outcomes[op.Func]++
		outcomes[string(op.Outcome)]++
	}
	kinds := map[string]int{}
	for _, n := range h.Notes {
		switch n.Kind {
		case "psync":
			kinds[n.Result]++
		default:
			kinds[n.Kind]++
		}
	}
	all := []tile{
		{"operations", thousands(len(h.Ops)), ofKinds(outcomes[histories.FuncWrite], outcomes[histories.FuncRead], len(h.Ops))},
		{"succeeded", percent(outcomes["ok"], len(h.Ops)), fmt.Sprintf("%s failed, %s unknown", thousands(outcomes["fail"]), thousands(outcomes["info"]))},
		{"faults", thousands(len(h.Faults)), faultKinds(h)},
	}
	if len(h.Notes) > 0 { // somebody looked
		all = append(all, tile{"promotions", thousands(kinds["promoted"]), ""},
			tile{"full syncs", thousands(kinds["fullresync"]), fmt.Sprintf("continued instead: %d", kinds["continue"])})
	} else {
		all = append(all, tile{"promotions", unjudged, ""}, tile{"full syncs", unjudged, ""})
	}
	for _, v := range verdicts {
		if v.Checker == "lost-writes" && v.Result != checkers.Valid && v.Result != checkers.Invalid {
			all = append(all, tile{"writes lost", unjudged, "not judged"})
		} else if v.Checker == "lost-writes" {
			least, most := int(v.Saw("lost")), int(v.Saw("lost at most"))
			number := thousands(least)
			if most > least {
				number += " to " + thousands(most)
			}
			all = append(all, tile{"writes lost", number, fmt.Sprintf("of %s acknowledged", thousands(int(v.Saw("writes acknowledged"))))})
		}
	}
	for _, v := range verdicts {
		if s, measured := v.Figures["outage_s"]; measured {
			all = append(all, tile{"no write taken", strconv.FormatFloat(s, 'f', 1, 64) + " s",
				fmt.Sprintf("%s refused, %s without an answer", thousands(int(v.Figures["refused"])), thousands(int(v.Figures["unanswered"])))})
		}
	}
	return all
}

// faultKinds is the first word of each kind of fault there was, in order of appearance.
func faultKinds(h *histories.History) string {
	var kinds []string
	for _, f := range h.Faults {
		kind, _, _ := strings.Cut(f.Text, " ")
		if !strings.Contains(" "+strings.Join(kinds, " ")+" ", " "+kind+" ") {
			kinds = append(kinds, kind)
		}
	}
	return strings.Join(kinds, " ")
}

// end is when the run ended; of a run that was interrupted, when the last thing happened.
func end(h *histories.History) time.Duration {
	last := h.End
	for _, op := range h.Ops {
		last = max(last, op.Invoked)
		if op.Returned != histories.Forever {
			last = max(last, op.Returned)
		}
	}
	for _, f := range h.Faults {
		last = max(last, f.Start)
		if f.Stop != histories.Forever {
			last = max(last, f.Stop)
		}
	}
	if n := len(h.Notes); n > 0 {
		last = max(last, h.Notes[n-1].Time)
	}
	if n := len(h.Logs); n > 0 {
		last = max(last, h.Logs[n-1].Time)
	}
	return last
}

// micros is the unit of time in the page's data.
func micros(d time.Duration) int64 {
	if d == histories.Forever {
		return -1
	}
	return d.Microseconds()
}

// seconds is how the page writes a time: 8.140, milliseconds after the point.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', 3, 64)
}

// thousands writes 60000 as 60,000.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func percent(part, whole int) string {
	if whole == 0 {
		return unjudged
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + " %"
}
