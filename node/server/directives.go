package server

import (
	"math"
	"strings"

	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// directiveTable returns all options, in the order in which CONFIG REWRITE adds them to a file.
// Redis 4.0: config.c, rewriteConfig, loadServerConfigFromString.
func directiveTable() []directive {
	return []directive{
		yesNo("daemonize", func(c *config) *bool { return &c.daemonize }, false).atStart(),
		text("pidfile", func(c *config) *string { return &c.pidFile }, "", nil).atStart(),
		number("port", func(c *config) *int64 { return &c.port }, 6379, 0, 65535, front.BadPort).atStart(),
		fixed("tcp-backlog", "511", noKernelSettings).atStart(),
		bindDirective,
		text("unixsocket", func(c *config) *string { return &c.unixSocket }, "", nil).atStart(),
		unixSocketPermDirective,
		number("timeout", func(c *config) *int64 { return &c.Timeout }, 0, 0, math.MaxInt32, front.BadTimeout),
		fixed("tcp-keepalive", "300", noKernelSettings),
		number("slave-announce-port", func(c *config) *int64 { return &c.repl.AnnouncePort },
			0, 0, 65535, front.BadPort),
		logLevelDirective,
		text("logfile", func(c *config) *string { return &c.logFile }, "", nil).atStart(),
		fixed("syslog-enabled", "no", noSyslog).atStart().secret(),
		fixed("syslog-ident", "redis", noSyslog).atStart().secret(),
		fixed("syslog-facility", "local0", noSyslog).atStart(),
		saveDirective,
		number("databases", func(c *config) *int64 { return &c.data.Databases },
			16, 1, 1<<20, "Invalid number of databases").atStart(),
		yesNo("stop-writes-on-bgsave-error", func(c *config) *bool { return &c.stopWritesOnError }, true),
		yesNo("rdbcompression", func(c *config) *bool { return &c.rdbCompression }, true),
		yesNo("rdbchecksum", func(c *config) *bool { return &c.rdbChecksum }, true).atStart(),
		text("dbfilename", func(c *config) *string { return &c.dbFilename }, "dump.rdb", noPath("dbfilename")),
		dirDirective,
		slaveofDirective,
		text("slave-announce-ip", func(c *config) *string { return &c.repl.AnnounceIP }, "", nil),
		text("masterauth", func(c *config) *string { return &c.repl.MasterAuth }, "", nil),
		yesNo("slave-serve-stale-data", func(c *config) *bool { return &c.slaveServeStale }, true),
		yesNo("slave-read-only", func(c *config) *bool { return &c.data.SlaveReadOnly }, true),
		number("repl-ping-slave-period", func(c *config) *int64 { return &c.repl.PingPeriod }, 10, 1, math.MaxInt32,
			"repl-ping-slave-period must be 1 or greater"),
		number("repl-timeout", func(c *config) *int64 { return &c.repl.Timeout },
			60, 1, math.MaxInt32, "repl-timeout must be 1 or greater"),
		backlogSizeDirective.then(func(s *Server) { s.repl.BacklogResized() }),
		number("repl-backlog-ttl", func(c *config) *int64 { return &c.repl.BacklogTTL },
			3600, 0, math.MaxInt64, "repl-backlog-ttl can't be negative "),
		fixed("repl-disable-tcp-nodelay", "no", noKernelSettings),
		yesNo("repl-diskless-sync", func(c *config) *bool { return &c.repl.Diskless }, false),
		number("repl-diskless-sync-delay", func(c *config) *int64 { return &c.repl.DisklessDelay }, 5, 0, math.MaxInt32,
			"repl-diskless-sync-delay can't be negative"),
		number("slave-priority", func(c *config) *int64 { return &c.repl.Priority }, 100, 0, math.MaxInt32, ""),
		number("min-slaves-to-write", func(c *config) *int64 { return &c.repl.MinSlavesToWrite }, 0, 0, math.MaxInt32,
			"Invalid value for min-slaves-to-write.").then(refreshGoodReplicas),
		number("min-slaves-max-lag", func(c *config) *int64 { return &c.repl.MinSlavesMaxLag }, 10, 0, math.MaxInt32,
			"Invalid value for min-slaves-max-lag.").then(refreshGoodReplicas),
		text("requirepass", func(c *config) *string { return &c.RequirePass }, "", front.TooLongPassword),
		number("maxclients", func(c *config) *int64 { return &c.MaxClients },
			10000, 1, math.MaxInt32, front.BadMaxClients),
		size("maxmemory", func(c *config) *int64 { return &c.data.MaxMemory }, 0, 0, conf.BadDirective).then((*Server).maxMemoryChanged),
		size("proto-max-bulk-len", func(c *config) *int64 { return &c.MaxBulkLen },
			512<<20, 1, conf.BadDirective).then((*Server).bulkLimitChanged),
		size("client-query-buffer-limit", func(c *config) *int64 { return &c.QueryBufferLimit },
			1<<30, 1, conf.BadDirective),
		word("maxmemory-policy", func(c *config) *string { return &c.data.Policy },
			"noeviction", "Invalid maxmemory policy", commands.Policies...).then(policyChanged),
		number("maxmemory-samples", func(c *config) *int64 { return &c.data.Samples },
			5, 1, math.MaxInt32, "maxmemory-samples must be 1 or greater"),
		number("lfu-log-factor", func(c *config) *int64 { return &c.data.LFULogFactor }, 10, 0, math.MaxInt32,
			"lfu-log-factor must be 0 or greater"),
		number("lfu-decay-time", func(c *config) *int64 { return &c.data.LFUDecayTime }, 1, 0, math.MaxInt32,
			"lfu-decay-time must be 0 or greater"),
		fixed("active-defrag-ignore-bytes", "104857600", noDefrag),
		fixed("active-defrag-threshold-lower", "10", noDefrag),
		fixed("active-defrag-threshold-upper", "100", noDefrag),
		fixed("active-defrag-cycle-min", "25", noDefrag),
		fixed("active-defrag-cycle-max", "75", noDefrag),
		appendOnlyDirective,
		text("appendfilename", func(c *config) *string { return &c.appendFilename },
			"appendonly.aof", noPath("appendfilename")).atStart().secret(),
		word("appendfsync", func(c *config) *string { return &c.appendFsync }, fsyncEverySec,
			"argument must be 'no', 'always' or 'everysec'", fsyncAlways, fsyncEverySec, fsyncNo),
		yesNo("no-appendfsync-on-rewrite", func(c *config) *bool { return &c.noFsyncOnRewrite }, false),
		number("auto-aof-rewrite-percentage", func(c *config) *int64 { return &c.autoRewritePercentage },
			100, 0, math.MaxInt32, "Invalid negative percentage for AOF auto rewrite"),
		size("auto-aof-rewrite-min-size", func(c *config) *int64 { return &c.autoRewriteMinSize }, 64<<20, 0, conf.BadDirective),
		number("lua-time-limit", func(c *config) *int64 { return &c.data.LuaTimeLimit },
			5000, math.MinInt64, math.MaxInt64, ""),
		number("slowlog-log-slower-than", func(c *config) *int64 { return &c.slowlogSlowerThan },
			10000, math.MinInt64, math.MaxInt64, ""),
		number("latency-monitor-threshold", func(c *config) *int64 { return &c.latencyThreshold }, 0, 0, math.MaxInt64,
			"The latency threshold can't be negative"),
		number("slowlog-max-len", func(c *config) *int64 { return &c.slowlogMaxLen },
			128, 0, math.MaxInt32, "").then((*Server).trimSlowlog),
		notifyDirective,
		number("hash-max-ziplist-entries", func(c *config) *int64 { return &c.hashMaxZiplistEntries },
			512, 0, math.MaxInt32, "").then(limitsChanged),
		number("hash-max-ziplist-value", func(c *config) *int64 { return &c.hashMaxZiplistValue },
			64, 0, math.MaxInt32, "").then(limitsChanged),
		number("list-max-ziplist-size", func(c *config) *int64 { return &c.listMaxZiplistSize },
			-2, math.MinInt32, math.MaxInt32, "").then(limitsChanged),
		fixed("list-compress-depth", "0", noListCompression),
		number("set-max-intset-entries", func(c *config) *int64 { return &c.setMaxIntsetEntries },
			512, 0, math.MaxInt32, "").then(limitsChanged),
		number("zset-max-ziplist-entries", func(c *config) *int64 { return &c.zsetMaxZiplistEntries },
			128, 0, math.MaxInt32, "").then(limitsChanged),
		number("zset-max-ziplist-value", func(c *config) *int64 { return &c.zsetMaxZiplistValue },
			64, 0, math.MaxInt32, "").then(limitsChanged),
		number("hll-sparse-max-bytes", func(c *config) *int64 { return &c.hllSparseMaxBytes },
			3000, 0, math.MaxInt32, "").then(limitsChanged),
		fixed("activerehashing", "yes", alwaysRehashes),
		fixed("activedefrag", "no", noDefrag),
		yesNo("protected-mode", func(c *config) *bool { return &c.ProtectedMode }, true),
		outputLimitDirective,
		hzDirective,
		yesNo("aof-rewrite-incremental-fsync", func(c *config) *bool { return &c.aofIncrementalSync }, true),
		yesNo("aof-load-truncated", func(c *config) *bool { return &c.aofLoadTruncated }, true),
		yesNo("aof-use-rdb-preamble", func(c *config) *bool { return &c.aofPreamble }, false),
		fixed("supervised", "no", noSupervision).atStart(),
		yesNo("lazyfree-lazy-eviction", func(c *config) *bool { return &c.data.LazyEviction }, false),
		yesNo("lazyfree-lazy-expire", func(c *config) *bool { return &c.data.LazyExpire }, false),
		fixed("lazyfree-lazy-server-del", "no", alwaysLazy),
		fixed("slave-lazy-flush", "no", alwaysLazy),
		yesNo("always-show-logo", func(c *config) *bool { return &c.alwaysShowLogo }, true).atStart().secret(),
		fixed("watchdog-period", "0", noWatchdog).atRuntime(),
		renameDirective,

		refused("list-max-ziplist-entries", "list-max-ziplist-entries has meant nothing since Redis 3.2: remove the line, and see list-max-ziplist-size"),
		refused("list-max-ziplist-value", "list-max-ziplist-value has meant nothing since Redis 3.2: remove the line, and see list-max-ziplist-size"),
		refused("cluster-config-file", noCluster),
		refused("cluster-node-timeout", noCluster),
		refused("cluster-migration-barrier", noCluster),
		refused("cluster-slave-validity-factor", noCluster),
		refused("cluster-require-full-coverage", noCluster),
		refused("cluster-announce-ip", noCluster),
		refused("cluster-announce-port", noCluster),
		refused("cluster-announce-bus-port", noCluster),
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

// limitsChanged tells the dataset up to which sizes collections are held compactly.
func limitsChanged(s *Server) {
	c := &s.cfg
	*s.data.KS.Limits() = value.Limits{HashEntries: int(c.hashMaxZiplistEntries), HashValue: int(c.hashMaxZiplistValue),
		ListSize: listSize(c.listMaxZiplistSize), SetInts: int(c.setMaxIntsetEntries), ZSetEntries: int(c.zsetMaxZiplistEntries),
		ZSetValue: int(c.zsetMaxZiplistValue), HLLSparse: int(c.hllSparseMaxBytes)}
}

// listSize brings list-max-ziplist-size into what it means: sizes end at -5, and a node holds an element at least.
// Redis 4.0: quicklist.c, quicklistSetFill.
func listSize(n int64) int {
	const smallest, most = -5, 1<<15 - 1
	if n == 0 {
		return 1
	}
	return int(min(max(n, smallest), most))
}

// policyChanged has keys that are used from now on marked as the policy wants it, and those that were sampled by another
// one forgotten.
func policyChanged(s *Server) {
	s.data.SetClock()
	s.data.ForgetCandidates()
}

func refreshGoodReplicas(s *Server) { s.repl.RefreshGood() }

func noPath(name string) func(string) string {
	return func(value string) string {
		if strings.Contains(value, "/") {
			return name + " can't be a path, just a filename"
		}
		return ""
	}
}
