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

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/record"
)

func replayCommand(ctx context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "replay", "DIR|RECORDING", "Plays the run kept in DIR again: same scenario, same seed, same world. In the simulation the trace must be the same.\n"+
		"Of a RECORDING of a live node (ordeal-node --ordeal-record), leads the node's core through it again.")
	asJSON := f.Bool("json", false, "print the result as JSON")
	steps := f.Bool("steps", false, "of a recording: print every event and effect")
	var trust bool
	f.trust(&trust)
	if err := f.parse(args, 1, 1); err != nil {
		return 0, err
	}
	if isRecording(f.args[0]) {
		return replayRecording(io, f.args[0], *steps)
	}
	dir := f.args[0]
	old, err := readHistory(filepath.Join(dir, harness.HistoryFile))
	if err != nil {
		return 0, err
	}
	s, err := readScenario(filepath.Join(dir, harness.ScenarioFile), trust)
	if err != nil {
		return 0, err
	}
	if old.World == harness.WorldLive && !trust && !harness.KnownProgram(old.Target) {
		return 0, fmt.Errorf("the run's target is the command %q: give -trust if you want it run", old.Target)
	}
	opts := harness.Options{Seed: old.Seed, Trusted: trust, World: old.World, Target: old.Target, Build: build(), Command: commandPrefix(), Live: runs.Live{},
		Source: filepath.Join(dir, harness.ScenarioFile), Out: filepath.Join(dir, "replay-"+time.Now().UTC().Format("20060102-150405"))}
	status, err := play(ctx, io, s, opts, *asJSON)
	if err != nil || old.World != harness.WorldSim || ctx.Err() != nil {
		return status, err
	}
	again, err := readHistory(filepath.Join(opts.Out, harness.HistoryFile))
	if err != nil {
		return 0, err
	}
	if again.Trace != old.Trace {
		fmt.Fprintf(io.err, "ordeal replay: the run differs: trace %s, then it was %s (built from %s, then from %s)\n", again.Trace, old.Trace, build(), old.Build)
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
func replayRecording(io streams, path string, steps bool) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	report, err := record.Replay(f, func(s record.Step) {
		if steps {
			fmt.Fprintf(io.out, "%d %s < %s\n", s.Line, s.Now.Time().Format("15:04:05.000000"), record.DescribeEvent(s.Event))
		}
		for i := range s.Effects {
			switch e := &s.Effects[i]; {
			case steps:
				fmt.Fprintf(io.out, "%d   > %s\n", s.Line, record.Describe(e))
			case e.Kind == node.EffectLog:
				fmt.Fprintln(io.out, e.Text)
			}
		}
	})
	var diverged *record.DivergedError
	switch {
	case errors.As(err, &diverged):
		fmt.Fprintf(io.out, "%s: %v\n", path, err)
		for _, e := range diverged.Effects {
			fmt.Fprintf(io.out, "  now: %s\n", e)
		}
		return exitInvalid, nil
	case err != nil:
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	fmt.Fprintf(io.err, "%d events replayed, the core did the same each time\n", report.Steps)
	if report.Torn {
		fmt.Fprintln(io.err, "the recording ends in the middle of a line: its process was killed")
	}
	if report.Died != "" {
		fmt.Fprintf(io.out, "the core panicked: %s\n%s", report.Died, report.Stack)
		return exitInvalid, nil
	}
	return exitValid, nil
}

func diffCommand(_ context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "diff", "DIR1 DIR2", "Names the first event or effect in which two simulated runs differ. Both were kept with ordeal run -trace.")
	if err := f.parse(args, 2, 2); err != nil {
		return 0, err
	}
	var logs [2]*os.File
	for i, dir := range f.args {
		file, err := os.Open(filepath.Join(dir, harness.TraceFile))
		if errors.Is(err, os.ErrNotExist) {
			return 0, fmt.Errorf("%s holds no trace: keep the run again with ordeal run … -trace", dir)
		} else if err != nil {
			return 0, err
		}
		defer file.Close()
		logs[i] = file
	}
	difference, err := sim.FirstDifference(logs[0], logs[1])
	if err != nil {
		return 0, err
	}
	if difference == "" {
		fmt.Fprintln(io.out, "the runs are the same, event for event")
		return exitValid, nil
	}
	fmt.Fprintln(io.out, difference)
	return exitInvalid, nil
}
