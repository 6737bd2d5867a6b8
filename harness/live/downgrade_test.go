package live

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A Sentinel that ran as a later version and is itself again finds every replica once, in its own words.
func TestOlderWordsSayWhatBothWordsSaidOnce(t *testing.T) {
	require.Equal(t, `port 26379
sentinel monitor mymaster 127.2.20.1 6379 2
sentinel known-slave mymaster 127.2.20.2 6379
sentinel known-slave mymaster 127.2.20.3 6379
sentinel known-sentinel mymaster 127.2.20.5 26379 abc
slaveof 127.2.20.1 6379
min-slaves-to-write 1
slave-priority 50
`, olderWords(`port 26379
sentinel monitor mymaster 127.2.20.1 6379 2
sentinel known-slave mymaster 127.2.20.2 6379
sentinel known-replica mymaster 127.2.20.2 6379
sentinel known-replica mymaster 127.2.20.3 6379
sentinel known-sentinel mymaster 127.2.20.5 26379 abc
sentinel resolve-hostnames no
user default on nopass
replicaof 127.2.20.1 6379
min-replicas-to-write 1
replica-priority 50
`))
}
