// Package oracle plays a scenario once more and says whether it still breaks the property that its first run broke: what the
// shrinker asks of every smaller scenario, and why of every other way that a run may have taken.
package oracle

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
)

// Oracle says whether a run breaks the property that another one broke.
type Oracle struct {
	Check string          // the checker's name, or [RunItself]
	Like  string          // of a run that could not go on: why the first one could not
	Run   harness.Options // but for seed, world and where it is kept
}

// Outcome is what came of a run.
type Outcome struct {
	Fails  bool
	Why    string
	Found  time.Duration // when the property was first broken, from the moment the cluster had formed; 0 unknown
	Ops    int           // that clients invoked
	Played bool          // to its end
}

// Options are those of a run that is played in the simulation and not kept.
func Options(o harness.Options, seed uint64) harness.Options {
	o.Seed, o.World, o.Out, o.Progress, o.Trace = seed, harness.WorldSim, "", nil, false
	return o
}

func broken(v checkers.Verdict) bool { return v.Result == checkers.Invalid }

// Play plays a run and looks at it.
func (o Oracle) Play(ctx context.Context, s harness.Scenario, seed uint64) (Outcome, error) {
	res, err := harness.Run(ctx, s, Options(o.Run, seed))
	if err != nil || ctx.Err() != nil {
		return Outcome{}, err
	}
	out := Outcome{Played: true}
	for i := range res.History.Ops {
		if !res.History.Ops[i].Final {
			out.Ops++
		}
	}
	for _, v := range res.Verdicts {
		if v.Checker != o.Check || !broken(v) || o.Like != "" && o.Check == RunItself && kind(v.Why) != kind(o.Like) {
			continue
		}
		out.Fails, out.Why = true, v.Why
		if len(v.Findings) > 0 {
			out.Found = max(0, v.Findings[0].Time-res.Formed)
		}
	}
	return out, nil
}

var particulars = regexp.MustCompile(`\b[mrscp]\d+\b|[0-9a-f]{8,}|[-+]?(\d+(\.\d+)?(ns|µs|ms|s|m|h)?)+`)

// kind is a sentence without the names and numbers that differ from run to run.
func kind(why string) string { return particulars.ReplaceAllString(firstLine(why), "#") }

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// RunItself is the name under which a run is found invalid that could not go on, as when a server panics.
const RunItself = "run"

// Property is what the run of a scenario with a seed breaks.
func Property(ctx context.Context, s harness.Scenario, seed uint64, run harness.Options) (string, error) {
	res, err := harness.Run(ctx, s, Options(run, seed))
	if err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if i := slices.IndexFunc(res.Verdicts, broken); i >= 0 {
		return res.Verdicts[i].Checker, nil
	}
	return "", fmt.Errorf("seed %d of %s breaks nothing", seed, s.Name)
}
