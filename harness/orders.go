package harness

import (
	"context"
	"fmt"
	"strconv"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// order has the observer give an operator's commands to servers and Sentinels, and does what else the operator does.
func (n *nemesisRun) order(ctx context.Context, a action, f nemesis.Fault) {
	id := n.started(a, f)
	force := inForce{history: id, step: a.id, beat: -1, fault: f}
	switch f.Verb {
	case nemesis.ReplicaAdd, nemesis.SentinelAdd, nemesis.TenantAdd:
		n.addSpares(ctx, a, f)
	case nemesis.ReplicaRemove:
		if n.give(ctx, force, nemesis.Fault{Verb: nemesis.Terminate, A: f.A}) {
			n.tellSentinels(a, []string{"SENTINEL", "RESET", cluster.MasterName})
			return
		}
	case nemesis.SentinelRemove:
		n.tell(a, f.A, []string{"SENTINEL", "REMOVE", cluster.MasterName})
		force.undo = func() { n.monitorAgain(a, f.A) }
		n.force = append(n.force, &force)
		return
	case nemesis.OutputLimit:
		n.overflow(ctx, a, f, force)
		return
	default:
		n.tell(a, f.A, words(f)...)
	}
	n.stopped(id)
}

// words are the commands of an order that is nothing else.
func words(f nemesis.Fault) [][]string {
	var cmd []string
	switch f.Verb {
	case nemesis.Promote:
		cmd = []string{"SLAVEOF", "NO", "ONE"}
	case nemesis.SlaveOf:
		cmd = slaveOf(f.B[0])
	case nemesis.ConfigSet:
		set := cluster.Setting{Name: f.Text("name"), Value: f.Text("value")}.Older()
		cmd = []string{"CONFIG", "SET", set.Name, set.Value}
	case nemesis.ClientKill:
		kind := f.Text("type")
		if kind == "replica" {
			kind = "slave" // Redis 4.0's word
		}
		cmd = []string{"CLIENT", "KILL", "TYPE", kind}
	case nemesis.DebugSleep:
		cmd = []string{"DEBUG", "SLEEP", f.Text("seconds")}
	case nemesis.BGSave:
		cmd = []string{"BGSAVE"}
	case nemesis.FlushAll:
		cmd = []string{"FLUSHALL"}
	case nemesis.SentinelReset:
		cmd = []string{"SENTINEL", "RESET", cluster.MasterName}
	case nemesis.SentinelFailover:
		cmd = []string{"SENTINEL", "FAILOVER", cluster.MasterName}
	case nemesis.SentinelSet:
		cmd = []string{"SENTINEL", "SET", cluster.MasterName, f.Text("name"), f.Text("value")}
	}
	return [][]string{cmd}
}

func slaveOf(master string) []string {
	return []string{"SLAVEOF", "{" + master + ".host}", "{" + master + ".port}"}
}

// tell gives each of machines the same commands.
func (n *nemesisRun) tell(a action, machines []string, commands ...[]string) {
	for _, m := range machines {
		if err := n.run.world.Tell(n.run.callers[0].Name, workload.OrderTo(m, commands...)); err != nil {
			n.skip(a.id, a.step.Fault, err)
			continue
		}
		n.did[a.id].done++
	}
}

func (n *nemesisRun) tellSentinels(a action, commands ...[]string) {
	n.tell(a, n.run.view.Sentinels, commands...)
}

// addSpares starts machines that were laid out for it, and makes servers replicas of the master of this moment, unless they
// are to be another group's.
func (n *nemesisRun) addSpares(ctx context.Context, a action, f nemesis.Fault) {
	r := n.run
	master := n.view().Master
	for _, m := range f.A {
		added := f.Verb == nemesis.TenantAdd && r.view.letOut(m) || f.Verb != nemesis.TenantAdd && r.view.add(m, f.Verb == nemesis.SentinelAdd)
		if !added {
			n.skip(a.id, a.step.Fault, fmt.Errorf("%s is no machine that waits to be added", m))
			continue
		}
		if err := r.world.Start(ctx, m); err != nil {
			n.skip(a.id, a.step.Fault, err)
			continue
		}
		n.did[a.id].done++
		if f.Verb == nemesis.TenantAdd {
			continue
		}
		if err := r.world.Tell(r.callers[0].Name, workload.Expect(m)); err != nil {
			n.skip(a.id, a.step.Fault, err)
		}
		if f.Verb == nemesis.ReplicaAdd && master != "" {
			n.tell(a, []string{m}, slaveOf(master))
		}
	}
}

// monitorAgain has Sentinels watch the master of this moment, as they did.
func (n *nemesisRun) monitorAgain(a action, sentinels []string) {
	master := n.view().Master
	if master == "" {
		master = n.run.nodes[0].Name
	}
	spec := n.run.plan.Cluster
	commands := [][]string{{"SENTINEL", "MONITOR", cluster.MasterName, "{" + master + ".host}", "{" + master + ".port}", strconv.Itoa(spec.QuorumInForce())}}
	for _, s := range n.run.plan.Config.Sentinel {
		if cluster.PerMaster(s.Name) {
			commands = append(commands, []string{"SENTINEL", "SET", cluster.MasterName, s.Name, s.Value})
		}
	}
	n.tell(a, sentinels, commands...)
}

// ballast is what a server is written so that a replica's output buffer runs over: more than the buffers of the
// kernels between the two hold.
const (
	ballastKey   = "ordeal:ballast"
	ballastSize  = 1 << 20
	ballastSim   = 4
	ballastLive  = 24
	outputLimits = "slave 268435456 67108864 60" // the default
)

// overflow lets A's output buffer for B run over its limit: B stops reading, and A is written.
func (n *nemesisRun) overflow(ctx context.Context, a action, f nemesis.Fault, force inForce) {
	if !n.give(ctx, force, nemesis.Fault{Verb: nemesis.Pause, A: f.B}) {
		n.stopped(force.history)
		return
	}
	commands := [][]string{{"CONFIG", "SET", "client-output-buffer-limit", "slave " + f.Text("limit") + " 0 0"}}
	times := ballastSim
	if n.run.opts.World == WorldLive {
		times = ballastLive
	}
	for range times {
		commands = append(commands, []string{"SET", ballastKey, fmt.Sprintf("{bytes:%d}", ballastSize)})
	}
	n.tell(a, f.A, append(commands, []string{"DEL", ballastKey})...)
	force.undo = func() {
		n.tell(a, f.A, []string{"CONFIG", "SET", "client-output-buffer-limit", outputLimits})
	}
	n.force = append(n.force, &force)
}
