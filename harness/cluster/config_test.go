package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var tlsBoth = Config{Server: Settings{{"tls-port", "6379"}, {"tls-replication", "yes"}}, Sentinel: Settings{{"tls-port", "26379"}, {"tls-replication", "yes"}}}

func TestTLSIsSpokenByAllOrByNone(t *testing.T) {
	require.NoError(t, Config{}.Check(true))
	require.NoError(t, tlsBoth.Check(true))
	require.NoError(t, Config{Server: tlsBoth.Server}.Check(false), "there are no Sentinels")
	for _, c := range []struct {
		config Config
		why    string
	}{
		{Config{Server: tlsBoth.Server}, "sentinel: tls-port: servers and Sentinels all speak TLS, or none does"},
		{Config{Sentinel: tlsBoth.Sentinel}, "config: tls-port: servers and Sentinels all speak TLS"},
		{Config{Server: Settings{{"tls-port", "6379"}}, Sentinel: tlsBoth.Sentinel}, "config: tls-port: replicas and Sentinels would call without TLS"},
		{Config{Server: Settings{{"tls-replication", "yes"}}}, "config: tls-replication: they would call with TLS where nobody speaks it"},
		{Config{Server: append(tlsBoth.Server[:2:2], Setting{"port", "6380"}), Sentinel: tlsBoth.Sentinel}, "config: port: a machine listens at one port"},
		{Config{Server: append(tlsBoth.Server[:2:2], Setting{"tls-key-file", "x"}), Sentinel: tlsBoth.Sentinel}, "config: tls-key-file: every machine has a certificate"},
		{Config{Server: Settings{{"aclfile", "users.acl"}}}, "config: aclfile: there is no such file"},
	} {
		require.ErrorContains(t, c.config.Check(true), c.why)
	}
}

func TestMachinesListenWhereTheirSettingsSay(t *testing.T) {
	nodes := Nodes(Spec{Replicas: 1, Sentinels: 1}, Config{Server: Settings{{"port", "7000"}}, Sentinel: tlsBoth.Sentinel}, SimAddressing())
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
	nodes := Nodes(Spec{Sentinels: 1}, Config{Server: Settings{{"user", "default off"}, {"requirepass", "x"}}, Sentinel: Settings{{"requirepass", "y"}}}, SimAddressing())
	require.Equal(t, "ordeal-harness", nodes[0].User)
	require.Contains(t, nodes[0].Files[nodes[0].ConfigPath], "user ordeal-harness on >"+nodes[0].Password+" ~* &* +@all\n")
	require.Empty(t, nodes[1].User)
	require.Equal(t, "y", nodes[1].Password)
}

func TestWhatCameAfter40IsNotOurs(t *testing.T) {
	require.NoError(t, Config{Server: Settings{{"hz", "20"}}, Sentinel: Settings{{"down-after-milliseconds", "900"}}}.Ours(true))
	for _, c := range []struct {
		config Config
		why    string
	}{
		{tlsBoth, "config: tls-port: TLS came with Redis 6.0"},
		{Config{Sentinel: tlsBoth.Sentinel}, "sentinel: tls-port: TLS came with Redis 6.0"},
		{Config{Server: Settings{{"user", "default off"}}}, "config: user: users came with Redis 6.0"},
		{Config{Sentinel: Settings{{"auth-user", "watch"}}}, "sentinel: auth-user: users came with Redis 6.0"},
		{Config{Sentinel: Settings{{"sentinel sentinel-pass", "x"}}}, "passwords between Sentinels came with Redis 6.2"},
		{Config{Server: Settings{{"io-threads", "4"}}}, "config: io-threads: "},
	} {
		require.ErrorContains(t, c.config.Ours(true), c.why)
	}
	require.NoError(t, Config{Sentinel: tlsBoth.Sentinel}.Ours(false))
	require.NoError(t, Config{Server: Settings{{"io-threads", "4"}}}.Downgrade(), "that is left out where ours takes the place")
	require.Error(t, tlsBoth.Downgrade())
}
