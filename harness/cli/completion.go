package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) completionCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "print the script by which a shell completes ordeal's command line",
		Long: "Prints the script by which a shell completes commands, flags, scenarios, checkers, goals, and the folders and seeds\n" +
			"of kept runs. In ~/.bashrc: source <(ordeal completion bash); in ~/.zshrc, after compinit: source <(ordeal completion\n" +
			"zsh); for fish: ordeal completion fish > ~/.config/fish/completions/ordeal.fish",
		Example:   "  ordeal completion bash\n  ordeal completion fish",
		Args:      arguments(1, 1, "SHELL"),
		ValidArgs: shells(),
	}
	c.RunE = p.does(func(_ context.Context, args []string) (int, error) {
		root := c.Root()
		switch args[0] {
		case "bash":
			return exitValid, root.GenBashCompletionV2(p.raw.out, true)
		case "zsh":
			return exitValid, root.GenZshCompletion(p.raw.out)
		case "fish":
			return exitValid, root.GenFishCompletion(p.raw.out, true)
		}
		return 0, wrongUsage("there is no completion for %q%s", args[0], near(args[0], shells(), fmt.Sprintf("there is one for %s", strings.Join(shells(), ", "))))
	})
	return c
}

func shells() []string { return []string{"bash", "zsh", "fish"} }
