package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// Options say how to play a scenario; the zero value plays seed 0 in the simulation and keeps nothing.
type Options struct {
	Seed   uint64
	World  string // WorldSim, or WorldLive, which needs Live; "": WorldSim
	Out    string // folder to keep the run in; "": none. Live, servers then work in a temporary folder
	Source string // what to call the scenario in the command that replays the run: a name of the catalogue, or a file
	// Command is how the command that replays a run begins; "": "ordeal".
	Command    string
	Build      string         // version of ordeal, for the history's header
	Target     string         // live: what the servers are: "ordeal-node", which "" means too, "redis-server" of PATH, or any command that takes a redis.conf
	Record     bool           // live: each ordeal-node takes down its life, for ordeal replay
	Toxiproxy  string         // live: the API of a toxiproxy server that carries the links, "host:port"; "": this process does
	NodeBinary string         // live: the ordeal-node to run; "": found or built
	Progress   func(Progress) // called often while the run goes on; nil: not
	Trusted    bool           // the scenario was read as one that its user trusts: the command that replays the run says so
	Trace      bool           // sim: keep every event and effect as text in Out
	// ReplayWith are words of the command that replays the run, for what else the scenario was given: "-redis-conf", "a.conf".
	ReplayWith []string
	Limits     checkers.Limits // in place of those of the scenario
	Live       Worlds          // the live world's; nil: only the simulation can be played in
	// Guests lays out machines that take part beside the workload's clients, the first of them as machine number first of
	// the run: clients of the caller's own, as a test needs that counts for itself. They start with the clients, and the
	// nemesis does not know them. nil: none.
	Guests func(nodes []cluster.Machine, addr cluster.Addressing, first int) []cluster.Machine
	// Instead has cores of the caller's own take the place of clients of the workload, by the machine's name: clients
	// under test. nodes are the servers and Sentinels.
	Instead map[string]func(m cluster.Machine, nodes []cluster.Machine) node.Core
	// Replay is the whole command that plays the run again, of a run that the command "ordeal" cannot play.
	Replay string
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
	if o.Target == "" {
		o.Target = "ordeal-node"
	}
	if o.Command == "" {
		o.Command = "ordeal"
	}
	return o
}

// replay is the command that runs plan again.
func (o Options) replay(plan Scenario) string {
	if o.Replay != "" {
		return o.Replay
	}
	source := o.Source
	if source == "" {
		source = plan.Name
	}
	words := []string{o.Command, "run", source, "-seed", fmt.Sprint(o.Seed)}
	if o.World != WorldSim {
		words = append(words, "-world", o.World)
		if o.Target != "ordeal-node" {
			words = append(words, "-target", o.Target)
		}
	}
	words = append(words, o.ReplayWith...)
	if o.Trusted {
		words = append(words, "-trust")
	}
	if l := o.Limits; l.Lost != nil {
		words = append(words, "-max-lost", fmt.Sprint(*l.Lost))
	}
	if l := o.Limits; l.LostShare != nil {
		words = append(words, "-max-lost-share", workload.Percent(100**l.LostShare).String())
	}
	if l := o.Limits; l.Outage != nil {
		words = append(words, "-max-outage", l.Outage.String())
	}
	return strings.Join(words, " ")
}

// Ours says whether the servers under test are those that the simulation has.
func (o Options) Ours() bool {
	return o.World != WorldLive || o.Target == "" || strings.HasPrefix(o.Target+" ", "ordeal-node ")
}

func (o Options) progress(r *run) {
	if o.Progress == nil {
		return
	}
	h := r.record.rec.History()
	o.Progress(Progress{Stage: r.record.stage(), Elapsed: r.world.Elapsed(), Of: r.formed + r.plan.Duration, Ops: len(h.Ops), Faults: len(h.Faults)})
}

// stand puts the caller's own cores in the place of clients.
func (o Options) stand(callers, nodes []cluster.Machine) error {
	for _, name := range slices.Sorted(maps.Keys(o.Instead)) {
		i := slices.IndexFunc(callers, func(m cluster.Machine) bool { return m.Name == name && m.Kind == cluster.Client })
		if i < 0 {
			return fmt.Errorf("%s shall stand in for a client, and the workload has none of that name: let it have more clients", name)
		}
		m, core := callers[i], o.Instead[name]
		callers[i].New = func(cluster.Boot) node.Core { return core(m, nodes) }
	}
	return nil
}

// header is the first line of the run's history.
func (o Options) header(plan Scenario, machines []cluster.Machine) histories.Header {
	text, err := plan.YAML()
	if err != nil {
		text = []byte("# the scenario cannot be written: " + err.Error())
	}
	h := histories.Header{Version: histories.Version, System: plan.System.Name(), Scenario: plan.Name, Why: plan.Why, Seed: o.Seed, World: o.World,
		Target: o.Target, Build: o.Build, Plan: string(text), Replay: o.replay(plan),
		Workloads: workload.Workloads(plan.Workload, plan.System.Kinds())}
	if o.World == WorldLive {
		h.Started = time.Now().UTC().Format(time.RFC3339)
	}
	for _, m := range machines {
		h.Machines = append(h.Machines, histories.Machine{Name: m.Name, Kind: string(m.Kind), Addr: m.Addr(), Spare: m.Spare})
	}
	return h
}

// watch is how closely the observer looks: in the simulation servers note everything at the moment itself. Live,
// notes are late by what a busy computer takes, and a real Redis makes none.
func (o Options) watch(plan Scenario) workload.Watch {
	if o.World == WorldSim {
		return workload.Watch{}
	}
	foreign := o.Target != "ordeal-node" || slices.ContainsFunc(plan.Faults, func(s nemesis.Step) bool { return s.Fault.Verb == nemesis.RunAs })
	return workload.Watch{Every: 100 * time.Millisecond, Foreign: foreign}
}
