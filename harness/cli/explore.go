package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/explore"
)

// exploreCommand searches everything that may happen around one election.
func exploreCommand(ctx context.Context, io streams, args []string) (int, error) {
	f := newFlags(io.out, "explore", "", "Searches every order in which messages are delivered and timers expire around the replacement of a dead master, with up to\n"+
		"a few faults at any moment, on the real Sentinels and servers, breadth first: a violation that it prints is one of the\n"+
		"shortest. What it covers and what it does not is in the package's documentation: go doc ./harness/explore.")
	p := explore.Plan{}
	f.IntVar(&p.Replicas, "replicas", 2, "`number` of replicas")
	f.IntVar(&p.Sentinels, "sentinels", 3, "`number` of Sentinels")
	f.IntVar(&p.Quorum, "quorum", 0, "`number` of Sentinels that must call the master down; 0: a majority")
	f.DurationVar(&p.DownAfter, "down-after", time.Second, "`time` of silence after which an instance is down")
	f.IntVar(&p.Rounds, "rounds", 14, "how many `rounds` of 100 ms to search, from the last moment before the master is called down")
	f.IntVar(&p.Delay, "delay", 0, "how many `rounds` a message may lie beyond the one in which it was sent")
	f.IntVar(&p.Faults, "faults", 0, "how many `faults` may strike, beside the master's death")
	kinds := f.String("kinds", strings.Join(explore.FaultKinds(), ","), "which `kinds` of faults")
	f.IntVar(&p.States, "states", 0, "give up after this `number` of states; 0: never")
	f.BoolVar(&p.Every, "every", false, "let answers too come at any moment of their round: some 100 times the states, and the same ends")
	limit := f.Duration("timeout", 0, "give up after this `time`; 0: never")
	asJSON := f.Bool("json", false, "print the report as JSON")
	if err := f.parse(args, 0, 0); err != nil {
		return 0, err
	}
	p.Kinds = strings.Split(*kinds, ",")
	for _, k := range p.Kinds {
		if !slices.Contains(explore.FaultKinds(), k) {
			return 0, fmt.Errorf("there is no kind of fault %q to explore: there are %s", k, strings.Join(explore.FaultKinds(), ", "))
		}
	}
	begun := time.Now()
	said := begun
	p.Stop = func(r explore.Report) bool {
		if now := time.Now(); !*asJSON && now.Sub(said) > 30*time.Second {
			said = now
			fmt.Fprintf(io.err, "at most %d faults: %d states, %d moves deep, after %v\n", r.Faults, r.States, r.Depth, now.Sub(begun).Round(time.Second))
		}
		return ctx.Err() != nil || *limit > 0 && time.Since(begun) > *limit
	}
	r, err := explore.Search(p)
	if err != nil {
		return 0, err
	}
	if *asJSON {
		err = json.NewEncoder(io.out).Encode(r)
	} else {
		tellExplored(io, &p, &r, time.Since(begun))
	}
	switch {
	case r.Violation != "":
		return exitInvalid, err
	case !r.Complete:
		return exitUnknown, err
	}
	return exitValid, err
}

func tellExplored(io streams, p *explore.Plan, r *explore.Report, took time.Duration) {
	faults := "no fault"
	if r.Faults > 0 {
		faults = fmt.Sprintf("at most %d faults (%s)", r.Faults, strings.Join(p.Kinds, ", "))
	}
	fmt.Fprintf(io.out, "%d Sentinels, %d replicas, %d rounds, delay %d, %s\n", p.Sentinels, p.Replicas, p.Rounds, p.Delay, faults)
	fmt.Fprintf(io.out, "%d states (of %d of single machines), %d transitions, %d moves deep, in %v\n", r.States, r.Locals, r.Transitions, r.Depth,
		took.Round(time.Millisecond))
	fmt.Fprintf(io.out, "%d ends, in %d of which every Sentinel that runs has a new master\n", r.Ends, r.Switched)
	switch {
	case r.Violation != "":
		fmt.Fprintf(io.out, "INVALID after %d moves: %s\n\n%s\n", r.Moves, r.Violation, strings.Join(r.Path, "\n"))
	case r.Complete:
		fmt.Fprintln(io.out, "complete within these bounds, and no violation")
	default:
		fmt.Fprintf(io.out, "not complete: %s; no violation so far\n", r.Why)
	}
}
