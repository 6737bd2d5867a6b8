package election_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/election"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/swarm"
	"github.com/ordeal-go/ordeal/histories"
)

// BenchmarkHold is what holding a run's elections against the specification costs, beside the run itself with its checks:
// runs of the swarm with Sentinels.
func BenchmarkHold(b *testing.B) {
	var runs []*histories.History
	var ran time.Duration
	for seed := uint64(1); len(runs) < 20; seed++ {
		began := time.Now()
		res, err := harness.Run(b.Context(), swarm.Scenario(redis.System{}).Drawn(seed), harness.Options{Seed: seed})
		require.NoError(b, err)
		if took := time.Since(began); election.Hold(res.History).Steps > 0 {
			ran += took
			runs = append(runs, res.History)
		}
	}
	began := time.Now()
	for i := 0; b.Loop(); i++ {
		election.Hold(runs[i%len(runs)])
	}
	held := time.Since(began) / time.Duration(b.N)
	b.ReportMetric(100*held.Seconds()*float64(len(runs))/ran.Seconds(), "%of-a-run")
}
