package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/histories"
)

func (p *program) exportCommand() *cobra.Command {
	var format, model, mapping string
	c := &cobra.Command{
		Use:               "export HISTORY [flags]",
		Short:             "write a history as Jepsen's EDN, porcupine's logs or JSON lines",
		Long:              "Writes a history, in any format that ordeal check reads, to standard output in another.",
		Example:           "  ordeal export runs/chain-sim-1\n  ordeal export queue.edn --mapping take=dequeue --format jsonl",
		Args:              arguments(1, 1, "HISTORY"),
		ValidArgsFunction: completeRun,
	}
	f := c.Flags()
	f.StringVar(&format, "format", "edn", "`format`: jsonl (histories/FORMAT.md), edn (Jepsen's), porcupine (its logs of a key–value store)")
	modelFlags(f, &model, &mapping)
	completeFlags(c)
	c.RunE = p.does(func(_ context.Context, args []string) (int, error) {
		m, err := histories.ParseMapping(mapping)
		if err != nil {
			return 0, err
		}
		h, _, err := openHistory(args[0], model, m)
		if err != nil {
			return 0, err
		}
		return exitValid, export(p.out, h, format)
	})
	return c
}

// historyFormats are those that ordeal export writes.
func historyFormats() []string { return []string{"jsonl", "edn", "porcupine"} }

// export writes h to out as format has it.
func export(out io.Writer, h *histories.History, format string) error {
	switch format {
	case "jsonl":
		return histories.Write(out, h)
	case "edn":
		return histories.WriteEDN(out, h)
	case "porcupine":
		return histories.WritePorcupine(out, h)
	}
	return fmt.Errorf("there is no format %q%s", format, near(format, historyFormats(), "there are "+strings.Join(historyFormats(), ", ")))
}
