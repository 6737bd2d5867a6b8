package primarybackup

import (
	"fmt"
	"math/rand/v2"
	"path"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/plain"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/node"
)

// System is a primary, m1, and its backups, r1 and on. Its fields are keys of a scenario file.
type System struct {
	harness.Base `yaml:"-"`
	Backups      int  `yaml:"backups" about:"backups of the primary, r1 and on" range:"1..5"`
	Hasty        bool `yaml:"hasty,omitempty" about:"a planted bug: writes are acknowledged before they are on disk"`
}

// Name is what scenario files call it.
const Name = "primary-backup"

func (System) Name() string                                { return Name }
func (System) Kinds() []workload.Kind                      { return plain.Kinds() }
func (System) Callers(c harness.Calling) []cluster.Machine { return plain.Callers(plain.SetGet{}, c) }
func (s System) Groups() []harness.Group                   { return []harness.Group{{Prefix: "r", Count: s.Backups - 1}} }
func (s System) Fewer(string) harness.System               { s.Backups--; return s }

func (s System) Check() error {
	if s.Backups < 1 || s.Backups > 5 {
		return fmt.Errorf("backups: %d is not between 1 and 5", s.Backups)
	}
	return nil
}

func (s System) Nodes(addr cluster.Addressing) []cluster.Machine {
	return plain.Servers(Name, s.Backups+1, addr, func(m cluster.Machine, own string, all []cluster.Machine) []string {
		args := []string{own, path.Join(m.Dir, "log"), fmt.Sprint(s.Hasty)}
		for _, backup := range all[1:] {
			if m.Name == all[0].Name {
				args = append(args, backup.Addr())
			}
		}
		return args
	}, Core)
}

// Core makes a server from its address, its log file, whether it is hasty and, of the primary, the backups' addresses.
func Core(args []string, _ *rand.Rand) node.Core {
	return &server{addr: args[0], file: args[1], hasty: args[2] == "true", backups: args[3:], copies: make([]copyOn, len(args)-3), data: map[string]string{}}
}
