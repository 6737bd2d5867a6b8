package replication

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// markLength is the length of the mark that ends an RDB of unknown length. Redis 4.0: rdb.h, RDB_EOF_MARK_SIZE.
const markLength = 40

// beginTransfer takes +FULLRESYNC id offset: another history begins here, with the RDB that follows.
func (r *Replication) beginTransfer(line string) {
	words := strings.Fields(line)
	var offset int64
	ok := len(words) >= 3 && len(words[1]) == len(NoReplID)
	if ok {
		offset, ok = resp.ParseInt([]byte(words[2]))
	}
	if ok {
		r.link.id, r.link.offset = words[1], offset
		r.host.Log(node.LogNotice, "Full resync from master: "+words[1]+":"+itoa(offset))
	} else {
		r.host.Log(node.LogWarning, "Master replied with wrong +FULLRESYNC syntax.")
		r.link.preSync = true
	}
	r.state, r.link.lastIO = linkTransfer, r.unix()
}

// receiveRDB takes the line before the RDB, then the RDB. It returns false when more has to arrive.
// Redis 4.0: replication.c, readSyncBulkPayload.
func (r *Replication) receiveRDB() bool {
	l := &r.link
	if !l.counted {
		line, ok := l.line(maxCountLine)
		if ok {
			r.countLine(line)
		}
		return ok
	}
	if len(l.in) == 0 || l.rdb.whole {
		return false
	}
	l.lastIO = r.unix()
	n := int64(len(l.in))
	if l.rdb.mark == nil {
		n = min(n, l.rdb.size-l.rdb.received)
	}
	l.rdb.take(l.in[:n])
	l.in = l.in[n:]
	r.storeRDB(l.rdb)
	return false
}

// countLine takes a line before the RDB: signs of life, then how the RDB ends.
func (r *Replication) countLine(line string) {
	l := &r.link
	l.lastIO = r.unix()
	switch {
	case line == "":
		return
	case strings.HasPrefix(line, "-"):
		r.host.Log(node.LogWarning, "MASTER aborted replication with an error: "+line[1:])
		r.cancelHandshake()
		return
	case !strings.HasPrefix(line, "$"):
		r.host.Log(node.LogWarning, "Bad protocol from MASTER, the first byte is not '$' (we received '"+line+
			"'), are you sure the host and port are right?")
		r.cancelHandshake()
		return
	}
	if mark, ok := strings.CutPrefix(line, "$EOF:"); ok && len(mark) >= markLength {
		l.counted, l.rdb = true, r.newReception(0, []byte(mark[:markLength]))
		r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: receiving streamed RDB from master")
		return
	}
	size, ok := resp.ParseInt([]byte(line[1:]))
	if !ok || size < 0 {
		r.host.Log(node.LogWarning, "Bad protocol from MASTER, the length of the RDB is no number (we received '"+line+"')")
		r.cancelHandshake()
		return
	}
	l.counted, l.rdb = true, r.newReception(size, nil)
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: receiving "+strconv.FormatInt(size, 10)+" bytes from master")
	if size == 0 {
		l.rdb.whole = true
		r.storeRDB(l.rdb)
	}
}

// loadReceived turns the RDB, which lies whole beside its final place, into the dataset. What we had is good until here:
// had the transfer failed, its stream could still go on somewhere. Redis 4.0: replication.c, readSyncBulkPayload.
func (r *Replication) loadReceived(rdb *reception) {
	l := &r.link
	node.Assert(l.rdb == rdb && rdb.whole && !l.loading, "an RDB is loaded that has not come, or twice")
	if r.host.Saving() {
		r.host.Log(node.LogNotice, "Replica is about to load the RDB file received from the master, but there is a pending RDB child running. "+
			"Killing process "+strconv.Itoa(r.host.SavePID())+" and removing its temp file to avoid any race")
		r.host.KillSave()
	}
	file := r.host.NewFile()
	r.host.Foreground(func(ev *node.Event) {
		if ev.Err == node.ErrNone {
			rdb.over = true // it has its place
			r.loadInPlace(file, ev.N)
			return
		}
		r.host.Log(node.LogWarning, "Failed trying to rename the temp DB into dump.rdb in MASTER <-> SLAVE synchronization: "+string(ev.Err))
		r.cancelHandshake()
	}, node.FileStep{Kind: node.OpenFile, Path: rdb.path, File: file},
		node.FileStep{Kind: node.RenameFile, Path: rdb.path, To: r.host.RDBPath()})
}

// loadInPlace empties the dataset and loads the master's. The server refuses most commands meanwhile, and what follows
// the RDB waits at the master, whose limits it counts against. An RDB that cannot be loaded is the end, as in 4.0: what
// was there before is gone, and must not be missed by anybody who asks.
func (r *Replication) loadInPlace(file node.FileID, size int64) {
	r.link.loading = true
	r.discardCached()
	r.forgetStream()
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: Flushing old data")
	r.host.SetLoading(true)
	r.data.Empty()
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: Loading DB in memory")
	r.host.LoadRDB(file, size, func(loaded *keyspace.Loaded, err error) {
		if err != nil {
			r.host.Log(node.LogWarning, "Failed trying to load the MASTER synchronization DB from disk: "+err.Error())
			r.host.Die()
			return
		}
		r.install(loaded)
	})
}

// install puts the master's dataset in the place of ours, and follows the master's stream from there on.
func (r *Replication) install(loaded *keyspace.Loaded) {
	node.Assert(r.link.loading, "a dataset is installed that nobody loads")
	r.data.Replace(loaded.Keyspace)
	r.data.LoadScripts(loaded)
	r.host.SetLoading(false)
	m := &masterLink{id: r.link.id, applied: r.link.offset, preSync: r.link.preSync}
	if m.preSync {
		m.id = r.host.RandomHex(len(NoReplID)) // nobody may take this history for one that has a name elsewhere
	}
	if loaded.Repl != nil {
		m.db = loaded.Repl.StreamDB
	}
	r.id, r.Offset = m.id, m.applied
	r.forgetSecondID()
	r.openBacklog()
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: Finished with success")
	r.noteResync("fullresync")
	r.host.Replaced()
	r.noteDigest()
	r.follow(m)
}
