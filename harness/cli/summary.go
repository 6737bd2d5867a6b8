package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

// failuresTold is how many failed runs a summary names.
const failuresTold = 20

// tellSummary prints what a sweep came to: one line a checker, then what failed, then what to do next.
func (p *program) tellSummary(s *sweep.Summary, opts sweep.Options) {
	t := p.out
	many := fmt.Sprintf("%d runs of %s: ", s.Runs, scenariosText(s.Scenarios, p.verbose))
	failed := piece{good, "0 failed"}
	if n := len(s.Failures); n > 0 {
		failed = piece{bad, fmt.Sprintf("%d failed", n)}
	}
	took := fmt.Sprintf(", in %v", s.Took.Round(10*time.Millisecond))
	if s.Took > 0 && s.Runs > 0 {
		took += fmt.Sprintf(" (%v of virtual time, %.0f × real time)", s.Virtual.Round(time.Second), float64(s.Virtual)/float64(s.Took))
	}
	t.line(0, 2, piece{text: many}, failed, piece{text: took})
	if !p.quiet {
		p.tellTallies(s)
		p.tellGoals(s)
		p.tellAssertions(s.Assertions)
	}
	for _, m := range s.Missing {
		t.line(0, 2, piece{bad, "MISSED"}, piece{text: ": " + m})
	}
	told := failuresTold
	if p.verbose {
		told = len(s.Failures)
	}
	for _, f := range s.Failures[:min(told, len(s.Failures))] {
		t.line(0, 2, piece{bad, "FAILED"}, piece{text: fmt.Sprintf(" %s, seed %d, %s: %s", f.Scenario, f.Seed, strings.Join(f.Checkers, ", "), f.Why)})
		t.line(2, 4, piece{text: "replay: " + f.Replay})
		if f.Dir != "" {
			t.line(2, 4, piece{text: "kept in: " + f.Dir})
		}
	}
	if more := len(s.Failures) - told; more > 0 {
		t.line(0, 2, piece{bad, "FAILED"}, piece{text: fmt.Sprintf(" %d more (-v names them)", more)})
	}
	if kept := slices.IndexFunc(s.Failures, func(f sweep.Failure) bool { return f.Dir != "" }); !p.quiet && kept >= 0 {
		p.tellNext(s.Failures[kept].Dir, opts.Run.World)
	}
}

func scenariosText(names []string, all bool) string {
	if len(names) > 3 && !all {
		return fmt.Sprintf("%d scenarios", len(names))
	}
	return strings.Join(names, ", ")
}

func (p *program) tellTallies(s *sweep.Summary) {
	t := p.out
	t.line(2, 4, piece{faint, fmt.Sprintf("%-22s %7s %8s %8s %13s", "checker", "valid", "invalid", "unknown", "not promised")})
	for _, c := range s.Checkers {
		if c.Valid+c.Invalid+c.Unknown+c.Not == 0 {
			continue
		}
		pieces := []piece{{text: fmt.Sprintf("%-22s ", c.Checker)}, count(good, 7, c.Valid), count(bad, 9, c.Invalid), count(doubt, 9, c.Unknown),
			count(faint, 14, c.Not)}
		var more []string
		if c.In > 0 {
			more = append(more, fmt.Sprintf("in part %d", c.In))
		}
		if c.Allowed > 0 {
			more = append(more, fmt.Sprintf("allowed %d", c.Allowed))
		}
		if len(more) > 0 {
			pieces = append(pieces, piece{text: "  " + strings.Join(more, ", ")})
		}
		t.line(2, 4, pieces...)
		if p.verbose {
			t.line(6, 6, piece{faint, fmt.Sprintf("judged in %.0f %%: %s", c.Share(), countsText(c.Evidence))})
		}
	}
}

// count is a number in a column, in a colour if there is anything to count.
func count(c colour, width, n int) piece {
	if n == 0 {
		c = ""
	}
	return piece{c, fmt.Sprintf("%*d", width, n)}
}

// tellGoals says how many goals were reached; with -v it names those that were not.
func (p *program) tellGoals(s *sweep.Summary) {
	var missed []string
	for _, g := range s.Goals {
		if g.Runs == 0 {
			missed = append(missed, g.Goal)
		}
	}
	text := fmt.Sprintf("goals reached: %d of %d", len(s.Goals)-len(missed), len(s.Goals))
	switch {
	case len(missed) == 0:
	case p.verbose:
		text += "; never: " + strings.Join(missed, ", ")
	default:
		text += fmt.Sprintf(" (-v names the %d others)", len(missed))
	}
	p.out.line(2, 4, piece{text: text})
}

// tellAssertions says how many assertions there were and what came of them.
func (p *program) tellAssertions(all []checkers.Assertion) {
	if len(all) == 0 {
		return
	}
	broken, open := 0, 0
	for _, a := range all {
		if a.Broken {
			broken++
		}
		if a.Open() {
			open++
		}
	}
	p.out.line(2, 4, piece{text: fmt.Sprintf("assertions: %d, broken %d, never met %d", len(all), broken, open)})
}
