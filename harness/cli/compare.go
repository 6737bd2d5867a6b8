package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

func (p *program) compareCommand() *cobra.Command {
	asked := comparing{seeds: seedRange{1, 50}, opts: sweep.Options{Run: runOptions()}}
	c := &cobra.Command{
		Use:   "compare SCENARIO… [flags]",
		Short: "play settings against each other, with the same seeds: a table of what each costs",
		Long: "Plays settings against each other, with the same seeds, and says what each costs: writes lost and why, seconds\n" +
			"without a master, refused writes, stale reads, failovers, full syncs. Compared are several scenarios, or the\n" +
			"combinations of one scenario's matrix, or the values of --set.",
		Example: `  ordeal compare sentinel-failover --set sentinel:down-after-milliseconds=1000,2000 --runs 5
  ordeal compare min-slaves-cut --set min-slaves-to-write=0,1 --runs 5 --format markdown`,
		Args:              arguments(1, 50, "SCENARIO…"),
		ValidArgsFunction: completeScenarios,
	}
	f := c.Flags()
	f.Var(&asked.seeds, "seeds", "`range` of seeds, as 1-50 (default: the matrix's, or 1-50)")
	f.Lookup("seeds").DefValue = "" // the matrix may say another
	f.Func("set", "a `setting` and the values to compare: name=0,1,2; sentinel:name=… for one of the Sentinels'; may be repeated", asked.set)
	worldFlags(f, &asked.opts.Run)
	f.IntVar(&asked.runs, "runs", 0, "so many `runs` of each side: seeds 1 to that")
	workersFlag(f, &asked.opts.Workers)
	f.StringVar(&asked.opts.Out, "out", "runs/compare", "`folder` for the page and for runs that broke a property")
	f.StringVar(&asked.format, "format", "text", "print the comparison in this `format`: text, markdown or json")
	trustFlag(f, &asked.opts.Run.Trusted)
	completeFlags(c)
	c.RunE = p.does(func(ctx context.Context, args []string) (int, error) {
		if err := belong(f, asked.opts.Run.World); err != nil {
			return 0, err
		}
		return p.compare(ctx, &asked, args, f.Changed("seeds"))
	})
	return c
}

func (p *program) compare(ctx context.Context, c *comparing, names []string, seeded bool) (int, error) {
	sides, err := c.sides(names, seeded)
	if err != nil {
		return 0, err
	}
	bar := p.newSweepProgress(len(sides) * c.seeds.many())
	c.opts.Progress = bar.show
	c.opts.First, c.opts.Last = c.seeds.first, c.seeds.last
	found, err := sweep.Compare(ctx, c.title, sides, c.opts)
	bar.done()
	if err != nil {
		return 0, err
	}
	return p.tellComparison(ctx, c, found)
}

// comparePage is the file with a comparison for the browser.
const comparePage = "compare.html"

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
func (c *comparing) sides(names []string, seeded bool) (sides []sweep.Side, err error) {
	live := c.opts.Run.World == harness.WorldLive
	var titles []string
	for _, name := range names {
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
			return nil, fmt.Errorf("%s: the matrix has targets, which differ in the live world only: add --world live", s.Name)
		}
		if s.Matrix.Seeds != "" && !seeded && c.runs == 0 {
			if err := c.seeds.Set(s.Matrix.Seeds); err != nil {
				return nil, err
			}
		}
		for _, v := range s.Variants() {
			label := cmp.Or(v.Label, s.Name)
			if len(names) > 1 && v.Label != "" {
				label = s.Name + ": " + label
			}
			sides = append(sides, sweep.Side{Label: label, Plan: sweep.Plan{Scenario: v.Scenario, Source: name, Target: v.Target}})
		}
	}
	if c.title = strings.Join(titles, ", "); len(sides) < 2 {
		return nil, errors.New("there is one side only: name another scenario, give this one a matrix, or add --set name=value,value")
	}
	if c.runs > 0 {
		c.seeds = seedRange{1, uint64(c.runs)}
	}
	c.opts.Workers = workersFor(c.opts.Workers, c.opts.Run.World)
	return sides, nil
}

func (p *program) tellComparison(ctx context.Context, c *comparing, found *sweep.Comparison) (int, error) {
	page := filepath.Join(c.opts.Out, comparePage)
	file, err := os.Create(page)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(found.WriteHTML(file), file.Close()); err != nil {
		return 0, err
	}
	switch c.format {
	case "text":
		p.out.paragraph(0, found.String())
		fmt.Fprintf(p.out, "page: %s\n", page)
	case "markdown":
		fmt.Fprint(p.out, found.Markdown())
	case "json":
		if err := printJSON(p.out, found); err != nil {
			return 0, err
		}
	default:
		return 0, fmt.Errorf("there is no format %q: there are text, markdown and json", c.format)
	}
	if ctx.Err() != nil {
		fmt.Fprintln(p.err, "ordeal: interrupted: the comparison is of the runs until then")
	}
	if len(found.Failures) > 0 {
		return exitInvalid, nil
	}
	return exitValid, nil
}
