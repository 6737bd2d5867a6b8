package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
)

func (p *program) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "report DIR",
		Short:             "write the report of a kept run anew",
		Long:              "Judges the history kept in DIR anew and writes its report.",
		Example:           "  ordeal report runs/chain-sim-1",
		Args:              arguments(1, 1, "DIR"),
		ValidArgsFunction: completeRun,
		RunE: p.does(func(_ context.Context, args []string) (int, error) {
			harness.TuneCollectorForHistory()
			h, err := readHistory(args[0])
			if err != nil {
				return 0, err
			}
			checks, limits := checksOf(h)
			verdicts, err := judgesOf(h).RunWithin(h, limits, checks...)
			if err != nil {
				return 0, err
			}
			dir := args[0]
			if info, err := os.Stat(dir); err == nil && !info.IsDir() {
				dir = filepath.Dir(dir)
			}
			if err := harness.WriteReport(dir, h, &harness.Result{Verdicts: verdicts}); err != nil {
				return 0, err
			}
			fmt.Fprintln(p.out, filepath.Join(dir, harness.ReportFile))
			return statusAfter(verdicts.Result(), h), nil
		}),
	}
}
