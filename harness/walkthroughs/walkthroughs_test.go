package walkthroughs_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/sim"
)

// TestWalkthroughsInTheSimulation plays the files of testdata in virtual time.
func TestWalkthroughsInTheSimulation(t *testing.T) {
	playAll(t, func(t *testing.T, lay func(cluster.Addressing) []cluster.Machine, sink cluster.Sink) harness.World {
		w, err := sim.Open(sim.Config{Machines: lay(cluster.SimAddressing()), Seed: 1, Sink: sink})
		require.NoError(t, err)
		return w
	})
}

// TestWalkthroughsLive plays the same files, to the same words, on processes of ordeal-node.
func TestWalkthroughsLive(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	playAll(t, func(t *testing.T, lay func(cluster.Addressing) []cluster.Machine, sink cluster.Sink) harness.World {
		lease, err := live.Addresses()
		require.NoError(t, err)
		w, err := live.Open(t.Context(), live.Config{Lease: lease, Machines: lay(lease.Addressing(t.TempDir())), Sink: sink, Seed: 1})
		require.NoError(t, err)
		return w
	})
}

func playAll(t *testing.T, open opener) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, newPlayer(t, open).play)
	})
}
