package cli

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness/skeleton"
)

func (p *program) newCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "new KIND NAME",
		Short: "write the skeleton of a scenario, a system or a workload of your own",
		Long: "Writes a commented skeleton that runs as it is: of a scenario the file NAME.yaml; of a system under test, or of a\n" +
			"workload that is a client of your own, the folder NAME, whose tests pass. Nothing is overwritten.",
		Example: "  ordeal new scenario my-settings\n  ordeal new system my-store\n  ordeal new workload my-client",
		Args:    arguments(2, 2, "KIND NAME"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return skeleton.Kinds(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.RunE = p.does(func(_ context.Context, args []string) (int, error) {
		kind, name := args[0], args[1]
		if !slices.Contains(skeleton.Kinds(), kind) {
			return 0, wrongUsage("there is no skeleton of a %q%s", kind, near(kind, skeleton.Kinds(), "there are "+strings.Join(skeleton.Kinds(), ", ")))
		}
		written, err := skeleton.Write(".", kind, name)
		if err != nil {
			return 0, err
		}
		for _, file := range written {
			p.out.line(0, 0, piece{text: "wrote " + filepath.ToSlash(file)})
		}
		p.out.line(0, 0, piece{text: "next:"})
		for _, next := range afterNew(kind, name, written) {
			p.out.line(2, 2, piece{text: next})
		}
		return exitValid, nil
	})
	return c
}

// afterNew is what somebody does who has a skeleton.
func afterNew(kind, name string, written []string) []string {
	if kind == "scenario" {
		return []string{"ordeal run " + name + ".yaml", "ordeal sweep " + name + ".yaml --seeds 1-100"}
	}
	next := []string{"cd " + name}
	if slices.ContainsFunc(written, func(file string) bool { return filepath.Base(file) == "go.mod" }) {
		next = append(next, "go get github.com/ordeal-go/ordeal    (or: go work init . PATH-OF-A-CHECKOUT)")
	}
	next = append(next, "go test ./...")
	if kind == "system" {
		next = append(next, "go run ./cmd/ordeal run "+name+".yaml")
	}
	return next
}
