package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// The groups of commands, in the order in which help shows them.
const (
	groupPlay  = "play"
	groupLook  = "look"
	groupWrite = "write"
	groupFind  = "find"
	groupKnow  = "know"
)

const about = "ordeal puts a replicated server through an ordeal and says, with evidence, what it kept and what it broke."

// root makes the command with all its sub-commands.
func (p *program) root() *cobra.Command {
	c := &cobra.Command{
		Use:               "ordeal",
		Short:             about,
		Args:              cobra.ArbitraryArgs, // understand has refused what is no command
		SilenceErrors:     true,                // dispatch prints them
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(*cobra.Command, []string) error { return &usageError{nothing: true} },
	}
	c.SetOut(p.out)
	c.SetErr(p.err)
	c.SetFlagErrorFunc(p.flagError)
	c.SetHelpFunc(func(c *cobra.Command, _ []string) { p.help(c) })
	c.PersistentFlags().BoolVarP(&p.verbose, "verbose", "v", false, "tell all there is to tell")
	c.PersistentFlags().BoolVarP(&p.quiet, "quiet", "q", false, "no progress, and of the result only what it came to")
	c.AddGroup(
		&cobra.Group{ID: groupPlay, Title: "Play"},
		&cobra.Group{ID: groupLook, Title: "Look into a run, or a history from anywhere"},
		&cobra.Group{ID: groupWrite, Title: "Write scenarios, and more"},
		&cobra.Group{ID: groupFind, Title: "Search, and test the tests"},
		&cobra.Group{ID: groupKnow, Title: "Find out"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, sub := range commands {
			sub.GroupID = group
			sub.DisableFlagsInUseLine = true
			sub.ValidArgsFunction = begunSo(sub.ValidArgsFunction)
			c.AddCommand(sub)
			p.commands = append(p.commands, sub)
		}
	}
	add(groupPlay, p.runCommand(), p.sweepCommand(), p.compareCommand())
	add(groupLook, p.openCommand(), p.reportCommand(), p.checkCommand(), p.whyCommand(), p.shrinkCommand(), p.replayCommand(), p.diffCommand(), p.exportCommand())
	add(groupWrite, p.newCommand(), p.validateCommand(), p.schemaCommand(), p.drawCommand())
	add(groupFind, p.exploreCommand(), p.mutantCommand())
	add(groupKnow, p.listCommand(), p.explainCommand(), p.versionCommand(), p.completionCommand())
	help := p.helpCommand()
	add(groupKnow, help)
	c.SetHelpCommand(help)
	return c
}

// does makes what a command runs of a function that returns an exit status.
func (p *program) does(f func(ctx context.Context, args []string) (int, error)) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) (err error) {
		p.status, err = f(c.Context(), args)
		return err
	}
}
