package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
)

// printJSON writes v for programs to read.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// colourOf is how a result looks.
func colourOf(r checkers.Result) colour {
	switch r {
	case checkers.Valid:
		return good
	case checkers.Invalid:
		return bad
	case checkers.Unknown:
		return doubt
	}
	return faint
}

// tellResult prints what a run came to: the verdicts, where it is kept, and what to do next if it broke something.
func (p *program) tellResult(res *harness.Result, asJSON bool) error {
	if asJSON {
		return printJSON(p.out, res)
	}
	p.tellVerdicts(res)
	if p.quiet {
		return nil
	}
	if res.Dir != "" {
		p.out.line(0, 2, piece{text: "report: " + filepath.Join(res.Dir, harness.ReportFile)})
	}
	kind := "virtual"
	if res.World == harness.WorldLive {
		kind = "real"
	}
	p.out.line(0, 2, piece{faint, fmt.Sprintf("%v of %s time in %v", res.Elapsed.Round(time.Millisecond), kind, res.Took.Round(time.Millisecond))})
	if res.Result() == checkers.Invalid && res.Dir != "" {
		p.tellNext(res.Dir, res.World)
	}
	return nil
}

// tellVerdicts prints the verdicts of a result, and what the run itself has to say. A valid verdict is a sentence; how much
// there was to judge is told with -v.
func (p *program) tellVerdicts(res *harness.Result) {
	t := p.out
	t.line(0, 2, piece{text: fmt.Sprintf("%s, seed %d, %s world: ", res.Plan.Name, res.Seed, res.World)},
		piece{colourOf(res.Result()), string(res.Result())})
	for _, v := range res.Verdicts {
		if !p.quiet || v.Result == checkers.Invalid {
			p.tellVerdict(v)
		}
	}
	if p.quiet {
		return
	}
	if res.NotDone != nil {
		t.paragraph(0, res.NotDone.String())
	}
	if res.Stalls != nil {
		t.paragraph(0, res.Stalls.String())
	}
	if res.Watching != nil && (p.verbose || len(res.Watching.Over) > 0) {
		t.paragraph(0, res.Watching.String())
	}
	if res.Trace != "" {
		t.line(0, 2, piece{faint, "trace " + res.Trace})
	}
	if res.Replay != "" { // what another tool recorded cannot be played again
		t.line(0, 2, piece{text: "replay: "}, piece{bold, res.Replay})
	}
}

const findingsTold = 5

func (p *program) tellVerdict(v checkers.Verdict) {
	pieces := []piece{{text: v.Checker + ": "}, {colourOf(v.Result), string(v.Result)}}
	if v.Why != "" {
		pieces = append(pieces, piece{text: ": " + v.Why})
	}
	if len(v.Evidence) > 0 && (p.verbose || v.Result == checkers.Invalid || v.Result == checkers.Unknown) {
		pieces = append(pieces, piece{faint, " (" + countsText(v.Evidence) + ")"})
	}
	p.out.line(2, 6, pieces...)
	if v.Result != checkers.Invalid || p.quiet {
		return
	}
	told := findingsTold
	if p.verbose {
		told = len(v.Findings)
	}
	for _, f := range v.Findings[:min(len(v.Findings), told)] {
		p.out.line(4, 6, piece{text: f.String()})
	}
	if more := len(v.Findings) + v.MoreFindings - told; more > 0 {
		p.out.line(4, 6, piece{text: fmt.Sprintf("… and %d more", more)})
	}
}

func countsText(counts []checkers.Count) string {
	var b strings.Builder
	for i, c := range counts {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %d", c.Name, c.N)
	}
	return b.String()
}

// tellNext says what to do about the run kept in dir, which broke a property.
func (p *program) tellNext(dir, world string) {
	p.out.line(0, 2, piece{bold, "next:"})
	p.out.line(2, 4, piece{text: "look at it:    ordeal open " + dir})
	p.out.line(2, 4, piece{text: "ask why:       " + commandPrefix() + " why " + dir})
	p.out.line(2, 4, piece{text: "make it small: " + commandPrefix() + " shrink " + dir})
	if world == harness.WorldSim {
		p.out.line(2, 4, piece{text: "play it again: " + commandPrefix() + " replay " + dir})
	}
}
