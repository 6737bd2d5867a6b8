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
		slices.Contains(v.Spares, target) || slices.Contains(v.SpareSentinels, target) || slices.Contains(v.Clients, target) || slices.Contains(nemesis.Roles(), target)
}

func (v view) String() string {
	return strings.Join(slices.Concat(v.Servers, v.Spares, v.Sentinels, v.SpareSentinels, v.Clients), " ")
}

// add makes a spare machine one of the cluster, and says whether it was a spare one.
func (v *view) add(machine string) bool {
	return added(machine, &v.Spares, &v.Servers) || added(machine, &v.SpareSentinels, &v.Sentinels)
}

func added(machine string, spares, members *[]string) bool {
	i := slices.Index(*spares, machine)
	if i < 0 {
		return false
	}
	*spares = slices.Delete(slices.Clone(*spares), i, i+1)
	*members = append((*members)[:len(*members):len(*members)], machine)
	return true
}

// letOut takes a spare server out of those that can be added: it is another group's now. It says whether it was a spare one.
func (v *view) letOut(machine string) bool {
	i := slices.Index(v.Spares, machine)
	if i >= 0 {
		v.Spares = slices.Delete(slices.Clone(v.Spares), i, i+1)
		v.Tenants = append(v.Tenants[:len(v.Tenants):len(v.Tenants)], machine)
	}
	return i >= 0
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
