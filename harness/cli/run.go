package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
)

func (p *program) runCommand() *cobra.Command {
	opts := runOptions()
	var asJSON bool
	var confs redis.Confs
	c := &cobra.Command{
		Use:   "run SCENARIO [flags]",
		Short: "play a scenario once, judge it, keep it with a report",
		Long: "Plays SCENARIO (a name that ordeal list shows, or a file) once, prints the verdicts, and keeps the run with its\n" +
			"history and report.",
		Example: `  ordeal run old-master-keeps-writing --seed 7
  ordeal run lossy.yaml --out runs/lossy
  ordeal run lossy.yaml --redis-conf redis.conf --max-lost 1000
  ordeal run chain --world live`,
		Args:              arguments(1, 1, "SCENARIO"),
		ValidArgsFunction: completeScenario,
	}
	f := c.Flags()
	seedFlag(f, &opts.Seed, "the `seed` of every draw")
	worldFlags(f, &opts)
	f.StringVar(&opts.Out, "out", "", "`folder` to keep the run in (default runs/SCENARIO-WORLD-SEED)")
	f.StringVar(&opts.NodeBinary, "node", "", "live: the ordeal-node `program` (default: found beside ordeal or in PATH, else built)")
	f.BoolVar(&opts.Record, "record", false, "live: each ordeal-node takes down its life, for ordeal replay")
	f.StringVar(&opts.Toxiproxy, "toxiproxy", "", "live: `address` of a toxiproxy server that is to carry the links (default: this process carries them)")
	f.BoolVar(&opts.Trace, "trace", false, "sim: also keep every event and effect as text, for ordeal diff")
	limitFlags(f, &opts.Limits)
	f.BoolVar(&asJSON, "json", false, "print the result as JSON")
	trustFlag(f, &opts.Trusted)
	confFlags(f, &confs)
	completeFlags(c)
	c.RunE = p.does(func(ctx context.Context, args []string) (int, error) {
		if err := belong(f, opts.World); err != nil {
			return 0, err
		}
		s, err := loadScenario(args[0], opts.Trusted)
		if err != nil {
			return 0, err
		}
		if s, err = withConfs(confs, &opts, s, p.err); err != nil {
			return 0, err
		}
		opts.Source = args[0]
		if opts.Out == "" {
			opts.Out = filepath.Join("runs", fmt.Sprintf("%s-%s-%d", s.Name, opts.World, opts.Seed))
		}
		return p.play(ctx, s, opts, asJSON)
	})
	return c
}

// play runs s, shows how far it is, and prints what it came to.
func (p *program) play(ctx context.Context, s harness.Scenario, opts harness.Options, asJSON bool) (int, error) {
	bar := p.newRunProgress()
	opts.Progress = bar.show
	res, err := harness.Run(ctx, s, opts)
	bar.done()
	if err != nil {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("interrupted before the cluster had formed")
		}
		return 0, err
	}
	if err := p.tellResult(res, asJSON); err != nil {
		return 0, err
	}
	if ctx.Err() != nil {
		fmt.Fprintf(p.err, "ordeal: interrupted: the history up to then is in %s\n", filepath.Join(opts.Out, harness.HistoryFile))
	}
	return statusAfter(res.Result(), res.History), nil
}
