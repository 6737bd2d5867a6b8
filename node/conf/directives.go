package conf

import (
	"slices"
	"strings"
)

// Directives are the names of what redis.conf may say in Redis 4.0, in lower case: a server has a row for each of them, and
// a Sentinel's file may have those that mean nothing to it. Redis 4.0: config.c, loadServerConfigFromString.
var Directives = strings.Fields(`daemonize pidfile port tcp-backlog bind unixsocket unixsocketperm timeout tcp-keepalive slave-announce-port loglevel
	logfile syslog-enabled syslog-ident syslog-facility save databases stop-writes-on-bgsave-error rdbcompression rdbchecksum
	dbfilename dir slaveof slave-announce-ip masterauth slave-serve-stale-data slave-read-only repl-ping-slave-period
	repl-timeout repl-backlog-size repl-backlog-ttl repl-disable-tcp-nodelay repl-diskless-sync repl-diskless-sync-delay
	slave-priority min-slaves-to-write min-slaves-max-lag requirepass maxclients maxmemory proto-max-bulk-len
	client-query-buffer-limit maxmemory-policy maxmemory-samples lfu-log-factor lfu-decay-time active-defrag-ignore-bytes
	active-defrag-threshold-lower active-defrag-threshold-upper active-defrag-cycle-min active-defrag-cycle-max appendonly
	appendfilename appendfsync no-appendfsync-on-rewrite auto-aof-rewrite-percentage auto-aof-rewrite-min-size lua-time-limit
	slowlog-log-slower-than latency-monitor-threshold slowlog-max-len notify-keyspace-events hash-max-ziplist-entries
	hash-max-ziplist-value list-max-ziplist-size list-compress-depth set-max-intset-entries zset-max-ziplist-entries
	zset-max-ziplist-value hll-sparse-max-bytes activerehashing activedefrag protected-mode client-output-buffer-limit hz
	aof-rewrite-incremental-fsync aof-load-truncated aof-use-rdb-preamble supervised lazyfree-lazy-eviction
	lazyfree-lazy-expire lazyfree-lazy-server-del slave-lazy-flush always-show-logo watchdog-period rename-command
	list-max-ziplist-entries list-max-ziplist-value cluster-config-file cluster-node-timeout cluster-migration-barrier
	cluster-slave-validity-factor cluster-require-full-coverage cluster-announce-ip cluster-announce-port
	cluster-announce-bus-port cluster-enabled loadmodule sentinel`)

// IsDirective says whether redis.conf has a directive of that name, in lower case.
func IsDirective(name string) bool { return slices.Contains(Directives, name) }
