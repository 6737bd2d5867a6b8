package harness_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/harness/sweep"
)

var update = flag.Bool("update", false, "accept the traces of this build: write testdata/traces.golden")

const golden = "testdata/traces.golden"

// How many seeds of each scenario of the catalogue, and of the swarm, the golden file speaks of.
const (
	goldenSeeds      = 10
	goldenSwarmSeeds = 40
)

// TestTracesAreThoseOfTheGoldenFile notices every change of behaviour, wanted or not: whoever changes what servers,
// Sentinels, clients or the simulator do accepts the new traces with -update, on purpose. The file has a line for each
// scenario: its name, how many seeds from 1, and one digest of their traces.
func TestTracesAreThoseOfTheGoldenFile(t *testing.T) {
	var plans []sweep.Plan
	for _, s := range scenarios.All() {
		plans = append(plans, sweep.Plan{Scenario: s, Source: s.Name})
	}
	got := append(digests(t, plans, goldenSeeds), digests(t, []sweep.Plan{{Scenario: swarm.Scenario(redis.System{}), Source: swarm.Name}}, goldenSwarmSeeds)...)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o644))
	}
	text, err := os.ReadFile(golden)
	require.NoError(t, err)
	accepted := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		accepted[name] = rest
	}
	changed := 0
	for _, line := range got {
		name, digest, _ := strings.Cut(line, " ")
		seeds, _, _ := strings.Cut(digest, " ")
		switch was, known := accepted[name]; {
		case !known:
			t.Errorf("%s has no line", name)
			changed++
		case was != digest:
			t.Errorf("%s: a trace of seeds 1-%[2]s has changed. With a build of before and one of now, two folders:\n"+
				"\tordeal sweep %[1]s -seeds 1-%[2]s -fail 0 -traces FILE    the first line that differs between the FILEs names the seed\n"+
				"\tordeal run %[1]s -seed SEED -trace -out DIR\n"+
				"\tordeal diff DIR1 DIR2    names the first event that differs", name, seeds)
			changed++
		}
		delete(accepted, name)
	}
	for name := range accepted {
		t.Errorf("%s is a scenario no longer", name)
		changed++
	}
	if changed > 0 {
		t.Errorf("%d of %d scenarios are not those of %s: what the code does has changed. If that is on purpose, accept it with\n"+
			"go test ./harness -run TestTracesAreThoseOfTheGoldenFile -update", changed, len(got), golden)
	}
}

// digests plays plans and returns a line for each, in order.
func digests(t *testing.T, plans []sweep.Plan, seeds uint64) (lines []string) {
	t.Helper()
	traces := map[string]string{}
	_, err := sweep.Run(t.Context(), plans, sweep.Options{First: 1, Last: seeds, Workers: 2, Each: func(r *sweep.Record) {
		require.NotEmpty(t, r.Trace, "%s, seed %d", r.Scenario, r.Seed)
		traces[r.Scenario] += fmt.Sprintf("%d %s\n", r.Seed, r.Trace) // in order of seed: Each is called so
	}})
	require.NoError(t, err)
	for _, p := range plans {
		all := traces[p.Scenario.Name]
		require.EqualValues(t, seeds, strings.Count(all, "\n"), "%s was not played with every seed", p.Scenario.Name)
		lines = append(lines, fmt.Sprintf("%s %d %x", p.Scenario.Name, seeds, sha256.Sum256([]byte(all))))
	}
	return lines
}
