package server

import (
	"math"
	"strings"

	"github.com/ordeal-go/ordeal/node/conf"
)

// maxPassword is the longest password in bytes. Redis 4.0: server.h, CONFIG_AUTHPASS_MAX_LEN.
const maxPassword = 512

// directiveTable returns all options, in the order in which CONFIG REWRITE adds them to a file.
// Redis 4.0: config.c, rewriteConfig, loadServerConfigFromString.
func directiveTable() []directive {
	return []directive{
		yesNo("daemonize", func(c *config) *bool { return &c.daemonize }, false).atStart(),
		text("pidfile", func(c *config) *string { return &c.pidFile }, "", nil).atStart(),
		number("port", func(c *config) *int64 { return &c.port }, 6379, 0, 65535, "Invalid port").atStart(),
		number("tcp-backlog", func(c *config) *int64 { return &c.tcpBacklog }, 511, 0, math.MaxInt32, "Invalid backlog value").atStart(),
		bindDirective,
		text("unixsocket", func(c *config) *string { return &c.unixSocket }, "", nil).atStart(),
		unixSocketPermDirective,
		number("timeout", func(c *config) *int64 { return &c.Timeout }, 0, 0, math.MaxInt32, "Invalid timeout value"),
		number("tcp-keepalive", func(c *config) *int64 { return &c.tcpKeepAlive }, 300, 0, math.MaxInt32, "Invalid tcp-keepalive value"),
		number("slave-announce-port", func(c *config) *int64 { return &c.slaveAnnouncePort }, 0, 0, 65535, "Invalid port"),
		logLevelDirective,
		text("logfile", func(c *config) *string { return &c.logFile }, "", nil).atStart(),
		yesNo("syslog-enabled", func(c *config) *bool { return &c.syslogEnabled }, false).atStart().secret(),
		text("syslog-ident", func(c *config) *string { return &c.syslogIdent }, "redis", nil).atStart().secret(),
		word("syslog-facility", func(c *config) *string { return &c.syslogFacility }, "local0",
			"Invalid log facility. Must be one of USER or between LOCAL0-LOCAL7",
			"user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7").atStart(),
		saveDirective,
		number("databases", func(c *config) *int64 { return &c.data.Databases }, 16, 1, 1<<20, "Invalid number of databases").atStart(),
		yesNo("stop-writes-on-bgsave-error", func(c *config) *bool { return &c.stopWritesOnError }, true),
		yesNo("rdbcompression", func(c *config) *bool { return &c.rdbCompression }, true),
		yesNo("rdbchecksum", func(c *config) *bool { return &c.rdbChecksum }, true).atStart(),
		text("dbfilename", func(c *config) *string { return &c.dbFilename }, "dump.rdb", noPath("dbfilename")),
		dirDirective,
		slaveofDirective,
		text("slave-announce-ip", func(c *config) *string { return &c.slaveAnnounceIP }, "", nil),
		text("masterauth", func(c *config) *string { return &c.masterAuth }, "", nil),
		yesNo("slave-serve-stale-data", func(c *config) *bool { return &c.slaveServeStale }, true),
		yesNo("slave-read-only", func(c *config) *bool { return &c.data.SlaveReadOnly }, true),
		number("repl-ping-slave-period", func(c *config) *int64 { return &c.replPingPeriod }, 10, 1, math.MaxInt32,
			"repl-ping-slave-period must be 1 or greater"),
		number("repl-timeout", func(c *config) *int64 { return &c.replTimeout }, 60, 1, math.MaxInt32, "repl-timeout must be 1 or greater"),
		backlogSizeDirective.then(func(s *Server) { s.repl.backlogResized(s) }),
		number("repl-backlog-ttl", func(c *config) *int64 { return &c.replBacklogTTL }, 3600, 0, math.MaxInt64, "repl-backlog-ttl can't be negative "),
		yesNo("repl-disable-tcp-nodelay", func(c *config) *bool { return &c.disableNoDelay }, false),
		yesNo("repl-diskless-sync", func(c *config) *bool { return &c.disklessSync }, false),
		number("repl-diskless-sync-delay", func(c *config) *int64 { return &c.disklessDelay }, 5, 0, math.MaxInt32,
			"repl-diskless-sync-delay can't be negative"),
		number("slave-priority", func(c *config) *int64 { return &c.slavePriority }, 100, 0, math.MaxInt32, ""),
		number("min-slaves-to-write", func(c *config) *int64 { return &c.minSlavesToWrite }, 0, 0, math.MaxInt32,
			"Invalid value for min-slaves-to-write.").then(refreshGoodReplicas),
		number("min-slaves-max-lag", func(c *config) *int64 { return &c.minSlavesMaxLag }, 10, 0, math.MaxInt32,
			"Invalid value for min-slaves-max-lag.").then(refreshGoodReplicas),
		text("requirepass", func(c *config) *string { return &c.RequirePass }, "", tooLongPassword),
		number("maxclients", func(c *config) *int64 { return &c.MaxClients }, 10000, 1, math.MaxInt32, "Invalid max clients limit"),
		size("maxmemory", func(c *config) *int64 { return &c.maxMemory }, 0, 0, conf.BadDirective).then((*Server).warnOfMaxMemory),
		size("proto-max-bulk-len", func(c *config) *int64 { return &c.MaxBulkLen }, 512<<20, 1, conf.BadDirective).then((*Server).bulkLimitChanged),
		size("client-query-buffer-limit", func(c *config) *int64 { return &c.QueryBufferLimit }, 1<<30, 1, conf.BadDirective),
		word("maxmemory-policy", func(c *config) *string { return &c.maxMemoryPolicy }, "noeviction", "Invalid maxmemory policy",
			"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"),
		number("maxmemory-samples", func(c *config) *int64 { return &c.maxMemorySamples }, 5, 1, math.MaxInt32, "maxmemory-samples must be 1 or greater"),
		number("lfu-log-factor", func(c *config) *int64 { return &c.lfuLogFactor }, 10, 0, math.MaxInt32, "lfu-log-factor must be greater than 0"),
		number("lfu-decay-time", func(c *config) *int64 { return &c.lfuDecayTime }, 1, 0, math.MaxInt32, "lfu-decay-time must be 1 or greater"),
		size("active-defrag-ignore-bytes", func(c *config) *int64 { return &c.defragIgnoreBytes }, 100<<20, 1, conf.BadDirective),
		number("active-defrag-threshold-lower", func(c *config) *int64 { return &c.defragThresholdLower }, 10, 0, 1000, ""),
		number("active-defrag-threshold-upper", func(c *config) *int64 { return &c.defragThresholdUpper }, 100, 0, 1000, ""),
		number("active-defrag-cycle-min", func(c *config) *int64 { return &c.defragCycleMin }, 25, 1, 99, ""),
		number("active-defrag-cycle-max", func(c *config) *int64 { return &c.defragCycleMax }, 75, 1, 99, ""),
		appendOnlyDirective,
		text("appendfilename", func(c *config) *string { return &c.appendFilename }, "appendonly.aof", noPath("appendfilename")).atStart().secret(),
		word("appendfsync", func(c *config) *string { return &c.appendFsync }, "everysec", "argument must be 'no', 'always' or 'everysec'",
			"everysec", "always", "no"),
		yesNo("no-appendfsync-on-rewrite", func(c *config) *bool { return &c.aofNoFsyncOnRewrite }, false),
		number("auto-aof-rewrite-percentage", func(c *config) *int64 { return &c.aofRewritePercent }, 100, 0, math.MaxInt32,
			"Invalid negative percentage for AOF auto rewrite"),
		size("auto-aof-rewrite-min-size", func(c *config) *int64 { return &c.aofRewriteMinSize }, 64<<20, 0, conf.BadDirective),
		number("lua-time-limit", func(c *config) *int64 { return &c.luaTimeLimit }, 5000, 0, math.MaxInt64, ""),
		number("slowlog-log-slower-than", func(c *config) *int64 { return &c.slowlogSlowerThan }, 10000, math.MinInt64, math.MaxInt64, ""),
		number("latency-monitor-threshold", func(c *config) *int64 { return &c.latencyThreshold }, 0, 0, math.MaxInt64,
			"The latency threshold can't be negative"),
		number("slowlog-max-len", func(c *config) *int64 { return &c.slowlogMaxLen }, 128, 0, math.MaxInt32, "").then((*Server).trimSlowlog),
		notifyDirective,
		number("hash-max-ziplist-entries", func(c *config) *int64 { return &c.hashMaxZiplistEntries }, 512, 0, math.MaxInt64, ""),
		number("hash-max-ziplist-value", func(c *config) *int64 { return &c.hashMaxZiplistValue }, 64, 0, math.MaxInt64, ""),
		number("list-max-ziplist-size", func(c *config) *int64 { return &c.listMaxZiplistSize }, -2, math.MinInt32, math.MaxInt32, ""),
		number("list-compress-depth", func(c *config) *int64 { return &c.listCompressDepth }, 0, 0, math.MaxInt32, ""),
		number("set-max-intset-entries", func(c *config) *int64 { return &c.setMaxIntsetEntries }, 512, 0, math.MaxInt64, ""),
		number("zset-max-ziplist-entries", func(c *config) *int64 { return &c.zsetMaxZiplistEntries }, 128, 0, math.MaxInt64, ""),
		number("zset-max-ziplist-value", func(c *config) *int64 { return &c.zsetMaxZiplistValue }, 64, 0, math.MaxInt64, ""),
		number("hll-sparse-max-bytes", func(c *config) *int64 { return &c.hllSparseMaxBytes }, 3000, 0, math.MaxInt64, ""),
		yesNo("activerehashing", func(c *config) *bool { return &c.activeRehash }, true),
		yesNo("activedefrag", func(c *config) *bool { return &c.activeDefrag }, false),
		yesNo("protected-mode", func(c *config) *bool { return &c.ProtectedMode }, true),
		outputLimitDirective,
		hzDirective,
		yesNo("aof-rewrite-incremental-fsync", func(c *config) *bool { return &c.aofRewriteFsync }, true),
		yesNo("aof-load-truncated", func(c *config) *bool { return &c.aofLoadTruncated }, true),
		yesNo("aof-use-rdb-preamble", func(c *config) *bool { return &c.aofRDBPreamble }, false),
		word("supervised", func(c *config) *string { return &c.supervised }, "no",
			"Invalid option for 'supervised'. Allowed values: 'upstart', 'systemd', 'auto', or 'no'",
			"upstart", "systemd", "auto", "no").atStart(),
		yesNo("lazyfree-lazy-eviction", func(c *config) *bool { return &c.lazyEviction }, false),
		yesNo("lazyfree-lazy-expire", func(c *config) *bool { return &c.data.LazyExpire }, false),
		yesNo("lazyfree-lazy-server-del", func(c *config) *bool { return &c.lazyServerDel }, false),
		yesNo("slave-lazy-flush", func(c *config) *bool { return &c.slaveLazyFlush }, false),
		yesNo("always-show-logo", func(c *config) *bool { return &c.alwaysShowLogo }, true).atStart().secret(),
		watchdogDirective,
		renameDirective,

		ignored("list-max-ziplist-entries"),
		ignored("list-max-ziplist-value"),
		ignored("cluster-config-file"),
		ignored("cluster-node-timeout"),
		ignored("cluster-migration-barrier"),
		ignored("cluster-slave-validity-factor"),
		ignored("cluster-require-full-coverage"),
		ignored("cluster-announce-ip"),
		ignored("cluster-announce-port"),
		ignored("cluster-announce-bus-port"),
		clusterDirective,
		refused("loadmodule", "modules are not available in this server"),
		refused("sentinel", "sentinel directive while not in sentinel mode"),
	}
}

// directiveNamed returns the option of that name in any case, or nil.
func (s *Server) directiveNamed(name string) *directive {
	for i := range s.directives {
		if strings.EqualFold(s.directives[i].name, name) {
			return &s.directives[i]
		}
	}
	return nil
}

// defaults is the configuration of a server without any configuration.
func (s *Server) defaults() config {
	c := config{dir: s.opts.Dir, table: s.front.Table}
	for i := range s.directives {
		if d := &s.directives[i]; d.byDefault != nil {
			d.byDefault(&c)
		}
	}
	return c
}

func refreshGoodReplicas(s *Server) { s.repl.refreshGood(s) }

func noPath(name string) func(string) string {
	return func(value string) string {
		if strings.Contains(value, "/") {
			return name + " can't be a path, just a filename"
		}
		return ""
	}
}

func tooLongPassword(value string) string {
	if len(value) > maxPassword {
		return "Password is longer than CONFIG_AUTHPASS_MAX_LEN"
	}
	return ""
}
