package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ordeal-go/ordeal/models"
)

// usageError says that the command line is none.
type usageError struct {
	text    string
	nothing bool // nothing was asked for: the commands are shown
}

func (e *usageError) Error() string { return e.text }

func wrongUsage(format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...)}
}

// understand returns args as pflag takes them: a long flag may be written with one dash, as it was until now. The error is
// about a command that does not exist.
func (p *program) understand(root *cobra.Command, args []string) ([]string, error) {
	if len(args) == 0 {
		return args, nil
	}
	switch args[0] {
	case "-version", "--version":
		return append([]string{"version"}, args[1:]...), nil
	case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd: // the last word is still being written
		last := len(args) - 1
		words := p.twoDashes(root, args[1:max(last, 1)])
		return slices.Concat(args[:1], words, args[max(last, 1):]), nil
	}
	args = p.twoDashes(root, args)
	name := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })
	if name < 0 {
		return args, nil
	}
	if c, _, err := root.Find(args); err != nil || c == root {
		return nil, wrongUsage("there is no command %q%s", args[name], near(args[name], commandNames(root), "ordeal help shows the commands"))
	}
	return args, nil
}

// near is how the sentence about an unknown name goes on: with the name that was meant, if any is like it, and with how to
// find the others.
func near(name string, names []string, others string) string {
	if n := models.Nearest(name, names); n != "" {
		return fmt.Sprintf(": did you mean %s? (%s)", n, others)
	}
	return ": " + others
}

func commandNames(root *cobra.Command) (names []string) {
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// twoDashes writes long flags with two dashes. What follows a flag that takes a value is no flag, nor what follows --.
func (p *program) twoDashes(root *cobra.Command, args []string) []string {
	out := slices.Clone(args)
	c := root
	for i := 0; i < len(out); i++ {
		a := out[i]
		if a == "--" {
			break
		}
		if !strings.HasPrefix(a, "-") || a == "-" {
			if sub, _, err := root.Find([]string{a}); c == root && err == nil {
				c = sub
			}
			if c.DisableFlagParsing { // another program's
				break
			}
			continue
		}
		name, _, valued := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if len(name) > 1 && a[1] != '-' && isName(name) {
			out[i] = "-" + a
		}
		if f := flagOf(c, name); f != nil && f.NoOptDefVal == "" && !valued {
			i++
		}
	}
	return out
}

// isName says whether text can be the name of a flag: -1 is a number.
func isName(text string) bool { return text[0] >= 'a' && text[0] <= 'z' }

func flagOf(c *cobra.Command, name string) *pflag.Flag {
	for _, set := range []*pflag.FlagSet{c.Flags(), c.Root().PersistentFlags()} {
		if f := set.Lookup(name); f != nil {
			return f
		}
		if len(name) == 1 {
			if f := set.ShorthandLookup(name); f != nil {
				return f
			}
		}
	}
	return nil
}

// flagError says what is wrong with a flag, and what would be right.
func (p *program) flagError(c *cobra.Command, err error) error {
	how := c.CommandPath() + " -h tells the flags"
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if len(name) == 1 {
			return wrongUsage("there is no flag -%s: %s", name, how)
		}
		meant := near(name, flagNames(c), how)
		return wrongUsage("there is no flag --%s%s", name, strings.Replace(meant, "did you mean ", "did you mean --", 1))
	case errors.As(err, &value):
		f := value.GetFlag()
		return wrongUsage("--%s %s: %s", f.Name, value.GetValue(), expected(f, value.Unwrap()))
	case errors.As(err, &missing):
		f := missing.GetFlag()
		what, _ := pflag.UnquoteUsage(f)
		return wrongUsage("--%s: the %s is missing (%s)", f.Name, what, how)
	}
	return wrongUsage("%v (%s)", err, how)
}

// expected says what the value of f has to be.
func expected(f *pflag.Flag, err error) string {
	switch f.Value.Type() {
	case "int":
		return "write a whole number, as 10"
	case "uint64":
		return "write a whole number that is not negative, as 10"
	case "duration":
		return "write a time, as 500ms, 5s or 1m30s"
	case "bool":
		return "write true or false, or nothing after the flag"
	}
	return err.Error()
}

func flagNames(c *cobra.Command) (names []string) {
	for _, set := range []*pflag.FlagSet{c.Flags(), c.Root().PersistentFlags()} {
		set.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	}
	return names
}

// arguments says how many arguments a command takes, and what they are called.
func arguments(least, most int, called string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return wrongUsage("an argument is missing: %s %s (%s -h tells more)", c.CommandPath(), called, c.CommandPath())
		case len(args) > most:
			return wrongUsage("%q is one argument too many (%s -h tells them)", args[most], c.CommandPath())
		}
		return nil
	}
}
