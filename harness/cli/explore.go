package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordeal-go/ordeal/harness/explore"
)

// exploring is what the command line asks for.
type exploring struct {
	plan   explore.Plan
	kinds  string
	limit  time.Duration
	asJSON bool
}

func (p *program) exploreCommand() *cobra.Command {
	var e exploring
	c := &cobra.Command{
		Use:   "explore [flags]",
		Short: "search every order of messages and timers, and faults, around one election",
		Long: "Searches every order in which messages are delivered and timers expire around the replacement of a dead master, with\n" +
			"up to a few faults at any moment, on the real Sentinels and servers, breadth first: a violation that it prints is one\n" +
			"of the shortest. What it covers and what it does not is in the package's documentation: go doc ./harness/explore.",
		Example: "  ordeal explore --rounds 3\n  ordeal explore --rounds 2 --faults 1 --kinds crash,pause",
		Args:    arguments(0, 0, ""),
	}
	f := c.Flags()
	f.IntVar(&e.plan.Replicas, "replicas", 2, "`number` of replicas")
	f.IntVar(&e.plan.Sentinels, "sentinels", 3, "`number` of Sentinels")
	f.IntVar(&e.plan.Quorum, "quorum", 0, "`number` of Sentinels that must call the master down; 0: a majority")
	f.DurationVar(&e.plan.DownAfter, "down-after", time.Second, "`time` of silence after which an instance is down")
	f.IntVar(&e.plan.Rounds, "rounds", 14, "how many `rounds` of 100 ms to search, from the last moment before the master is called down")
	f.IntVar(&e.plan.Delay, "delay", 0, "how many `rounds` a message may lie beyond the one in which it was sent")
	f.IntVar(&e.plan.Faults, "faults", 0, "how many `faults` may strike, beside the master's death")
	f.StringVar(&e.kinds, "kinds", strings.Join(explore.FaultKinds(), ","), "which `kinds` of faults")
	f.IntVar(&e.plan.States, "states", 0, "give up after this `number` of states; 0: never")
	f.BoolVar(&e.plan.Every, "every", false, "let answers too come at any moment of their round: some 100 times the states, and the same ends")
	f.DurationVar(&e.limit, "timeout", 0, "give up after this `time`; 0: never")
	f.BoolVar(&e.asJSON, "json", false, "print the report as JSON")
	completeFlags(c)
	c.RunE = p.does(func(ctx context.Context, _ []string) (int, error) { return p.explore(ctx, &e) })
	return c
}

// explore searches everything that may happen around one election.
func (p *program) explore(ctx context.Context, e *exploring) (int, error) {
	plan := e.plan
	plan.Kinds = strings.Split(e.kinds, ",")
	for _, k := range plan.Kinds {
		if !slices.Contains(explore.FaultKinds(), k) {
			return 0, wrongUsage("there is no kind of fault %q to explore%s", k, near(k, explore.FaultKinds(), "there are "+strings.Join(explore.FaultKinds(), ", ")))
		}
	}
	begun := time.Now()
	said := begun
	plan.Stop = func(r explore.Report) bool {
		if now := time.Now(); !e.asJSON && !p.quiet && now.Sub(said) > 30*time.Second {
			said = now
			fmt.Fprintf(p.err, "at most %d faults: %d states, %d moves deep, after %v\n", r.Faults, r.States, r.Depth, now.Sub(begun).Round(time.Second))
		}
		return ctx.Err() != nil || e.limit > 0 && time.Since(begun) > e.limit
	}
	r, err := explore.Search(plan)
	if err != nil {
		return 0, err
	}
	if e.asJSON {
		err = json.NewEncoder(p.out).Encode(r)
	} else {
		p.tellExplored(&plan, &r, time.Since(begun))
	}
	switch {
	case r.Violation != "":
		return exitInvalid, err
	case !r.Complete:
		return exitUnknown, err
	}
	return exitValid, err
}

func (p *program) tellExplored(plan *explore.Plan, r *explore.Report, took time.Duration) {
	faults := "no fault"
	if r.Faults > 0 {
		faults = fmt.Sprintf("at most %d faults (%s)", r.Faults, strings.Join(plan.Kinds, ", "))
	}
	fmt.Fprintf(p.out, "%d Sentinels, %d replicas, %d rounds, delay %d, %s\n", plan.Sentinels, plan.Replicas, plan.Rounds, plan.Delay, faults)
	fmt.Fprintf(p.out, "%d states (of %d of single machines), %d transitions, %d moves deep, in %v\n", r.States, r.Locals, r.Transitions, r.Depth,
		took.Round(time.Millisecond))
	fmt.Fprintf(p.out, "%d ends, in %d of which every Sentinel that runs has a new master\n", r.Ends, r.Switched)
	switch {
	case r.Violation != "":
		fmt.Fprintf(p.out, "INVALID after %d moves: %s\n\n%s\n", r.Moves, r.Violation, strings.Join(r.Path, "\n"))
	case r.Complete:
		fmt.Fprintln(p.out, "complete within these bounds, and no violation")
	default:
		fmt.Fprintf(p.out, "not complete: %s; no violation so far\n", r.Why)
	}
}
