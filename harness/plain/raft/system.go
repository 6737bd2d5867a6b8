package raft

import (
	"fmt"
	"path"
	"slices"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/plain"
	"github.com/ordeal-go/ordeal/harness/workload"
)

// System is a group of members that agree by raft. Its fields are keys of a scenario file.
type System struct {
	harness.Base `yaml:"-"`
	Members      int    `yaml:"members"`       // 3 or 5
	Bug          string `yaml:"bug,omitempty"` // planted: ForgetfulDisk or HastyLeader
}

// Name is what scenario files call it.
const Name = "raft"

// Name implements [harness.System].
func (System) Name() string { return Name }

// Check implements [harness.System].
func (s System) Check() error {
	switch {
	case s.Members != 3 && s.Members != 5:
		return fmt.Errorf("members: %d is neither 3 nor 5", s.Members)
	case s.Bug != "" && s.Bug != ForgetfulDisk && s.Bug != HastyLeader:
		return fmt.Errorf("bug: there is no %q: there are %s and %s", s.Bug, ForgetfulDisk, HastyLeader)
	}
	return nil
}

// Nodes implements [harness.System].
func (s System) Nodes(addr cluster.Addressing) []cluster.Machine {
	return plain.Servers(Name, s.Members, addr, func(m cluster.Machine, own string, all []cluster.Machine) []string {
		id := 1 + slices.IndexFunc(all, func(o cluster.Machine) bool { return o.Name == m.Name })
		args := []string{own, path.Join(m.Dir, "log"), s.Bug, fmt.Sprint(id)}
		for _, o := range all {
			args = append(args, o.Addr())
		}
		return args
	}, Core)
}

// Kinds implements [harness.System].
func (System) Kinds() []workload.Kind { return plain.Kinds() }

// Callers implements [harness.System].
func (System) Callers(c harness.Calling) []cluster.Machine { return plain.Callers(plain.SetGet{}, c) }
