package harness

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/sim"
	"github.com/ordeal-go/ordeal/histories"
)

// The worlds that a run can take place in.
const (
	WorldSim  = "sim"
	WorldLive = "live"
)

// Options say how to play a scenario; the zero value plays seed 0 in the simulation and keeps nothing.
type Options struct {
	Seed   uint64
	World  string // WorldSim or WorldLive; "": WorldSim
	Out    string // folder to keep the run in; "": none. Live, servers then work in a temporary folder
	Source string // what to call the scenario in the command that replays the run: a name of the catalogue, or a file
	// Command is how the command that replays a run begins; "": "ordeal".
	Command    string
	Build      string         // version of ordeal, for the history's header
	NodeBinary string         // live: the ordeal-node to run; "": found or built
	Progress   func(Progress) // called often while the run goes on; nil: not
	TracePath  string         // sim: a file for every event and effect as text; "": none
}

// Progress is how far a run has come.
type Progress struct {
	Stage   string        // what the cluster reached last: "", "linked", "formed", "settled", "final"
	Elapsed time.Duration // of the run, virtual or real time
	Of      time.Duration // how long it takes if all goes well
	Ops     int           // operations invoked so far
	Faults  int           // faults begun so far
}

func (o Options) withDefaults() Options {
	if o.World == "" {
		o.World = WorldSim
	}
	if o.Command == "" {
		o.Command = "ordeal"
	}
	return o
}

// replay is the command that runs plan again.
func (o Options) replay(plan Scenario) string {
	source := o.Source
	if source == "" {
		source = plan.Name
	}
	words := []string{o.Command, "run", source, "-seed", fmt.Sprint(o.Seed)}
	if o.World != WorldSim {
		words = append(words, "-world", o.World)
	}
	return strings.Join(words, " ")
}

func (o Options) progress(r *run) {
	if o.Progress == nil {
		return
	}
	h := r.record.rec.History()
	o.Progress(Progress{Stage: r.record.stage, Elapsed: r.world.Elapsed(), Of: r.formed + r.plan.Duration, Ops: len(h.Ops), Faults: len(h.Faults)})
}

// header is the first line of the run's history.
func (o Options) header(plan Scenario, machines []cluster.Machine) histories.Header {
	text, err := plan.YAML()
	if err != nil {
		text = []byte("# the scenario cannot be written: " + err.Error())
	}
	h := histories.Header{Version: histories.Version, Scenario: plan.Name, Why: plan.Why, Seed: o.Seed, World: o.World,
		Target: "ordeal-node", Build: o.Build, Plan: string(text), Replay: o.replay(plan)}
	if o.World == WorldLive {
		h.Started = time.Now().UTC().Format(time.RFC3339)
	}
	for _, m := range machines {
		h.Machines = append(h.Machines, histories.Machine{Name: m.Name, Kind: string(m.Kind), Addr: m.Addr()})
	}
	return h
}

// addressing is how the world numbers its machines. release gives the addresses back if the world is never opened.
func (o Options) addressing() (addr cluster.Addressing, release func(), err error) {
	switch o.World {
	case WorldSim:
		return cluster.SimAddressing(), func() {}, nil
	case WorldLive:
		return cluster.Addressing{}, nil, fmt.Errorf("live") // replaced below
	}
	return cluster.Addressing{}, nil, fmt.Errorf("there is no world %q: there are %s and %s", o.World, WorldSim, WorldLive)
}

// openWorld makes the world in which the run takes place.
func (o Options) openWorld(ctx context.Context, machines []cluster.Machine, sink cluster.Sink) (World, error) {
	if o.World == WorldLive {
		return live.Open(ctx, live.Config{Machines: machines, Sink: sink, Seed: o.Seed, NodeBinary: o.NodeBinary})
	}
	return sim.Open(sim.Config{Machines: machines, Sink: sink, Seed: o.Seed})
}
