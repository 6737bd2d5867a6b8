package redis_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
)

// Redis 4.0 and what comes after it are configured by one file.
func TestNamesOfLaterVersionsAreWrittenInWordsThatAllUnderstand(t *testing.T) {
	nodes := redis.System{Cluster: redis.Spec{Replicas: 1}, Config: cluster.Settings{{Name: "min-replicas-to-write", Value: "1"}, {Name: "Replica-Priority", Value: "50"},
		{Name: "client-output-buffer-limit", Value: "replica 1mb 0 0"}, {Name: "replica-ignore-maxmemory", Value: "no"},
		{Name: "maxmemory", Value: "1mb"}}}.Nodes(cluster.SimAddressing())
	text := nodes[1].Files[nodes[1].ConfigPath]
	for _, line := range []string{"min-slaves-to-write 1\n", "slave-priority 50\n", "client-output-buffer-limit slave 1mb 0 0\n", "maxmemory 1mb\n",
		"replica-ignore-maxmemory no\n"} { // that one is of a later version, which knows no older name
		require.Contains(t, text, line)
	}
}

func TestCallersAreToldThePasswordThatServersAskFor(t *testing.T) {
	for value, password := range map[string]string{`secret`: "secret", `"two words"`: "two words", `'a"b'`: `a"b`, `"\x41"`: "A", `""`: "", `"unbalanced`: ""} {
		nodes := redis.System{Cluster: redis.Spec{Sentinels: 1}, Config: cluster.Settings{{Name: "requirepass", Value: value}}}.Nodes(cluster.SimAddressing())
		require.Equal(t, password, nodes[0].Password, value)
		require.Empty(t, nodes[1].Password, "the Sentinels have one of their own")
	}
}
