package sim_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/harness/worldtest"
	"github.com/ordeal-go/ordeal/node"
)

func TestSimKeepsThePromisesOfEveryWorld(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			worldtest.Test(t, opener(seed))
		})
	}
}

func TestSimKeepsThePromisesAboutProcesses(t *testing.T) {
	worldtest.TestProcesses(t, opener(1), func() cluster.Machine {
		m := cluster.Machine{Port: 6379}
		m.New = func(cluster.Boot) node.Core { return &ponger{addr: "10.0.0.1:6379"} }
		return m
	})
}

func opener(seed uint64) worldtest.Open {
	return func(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World {
		place(machines)
		w, err := sim.Open(sim.Config{Machines: machines, Seed: seed, Sink: sink})
		require.NoError(t, err)
		return w
	}
}

// place gives machines their addresses.
func place(machines []cluster.Machine) {
	for i := range machines {
		m := &machines[i]
		m.Host = fmt.Sprintf("10.0.0.%d", i+1)
		m.Announce, m.Dir = m.Host, "/"+m.Name
	}
}

// ponger answers every line with +PONG.
type ponger struct{ addr string }

func (p *ponger) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Listen(p.addr)
	case node.Received:
		for range bytes.Count(ev.Bytes, []byte("\n")) {
			out.Send(ev.Conn, []byte("+PONG\r\n"))
		}
	}
}
