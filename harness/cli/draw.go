package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) drawCommand() *cobra.Command {
	var seed uint64
	var trust bool
	c := &cobra.Command{
		Use:   "draw SCENARIO [flags]",
		Short: "print a scenario with every draw of a seed made",
		Long: "Prints SCENARIO as a file, with every draw of the seed made. ordeal run FILE with the same --seed plays the same\n" +
			"run. \"swarm\" is another scenario for each seed.",
		Example:           "  ordeal draw swarm --seed 7\n  ordeal draw any-faults --seed 3",
		Args:              arguments(1, 1, "SCENARIO"),
		ValidArgsFunction: completeScenario,
	}
	seedFlag(c.Flags(), &seed, "the `seed` of every draw")
	trustFlag(c.Flags(), &trust)
	completeFlags(c)
	c.RunE = p.does(func(_ context.Context, args []string) (int, error) {
		s, err := loadScenario(args[0], trust)
		if err != nil {
			return 0, err
		}
		text, err := s.Drawn(seed).YAML()
		if err != nil {
			return 0, err
		}
		_, err = p.out.Write(text)
		return exitValid, err
	})
	return c
}
