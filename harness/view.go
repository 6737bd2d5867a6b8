package harness

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/nemesis"
)

// view is what the harness knows of the cluster while it runs: from it, the nemesis learns who "the master" is.
type view struct {
	nemesis.View
	roles map[string]role // by machine, to look up only
}

// role is what a server last said it was, and since when it has said so.
type role struct {
	name  string // "master", "slave"
	since time.Duration
}

// Knows says whether target is a machine or a role.
func (v view) Knows(target string) bool {
	return slices.Contains(v.Servers, target) || slices.Contains(v.Sentinels, target) ||
		slices.Contains(v.Clients, target) || slices.Contains(nemesis.Roles(), target)
}

func (v view) String() string {
	return strings.Join(slices.Concat(v.Servers, v.Sentinels, v.Clients), " ")
}

// heard notes the role that a server gave.
func (v *view) heard(at time.Duration, machine, name string) {
	if v.roles == nil {
		v.roles = make(map[string]role)
	}
	if v.roles[machine].name != name {
		v.roles[machine] = role{name, at}
	}
}

// now is the nemesis's view at this moment. Where two servers call themselves master, as after a failover that the
// old one has not noticed, the master is the one that became it last.
func (v *view) now(down, paused []string) nemesis.View {
	n := v.View
	n.Down, n.Paused = down, paused
	n.Master, n.Replicas = "", nil
	var latest time.Duration
	for _, m := range v.Servers {
		r := v.roles[m]
		switch {
		case r.name == "master" && (n.Master == "" || r.since >= latest):
			n.Master, latest = m, r.since
		case r.name == "slave":
			n.Replicas = append(n.Replicas, m)
		}
	}
	return n
}
