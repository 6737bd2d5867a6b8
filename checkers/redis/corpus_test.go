package redis_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/histories/corpus"
)

func TestEveryHistoryOfTheCorpusGetsItsVerdict(t *testing.T) {
	for _, c := range corpus.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			h, err := corpus.Open(c.Name)
			require.NoError(t, err)
			judge, err := redis.ByName(c.Checker)
			require.NoError(t, err)
			v := checkers.Judge(judge, checkers.NewRecord(h))
			require.Equal(t, c.Want, string(v.Result), "%s %v %v", v, v.Findings, v.Allowed)
			texts := []string{v.Why}
			for _, f := range v.Allowed {
				texts = append(texts, f.Text)
			}
			if c.Want == "invalid" {
				texts = nil
				for _, f := range v.Findings {
					texts = append(texts, f.Text)
				}
			}
			require.Contains(t, strings.Join(texts, "\n"), c.Because)
			require.NotEmpty(t, v.Evidence)
			require.True(t, v.Result == checkers.Invalid || len(v.Findings) == 0)
		})
	}
}

// Each bad history is bad for one reason: the finding that the case names, and no other.
func TestEveryBadHistoryIsBadForTheStatedReasonAlone(t *testing.T) {
	also := map[string]string{
		"convergence-bad-link":   "did not settle",
		"convergence-bad-two":    "did not settle",
		"convergence-bad-silent": "did not settle",
	}
	for _, c := range corpus.Cases() {
		if c.Want != "invalid" {
			continue
		}
		h, err := corpus.Open(c.Name)
		require.NoError(t, err)
		judge, err := redis.ByName(c.Checker)
		require.NoError(t, err)
		require.NotEmpty(t, c.Because, c.Name)
		for _, f := range checkers.Judge(judge, checkers.NewRecord(h)).Findings {
			if !strings.Contains(f.Text, c.Because) && (also[c.Name] == "" || !strings.Contains(f.Text, also[c.Name])) {
				t.Errorf("%s: also bad because %s", c.Name, f)
			}
		}
	}
}

func TestEveryCheckerHasAGoodABadAndAnUnknownHistory(t *testing.T) {
	seen := map[string]bool{}
	used := map[string]bool{}
	for _, c := range corpus.Cases() {
		seen[c.Checker+" "+c.Want] = true
		used[c.Name] = true
	}
	for _, name := range redis.Names() {
		for _, want := range []string{"valid", "invalid", "unknown"} {
			require.True(t, seen[name+" "+want], "%s has no history that is %s", name, want)
		}
	}
	for _, name := range corpus.Names() {
		require.True(t, used[name], "no case names the history %s", name)
	}
}

// No checker breaks down on a history that was made for another, and none calls it valid without having counted
// anything.
func TestEveryCheckerTakesEveryHistory(t *testing.T) {
	for _, name := range corpus.Names() {
		h, err := corpus.Open(name)
		require.NoError(t, err)
		verdicts, err := redis.Run(h)
		require.NoError(t, err)
		for _, v := range verdicts {
			require.NotContains(t, v.Why, "broke down", "%s on %s", v.Checker, name)
			var n int64
			for _, c := range v.Evidence {
				n += c.N
			}
			require.True(t, v.Result != checkers.Valid || n > 0, "%s on %s", v, name)
		}
	}
}

var row = regexp.MustCompile(`(?m)^\| ([a-z-]+) \|.*\| ([a-z-]+) \| ([a-z-]+) \|$`)

func TestPropertyTableMatchesCheckersAndCorpus(t *testing.T) {
	table, err := os.ReadFile("../PROPERTIES.md")
	require.NoError(t, err)
	var names []string
	for _, r := range row.FindAllStringSubmatch(string(table), -1) {
		if r[1] == "checker" {
			continue // the head
		}
		names = append(names, r[1])
		for i, want := range []string{"valid", "invalid"} {
			at := slices.IndexFunc(corpus.Cases(), func(c corpus.Case) bool { return c.Name == r[2+i] && c.Checker == r[1] })
			require.GreaterOrEqual(t, at, 0, "%s is not in the corpus for %s", r[2+i], r[1])
			require.Equal(t, want, corpus.Cases()[at].Want)
		}
	}
	require.Equal(t, redis.Names(), names, "PROPERTIES.md lists each checker, in the order of All")
}
