package replication

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// markLength is the length of the mark that ends an RDB of unknown length. Redis 4.0: rdb.h, RDB_EOF_MARK_SIZE.
const markLength = 40

// loadResult is what came of a file.
type loadResult struct {
	loaded *keyspace.Loaded
	err    error
}

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
	r.discardCached()
	r.forgetStream()
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
	if len(l.in) == 0 {
		return false
	}
	l.lastIO = r.unix()
	if l.mark == nil {
		n := min(len(l.in), int(l.size)-len(l.rdb))
		l.rdb = append(l.rdb, l.in[:n]...)
		l.in = l.in[n:]
		if int64(len(l.rdb)) == l.size {
			r.loadReceived()
		}
		return false
	}
	// The mark may arrive in pieces, so it is looked for at the end of everything so far.
	l.rdb = append(l.rdb, l.in...)
	l.in = nil
	if bytes.HasSuffix(l.rdb, l.mark) {
		l.rdb = l.rdb[:len(l.rdb)-len(l.mark)]
		r.loadReceived()
	}
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
		l.counted, l.mark = true, []byte(mark[:markLength])
		r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: receiving streamed RDB from master")
		return
	}
	size, ok := resp.ParseInt([]byte(line[1:]))
	if !ok || size < 0 {
		r.host.Log(node.LogWarning, "Bad protocol from MASTER, the length of the RDB is no number (we received '"+line+"')")
		r.cancelHandshake()
		return
	}
	l.counted, l.size = true, size
	l.rdb = make([]byte, 0, min(size, 64<<20)) // more is believed when it comes
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: receiving "+strconv.FormatInt(size, 10)+" bytes from master")
	if size == 0 {
		r.loadReceived()
	}
}

// loadReceived turns the RDB into the dataset. It is decoded beside the server, which refuses most commands meanwhile
// as 4.0 does, and takes the old data's place only when it is known to be whole: an RDB that is not costs the link and
// a second, where 4.0 exits.
func (r *Replication) loadReceived() {
	l := &r.link
	l.loading = true
	r.host.SetLoading(true)
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: Flushing old data")
	if r.host.Saving() {
		r.host.Log(node.LogNotice, "Replica is about to load the RDB file received from the master, but there is a pending RDB child running. "+
			"Killing process "+strconv.Itoa(r.host.SavePID())+" and removing its temp file to avoid any race")
		r.host.KillSave()
	}
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: Loading DB in memory")
	data, how := l.rdb, r.host.LoadOptions(false)
	r.host.Work(len(data), func() any {
		loaded, err := keyspace.Load(data, how)
		return loadResult{loaded, err}
	}, func(ev *node.Event) { r.decodeDone(ev.Result.(loadResult)) })
}

func (r *Replication) decodeDone(l loadResult) {
	if !r.link.loading {
		return // given up meanwhile
	}
	if l.err != nil {
		r.loadFailed("Failed trying to load the MASTER synchronization DB from disk: " + l.err.Error())
		return
	}
	// The file is synced before it takes the place of the old one: after a power loss one of them is whole.
	temp := r.host.InDir("temp-" + itoa(r.unix()) + "." + strconv.Itoa(r.host.PID()) + ".rdb")
	name := r.host.RDBPath()
	r.host.Foreground(func(ev *node.Event) {
		if ev.Err == node.ErrNone {
			r.install(l.loaded)
			return
		}
		if ev.N < 2 {
			r.loadFailed("Write error or short write writing to the DB dump file needed for MASTER <-> SLAVE synchronization: " + string(ev.Err))
		} else {
			r.loadFailed("Failed trying to rename the temp DB into dump.rdb in MASTER <-> SLAVE synchronization: " + string(ev.Err))
		}
	},
		node.FileStep{Kind: node.WriteFile, Path: temp, Data: r.link.rdb},
		node.FileStep{Kind: node.SyncFile, Path: temp},
		node.FileStep{Kind: node.RenameFile, Path: temp, To: name})
}

// loadFailed keeps the data that we have and tries again in a second.
func (r *Replication) loadFailed(reason string) {
	r.host.SetLoading(false)
	r.host.Log(node.LogWarning, reason)
	if r.link.closed {
		r.link.conn = 0
	}
	r.cancelHandshake()
}

// install puts the master's dataset in the place of ours, and follows the master's stream from there on.
func (r *Replication) install(loaded *keyspace.Loaded) {
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
	r.follow(m)
}
