package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "show the commands, or what one does and takes",
		Example: `  ordeal help
  ordeal help sweep`,
		Args: arguments(0, 1, "COMMAND"),
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(c.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			of, _, err := c.Root().Find(args)
			if err != nil || of == c.Root() && len(args) > 0 {
				return wrongUsage("there is no command %q%s", args[0], near(args[0], commandNames(c.Root()), "ordeal help shows the commands"))
			}
			p.help(of)
			return nil
		},
	}
}

// help shows what a command does and takes.
func (p *program) help(c *cobra.Command) {
	if !c.HasParent() {
		p.tellCommands(p.out, c)
		return
	}
	if c.Name() == mutantName {
		p.tellMutants()
		return
	}
	t := p.out
	sentence := strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
	if c.Long != "" {
		sentence = c.Long
	}
	t.paragraph(0, strings.ReplaceAll(sentence, "\n", " "))
	t.head("Usage")
	t.line(2, 4, piece{text: c.UseLine()})
	if c.Example != "" {
		t.head("Examples")
		fmt.Fprintln(t, strings.TrimRight(c.Example, "\n"))
	}
	if c.HasAvailableLocalFlags() {
		t.head("Flags")
		fmt.Fprint(t, c.LocalFlags().FlagUsagesWrapped(t.columns))
	}
	if c.HasAvailableInheritedFlags() {
		t.head("Flags of every command")
		fmt.Fprint(t, c.InheritedFlags().FlagUsagesWrapped(t.columns))
	}
}

// head writes the heading of a part of a help text.
func (t *terminal) head(text string) {
	fmt.Fprintln(t)
	t.line(0, 0, piece{bold, text + ":"})
}

// tellCommands shows all commands.
func (p *program) tellCommands(t *terminal, root *cobra.Command) {
	t.paragraph(0, about)
	for _, g := range root.Groups() {
		t.head(g.Title)
		for _, c := range p.commands {
			if c.GroupID == g.ID {
				t.line(2, 15, piece{bold, fmt.Sprintf("%-12s", c.Name())}, piece{text: " " + c.Short})
			}
		}
	}
	t.head("Begin with")
	for _, example := range [][2]string{
		{"ordeal run old-master-keeps-writing", "one failover; its report opens with ordeal open"},
		{"ordeal sweep swarm --seeds 1-1000", "a thousand clusters, each with its own faults"},
		{"ordeal COMMAND -h", "what a command does and takes, with examples"},
	} {
		t.line(2, 4, piece{text: fmt.Sprintf("%-38s", example[0])}, piece{faint, example[1]})
	}
	fmt.Fprintln(t)
	t.paragraph(0, "Exit status: 0 valid, 1 invalid, 2 usage or set-up error, 3 unknown.")
}
