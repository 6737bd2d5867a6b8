package redis

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis/callers"
	"github.com/ordeal-go/ordeal/nemesis"
)

// Order implements [harness.System].
func (s System) Order(f nemesis.Fault, at harness.Scene) harness.Order {
	switch f.Verb {
	case SentinelAdd:
		return harness.Order{Start: f.A}
	case TenantAdd:
		return harness.Order{StartOthers: f.A}
	case ReplicaAdd:
		o := harness.Order{Start: f.A}
		if at.Master != "" {
			o.Tell = tell(f.A, slaveOf(at.Master))
		}
		return o
	case ReplicaRemove:
		return harness.Order{Fault: &nemesis.Fault{Verb: nemesis.Terminate, A: f.A}, Tell: tell(at.Sentinels, []string{"SENTINEL", "RESET", MasterName})}
	case SentinelRemove:
		return harness.Order{Tell: tell(f.A, []string{"SENTINEL", "REMOVE", MasterName}),
			Undo: func(at harness.Scene) []harness.Message { return s.monitorAgain(f.A, at) }}
	case OutputLimit:
		return overflow(f, at)
	}
	return harness.Order{Tell: tell(f.A, words(f))}
}

// tell gives each of machines the same commands.
func tell(machines []string, commands ...[]string) (all []harness.Message) {
	for _, m := range machines {
		all = append(all, harness.Message{Machine: m, Text: callers.OrderTo(m, commands...)})
	}
	return all
}

// words are the command of an order that is nothing else.
func words(f nemesis.Fault) []string {
	switch f.Verb {
	case Promote:
		return []string{"SLAVEOF", "NO", "ONE"}
	case SlaveOf:
		return slaveOf(f.B[0])
	case ConfigSet:
		set := older(cluster.Setting{Name: f.Text("name"), Value: f.Text("value")})
		return []string{"CONFIG", "SET", set.Name, set.Value}
	case ClientKill:
		kind := f.Text("type")
		if kind == "replica" {
			kind = "slave" // Redis 4.0's word
		}
		return []string{"CLIENT", "KILL", "TYPE", kind}
	case DebugSleep:
		return []string{"DEBUG", "SLEEP", f.Text("seconds")}
	case ClientPause:
		return []string{"CLIENT", "PAUSE", f.Text("ms")}
	case DebugReload:
		return []string{"DEBUG", "RELOAD"}
	case BGSave:
		return []string{"BGSAVE"}
	case FlushAll:
		return []string{"FLUSHALL"}
	case SentinelReset:
		return []string{"SENTINEL", "RESET", MasterName}
	case SentinelFailover:
		return []string{"SENTINEL", "FAILOVER", MasterName}
	case SentinelSet:
		return []string{"SENTINEL", "SET", MasterName, f.Text("name"), f.Text("value")}
	}
	return nil
}

func slaveOf(master string) []string {
	return []string{"SLAVEOF", "{" + master + ".host}", "{" + master + ".port}"}
}

// monitorAgain has Sentinels watch the master of the moment, as they did.
func (s System) monitorAgain(sentinels []string, at harness.Scene) []harness.Message {
	master := at.Master
	if master == "" {
		master = firstMaster
	}
	commands := [][]string{{"SENTINEL", "MONITOR", MasterName, "{" + master + ".host}", "{" + master + ".port}", strconv.Itoa(s.Cluster.QuorumInForce())}}
	for _, set := range s.Sentinel {
		if perMaster(set.Name) {
			commands = append(commands, []string{"SENTINEL", "SET", MasterName, set.Name, set.Value})
		}
	}
	return tell(sentinels, commands...)
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
func overflow(f nemesis.Fault, at harness.Scene) harness.Order {
	commands := [][]string{{"CONFIG", "SET", "client-output-buffer-limit", "slave " + cmp.Or(f.Text("limit"), limitUsual) + " 0 0"}}
	times := ballastSim
	if at.Live {
		times = ballastLive
	}
	commands = append(commands, slices.Repeat([][]string{{"SET", ballastKey, fmt.Sprintf("{bytes:%d}", ballastSize)}}, times)...)
	commands = append(commands, []string{"DEL", ballastKey})
	return harness.Order{Fault: &nemesis.Fault{Verb: nemesis.Pause, A: f.B}, Tell: tell(f.A, commands...),
		Undo: func(harness.Scene) []harness.Message {
			return tell(f.A, []string{"CONFIG", "SET", "client-output-buffer-limit", outputLimits})
		}}
}
