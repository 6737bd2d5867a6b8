package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/node"
)

// echoServer sends back what it receives.
type echoServer struct{ addr string }

func (e *echoServer) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Listen(e.addr)
	case node.Received:
		out.Send(ev.Conn, ev.Bytes)
	}
}

// echoClient sends a request of some 40 bytes as soon as the answer to the last one is complete, and moves a timeout
// with each, as a real client does.
type echoClient struct {
	addr    string
	request []byte
	got     int
	rounds  int
}

func (c *echoClient) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Dial(c.addr, "")
	case node.Dialled:
		c.ask(ev.Conn, out)
	case node.DialFailed, node.Closed:
		c.got = 0
		out.SetTimer(2, 10*time.Millisecond)
	case node.Received:
		if c.got += len(ev.Bytes); c.got == len(c.request) {
			c.got = 0
			c.rounds++
			c.ask(ev.Conn, out)
		}
	case node.TimerFired:
		if ev.Timer == 2 {
			out.Dial(c.addr, "")
		}
	}
}

func (c *echoClient) ask(conn node.ConnID, out *node.Effects) {
	out.Send(conn, c.request)
	out.SetTimer(1, time.Second)
}

// echoMachines are one server and clients that ask it all the time.
func echoMachines(clients int) []cluster.Machine {
	addr := "10.0.0.1:7"
	machines := []cluster.Machine{{Name: "m1", Kind: cluster.Server, Host: "10.0.0.1",
		New: func(cluster.Boot) node.Core { return &echoServer{addr} }}}
	for i := range clients {
		machines = append(machines, cluster.Machine{Name: fmt.Sprintf("c%d", i+1), Kind: cluster.Client,
			Host: fmt.Sprintf("10.0.0.%d", i+2), New: func(cluster.Boot) node.Core {
				return &echoClient{addr: addr, request: []byte("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n")}
			}})
	}
	return machines
}

func names(machines []cluster.Machine) []string {
	var list []string
	for _, m := range machines {
		list = append(list, m.Name)
	}
	return list
}

// BenchmarkEcho is the world's own cost: cores that do next to nothing. One iteration is one event of a core.
func BenchmarkEcho(b *testing.B) {
	for _, clients := range []int{1, 10} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			machines := echoMachines(clients)
			w, err := sim.Open(sim.Config{Machines: machines, Seed: 1})
			require.NoError(b, err)
			ctx := context.Background()
			require.NoError(b, w.Start(ctx, names(machines)...))
			require.NoError(b, w.Advance(ctx, time.Second)) // let the pools fill
			b.ReportAllocs()
			b.ResetTimer()
			first := w.Steps()
			for w.Steps()-first < uint64(b.N) {
				require.NoError(b, w.Advance(ctx, w.Elapsed()+10*time.Millisecond))
			}
			b.ReportMetric(float64(w.Steps()-first)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(w.Elapsed().Seconds()/b.Elapsed().Seconds(), "virtual-s/s")
		})
	}
}
