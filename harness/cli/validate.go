package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
)

func (p *program) validateCommand() *cobra.Command {
	var opts harness.Options
	c := &cobra.Command{
		Use:   "validate FILE… [flags]",
		Short: "say all that is wrong with scenario files, without playing them",
		Long: "Reads scenario files and says everything that is wrong with each, with line and column, also what the servers would\n" +
			"refuse when they start: ordeal-node's settings are those of Redis 4.0; with --target redis-server they are not judged.",
		Example:           "  ordeal validate lossy.yaml\n  ordeal validate lossy.yaml failing.yaml --target redis-server",
		Args:              arguments(1, 10000, "FILE…"),
		ValidArgsFunction: completeFiles,
	}
	c.Flags().StringVar(&opts.Target, "target", "ordeal-node", "the `server` to test")
	trustFlag(c.Flags(), &opts.Trusted)
	completeFlags(c)
	c.RunE = p.does(func(_ context.Context, args []string) (int, error) {
		if opts.Target != "ordeal-node" {
			opts.World = harness.WorldLive
		}
		wrong := 0
		for _, path := range args {
			if err := validate(path, opts); err != nil {
				wrong++
				p.tellErrors(err)
			} else if !p.quiet {
				fmt.Fprintf(p.out, "%s: in order\n", path)
			}
		}
		if wrong > 0 {
			return exitUsage, nil
		}
		return exitValid, nil
	})
	return c
}

// validate is everything that is wrong with the scenario in a file.
func validate(path string, opts harness.Options) error {
	s, err := readScenario(path, opts.Trusted)
	if err != nil {
		return err
	}
	opts.Source = path
	return opts.Misfits(s)
}

// tellErrors prints each of the errors that err joins.
func (p *program) tellErrors(err error) {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range several.Unwrap() {
			p.tellErrors(one)
		}
		return
	}
	var at *harness.FileError
	if errors.As(err, &at) && at.Line > 0 {
		p.err.line(0, 4, piece{bold, fmt.Sprintf("%s:%d:%d:", at.File, at.Line, at.Column)}, piece{text: " "}, piece{bad, "error:"}, piece{text: " " + at.Err.Error()})
		return
	}
	p.err.line(0, 4, piece{bad, "error:"}, piece{text: " " + err.Error()})
}
