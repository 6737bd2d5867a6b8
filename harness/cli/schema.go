package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of scenario files, for editors that complete and check",
		Long: "Prints the JSON Schema of scenario files. With a YAML language server, begin a scenario with the line\n" +
			"# yaml-language-server: $schema=ordeal.schema.json to have its keys completed, explained and checked.",
		Example: "  ordeal schema",
		Args:    arguments(0, 0, ""),
		RunE: p.does(func(context.Context, []string) (int, error) {
			return exitValid, printJSON(p.out, systems.Schema())
		}),
	}
}
