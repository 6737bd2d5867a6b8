package server

import (
	"github.com/ordeal-go/ordeal/node"
)

// saveKind says where a snapshot that is made beside the server goes.
type saveKind uint8

const (
	saveToDisk    saveKind = iota // the RDB file; replicas may get its bytes too
	saveToSockets                 // to waiting replicas only
)

// persistence is the state of snapshots: what Redis has a child process for is one job at a time beside the server.
type persistence struct {
	running    bool // a job is under way; the next fields are about it
	kind       saveKind
	generation int64 // number of the job; a job that was killed finds that it is not this one any more
	pid        int   // the process ID that the log shows for it
	dirty      int64 // s.dirty when it started
	since      node.Instant

	lastSave    node.Instant
	lastTry     node.Instant
	lastSeconds int64 // how long the last one took, -1: there was none
	failed      bool  // the last one failed
}
