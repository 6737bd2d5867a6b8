package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
)

func (p *program) listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "list [scenarios|checkers|faults|goals|events] [flags]",
		Short:   "list the scenarios, checkers, faults, goals and events there are",
		Long:    "Lists the scenarios, checkers, faults, goals and events there are, or one of these kinds. Faults can\nwait for goals and events.",
		Example: "  ordeal list\n  ordeal list goals\n  ordeal list --json",
		Args:    arguments(0, 1, "KIND"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return kinds(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	c.RunE = p.does(func(_ context.Context, args []string) (int, error) {
		kind := strings.Join(args, "")
		if kind != "" && !slices.Contains(kinds(), kind) {
			return 0, wrongUsage("there is no kind %q%s", kind, near(kind, kinds(), "there are "+strings.Join(kinds(), ", ")))
		}
		if asJSON {
			return exitValid, p.listJSON(kind)
		}
		p.list(kind)
		return exitValid, nil
	})
	return c
}

func kinds() []string { return []string{"scenarios", "checkers", "faults", "goals", "events"} }

// entry is a name with what it is for.
type entry struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

func listedScenarios() (all []entry) {
	for _, s := range scenarios.All() {
		all = append(all, entry{s.Name, s.Why})
	}
	return append(all, entry{swarm.Name, swarm.Scenario(redis.System{}).Why})
}

func listedGoals() (all []entry) {
	for _, g := range (redis.System{}).Goals().Goals {
		all = append(all, entry{g.Name, g.Why})
	}
	return all
}

func listedEvents() (all []entry) {
	for _, e := range harness.Events(redis.System{}) {
		all = append(all, entry{e.Name, e.Why})
	}
	return all
}

func (p *program) listJSON(kind string) error {
	all := map[string]any{"scenarios": listedScenarios(), "checkers": checkerNames(), "faults": harness.Language(redis.System{}).Verbs(), "goals": listedGoals(),
		"events": listedEvents()}
	if kind != "" {
		return printJSON(p.out, all[kind])
	}
	return printJSON(p.out, all)
}

func (p *program) list(kind string) {
	t := p.out
	begin := func(name, title string) bool {
		if kind == "" {
			t.line(0, 0, piece{bold, title + ":"})
		}
		return kind == "" || kind == name
	}
	entries := func(all []entry) {
		for _, e := range all {
			t.line(2, 33, piece{text: fmt.Sprintf("%-30s ", e.Name)}, piece{text: e.Why})
		}
	}
	if begin("scenarios", "scenarios") {
		entries(listedScenarios())
	}
	if begin("checkers", "checkers") {
		t.line(2, 2, piece{text: strings.Join(checkerNames(), ", ")})
	}
	if begin("faults", "faults") {
		var verbs []string
		for _, v := range harness.Language(redis.System{}).Verbs() {
			verbs = append(verbs, string(v))
		}
		t.line(2, 2, piece{text: strings.Join(verbs, ", ")})
	}
	if begin("goals", "goals of a sweep") {
		entries(listedGoals())
	}
	if begin("events", "events that faults can wait for, beside goals") {
		entries(listedEvents())
	}
}
