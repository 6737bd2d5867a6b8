package callers

import (
	"fmt"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
)

// MasterName is the name by which the Sentinels know the master.
const MasterName = "mymaster"

// Peer is a server or Sentinel as a client knows it.
type Peer struct {
	Name, Addr string
	User       string            // as whom to come; "": the default user
	Password   string            // that it asks for; "": none
	Renamed    map[string]string // its commands that have another name, by the usual ones
}

// auth are the words that let a caller in, nil if nobody asks for any.
func (p *Peer) auth() []string {
	switch {
	case p.Password == "":
		return nil
	case p.User == "":
		return []string{"AUTH", p.Password}
	}
	return []string{"AUTH", p.User, p.Password}
}

// Callers lays out the machines that a workload needs, numbered on from len(nodes): the clients c1…, and the
// observer o1. duration is how long the clients work.
func Callers(spec workload.Spec, nodes []cluster.Machine, addr cluster.Addressing, duration time.Duration, watch workload.Watch) []cluster.Machine {
	setup := setup{spec: spec, works: works(spec), channels: Channels(spec), watch: watch, duration: duration, spares: map[string]bool{}}
	setup.ops, _ = workload.ParseOps(spec.Ops) // Check accepted it
	for _, m := range nodes {
		p := Peer{m.Name, m.Addr(), m.User, m.Password, m.Renamed}
		setup.spares[m.Name] = m.Spare
		if m.Kind == cluster.Sentinel {
			setup.sentinels = append(setup.sentinels, p)
		} else {
			setup.servers = append(setup.servers, p)
		}
	}
	out := []cluster.Machine{cluster.Caller(observerName, cluster.Observer, len(nodes)+1, addr, setup.observer)}
	for i := range spec.Clients {
		out = append(out, cluster.Caller(fmt.Sprintf("c%d", i+1), cluster.Client, len(nodes)+2+i, addr, setup.client))
	}
	return out
}

// setup is what all the callers of a run are told.
type setup struct {
	spec      workload.Spec
	works     []*work
	channels  []string // that the observer subscribes to at every server
	watch     workload.Watch
	ops       workload.Ops
	duration  time.Duration
	servers   []Peer
	sentinels []Peer
	spares    map[string]bool // machines that are not there from the beginning; to look up only
}
