package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

func compareCommand(ctx context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "compare", "SCENARIO…", "Plays settings against each other, with the same seeds, and says what each costs: writes lost and why, seconds without a\n"+
		"master, refused writes, stale reads, failovers, full syncs. Compared are several scenarios, or the combinations of one\n"+
		"scenario's matrix, or the values of -set: -set min-slaves-to-write=0,1,2 -set sentinel:down-after-milliseconds=1000,2000.")
	c := comparing{seeds: seedRange{1, 50}, opts: sweep.Options{Run: runOptions()}}
	f.Var(&c.seeds, "seeds", "`range` of seeds, as 1-50 (default: the matrix's, or 1-50)")
	f.Func("set", "a `setting` and the values to compare: name=0,1,2; sentinel:name=… for one of the Sentinels'; may be repeated", c.set)
	f.StringVar(&c.opts.Run.World, "world", harness.WorldSim, "`world` to play in: sim, or live (processes on loopback)")
	f.StringVar(&c.opts.Run.Target, "target", "ordeal-node", "live: the `server` to test")
	f.IntVar(&c.runs, "runs", 0, "so many `runs` of each side: seeds 1 to that")
	f.IntVar(&c.opts.Workers, "workers", 0, "how many runs at a time (default: as many as there are processors; live: half of them)")
	f.StringVar(&c.opts.Out, "out", "runs/compare", "`folder` for the page and for runs that broke a property")
	f.StringVar(&c.format, "format", "text", "print the comparison as text, markdown or json")
	f.trust(&c.opts.Run.Trusted)
	if err := f.parse(args, 1, 50); err != nil {
		return 0, err
	}
	sides, err := c.sides(f)
	if err != nil {
		return 0, err
	}
	bar := newSweepProgress(io.err, len(sides)*int(c.seeds.last-c.seeds.first+1))
	c.opts.Progress = bar.show
	c.opts.First, c.opts.Last = c.seeds.first, c.seeds.last
	found, err := sweep.Compare(ctx, c.title, sides, c.opts)
	bar.done()
	if err != nil {
		return 0, err
	}
	return c.print(ctx, io, found)
}

// comparing is what the command line asks for.
type comparing struct {
	seeds         seedRange
	runs          int
	axes          []harness.Axis
	format, title string
	opts          sweep.Options
}

// set takes a flag -set.
func (c *comparing) set(text string) error {
	name, values, ok := strings.Cut(text, "=")
	section, rest, sectioned := strings.Cut(name, ":")
	if !sectioned {
		section, rest = "config", name
	}
	if !ok || rest == "" || values == "" {
		return errors.New("write it as name=0,1,2")
	}
	c.axes = append(c.axes, harness.Axis{Section: section, Name: rest, Values: strings.Split(values, ",")})
	return nil
}

// sides are what is compared: every variant of every scenario.
func (c *comparing) sides(f *flags) (sides []sweep.Side, err error) {
	live := c.opts.Run.World == harness.WorldLive
	if !live && f.given("target") {
		return nil, errors.New("-target belongs to the live world: add -world live")
	}
	var titles []string
	for _, name := range f.args {
		s, err := loadScenario(name, c.opts.Run.Trusted)
		if err != nil {
			return nil, err
		}
		titles = append(titles, s.Name)
		s.Matrix.Axes = append(s.Matrix.Axes, c.axes...)
		if err := s.Matrix.Check(s.System); err != nil {
			return nil, err
		}
		if len(s.Matrix.Targets) > 0 && !live {
			return nil, fmt.Errorf("%s: the matrix has targets, which differ in the live world only: add -world live", s.Name)
		}
		if s.Matrix.Seeds != "" && !f.given("seeds") && c.runs == 0 {
			if err := c.seeds.Set(s.Matrix.Seeds); err != nil {
				return nil, err
			}
		}
		for _, v := range s.Variants() {
			label := cmp.Or(v.Label, s.Name)
			if len(f.args) > 1 && v.Label != "" {
				label = s.Name + ": " + label
			}
			sides = append(sides, sweep.Side{Label: label, Plan: sweep.Plan{Scenario: v.Scenario, Source: name, Target: v.Target}})
		}
	}
	if c.title = strings.Join(titles, ", "); len(sides) < 2 {
		return nil, errors.New("there is one side only: name another scenario, give this one a matrix, or add -set name=value,value")
	}
	if c.runs > 0 {
		c.seeds = seedRange{1, uint64(c.runs)}
	}
	c.opts.Workers = workersFor(c.opts.Workers, c.opts.Run.World)
	return sides, nil
}

func (c *comparing) print(ctx context.Context, io streams, found *sweep.Comparison) (int, error) {
	page := filepath.Join(c.opts.Out, "compare.html")
	file, err := os.Create(page)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(found.WriteHTML(file), file.Close()); err != nil {
		return 0, err
	}
	switch c.format {
	case "text":
		fmt.Fprint(io.out, found)
		fmt.Fprintf(io.out, "page: %s\n", page)
	case "markdown":
		fmt.Fprint(io.out, found.Markdown())
	case "json":
		enc := json.NewEncoder(io.out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(found); err != nil {
			return 0, err
		}
	default:
		return 0, fmt.Errorf("there is no format %q: there are text, markdown and json", c.format)
	}
	if ctx.Err() != nil {
		fmt.Fprintln(io.err, "ordeal: interrupted: the comparison is of the runs until then")
	}
	if len(found.Failures) > 0 {
		return exitInvalid, nil
	}
	return exitValid, nil
}
