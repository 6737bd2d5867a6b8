package replication

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// SaveKind says where a snapshot that is made beside the server goes.
type SaveKind uint8

// The kinds of snapshots.
const (
	SaveToDisk    SaveKind = iota // the RDB file; replicas may get its bytes too
	SaveToSockets                 // to waiting replicas only
)

// Host is the server whose data is replicated.
type Host interface {
	Log(level node.LogLevel, text string)
	// Notes says whether observations are wanted; Note puts one into the history.
	Notes() bool
	Note(n node.Note)
	RandomHex(n int) string // n hexadecimal digits of the server's random stream
	RunID() string
	PID() int
	Port() int64         // where clients are served
	SlaveReadOnly() bool // slave-read-only
	// Current is the client whose command is running, nil for none: it must not be freed.
	Current() *front.Client

	// IsLoading says whether a dataset is being loaded, so that most commands are refused; SetLoading changes that.
	IsLoading() bool
	SetLoading(yes bool)
	// LoadOptions are how an RDB is read; one of a master keeps no key that has expired.
	LoadOptions(isMaster bool) keyspace.LoadOptions
	RDBPath() string          // of the snapshot
	InDir(name string) string // the absolute path of a file
	// StartSave starts a snapshot, and says false if there is one already. It ends with SaveDone.
	StartSave(kind SaveKind) bool
	Saving() bool // a snapshot is under way
	SavePID() int // the process ID that the log shows for it
	KillSave()
	// Work runs fn, a pure function over size bytes, beside the server; Foreground runs a file job that the whole
	// server waits for.
	Work(size int, fn func() any, done func(*node.Event))
	Foreground(done func(*node.Event), steps ...node.FileStep)
}

// Settings are the directives that are about replication, in the units of redis.conf.
type Settings struct {
	MasterHost       string // slaveof as the file says it; what holds now is the replication's own state
	MasterPort       int64
	MasterAuth       string
	Diskless         bool
	DisklessDelay    int64 // seconds
	PingPeriod       int64 // seconds
	Timeout          int64 // seconds
	BacklogSize      int64 // bytes, at least MinBacklog
	BacklogTTL       int64 // seconds, 0: never freed
	Priority         int64
	MinSlavesToWrite int64
	MinSlavesMaxLag  int64 // seconds
	AnnounceIP       string
	AnnouncePort     int64
}

// Stats are counters since the start or CONFIG RESETSTAT.
type Stats struct{ Full, PartialOK, PartialErr int64 }

// MinBacklog is the smallest backlog in bytes; smaller sizes are raised without a word.
// Redis 4.0: server.h, CONFIG_REPL_BACKLOG_MIN_SIZE.
const MinBacklog = 16 << 10
