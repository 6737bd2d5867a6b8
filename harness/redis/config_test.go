package redis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

var tlsBoth = System{Config: cluster.Settings{{Name: "tls-port", Value: "6379"}, {Name: "tls-replication", Value: "yes"}}, Sentinel: cluster.Settings{{Name: "tls-port", Value: "26379"}, {Name: "tls-replication", Value: "yes"}}}

func (s System) withSentinel() System {
	s.Cluster.Sentinels = 1
	return s
}

func TestTLSIsSpokenByAllOrByNone(t *testing.T) {
	require.NoError(t, System{}.withSentinel().checkSettings())
	require.NoError(t, tlsBoth.withSentinel().checkSettings())
	require.NoError(t, System{Config: tlsBoth.Config}.checkSettings(), "there are no Sentinels")
	for _, c := range []struct {
		config System
		why    string
	}{
		{System{Config: tlsBoth.Config}, "sentinel: tls-port: servers and Sentinels all speak TLS, or none does"},
		{System{Sentinel: tlsBoth.Sentinel}, "config: tls-port: servers and Sentinels all speak TLS"},
		{System{Config: cluster.Settings{{Name: "tls-port", Value: "6379"}}, Sentinel: tlsBoth.Sentinel}, "config: tls-port: replicas and Sentinels would call without TLS"},
		{System{Config: cluster.Settings{{Name: "tls-replication", Value: "yes"}}}, "config: tls-replication: they would call with TLS where nobody speaks it"},
		{System{Config: append(tlsBoth.Config[:2:2], setting("port", "6380")), Sentinel: tlsBoth.Sentinel}, "config: port: a machine listens at one port"},
		{System{Config: append(tlsBoth.Config[:2:2], setting("tls-key-file", "x")), Sentinel: tlsBoth.Sentinel}, "config: tls-key-file: every machine has a certificate"},
		{System{Config: cluster.Settings{{Name: "aclfile", Value: "users.acl"}}}, "config: aclfile: there is no such file"},
	} {
		require.ErrorContains(t, c.config.withSentinel().checkSettings(), c.why)
	}
}

func TestMachinesListenWhereTheirSettingsSay(t *testing.T) {
	nodes := (System{Cluster: Spec{Replicas: 1, Sentinels: 1}, Config: cluster.Settings{{Name: "port", Value: "7000"}}, Sentinel: tlsBoth.Sentinel}).Nodes(cluster.SimAddressing())
	require.Equal(t, "10.0.0.1:7000", nodes[0].Addr())
	require.Contains(t, nodes[1].Files[nodes[1].ConfigPath], "slaveof 10.0.0.1 7000\n")
	require.False(t, nodes[0].TLS)
	require.True(t, nodes[2].TLS)
	text := nodes[2].Files[nodes[2].ConfigPath]
	for _, line := range []string{"port 0\n", "tls-port 26379\n", "tls-cert-file /s1/tls/machine.crt\n", "tls-key-file /s1/tls/machine.key\n", "tls-ca-cert-file /s1/tls/authority.crt\n"} {
		require.Contains(t, text, line)
	}
}

func TestTheHarnessComesAsAUserOfItsOwnWhereThereAreUsers(t *testing.T) {
	nodes := (System{Cluster: Spec{Sentinels: 1}, Config: cluster.Settings{{Name: "user", Value: "default off"}, {Name: "requirepass", Value: "x"}}, Sentinel: cluster.Settings{{Name: "requirepass", Value: "y"}}}).Nodes(cluster.SimAddressing())
	require.Equal(t, "ordeal-harness", nodes[0].User)
	require.Contains(t, nodes[0].Files[nodes[0].ConfigPath], "user ordeal-harness on >"+nodes[0].Password+" ~* &* +@all\n")
	require.Empty(t, nodes[1].User)
	require.Equal(t, "y", nodes[1].Password)
}

func TestWhatCameAfter40IsNotOurs(t *testing.T) {
	require.NoError(t, System{Config: cluster.Settings{{Name: "hz", Value: "20"}}, Sentinel: cluster.Settings{{Name: "down-after-milliseconds", Value: "900"}}}.withSentinel().ours())
	for _, c := range []struct {
		config System
		why    string
	}{
		{tlsBoth, "config: tls-port: TLS came with Redis 6.0"},
		{System{Sentinel: tlsBoth.Sentinel}, "sentinel: tls-port: TLS came with Redis 6.0"},
		{System{Config: cluster.Settings{{Name: "user", Value: "default off"}}}, "config: user: users came with Redis 6.0"},
		{System{Sentinel: cluster.Settings{{Name: "auth-user", Value: "watch"}}}, "sentinel: auth-user: users came with Redis 6.0"},
		{System{Sentinel: cluster.Settings{{Name: "sentinel sentinel-pass", Value: "x"}}}, "passwords between Sentinels came with Redis 6.2"},
		{System{Config: cluster.Settings{{Name: "io-threads", Value: "4"}}}, "config: io-threads: "},
	} {
		require.ErrorContains(t, c.config.withSentinel().ours(), c.why)
	}
	require.NoError(t, System{Sentinel: tlsBoth.Sentinel}.ours())
	require.NoError(t, System{Config: cluster.Settings{{Name: "io-threads", Value: "4"}}}.downgrade(), "that is left out where ours takes the place")
	require.Error(t, tlsBoth.downgrade())
}
