package harness

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/seed"
	"github.com/ordeal-go/ordeal/harness/sim"
)

// Branch is a moment at which a simulated run takes another way: it is the same up to there, and after it network, disks,
// cores, clients and the nemesis draw anew. A branch of a branch is the second one of a scenario.
type Branch struct {
	At   time.Duration // from the moment the cluster has formed, as those of faults
	Seed uint64        // tells the ways from there apart
}

// String is what [ParseBranch] reads: "at 7.2s seed 3".
func (b Branch) String() string { return fmt.Sprintf("at %v seed %d", b.At, b.Seed) }

// ParseBranch reads "at 7.2s seed 3".
func ParseBranch(text string) (Branch, error) {
	words := strings.Fields(text)
	if len(words) != 4 || words[0] != "at" || words[2] != "seed" {
		return Branch{}, fmt.Errorf("%q is no branch: write it as \"at 7.2s seed 3\"", text)
	}
	at, err := time.ParseDuration(words[1])
	if err != nil {
		return Branch{}, fmt.Errorf("%q: %q is no moment: write it as 7.2s or 1m30s", text, words[1])
	}
	n, err := strconv.ParseUint(words[3], 10, 64)
	if err != nil {
		return Branch{}, fmt.Errorf("%q: a seed is a number from 0 on, not %q", text, words[3])
	}
	return Branch{at, n}, nil
}

// checkBranches says which of them cannot be.
func (s Scenario) checkBranches() (errs []error) {
	for i, b := range s.Branches {
		switch {
		case b.At < 0 || b.At > s.Duration:
			errs = append(errs, entryError{"branches", i, fmt.Errorf("%q is not within the run's %v", b, s.Duration)})
		case i > 0 && b.At < s.Branches[i-1].At:
			errs = append(errs, entryError{"branches", i, fmt.Errorf("%q comes before the one that it branches off from, %q", b, s.Branches[i-1])})
		}
	}
	return errs
}

// Branched is the scenario with one more branch.
func (s Scenario) Branched(b Branch) Scenario {
	s.Branches = append(s.Branches[:len(s.Branches):len(s.Branches)], b)
	return s
}

// branchesNeedTheSimulation refuses what no other world can do: be the same once more.
func (o Options) branchesNeedTheSimulation(plan Scenario) error {
	if len(plan.Branches) > 0 && o.World != WorldSim {
		return errors.New("branches: only a simulated run is the same up to a moment: play it with -world sim, or take the branches out")
	}
	return nil
}

// takeBranch gives all that draws other chances from here on.
func (r *run) takeBranch(n uint64) {
	r.branched = seed.Derive(r.branched, "branch/"+strconv.FormatUint(n, 10))
	r.world.(*sim.World).Branch(r.branched)
	r.nemesis.rng = seed.Stream(r.branched, "targets")
}
