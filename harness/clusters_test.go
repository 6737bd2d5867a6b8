package harness_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
	"github.com/ordeal-go/ordeal/histories"
)

var clustersLive = flag.Bool("clusters.live", false, "play the whole catalogue on real processes, in every kind of cluster")

// kindOfCluster is how those that people run let callers in.
type kindOfCluster struct {
	name   string
	config redis.System // its settings
	real   bool         // it needs a Redis of 6.2 or later
}

var kindsOfCluster = []kindOfCluster{
	{name: "password", config: redis.System{Config: serverPassword, Sentinel: sentinelPassword}},
	{name: "renamed", config: redis.System{Config: cluster.Settings{{Name: "rename-command", Value: "DEBUG debug-of-ours"}, {Name: "rename-command", Value: "FLUSHALL flush-of-ours"}}}},
	{name: "renamed for Sentinels", real: true, config: redis.System{
		Config: cluster.Settings{{Name: "rename-command", Value: "CONFIG config-of-ours"}, {Name: "rename-command", Value: "DEBUG debug-of-ours"},
			{Name: "rename-command", Value: "SLAVEOF follow-of-ours"}},
		Sentinel: cluster.Settings{{Name: "rename-command", Value: "CONFIG config-of-ours"}, {Name: "rename-command", Value: "SLAVEOF follow-of-ours"},
			{Name: "rename-command", Value: "SENTINEL sentinel-of-ours"}, {Name: "own rename-command", Value: "SENTINEL sentinel-of-ours"}}}},
	{name: "TLS", real: true, config: redis.System{Config: cluster.Settings{{Name: "tls-port", Value: "6379"}, {Name: "tls-replication", Value: "yes"}},
		Sentinel: cluster.Settings{{Name: "tls-port", Value: "26379"}, {Name: "tls-replication", Value: "yes"}}}},
	{name: "users", real: true, config: redis.System{
		Config: cluster.Settings{{Name: "user", Value: "default off"}, {Name: "user", Value: "copier on >copy +psync +replconf +ping"},
			{Name: "user", Value: "watcher on >watch allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill"},
			{Name: "masteruser", Value: "copier"}, {Name: "masterauth", Value: "copy"}},
		Sentinel: cluster.Settings{{Name: "user", Value: "default off"}, {Name: "user", Value: "peer on >talk allchannels +@all"}, {Name: "sentinel sentinel-user", Value: "peer"},
			{Name: "sentinel sentinel-pass", Value: "talk"}, {Name: "auth-user", Value: "watcher"}, {Name: "auth-pass", Value: "watch"}}}},
}

// in is the scenario in a cluster of the kind.
func (k kindOfCluster) in(s harness.Scenario) harness.Scenario {
	system := s.System.(redis.System)
	system.Config, system.Sentinel = slices.Concat(system.Config, k.config.Config), slices.Concat(system.Sentinel, k.config.Sentinel)
	s.System = system
	return s
}

func TestTheCatalogueRunsWithPasswordsAndRenamedCommands(t *testing.T) {
	for _, k := range kindsOfCluster {
		if k.real {
			continue
		}
		for _, s := range scenarios.All() {
			t.Run(k.name+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				res, err := harness.Run(t.Context(), k.in(s), harness.Options{Seed: 1})
				require.NoError(t, err)
				notAccused(t, k, res)
			})
		}
	}
}

// notAccused wants nothing to be wrong with the run, and everything asked of its servers to have been answered.
func notAccused(t *testing.T, k kindOfCluster, res *harness.Result) {
	t.Helper()
	for _, v := range res.Verdicts {
		require.False(t, v.Result == checkers.Invalid && !habit(res, v), "%v %v", v, v.Findings)
	}
	for _, n := range res.History.Notes {
		require.NotEqual(t, "unseen", n.Kind, "commands are asked by their new names: %v", n)
	}
	require.True(t, slices.ContainsFunc(res.History.Ops, func(op histories.Operation) bool {
		return op.Outcome == histories.OK || op.Outcome == histories.Fail && strings.HasPrefix(op.Error, "OOM")
	}), "clients were let in")
}

// habit tells a verdict that is true of a real Redis. Its Sentinels dial once a second, and replace a healthy master if
// down-after is shorter; those that become candidates together wait for twice the failover-timeout; and a replica's
// address is taken back whoever has it now (node/PROTOCOL.md has what ours do otherwise). That everything is gone accuses
// nobody.
func habit(res *harness.Result, v checkers.Verdict) bool {
	patience := res.Plan.System.(redis.System).Sentinel.Millis("down-after-milliseconds", 30*time.Second)
	switch {
	case v.Checker == checkers.LimitsName:
		return true
	case res.History.Target != live.RedisServer:
		return false
	}
	return v.Checker == "needless-failover" && patience < time.Second+100*time.Millisecond ||
		v.Checker == "sentinel-liveness" && res.Plan.Name == "sentinels-far-apart" ||
		v.Checker == "lineage" && res.Plan.Name == "address-taken-over"
}

// With -clusters.live the whole catalogue is played in each kind of cluster; otherwise the death of a master.
func TestRealServersRunInEveryKindOfCluster(t *testing.T) {
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	if testing.Short() {
		t.Skip("it takes some fifteen seconds of real time for each kind of cluster")
	}
	all := []harness.Scenario{guarded(nil, nil)}
	if *clustersLive {
		all = scenarios.All()
	}
	for _, k := range kindsOfCluster {
		for _, s := range all {
			t.Run(k.name+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				res, err := harness.Run(t.Context(), k.in(s), harness.Options{Seed: 1, World: harness.WorldLive, Live: runs.Live{}, Target: live.RedisServer, Out: t.TempDir()})
				require.NoError(t, err)
				readBack(t, res)
				notAccused(t, k, res)
			})
		}
	}
}

// What ordeal-node cannot do is refused before anything runs, with the line of the file.
func TestWhatCameAfter40IsRefusedWithItsLineWhereOursRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tls.yaml")
	text := "name: tls\nwhy: all speak TLS\ncluster: {replicas: 1}\nconfig:\n  hz: 20\n  tls-port: 6379\n  tls-replication: yes\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	s, err := harness.Systems{redis.System{}}.ReadScenario(path)
	require.NoError(t, err)
	for _, opts := range []harness.Options{{Source: path}, {Source: path, World: harness.WorldLive, Live: runs.Live{}}} {
		_, err = harness.Run(t.Context(), s, opts)
		require.ErrorContains(t, err, path+":6:13: config: tls-port: TLS came with Redis 6.0: ordeal-node is Redis 4.0: take these lines out, or run with -world live")
	}
	_, err = harness.Systems{redis.System{}}.ParseScenario(path, []byte(text+"  aclfile: users\n"))
	require.ErrorContains(t, err, path+":8:12: config: aclfile: there is no such file in a machine's folder")
	_, err = harness.Run(t.Context(), s, harness.Options{})
	require.ErrorContains(t, err, "config: tls-port: TLS came with Redis 6.0")
	s, err = harness.Systems{redis.System{}}.ParseScenario("then", []byte(text+"faults: [at 1s run-as r1 program=ordeal-node]\n"))
	require.NoError(t, err)
	_, err = harness.Run(t.Context(), s, harness.Options{World: harness.WorldLive, Live: runs.Live{}, Target: live.RedisServer})
	require.ErrorContains(t, err, "config: tls-port: TLS came with Redis 6.0")
}
