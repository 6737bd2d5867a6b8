package sim_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// failover runs real servers and Sentinels, kills the master after 15 s, when the Sentinels know its replicas, and
// lets it come back after 30 s.
func failover(t testing.TB, seed uint64, sink cluster.Sink) (trace string, steps uint64) {
	config := redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3}, Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "1000"}}}
	machines := config.Nodes(cluster.SimAddressing())
	w, err := sim.Open(sim.Config{Machines: machines, Seed: seed, Sink: sink})
	require.NoError(t, err)
	ctx := context.Background()
	require.NoError(t, w.Start(ctx, names(machines)...))
	require.NoError(t, w.Advance(ctx, 15*time.Second))
	require.NoError(t, w.Inflict(ctx, 1, nemesis.Fault{Verb: nemesis.Kill, A: []string{"m1"}}))
	require.NoError(t, w.Advance(ctx, 30*time.Second))
	require.NoError(t, w.Lift(ctx, 1))
	require.NoError(t, w.Advance(ctx, 60*time.Second))
	trace, err = w.Close()
	require.NoError(t, err)
	return trace, w.Steps()
}

// roles keeps each server's last word about its role.
type roles struct {
	ledger
	state  map[string]node.Note
	events []string
}

func (r *roles) Note(at time.Duration, machine string, n *node.Note) {
	switch n.Kind {
	case node.NoteState:
		r.state[machine] = *n
	case node.NoteEvent:
		r.events = append(r.events, fmt.Sprint(at, " ", machine, " ", n.Event, " ", n.Text))
	}
}

func (r *roles) String() string { return strings.Join(r.events, "\n") }

func TestDeadMasterIsReplacedInTheSimulation(t *testing.T) {
	r := &roles{state: map[string]node.Note{}}
	failover(t, 1, r)
	var masters []string
	for _, name := range []string{"m1", "r1", "r2"} {
		if r.state[name].Role == "master" {
			masters = append(masters, name)
		}
	}
	require.Len(t, masters, 1, "%v", r)
	require.NotEqual(t, "m1", masters[0], "%v", r)
	require.Contains(t, r.String(), "+switch-master")
	for name, state := range r.state {
		if state.Role == "slave" {
			require.Equal(t, "up", state.Link, name)
			require.Equal(t, r.state[masters[0]].ReplID, state.ReplID, name)
		}
	}
}

func TestRealClusterIsDeterministic(t *testing.T) {
	first, _ := failover(t, 3, nil)
	second, _ := failover(t, 3, nil)
	require.Equal(t, first, second)
	other, _ := failover(t, 4, nil)
	require.NotEqual(t, first, other)
}

// BenchmarkCluster is a minute of a cluster without clients.
func BenchmarkCluster(b *testing.B) {
	var steps uint64
	for i := range b.N {
		_, n := failover(b, uint64(i), nil)
		steps += n
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "virtual-s/s")
}
