package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/sim"
)

func (p *program) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "diff DIR1 DIR2",
		Short: "name the first event in which two simulated runs differ",
		Long:  "Names the first event or effect in which two simulated runs differ. Both were kept with ordeal run --trace.",
		Example: `  ordeal run chain --seed 1 --trace --out runs/a
  ordeal run chain --seed 1 --trace --out runs/b
  ordeal diff runs/a runs/b`,
		Args:              arguments(2, 2, "DIR1 DIR2"),
		ValidArgsFunction: completeRuns,
		RunE:              p.does(func(_ context.Context, args []string) (int, error) { return p.diff(args) }),
	}
}

func (p *program) diff(dirs []string) (int, error) {
	var logs [2]*os.File
	for i, dir := range dirs {
		file, err := os.Open(filepath.Join(dir, harness.TraceFile))
		if errors.Is(err, os.ErrNotExist) {
			return 0, fmt.Errorf("%s holds no trace: keep the run again with ordeal run … --trace", dir)
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
		fmt.Fprintln(p.out, "the runs are the same, event for event")
		return exitValid, nil
	}
	fmt.Fprintln(p.out, difference)
	return exitInvalid, nil
}
