package harness_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/redis"
)

var peopleSeeds = flag.Uint64("promises.seeds", 25, "seeds of each of the things that people run")

// What people really run is never accused: a plain failover, a writable replica, a password, a CONFIG SET at run time. No
// checks are named, so that all are asked, as far as they are promised.
func TestWhatPeopleRunIsValidOrNotPromised(t *testing.T) {
	for name, text := range map[string]string{
		"a plain failover": `
cluster: {replicas: 2, sentinels: 3, quorum: 2}
sentinel: {down-after-milliseconds: 1000, failover-timeout: 10000}
faults: [at 5s kill m1 for 8s]`,
		"a writable replica": `
cluster: {replicas: 2}
config: {slave-read-only: "no"}
workload: {kind: register, clients: 5, keys: 5, rate: 20, reads: 50%, replica-reads: 20%, probes: 20%}
faults: [at 5s cut m1 | r1 for 5s]`,
		"a password": `
cluster: {replicas: 2, sentinels: 3, quorum: 2}
config: {requirepass: sesame, masterauth: sesame}
sentinel: {down-after-milliseconds: 1000, failover-timeout: 10000, auth-pass: sesame}
faults: [at 5s kill m1 for 8s]`,
		"a CONFIG SET at run time": `
cluster: {replicas: 2}
config: {min-slaves-to-write: 1, min-slaves-max-lag: 2}
faults: [at 4s cut m1 | r1 r2 for 8s, at 8s config-set m1 name=min-slaves-to-write value=0, at 14s config-set r1 name=slave-read-only value=no]`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := harness.Systems{redis.System{}}.ParseScenario(name, []byte("name: people\nwhy: it is what people run\nduration: 18s"+text))
			require.NoError(t, err)
			for seed := range *peopleSeeds {
				res, err := harness.Run(t.Context(), s, harness.Options{Seed: seed})
				require.NoError(t, err)
				for _, v := range res.Verdicts {
					require.Contains(t, []checkers.Result{checkers.Valid, checkers.NotPromised}, v.Result, "seed %d: %v", seed, v)
				}
			}
		})
	}
}
