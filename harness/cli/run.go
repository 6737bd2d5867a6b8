package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
)

func runCommand(ctx context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "run", "SCENARIO", "Plays SCENARIO (a name that ordeal list shows, or a file) once, prints the verdicts, and keeps the run with its\nhistory and report.")
	opts := runOptions()
	f.Uint64Var(&opts.Seed, "seed", 1, "the `seed` of every draw")
	f.StringVar(&opts.World, "world", harness.WorldSim, "`world` to play in: sim, or live (processes on loopback through toxiproxy)")
	f.StringVar(&opts.Out, "out", "", "`folder` to keep the run in (default runs/SCENARIO-WORLD-SEED)")
	f.StringVar(&opts.NodeBinary, "node", "", "live: the ordeal-node `program` (default: found beside ordeal or in PATH, else built)")
	f.StringVar(&opts.Target, "target", "ordeal-node", "live: the `server` to test: ordeal-node, redis-server (4.0, or 7.0 and later), or any command that takes a redis.conf")
	f.BoolVar(&opts.Record, "record", false, "live: each ordeal-node takes down its life, for ordeal replay")
	f.StringVar(&opts.Toxiproxy, "toxiproxy", "", "live: `address` of a toxiproxy server that is to carry the links (default: this process carries them)")
	f.BoolVar(&opts.Trace, "trace", false, "sim: also keep every event and effect as text, for ordeal diff")
	f.limits(&opts.Limits)
	asJSON := f.Bool("json", false, "print the result as JSON")
	f.trust(&opts.Trusted)
	var confs redis.Confs
	f.confs(&confs)
	if err := f.parse(args, 1, 1); err != nil {
		return 0, err
	}
	if err := f.belong(opts.World); err != nil {
		return 0, err
	}
	s, err := loadScenario(f.args[0], opts.Trusted)
	if err != nil {
		return 0, err
	}
	if s, err = withConfs(confs, &opts, s, io.err); err != nil {
		return 0, err
	}
	opts.Source = f.args[0]
	if opts.Out == "" {
		opts.Out = filepath.Join("runs", fmt.Sprintf("%s-%s-%d", s.Name, opts.World, opts.Seed))
	}
	return play(ctx, io, s, opts, *asJSON)
}

// play runs s, shows how far it is, and prints what it came to.
func play(ctx context.Context, io streams, s harness.Scenario, opts harness.Options, asJSON bool) (int, error) {
	bar := newRunProgress(io.err)
	opts.Progress = bar.show
	res, err := harness.Run(ctx, s, opts)
	bar.done()
	if err != nil {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("interrupted before the cluster had formed")
		}
		return 0, err
	}
	if err := printResult(io.out, res, asJSON); err != nil {
		return 0, err
	}
	if ctx.Err() != nil {
		fmt.Fprintf(io.err, "ordeal: interrupted: the history up to then is in %s\n", filepath.Join(opts.Out, harness.HistoryFile))
	}
	return statusAfter(res.Result(), res.History), nil
}

func printResult(w io.Writer, res *harness.Result, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(res)
	}
	fmt.Fprint(w, res)
	if res.Dir != "" {
		fmt.Fprintf(w, "report: %s\n", filepath.Join(res.Dir, harness.ReportFile))
	}
	fmt.Fprintf(w, "%v of %s time in %v\n", res.Elapsed.Round(time.Millisecond), timeIn(res.World), res.Took.Round(time.Millisecond))
	return nil
}

// timeIn is the kind of time that passes in world.
func timeIn(world string) string {
	if world == harness.WorldLive {
		return "real"
	}
	return "virtual"
}
