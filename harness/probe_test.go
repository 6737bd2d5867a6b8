package harness_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/losses"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/redis/callers"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/node"
)

// How many writes were lost, counted by somebody who shares nothing with the checkers: a client that writes each key once
// and remembers which writes were acknowledged. After the run, the keys that are not there are the ones that were lost.

var (
	probeSeeds = flag.Int("probe.seeds", 2, "how many seeds of each scenario the probe plays in the simulation")
	probeLive  = flag.Int("probe.live", 0, "how many runs of each scenario the probe plays on real processes")
)

// probe writes each of its keys once, always at the server that last took one: it stays with an old master until that
// refuses it, and then asks the next. It is a client that knows nothing of Sentinels, and is cut off from nobody.
type probe struct {
	name, from  string
	servers     []callers.Peer
	first, last int // its keys
	every       time.Duration
	chance      *rand.Rand

	next, at int
	started  node.Instant
	acked    map[string]bool // key → its write was acknowledged

	conn    node.ConnID
	up      bool
	since   node.Instant // of the connection or of the open write
	key     string       // whose write is open, "" none
	heard   string
	resting int // ticks to leave out before the next connection
}

const (
	probeTick     = node.TimerID(1)
	probePatience = 700 * time.Millisecond
	probeTime     = 17 * time.Second // after which it begins no write: one that comes after the last read of its key is not lost
)

func (p *probe) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		p.started = now
		out.SetTimer(probeTick, p.every)
	case node.TimerFired:
		out.SetTimer(probeTick, p.every/2+time.Duration(p.chance.Int64N(int64(p.every))))
		p.tick(now, out)
	case node.Dialled:
		if ev.Conn == p.conn {
			p.up = true
		}
	case node.DialFailed, node.Closed:
		if ev.Conn == p.conn {
			p.leave(out, "connection lost")
		}
	case node.Received:
		if ev.Conn == p.conn {
			p.heard += string(ev.Bytes)
			p.answered(out)
		}
	}
}

func (p *probe) tick(now node.Instant, out *node.Effects) {
	switch {
	case p.resting > 0:
		p.resting--
	case p.conn == 0:
		p.conn, p.since = out.Dial(p.servers[p.at].Addr, p.from), now
	case (!p.up || p.key != "") && now.Sub(p.since) > probePatience:
		out.Close(p.conn)
		p.leave(out, "timeout")
	case p.up && p.key == "" && p.next <= p.last && now.Sub(p.started) < probeTime:
		p.key, p.since = fmt.Sprintf("k%d", p.next), now
		p.next++
		value := p.name + "-" + p.key
		out.Note(node.Note{Kind: node.NoteInvoke, Process: p.name, Func: "write", Key: p.key, Arg: strconv.Quote(value), Peer: p.servers[p.at].Name})
		out.Send(p.conn, fmt.Appendf(nil, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(p.key), p.key, len(value), value))
	}
}

func (p *probe) answered(out *node.Effects) {
	line, rest, whole := strings.Cut(p.heard, "\r\n")
	if !whole || p.key == "" {
		return
	}
	p.heard = rest
	if line == "+OK" {
		p.acked[p.key] = true
		out.Note(node.Note{Kind: node.NoteOK, Process: p.name})
		p.key = ""
		return
	}
	out.Note(node.Note{Kind: node.NoteFail, Process: p.name, Text: strings.TrimPrefix(line, "-")})
	p.key = ""
	out.Close(p.conn)
	p.leave(out, "")
}

// leave gives the server up for the next one.
func (p *probe) leave(out *node.Effects, why string) {
	if p.key != "" {
		out.Note(node.Note{Kind: node.NoteInfo, Process: p.name, Text: why})
	}
	p.conn, p.up, p.key, p.heard, p.resting = 0, false, "", "", 4
	p.at = (p.at + 1) % len(p.servers)
}

// probes are the guests of one run.
type probes []*probe

func (ps *probes) layOut(nodes []cluster.Machine, addr cluster.Addressing, first int) (out []cluster.Machine) {
	const each = 330
	for i := range 3 {
		p := &probe{name: fmt.Sprintf("p%d", i+1), first: i*each + 1, last: (i + 1) * each, every: 50 * time.Millisecond,
			acked: map[string]bool{}, at: i}
		p.next = p.first
		for _, m := range nodes {
			if m.Kind == cluster.Server {
				p.servers = append(p.servers, callers.Peer{Name: m.Name, Addr: m.Addr()})
			}
		}
		*ps = append(*ps, p)
		out = append(out, cluster.Caller(p.name, cluster.Client, first+i, addr, func(m cluster.Machine, b cluster.Boot) node.Core {
			p.from, p.chance = m.Host, b.Rand
			return p
		}))
	}
	return out
}

// count is how many of the probes' writes were acknowledged, and how many of those the last reads do not find.
func (ps probes) count(t *testing.T, h *histories.History) (acknowledged, lost int) {
	found := map[string]bool{}
	finals := 0
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Final && op.Outcome == histories.OK {
			finals++
			found[op.Key] = op.Found()
		}
	}
	require.GreaterOrEqual(t, finals, 990, "every key is read once more")
	for _, p := range ps {
		acknowledged += len(p.acked)
		for key := range p.acked {
			if !found[key] {
				lost++
			}
		}
	}
	return acknowledged, lost
}

