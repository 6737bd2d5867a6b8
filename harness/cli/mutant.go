package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness/mutants"
)

const mutantName = "mutant"

func (p *program) mutantCommand() *cobra.Command {
	return &cobra.Command{
		Use:                mutantName + " NAME COMMAND …",
		Short:              "do any of this with a bug planted in the servers",
		Example:            "  ordeal mutant min-slaves-ignored\n  ordeal mutant min-slaves-ignored run min-slaves-cut --seed 3",
		DisableFlagParsing: true, // they are of the program with the bug
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			var names []cobra.Completion
			for _, m := range mutants.All() {
				names = append(names, cobra.CompletionWithDesc(m.Name, m.Why))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: p.does(func(ctx context.Context, args []string) (int, error) {
			if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
				p.tellMutants()
				return exitValid, nil
			}
			return p.mutant(ctx, args)
		}),
	}
}

func (p *program) tellMutants() {
	p.out.paragraph(0, "Builds ordeal from source with a bug planted in the servers, and runs COMMAND with it, or else the sweep that finds the bug.")
	p.out.head("Usage")
	p.out.line(2, 4, piece{text: "ordeal mutant NAME COMMAND …"})
	p.out.head("Examples")
	p.out.paragraph(2, "ordeal mutant min-slaves-ignored\nordeal mutant min-slaves-ignored run min-slaves-cut --seed 3")
	p.out.head("The bugs")
	for _, m := range mutants.All() {
		p.out.line(2, 6, piece{bold, fmt.Sprintf("%-28s ", m.Name)}, piece{text: m.Why}, piece{faint, fmt.Sprintf(" (sweep %s: %s finds it)", m.Scenario, m.Checker)})
	}
}

// mutant builds ordeal with a planted bug and hands the rest of the command line to it.
func (p *program) mutant(ctx context.Context, args []string) (int, error) {
	m, err := mutants.ByName(args[0])
	if err != nil {
		return 0, wrongUsage("there is no planted bug %q%s", args[0], near(args[0], mutantNames(), "ordeal mutant lists them"))
	}
	if len(args) == 1 {
		args = append(args, "sweep", m.Scenario)
	}
	root, err := mutants.Root(ctx)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "ordeal-mutant-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "ordeal")
	if err := m.Build(ctx, root, "./harness/cmd/ordeal", program); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, program, args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, p.raw.out, p.raw.err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err = cmd.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return exited.ExitCode(), nil
	}
	return exitValid, err
}

func mutantNames() (names []string) {
	for _, m := range mutants.All() {
		names = append(names, m.Name)
	}
	return names
}
