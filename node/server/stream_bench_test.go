package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// replicating is a master with two replicas, and what it takes to drive the servers one Step at a time.
type replicating struct {
	w               *miniWorld
	master, replica *machine
	client          node.ConnID // of the master
	stream          node.ConnID // of the replica: its master
	set             []byte
}

func newReplicating(t failing) *replicating {
	r := &replicating{w: newMiniWorld(t), set: resp.AppendCommand(nil, "SET", "key", "0123456789012345678901234567890123456789")}
	r.master = r.w.server("m1")
	r.replica = r.w.server("r1", "slaveof 10.0.0.1 6379")
	r.w.server("r2", "slaveof 10.0.0.1 6379")
	r.w.do("m1", "SET", "key", "1")
	r.w.run(3 * time.Second)
	for _, m := range r.w.machines {
		m.core.opts.Notes = false
	}
	r.client = r.w.clients["m1"].at.peer.conn
	for _, c := range r.replica.core.front.Clients() {
		if c.Is(front.Master) {
			r.stream = c.Conn
		}
	}
	return r
}

// step gives a server one SET and drops what it has to say.
func (r *replicating) step(m *machine, conn node.ConnID, ev *node.Event) {
	*ev = node.Event{Kind: node.Received, Conn: conn, Bytes: r.set}
	m.core.Step(r.w.now, ev, &m.out)
	m.out.Reset()
}

func TestTheStreamCostsNoMemoryPerCommand(t *testing.T) {
	r := newReplicating(t)
	var ev node.Event
	for _, side := range []struct {
		name string
		m    *machine
		conn node.ConnID
	}{{"master", r.master, r.client}, {"replica", r.replica, r.stream}} {
		for range 1 << 15 { // fill the backlog
			r.step(side.m, side.conn, &ev)
		}
		allocs := testing.AllocsPerRun(1000, func() { r.step(side.m, side.conn, &ev) })
		require.LessOrEqual(t, allocs, 1.0, "%s: only the value itself may take memory", side.name)
	}
}

// BenchmarkSetWithTwoReplicas is a SET on a master that feeds two replicas.
func BenchmarkSetWithTwoReplicas(b *testing.B) {
	r := newReplicating(b)
	var ev node.Event
	b.ReportAllocs()
	for b.Loop() {
		r.step(r.master, r.client, &ev)
	}
}

// BenchmarkSetWithoutReplicas is the same where nobody listens.
func BenchmarkSetWithoutReplicas(b *testing.B) {
	r := newReplicating(b)
	for _, m := range r.w.machines[1:] {
		r.w.kill(m)
	}
	r.w.settle()
	r.w.do("m1", "CONFIG", "SET", "repl-backlog-ttl", "1")
	r.w.run(5 * time.Second) // the backlog is given up
	var ev node.Event
	b.ReportAllocs()
	for b.Loop() {
		r.step(r.master, r.client, &ev)
	}
}

// BenchmarkApplySet is a replica that applies a SET and keeps it for replicas of its own.
func BenchmarkApplySet(b *testing.B) {
	r := newReplicating(b)
	var ev node.Event
	b.ReportAllocs()
	for b.Loop() {
		r.step(r.replica, r.stream, &ev)
	}
}
