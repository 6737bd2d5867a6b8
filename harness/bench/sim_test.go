package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/scenarios"
)

// BenchmarkSimulation plays scenarios on one core, faults and all checks on. virtual/real is how many times faster
// than real time that is.
func BenchmarkSimulation(b *testing.B) {
	for _, name := range []string{"sentinel-failover", "one-master-two-replicas", "any-faults"} {
		s, ok := scenarios.ByName(name)
		require.True(b, ok)
		b.Run(name, func(b *testing.B) { simulate(b, s) })
		if name == "sentinel-failover" {
			s.Workload.Rate, s.Duration = 100, time.Minute
			b.Run(fmt.Sprintf("%s-%d-clients-%d-ops", name, s.Workload.Clients, s.Workload.Rate), func(b *testing.B) { simulate(b, s) })
		}
	}
}

func simulate(b *testing.B, s harness.Scenario) {
	var virtual, judging time.Duration
	ops := 0
	seed := uint64(1)
	b.ReportAllocs()
	for b.Loop() {
		res, err := harness.Run(b.Context(), s, harness.Options{Seed: seed})
		require.NoError(b, err)
		require.NotEqual(b, checkers.Invalid, res.Result(), "%s", res)
		virtual += res.Elapsed
		judging += res.Judging
		ops += len(res.History.Ops)
		seed++
	}
	real := b.Elapsed()
	b.ReportMetric(float64(virtual)/float64(real), "virtual/real")
	b.ReportMetric(float64(judging)/float64(real)*100, "%judging")
	b.ReportMetric(float64(ops)/real.Seconds(), "ops/s")
}
