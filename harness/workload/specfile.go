package workload

import (
	"errors"
	"fmt"
	"regexp"
)

// Entry is one work as a scenario file has it. What is said of all clients stands in one of the entries.
type Entry struct {
	Kind         string   `yaml:"kind" about:"what the clients do (harness/redis/callers/KINDS.md)" otherwise:"the system's first"`
	Name         string   `yaml:"name,omitempty" about:"what the work is called in the history and the report" otherwise:"as the kind"`
	Weight       int      `yaml:"weight,omitempty" about:"the work's share of the operations, beside the weights of the others" range:"0..100" otherwise:"1"`
	Clients      int      `yaml:"clients,omitempty" about:"how many clients there are, of all works together" range:"0..50" otherwise:"5"`
	Keys         int      `yaml:"keys,omitempty" about:"how many keys the work has" range:"0..1000" otherwise:"5"`
	Rate         int      `yaml:"rate,omitempty" about:"operations a second of each client, of all works together" range:"0..1000" otherwise:"20"`
	Reads        Percent  `yaml:"reads" about:"share of its operations that read" otherwise:"0%"`
	ReplicaReads Percent  `yaml:"replica-reads,omitempty" about:"share of its reads that go to a replica" otherwise:"0%"`
	Probes       Percent  `yaml:"probes,omitempty" about:"share of its writes that are tried at a replica, which must refuse them" otherwise:"0%"`
	DB           int      `yaml:"db,omitempty" about:"number of the database" range:"0..15"`
	Commands     []string `yaml:"commands,omitempty" about:"of kind raw: the commands, {key} and {value} in them stand for what is drawn"`
	Ops          string   `yaml:"ops,omitempty" about:"the only operations to do, by client and number: c1/3 c1/17-20 c2/9, or none; of all works together" otherwise:"all"`
}

var workName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// UnmarshalYAML reads one work, {kind: register, …}, or a list of them.
func (s *Spec) UnmarshalYAML(unmarshal func(any) error) error {
	var list []Entry
	var one Entry
	if err := unmarshal(&one); err == nil {
		list = []Entry{one}
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

func (s *Spec) take(e Entry) error {
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
	var list []Entry
	for i, w := range s.Mix {
		e := Entry{Name: w.Name, Kind: w.Kind, Weight: w.Weight, Keys: w.Keys, Reads: w.Reads, ReplicaReads: w.ReplicaReads,
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
