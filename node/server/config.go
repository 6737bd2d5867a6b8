package server

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/replication"
)

// config is what the server is configured to, in the units of redis.conf. directives.go says what each directive is
// called, what it may be and how it is read and printed.
type config struct {
	front.Settings                   // about clients; the first address of bind is the source of dialled connections
	data           commands.Settings // about data
	repl           replication.Settings

	// Network and clients.
	port              int64        // 0: no TCP
	table             *front.Table // which rename-command changes
	slowlogSlowerThan int64        // µs; negative: off
	slowlogMaxLen     int64
	latencyThreshold  int64 // ms, 0: off

	// The process.
	daemonize      bool
	unixSocket     string
	unixSocketPerm int64 // 0: as the process makes it
	pidFile        string
	logLevel       node.LogLevel
	logFile        string // relative to dir; "": standard output
	alwaysShowLogo bool
	dirGiven       bool   // it has to be there
	dir            string // absolute
	hz             int64

	// Persistence.
	savePoints        []savePoint
	dbFilename        string
	rdbCompression    bool
	rdbChecksum       bool
	stopWritesOnError bool

	// The append only file.
	appendOnly            bool   // as the file says it; what holds now is appendOnly.state
	appendFilename        string // in dir, no path
	appendFsync           string // fsyncAlways, fsyncEverySec, fsyncNo
	noFsyncOnRewrite      bool
	autoRewritePercentage int64 // growth that starts a rewrite, in percent; 0: none does
	autoRewriteMinSize    int64 // bytes
	aofIncrementalSync    bool
	aofLoadTruncated      bool
	aofPreamble           bool

	// Replication.
	slaveServeStale bool

	// Memory and data types.
	hashMaxZiplistEntries int64
	hashMaxZiplistValue   int64
	listMaxZiplistSize    int64
	setMaxIntsetEntries   int64
	zsetMaxZiplistEntries int64
	zsetMaxZiplistValue   int64
	hllSparseMaxBytes     int64
}

// savePoint asks for a snapshot when changes came within seconds.
type savePoint struct{ seconds, changes int64 }
