package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/record"
)

func (p *program) replayCommand() *cobra.Command {
	var asJSON, steps, trust bool
	c := &cobra.Command{
		Use:   "replay DIR|RECORDING [flags]",
		Short: "play a kept run again and compare; or lead a recorded node through its life again",
		Long: "Plays the run kept in DIR again: same scenario, same seed, same world. In the simulation the trace must be the same.\n" +
			"Of a RECORDING of a live node (ordeal-node --ordeal-record), leads the node's core through it again.",
		Example:           "  ordeal replay runs/chain-sim-1",
		Args:              arguments(1, 1, "DIR|RECORDING"),
		ValidArgsFunction: completeRun,
	}
	f := c.Flags()
	f.BoolVar(&asJSON, "json", false, "print the result as JSON")
	f.BoolVar(&steps, "steps", false, "of a recording: print every event and effect")
	trustFlag(f, &trust)
	c.RunE = p.does(func(ctx context.Context, args []string) (int, error) {
		if isRecording(args[0]) {
			return p.replayRecording(args[0], steps)
		}
		return p.replay(ctx, args[0], trust, asJSON)
	})
	return c
}

func (p *program) replay(ctx context.Context, dir string, trust, asJSON bool) (int, error) {
	old, err := readHistory(filepath.Join(dir, harness.HistoryFile))
	if err != nil {
		return 0, err
	}
	s, err := readScenario(filepath.Join(dir, harness.ScenarioFile), trust)
	if err != nil {
		return 0, err
	}
	if old.World == harness.WorldLive && !trust && !harness.KnownProgram(old.Target) {
		return 0, fmt.Errorf("the run's target is the command %q: give --trust if you want it run", old.Target)
	}
	opts := runOptions()
	opts.Seed, opts.Trusted, opts.World, opts.Target = old.Seed, trust, old.World, old.Target
	opts.Source, opts.Out = filepath.Join(dir, harness.ScenarioFile), filepath.Join(dir, "replay-"+time.Now().UTC().Format("20060102-150405"))
	status, err := p.play(ctx, s, opts, asJSON)
	if err != nil || old.World != harness.WorldSim || ctx.Err() != nil {
		return status, err
	}
	again, err := readHistory(filepath.Join(opts.Out, harness.HistoryFile))
	if err != nil {
		return 0, err
	}
	if again.Trace != old.Trace {
		fmt.Fprintf(p.err, "ordeal replay: the run differs: trace %s, then it was %s (built from %s, then from %s)\n", again.Trace, old.Trace, build(), old.Build)
	}
	return status, nil
}

// isRecording says whether path is a recording of a live node.
func isRecording(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start, _ := bufio.NewReader(f).Peek(40)
	return bytes.Contains(start, []byte(`"ordeal_recording"`))
}

// replayRecording prints the log of the replayed life, and how it ended.
func (p *program) replayRecording(path string, steps bool) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	report, err := record.Replay(f, func(s record.Step) {
		if steps {
			fmt.Fprintf(p.out, "%d %s < %s\n", s.Line, s.Now.Time().Format("15:04:05.000000"), record.DescribeEvent(s.Event))
		}
		for i := range s.Effects {
			switch e := &s.Effects[i]; {
			case steps:
				fmt.Fprintf(p.out, "%d   > %s\n", s.Line, record.Describe(e))
			case e.Kind == node.EffectLog:
				fmt.Fprintln(p.out, e.Text)
			}
		}
	})
	var diverged *record.DivergedError
	switch {
	case errors.As(err, &diverged):
		fmt.Fprintf(p.out, "%s: %v\n", path, err)
		for _, e := range diverged.Effects {
			fmt.Fprintf(p.out, "  now: %s\n", e)
		}
		return exitInvalid, nil
	case err != nil:
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(p.err, "%d events replayed, the core did the same each time\n", report.Steps)
	if report.Torn {
		fmt.Fprintln(p.err, "the recording ends in the middle of a line: its process was killed")
	}
	if report.Died != "" {
		fmt.Fprintf(p.out, "the core panicked: %s\n%s", report.Died, report.Stack)
		return exitInvalid, nil
	}
	return exitValid, nil
}
