package redis_test

import (
	"math/rand/v2"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/nemesis"
)

func TestTheTableOfOrdersIsThatOfTheCode(t *testing.T) {
	text, err := os.ReadFile("ORDERS.md")
	require.NoError(t, err)
	var written []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| `([^`]+)` \\| .* \\|$").FindAllStringSubmatch(string(text), -1) {
		written = append(written, row[1])
		step, err := harness.Language(redis.System{}).ParseStep("at 0s " + row[2])
		require.NoError(t, err, row[2])
		require.Equal(t, row[1], string(step.Fault.Verb))
		require.True(t, step.Fault.Order())
	}
	var verbs []string
	for _, o := range (redis.System{}).Orders() {
		verbs = append(verbs, string(o.Verb))
		require.NotContains(t, nemesis.Verbs(), o.Verb, "a fault that every nemesis has")
	}
	require.Equal(t, verbs, written)
	require.Len(t, redis.Explanations(), len(verbs))
	for i, e := range redis.Explanations() {
		require.Equal(t, verbs[i], e.Verb)
		require.NotEmpty(t, e.Sim)
	}
}

func TestMisspeltOrdersAreAnsweredLikeFaults(t *testing.T) {
	for text, want := range map[string]string{
		"promot r1":                      `unknown fault "promot": did you mean promote?`,
		"replicaof r1 -> m1":             `unknown fault "replicaof": did you mean slaveof?`,
		"output-limit m1 | r1":           "column 17: found |, expected ->: output-limit goes one way",
		"slaveof r1 -> m1 r2":            "found 2 machines after ->, expected one",
		"client-kill m1 type=slave":      `column 21: found "slave", expected replica or master or normal or pubsub after type=`,
		"debug-sleep m1 seconds=-1":      `column 24: found "-1", expected seconds after seconds=: 2, 0.5`,
		"config-set m1 name=a value=\"b": `column 28: found "\"", expected the end`,
		"config-set m1 name=a":           "expected value=10: config-set cannot do without it",
		"explode m1":                     `expected cut, latency, kill, pause, heal or another of the 62 that "ordeal list" names`,
	} {
		_, err := harness.Language(redis.System{}).Parse(text)
		require.ErrorContains(t, err, want, text)
	}
}

// What is drawn is of the language, and no order is forgotten.
func TestEveryOrderIsDrawn(t *testing.T) {
	language := harness.Language(redis.System{})
	draws := (redis.System{}).OrderDraws()
	for i := range draws {
		draws[i].Weight = 1
	}
	seen := map[nemesis.Verb]int{}
	for seed := range uint64(300) {
		for _, step := range nemesis.Generate(rand.New(rand.NewPCG(seed, 1)), nemesis.GeneratorOptions{
			Servers: []string{"m1", "r1", "r2"}, Sentinels: []string{"s1", "s2", "s3"}, Spares: 1, SpareSentinels: 1,
			Duration: time.Minute, Faults: 10, Orders: draws, Language: language,
		}) {
			require.NoError(t, language.Validate(step), "%s", step)
			require.Equal(t, language.Lasts(step.Fault), step.For > 0, "%s", step)
			seen[step.Fault.Verb]++
		}
	}
	for _, o := range (redis.System{}).Orders() {
		require.Greater(t, seen[o.Verb], 5, "%s", o.Verb)
	}
}
