package harness_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/scenarios"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestScenarioThatPrintsParses(t *testing.T) {
	for _, s := range scenarios.All() {
		for seed := range uint64(20) {
			drawn := s.Drawn(seed)
			text, err := drawn.YAML()
			require.NoError(t, err)
			again, err := harness.ParseScenario(s.Name, text)
			require.NoError(t, err, "%s", text)
			require.Equal(t, drawn, again, "%s", text)
		}
	}
}

func TestBadScenarioSaysWhereWhatAndWhatInstead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "name: x\nclutser: {replicas: 2}\n", `f.yaml:2: unknown field "clutser"`},
		{"bad fault", "name: x\nfaults:\n  - at 2s cut m1 | r1\n  - at 3s kil m1\ncluster: {replicas: 1}\n", "f.yaml:4: "},
		{"a hint", "name: x\nfaults: [at 3s kil m1]\n", "did you mean kill?"},
		{"no such machine", "name: x\ncluster: {replicas: 1}\nfaults:\n  - at 2s kill r7\n", `f.yaml:4: "at 2s kill r7": there is no machine "r7" here: there are m1 r1`},
		{"too late", "name: x\nduration: 5s\nfaults:\n  - at 20s kill m1\n", `f.yaml:4: "at 20s kill m1" starts after the run's 5s`},
		{"quorum", "name: x\ncluster: {replicas: 1, sentinels: 3, quorum: 4}\n", "quorum 4 with 3 Sentinels can never be reached"},
		{"checker", "name: x\nchecks: [convergance]\n", "did you mean convergence?"},
		{"no name", "why: x\n", `name: "" is no name`},
		{"duration", "name: x\nduration: 5\n", `"5" is no duration: write it as 60s`},
		{"share", "name: x\nworkload: {kind: register, reads: lots}\n", `"lots" is no share: write it as 0% to 100%`},
		{"broken YAML", "name: [x\n", "f.yaml:"},
		{"empty", "", "name: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := harness.ParseScenario("f.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.want)
			var at *harness.FileError
			require.ErrorAs(t, err, &at)
		})
	}
}

func FuzzParseScenario(f *testing.F) {
	for _, s := range scenarios.All() {
		text, err := s.YAML()
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := harness.ParseScenario("f.yaml", text)
		if err == nil {
			require.NoError(t, s.Check())
		}
	})
}