// The situations in which acknowledged writes are lost.
var probed = []struct{ name, faults, save string }{
	{"isolate", "at 3s isolate m1 for 8s", ""},
	{"kill", "at 2.7s drop m1 | r1 r2 for 600ms\nat 3s kill m1 for 9s", ""},
	{"kill-all", "at 4s kill m1 r1 r2 for 3s\nat 10s kill master for 1s", "1 1"},
	{"wipe", "at 5s kill m1 for 500ms", ""},
	{"wipe-late", "at 3s isolate m1 for 6s\nat 12s kill master for 300ms", ""},
	{"split-brain", "at 3s cut m1 | s1 s2 s3 r1 r2 for 9s", ""},
	{"half-cut", "at 3s cut m1 | s1 s2 s3 for 7s", ""},
	{"flush", "at 5s flushall master\nat 8s isolate m1 for 5s", ""},
	{"by-hand", "at 4s promote r1\nat 6s slaveof m1 r2 -> r1", ""},
	{"storm", "at 3s storm m1 times=5", "1 1"},
}

func probedScenario(t *testing.T, name, faults, save string) harness.Scenario {
	schedule, err := harness.Language(redis.System{}).ParseSchedule(faults)
	require.NoError(t, err)
	s := harness.Scenario{Name: "probe-" + name, System: redis.System{Cluster: redis.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
		Config:   cluster.Settings{{Name: "repl-diskless-sync-delay", Value: "0"}, {Name: "save", Value: `""`}},
		Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "1500"}, {Name: "failover-timeout", Value: "6000"}}},
		Workload: workload.Spec{Clients: 1, Rate: 10, Mix: []workload.Work{{Keys: 1000, Reads: 100}}}, Duration: probeTime, Faults: schedule,
		Checks: []string{"lost-writes"}}
	if save != "" {
		s.System.(redis.System).Config[1].Value = save
	}
	return s
}

// byPlaceAlone is what lost-writes says if no read shows anything: of the final reads, only that of a key which nobody
// wrote is left, to tell who survived.
func byPlaceAlone(h *histories.History) checkers.Verdict {
	blind := *h
	blind.Ops = nil
	for _, op := range h.Ops {
		if op.Func != histories.FuncRead || op.Final && op.Key == "k1000" {
			blind.Ops = append(blind.Ops, op)
		}
	}
	return losses.LostWrites{}.Check(checkers.NewRecord(&blind))
}

// TestTheProbeCountsTheSameLosses: in the simulation, to the write.
func TestTheProbeCountsTheSameLosses(t *testing.T) {
	for _, c := range probed {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := 0
			for seed := range *probeSeeds {
				var ps probes
				res, err := harness.Run(t.Context(), probedScenario(t, c.name, c.faults, c.save), harness.Options{Seed: uint64(seed + 1), Guests: ps.layOut})
				require.NoError(t, err)
				acknowledged, lost := ps.count(t, res.History)
				v := res.Verdicts[0]
				require.EqualValues(t, acknowledged, v.Figures["acknowledged"])
				require.EqualValues(t, lost, v.Figures["lost_min"], "seed %d: %v %v", seed+1, v, v.Findings)
				require.EqualValues(t, lost, v.Figures["lost_max"], "seed %d: %v", seed+1, v)
				require.NotEqual(t, "invalid", string(v.Result), "seed %d: %v", seed+1, v)
				blind := byPlaceAlone(res.History)
				require.EqualValues(t, lost, blind.Figures["lost_min"], "seed %d, by place alone: %v", seed+1, blind)
				require.EqualValues(t, lost, blind.Figures["lost_max"], "seed %d, by place alone: %v", seed+1, blind)
				all += lost
			}
			t.Logf("%d runs, %d writes lost", *probeSeeds, all)
		})
	}
}

// TestTheProbeCountsTheSameLossesOnRealProcesses: of our servers to the write, of a real Redis within the range.
func TestTheProbeCountsTheSameLossesOnRealProcesses(t *testing.T) {
	if *probeLive == 0 {
		t.Skip("it takes minutes: make probe")
	}
	for _, target := range []string{live.OrdealNode, live.RedisServer} {
		if _, err := exec.LookPath(target); err != nil && target == live.RedisServer {
			t.Skip("redis-server is not installed: apt-get install redis-server")
		}
		for _, c := range probed[:6] {
			for n := range *probeLive {
				t.Run(fmt.Sprintf("%s/%s/%d", target, c.name, n+1), func(t *testing.T) {
					var ps probes
					res, err := harness.Run(t.Context(), probedScenario(t, c.name, c.faults, c.save),
						harness.Options{Seed: uint64(n + 1), World: harness.WorldLive, Live: runs.Live{}, Target: target, Guests: ps.layOut})
					require.NoError(t, err)
					acknowledged, lost := ps.count(t, res.History)
					v := res.Verdicts[0]
					t.Logf("%d acknowledged, %d lost; %v", acknowledged, lost, v)
					require.EqualValues(t, acknowledged, v.Figures["acknowledged"])
					require.LessOrEqual(t, v.Figures["lost_min"], float64(lost))
					require.GreaterOrEqual(t, v.Figures["lost_max"], float64(lost))
					blind := byPlaceAlone(res.History)
					t.Logf("by place alone %v to %v", blind.Figures["lost_min"], blind.Figures["lost_max"])
					require.LessOrEqual(t, blind.Figures["lost_min"], float64(lost))
					require.GreaterOrEqual(t, blind.Figures["lost_max"], float64(lost))
					if target == live.OrdealNode {
						require.EqualValues(t, blind.Figures["lost_min"], blind.Figures["lost_max"])
						require.EqualValues(t, v.Figures["lost_min"], v.Figures["lost_max"], "our servers say where each write went")
					}
				})
			}
		}
	}
}
