package workload

import (
	"errors"
	"fmt"
	"regexp"
)

// entry is one work as a scenario file has it. What is said of all clients stands in one of the entries.
type entry struct {
	Kind         string   `yaml:"kind"`                    // of the system
	Name         string   `yaml:"name,omitempty"`          // "": as the kind
	Weight       int      `yaml:"weight,omitempty"`        // share of the operations; 0: 1
	Clients      int      `yaml:"clients,omitempty"`       // of all works together; 0: 5
	Keys         int      `yaml:"keys,omitempty"`          // 0: 5
	Rate         int      `yaml:"rate,omitempty"`          // of all works together, a second and client; 0: 20
	Reads        Percent  `yaml:"reads"`                   // of its operations
	ReplicaReads Percent  `yaml:"replica-reads,omitempty"` // of its reads
	Probes       Percent  `yaml:"probes,omitempty"`        // of its writes
	DB           int      `yaml:"db,omitempty"`            //
	Commands     []string `yaml:"commands,omitempty"`      // of kind raw
	Ops          string   `yaml:"ops,omitempty"`           // of all works together
}

var workName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// UnmarshalYAML reads one work, {kind: register, …}, or a list of them.
func (s *Spec) UnmarshalYAML(unmarshal func(any) error) error {
	var list []entry
	var one entry
	if err := unmarshal(&one); err == nil {
		list = []entry{one}
	} else if listErr := unmarshal(&list); listErr != nil {
		if isList := unmarshal(&[]any{}) == nil; isList {
			return listErr
		}
		return err
	}
	*s = Spec{}
	for _, e := range list {
		if err := s.take(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spec) take(e entry) error {
	if err := errors.Join(once(&s.Clients, e.Clients, "clients"), once(&s.Rate, e.Rate, "rate"), once(&s.Ops, e.Ops, "ops")); err != nil {
		return err
	}
	s.Mix = append(s.Mix, Work{Name: e.Name, Kind: e.Kind, Weight: e.Weight, Keys: e.Keys, Reads: e.Reads,
		ReplicaReads: e.ReplicaReads, Probes: e.Probes, DB: e.DB, Commands: e.Commands})
	return nil
}

// once takes what is said of all works together, which only one of them may say.
func once[T comparable](into *T, said T, name string) error {
	var zero T
	if said != zero && *into != zero && *into != said {
		return fmt.Errorf("%s: said twice, as %v and %v: it is of all works together", name, *into, said)
	}
	if said != zero {
		*into = said
	}
	return nil
}

// MarshalYAML writes what UnmarshalYAML reads. What is said of all works together stands in the first.
func (s Spec) MarshalYAML() (any, error) {
	var list []entry
	for i, w := range s.Mix {
		e := entry{Name: w.Name, Kind: w.Kind, Weight: w.Weight, Keys: w.Keys, Reads: w.Reads, ReplicaReads: w.ReplicaReads,
			Probes: w.Probes, DB: w.DB, Commands: w.Commands}
		if i == 0 {
			e.Clients, e.Rate, e.Ops = s.Clients, s.Rate, s.Ops
		}
		if e.Weight == 1 {
			e.Weight = 0
		}
		if e.Name == e.Kind {
			e.Name = ""
		}
		list = append(list, e)
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}
