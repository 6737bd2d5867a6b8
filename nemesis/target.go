package nemesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// View is what the nemesis knows of the cluster at one moment: every machine by kind, and who is what.
type View struct {
	Servers   []string
	Sentinels []string
	Clients   []string
	Master    string   // the server that is the master, "" if there is none
	Replicas  []string // the servers that are replicas
	Down      []string // servers and Sentinels that do not run
	Paused    []string // servers and Sentinels that are stopped

	Spares         []string // servers that were laid out and have not been added yet
	SpareSentinels []string // and Sentinels
	Tenants        []string // servers of another group, known by their names alone

	It string // the machine that the fault's step has waited for, "" if it has waited for none
}

// The roles that a target may name instead of a machine.
const (
	RoleMaster    = "master"    // the master at that moment
	RoleReplica   = "replica"   // one replica, drawn
	RoleReplicas  = "replicas"  // every replica
	RoleSentinel  = "sentinel"  // one Sentinel, drawn
	RoleSentinels = "sentinels" // every Sentinel
	RoleServers   = "servers"   // the master and the replicas, whoever is which
	RoleClients   = "clients"   // every client
	RoleAll       = "all"       // servers, Sentinels and clients; of faults on machines, servers and Sentinels
	RoleSpare     = "spare"     // the first machine of those laid out that has not been added: a server, or a Sentinel, as the order wants
	RoleIt        = "it"        // the machine whose event, or whose disk, the step has waited for
)

// Roles returns the names of all roles.
func Roles() []string {
	return []string{RoleMaster, RoleReplica, RoleReplicas, RoleSentinel, RoleSentinels, RoleServers, RoleClients, RoleAll, RoleSpare, RoleIt}
}

// drawn says whether the role is one machine by lot, so that it may stand on both sides and mean two.
func drawn(role string) bool { return role == RoleReplica || role == RoleSentinel }

// NobodyError says that nobody fits a target at this moment. The run writes the fault down as skipped.
type NobodyError struct {
	Fault  Fault
	Target string
	Why    string
}

func (e *NobodyError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Fault, e.Target, e.Why) }

// Resolve replaces the roles in f by the machines that have them now. Draws come from rng, and only for "replica" and
// "sentinel". Roles leave out machines that f names otherwise, on either side, and those that the fault could do
// nothing to: those that are down already when it kills or pauses, those that are up when it restarts.
//
// A role that nobody has is a [*NobodyError]; a name that is neither a machine nor a role is another error.
func Resolve(f Fault, view View, rng *rand.Rand) (Fault, error) {
	return Language{}.Resolve(f, view, rng)
}

// Resolve is the function [Resolve], and knows the orders.
func (l Language) Resolve(f Fault, view View, rng *rand.Rand) (Fault, error) {
	r := resolver{fault: f, order: l.order(f.Verb), view: view, rng: rng}
	for _, target := range f.Targets() {
		if slices.Contains(r.known(), target) {
			r.taken = append(r.taken, target)
		}
	}
	var err error
	out := f
	if out.A, err = r.side(f.A); err != nil {
		return Fault{}, err
	}
	if out.B, err = r.side(f.B); err != nil {
		return Fault{}, err
	}
	return out, nil
}

type resolver struct {
	fault Fault
	order Order // that it is, if it is one
	view  View
	rng   *rand.Rand
	taken []string // machines that the fault names, and those that a role brought in so far
}

func (r *resolver) side(targets []string) ([]string, error) {
	var out []string
	for _, target := range targets {
		machines, err := r.machines(target)
		if err != nil {
			return nil, err
		}
		out = append(out, machines...)
	}
	if len(targets) > 0 && len(out) == 0 {
		return nil, &NobodyError{r.fault, strings.Join(targets, " "), "every machine of that role is named by another target"}
	}
	return out, nil
}

// machines returns whom target brings in beside those that are taken.
func (r *resolver) machines(target string) ([]string, error) {
	if slices.Contains(r.known(), target) {
		if !r.fault.Links() && slices.Contains(r.view.Clients, target) {
			return nil, fmt.Errorf("%s: %s is a client: it belongs to the harness, only its links can be hurt", r.fault, target)
		}
		return []string{target}, nil
	}
	holders, err := r.holders(target)
	if err != nil {
		return nil, err
	}
	if len(holders) == 0 {
		return nil, &NobodyError{r.fault, target, "nobody has this role now"}
	}
	able := slices.DeleteFunc(slices.Clone(holders), r.cannot)
	if len(able) == 0 {
		return nil, &NobodyError{r.fault, target, "whoever has this role is " + r.obstacle()}
	}
	free := slices.DeleteFunc(able, func(m string) bool { return slices.Contains(r.taken, m) })
	if drawn(target) && len(free) > 0 {
		free = []string{free[r.rng.IntN(len(free))]}
	}
	r.taken = append(r.taken, free...)
	return free, nil
}

func (r *resolver) known() []string {
	return r.view.everybody()
}

func (r *resolver) holders(role string) ([]string, error) {
	switch role {
	case RoleMaster:
		if r.view.Master == "" {
			return nil, nil
		}
		return []string{r.view.Master}, nil
	case RoleReplica, RoleReplicas:
		return r.view.Replicas, nil
	case RoleSentinel, RoleSentinels:
		return r.view.Sentinels, nil
	case RoleServers:
		return r.view.Servers, nil
	case RoleClients:
		if !r.fault.Links() {
			return nil, fmt.Errorf("%s: clients belong to the harness, only their links can be hurt", r.fault)
		}
		return r.view.Clients, nil
	case RoleAll:
		if !r.fault.Links() {
			return slices.Concat(r.view.Servers, r.view.Sentinels), nil
		}
		return slices.Concat(r.view.Servers, r.view.Sentinels, r.view.Clients), nil
	case RoleIt:
		if r.view.It == "" {
			return nil, nil
		}
		return []string{r.view.It}, nil
	case RoleSpare:
		if spares := r.spares(); len(spares) > 0 {
			return spares[:1], nil
		}
		return nil, nil
	}
	hint := fmt.Sprintf("machines are %v, roles %v", r.known(), Roles())
	if near := nearest(role, slices.Concat(r.known(), Roles())); near != "" {
		hint = fmt.Sprintf("did you mean %s? %s", near, hint)
	}
	return nil, fmt.Errorf("%s: no machine and no role is called %q: %s", r.fault, role, hint)
}

func (r *resolver) spares() []string {
	if r.order.Joins == RoleSentinels {
		return r.view.SpareSentinels
	}
	return r.view.Spares
}

// cannot says whether the fault could do nothing to machine m in the state it is in.
func (r *resolver) cannot(m string) bool {
	down, paused := slices.Contains(r.view.Down, m), slices.Contains(r.view.Paused, m)
	switch {
	case r.fault.Downs(), r.order.Downs, r.fault.Verb == Storm, r.fault.Verb == RunAs:
		return down
	case r.fault.Verb == Restart:
		return !down
	case r.fault.Verb == Pause, r.fault.Verb == Stall:
		return down || paused
	case r.fault.Verb == Resume:
		return down || !paused
	}
	return false
}

func (r *resolver) obstacle() string {
	switch r.fault.Verb {
	case Restart:
		return "up"
	case Resume:
		return "not paused"
	case Pause, Stall:
		return "down or paused already"
	default:
		return "down already"
	}
}
