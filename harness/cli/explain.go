package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/nemesis"
)

func (p *program) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CHECKER|FAULT|GOAL|VERDICT",
		Short: "say what a checker, a fault, a goal or a verdict is",
		Long: "Says what a checker holds a history to, who promises it and what it is judged by; what a fault does in each world and\n" +
			"how it is written; what situation a goal is; what a verdict means. The texts are those of checkers/PROPERTIES.md and\n" +
			"nemesis/FAULTS.md.",
		Example: "  ordeal explain lost-writes\n  ordeal explain half-open\n  ordeal explain vote-split\n  ordeal explain unknown",
		Args:    arguments(1, 1, "CHECKER|FAULT|GOAL|VERDICT"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return explained(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: p.does(func(_ context.Context, args []string) (int, error) {
			if !p.explain(args[0]) {
				return 0, wrongUsage("nothing is called %q%s", args[0], near(args[0], explained(), "ordeal list shows what there is"))
			}
			return exitValid, nil
		}),
	}
}

func verdictNames() []string {
	return []string{string(checkers.Valid), string(checkers.Invalid), string(checkers.Unknown), string(checkers.NotPromised)}
}

// explained are all names that can be explained.
func explained() []string {
	names := checkerNames()
	for _, v := range harness.Language(redis.System{}).Verbs() {
		names = append(names, string(v))
	}
	for _, e := range listedEvents() {
		names = append(names, e.Name)
	}
	return slices.Concat(names, goalNamesAll()[:len(goalNamesAll())-1], verdictNames())
}

// explain says all that is known of a name, which may be of several things.
func (p *program) explain(name string) (known bool) {
	say := func(kind string, sentences ...string) {
		if known {
			p.out.line(0, 0)
		}
		known = true
		p.out.line(0, 0, piece{bold, name}, piece{text: ", " + kind})
		for _, s := range sentences {
			p.out.line(2, 4, piece{text: s})
		}
	}
	for _, c := range checkers.Properties() {
		if c.Checker == name {
			say("a checker", "promised: "+c.Promised, "by: "+c.By, "judged by: "+c.Judged)
		}
	}
	for _, f := range append(nemesis.Explanations(), redis.Explanations()...) {
		if f.Verb == name {
			say("a fault", "written: "+f.Written, "in the simulation: "+f.Sim, "live: "+f.Live)
		}
	}
	for _, g := range listedGoals() {
		if g.Name == name {
			say("a goal of a sweep", g.Why)
		}
	}
	for _, e := range listedEvents() {
		if e.Name == name {
			say("an event that faults can wait for", e.Why)
		}
	}
	for _, v := range verdictNames() {
		if v == name {
			say("a verdict", strings.ReplaceAll(checkers.Meaning(v), "`", ""))
		}
	}
	return known
}
