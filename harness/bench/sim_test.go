package bench

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/scenarios"
)

// BenchmarkSimulation plays scenarios on one core, faults and all checks on.
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

// simulate reports virtual/real, how many times faster than real time a run is, and virtual/cpu, the same by the
// processor time of this process: on a machine that has other work to do, only that one says anything.
func simulate(b *testing.B, s harness.Scenario) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the collector too has to live on the one core
	harness.TuneCollector()                         // as the ordeal command does
	var virtual, judging time.Duration
	var ops int
	var steps uint64
	var m meter
	m.start()
	for seed := uint64(1); b.Loop(); seed++ {
		res, err := harness.Run(b.Context(), s, harness.Options{Seed: seed})
		require.NoError(b, err)
		require.NotEqual(b, checkers.Invalid, res.Result(), "%s", res)
		virtual += res.Elapsed
		judging += res.Judging
		ops += len(res.History.Ops)
		steps += res.Steps
	}
	cpu, allocs, bytes := m.stop()
	real, runs := b.Elapsed(), float64(b.N)
	b.ReportMetric(float64(virtual)/float64(real), "virtual/real")
	b.ReportMetric(float64(virtual)/float64(cpu), "virtual/cpu")
	b.ReportMetric(float64(judging)/float64(real)*100, "%judging")
	b.ReportMetric(float64(ops)/virtual.Seconds(), "ops/virtual-s")
	b.ReportMetric(float64(steps)/virtual.Seconds(), "steps/virtual-s")
	b.ReportMetric(float64(steps)/cpu.Seconds(), "steps/cpu-s")
	b.ReportMetric(allocs/float64(steps), "allocs/step")
	b.ReportMetric(bytes/runs/1e6, "MB/run")
}

// BenchmarkSweep plays scenarios of 60 virtual seconds on all cores, as ordeal sweep does. scenarios/5min is how many
// that makes; the second figure is what it would be if this process had the cores to itself.
func BenchmarkSweep(b *testing.B) {
	s, ok := scenarios.ByName("sentinel-failover")
	require.True(b, ok)
	s.Duration = time.Minute
	harness.TuneCollector()
	cores := runtime.GOMAXPROCS(0)
	var m meter
	m.start()
	var seed atomic.Uint64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			res, err := harness.Run(b.Context(), s, harness.Options{Seed: seed.Add(1)})
			if err != nil || res.Result() == checkers.Invalid {
				b.Errorf("%v %v", err, res)
				return
			}
		}
	})
	cpu, _, _ := m.stop()
	const window = float64(5 * time.Minute)
	b.ReportMetric(float64(b.N)*window/float64(b.Elapsed()), "scenarios/5min")
	b.ReportMetric(float64(b.N)*window/float64(cpu)*float64(cores), "scenarios/5min-alone")
}

// meter measures what this process uses between start and stop.
type meter struct {
	cpu     time.Duration
	samples [2]metrics.Sample
	allocs  uint64
	bytes   uint64
}

func (m *meter) start() {
	m.samples[0].Name, m.samples[1].Name = "/gc/heap/allocs:objects", "/gc/heap/allocs:bytes"
	metrics.Read(m.samples[:])
	m.allocs, m.bytes = m.samples[0].Value.Uint64(), m.samples[1].Value.Uint64()
	m.cpu = processorTime()
}

func (m *meter) stop() (cpu time.Duration, allocs, bytes float64) {
	cpu = processorTime() - m.cpu
	metrics.Read(m.samples[:])
	return cpu, float64(m.samples[0].Value.Uint64() - m.allocs), float64(m.samples[1].Value.Uint64() - m.bytes)
}

// processorTime is what this process has used of the processors so far, its own and the kernel's work for it.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
