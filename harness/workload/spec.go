package workload

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// Spec is a workload as a scenario states it.
type Spec struct {
	Kind         string  `yaml:"kind"`                    // "register": SET and GET of a few keys, every value written once
	Clients      int     `yaml:"clients"`                 // 1..50
	Keys         int     `yaml:"keys"`                    // 1..1000
	Rate         int     `yaml:"rate"`                    // operations a second of each client, 1..1000
	Reads        Percent `yaml:"reads"`                   // of all operations
	ReplicaReads Percent `yaml:"replica-reads,omitempty"` // of the reads: asked of any server but the master
	Probes       Percent `yaml:"probes,omitempty"`        // of the writes: sent to a replica, which must refuse
	Ops          string  `yaml:"ops,omitempty"`           // only these operations of each client, as [ParseOps] reads them; "": all
}

// Percent is a share written as "50%".
type Percent float64

// MarshalYAML writes the percent as "50%".
func (p Percent) MarshalYAML() (any, error) { return p.String(), nil }

func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// UnmarshalYAML reads "50%".
func (p *Percent) UnmarshalYAML(text []byte) error {
	word := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	f, err := strconv.ParseFloat(strings.TrimSuffix(word, "%"), 64)
	if err != nil || !strings.HasSuffix(word, "%") || f < 0 || f > 100 {
		return fmt.Errorf("%q is no share: write it as 0%% to 100%%", word)
	}
	*p = Percent(f)
	return nil
}

// WithDefaults fills in what the scenario left out.
func (s Spec) WithDefaults() Spec {
	if s == (Spec{}) {
		s.Reads, s.ReplicaReads, s.Probes = 50, 20, 2
	}
	setDefault(&s.Kind, "register")
	setDefault(&s.Clients, 5)
	setDefault(&s.Keys, 5)
	setDefault(&s.Rate, 20)
	return s
}

func setDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

// Check says what is wrong with the workload, or nil.
func (s Spec) Check() error {
	switch {
	case s.Kind != "register":
		return fmt.Errorf("workload: kind %q is unknown: there is register", s.Kind)
	case s.Clients < 1 || s.Clients > cluster.MaxClients:
		return fmt.Errorf("workload: clients: %d is not between 1 and %d", s.Clients, cluster.MaxClients)
	case s.Keys < 1 || s.Keys > 1000:
		return fmt.Errorf("workload: keys: %d is not between 1 and 1000", s.Keys)
	case s.Rate < 1 || s.Rate > 1000:
		return fmt.Errorf("workload: rate: %d is not between 1 and 1000 operations a second", s.Rate)
	}
	if ops, err := ParseOps(s.Ops); err != nil {
		return fmt.Errorf("workload: ops: %w", err)
	} else if len(ops) > 0 {
		for _, r := range ops {
			if i, err := strconv.Atoi(strings.TrimPrefix(r.Client, "c")); err != nil || i < 1 || i > s.Clients {
				return fmt.Errorf("workload: ops: there is no client %q: there are c1 to c%d", r.Client, s.Clients)
			}
		}
	}
	for _, p := range []Percent{s.Reads, s.ReplicaReads, s.Probes} {
		if p < 0 || p > 100 {
			return errors.New("workload: shares go from 0% to 100%")
		}
	}
	return nil
}

// keyNames are the keys of the workload.
func (s Spec) keyNames() []string {
	keys := make([]string, s.Keys)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", i+1)
	}
	return keys
}

// Clients returns the names of the workload's clients.
func Clients(s Spec) []string {
	names := make([]string, s.Clients)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	return names
}

// Peer is a server or Sentinel as a client knows it.
type Peer struct{ Name, Addr string }

// Callers lays out the machines that a workload needs, numbered on from len(nodes): the clients c1…, and the
// observer o1. duration is how long the clients work.
func Callers(spec Spec, nodes []cluster.Machine, addr cluster.Addressing, duration time.Duration, watch Watch) []cluster.Machine {
	setup := setup{spec: spec, watch: watch, keys: spec.keyNames(), duration: duration, spares: map[string]bool{}}
	setup.ops, _ = ParseOps(spec.Ops) // Check accepted it
	for _, m := range nodes {
		p := Peer{m.Name, m.Addr()}
		setup.spares[m.Name] = m.Spare
		if m.Kind == cluster.Sentinel {
			setup.sentinels = append(setup.sentinels, p)
		} else {
			setup.servers = append(setup.servers, p)
		}
	}
	out := []cluster.Machine{cluster.Caller("o1", cluster.Observer, len(nodes)+1, addr, setup.observer)}
	for i := range spec.Clients {
		out = append(out, cluster.Caller(fmt.Sprintf("c%d", i+1), cluster.Client, len(nodes)+2+i, addr, setup.client))
	}
	return out
}

// setup is what all the callers of a run are told.
type setup struct {
	spec      Spec
	watch     Watch
	keys      []string
	ops       Ops
	duration  time.Duration
	servers   []Peer
	sentinels []Peer
	spares    map[string]bool // machines that are not there from the beginning; to look up only
}
