package redis

import (
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// olderNames are directives of redis.conf that Redis 5 gave other names, and what Redis 4.0 calls them. All later
// versions still take the older names (Redis 7.0: config.c, the aliases of static_configs; Valkey 8 keeps them too).
var olderNames = map[string]string{
	"replicaof": "slaveof", "replica-serve-stale-data": "slave-serve-stale-data", "replica-read-only": "slave-read-only",
	"replica-priority": "slave-priority", "replica-announce-ip": "slave-announce-ip", "replica-announce-port": "slave-announce-port",
	"min-replicas-to-write": "min-slaves-to-write", "min-replicas-max-lag": "min-slaves-max-lag",
	"repl-ping-replica-period": "repl-ping-slave-period", "replica-lazy-flush": "slave-lazy-flush",
}

// older is the setting in the words that every version understands.
func older(s cluster.Setting) cluster.Setting {
	if older, renamed := olderNames[strings.ToLower(s.Name)]; renamed {
		s.Name = older
	}
	if class, rest, limits := strings.Cut(s.Value, " "); limits && strings.EqualFold(s.Name, "client-output-buffer-limit") && strings.EqualFold(class, "replica") {
		s.Value = "slave " + rest
	}
	return s
}

func setting(name, value string) cluster.Setting { return cluster.Setting{Name: name, Value: value} }
