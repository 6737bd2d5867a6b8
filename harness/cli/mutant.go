package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ordeal-go/ordeal/harness/mutants"
)

// mutantCommand builds ordeal with a planted bug and hands the rest of the command line to it.
func mutantCommand(ctx context.Context, io streams, args []string) (int, error) {
	if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		fmt.Fprint(io.out, "usage: ordeal mutant NAME COMMAND …\n\nBuilds ordeal from source with a bug planted in the servers, and runs COMMAND with it. The bugs:\n")
		for _, m := range mutants.All() {
			fmt.Fprintf(io.out, "  %-28s %s (sweep %s: %s finds it)\n", m.Name, m.Why, m.Scenario, m.Checker)
		}
		return exitValid, nil
	}
	m, err := mutants.ByName(args[0])
	if err != nil {
		return 0, err
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
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, io.out, io.err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err = cmd.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return exited.ExitCode(), nil
	}
	return exitValid, err
}
