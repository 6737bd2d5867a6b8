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
	RDBPath() string          // of the snapshot
	InDir(name string) string // the absolute path of a file
	// StartSave starts a snapshot, and says false if there is one already. To disk, it ends with SaveDone. For sockets,
	// NextPiece has its next piece made, which SavePiece brings, and StreamEnded ends it.
	StartSave(kind SaveKind) bool
	NextPiece()
	StreamEnded()
	Saving() bool // a snapshot is under way
	SavePID() int // the process ID that the log shows for it
	// Rewriting says that an append only file is being rewritten: until that is over, no snapshot can start.
	Rewriting() bool
	// Replaced tells that the dataset is the master's from here on, and not what an append only file holds.
	Replaced()
	KillSave() // SaveDone follows at once
	// NewChecker checks whether an RDB of size bytes, 0: nobody knows, can be loaded.
	NewChecker(size int64) *keyspace.Checker
	// Work runs fn over size bytes beside the server.
	Work(size int, fn func() any, done func(*node.Event))
	// Background runs a file job beside the server, Foreground one that the whole server waits for; NewFile names a file
	// that a job is to open.
	Background(done func(*node.Event), steps ...node.FileStep)
	Foreground(done func(*node.Event), steps ...node.FileStep)
	NewFile() node.FileID
	// LoadRDB reads an open file of size bytes, as a replica does, beside the server, closes it and calls done.
	LoadRDB(file node.FileID, size int64, done func(*keyspace.Loaded, error))
	// Die ends the server because it cannot go on.
	Die()
}

// SavedRDB is a snapshot on disk, open to be read: File is 0 if nobody wanted it, Size is in bytes.
type SavedRDB struct {
	File node.FileID
	Size int64
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
