package replication

import (
	"slices"
	"strconv"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Feed puts a command into the stream of a master. It does nothing on a replica, whose stream is its master's.
// Redis 4.0: replication.c, replicationFeedSlaves.
func (r *Replication) Feed(db int, args [][]byte) {
	if !r.IsMaster() || (!r.backlog.active && len(r.replicas) == 0) {
		return
	}
	b := r.scratch[:0]
	if r.streamDB != db {
		b = appendSelect(b, db)
		r.streamDB = db
	}
	b = resp.AppendCommandBytes(b, args)
	r.emit(b)
	r.keepScratch(b)
}

// OpenTransaction puts MULTI into the stream of a master, unless it is there already.
func (r *Replication) OpenTransaction(db int) {
	if r.IsMaster() && !r.inTransaction {
		r.inTransaction = true
		r.Feed(db, front.Words("MULTI"))
	}
}

// CloseTransaction puts exec, an EXEC, into the stream if MULTI is there: the server may have become a master in between, or its
// transaction may have been closed when it became a replica.
func (r *Replication) CloseTransaction(db int, exec [][]byte) {
	if r.inTransaction {
		r.inTransaction = false
		r.Feed(db, exec)
	}
}

// feedWords is feed for the commands that a master makes up itself. They touch no database, so they never select one.
func (r *Replication) feedWords(words ...string) {
	if !r.IsMaster() || !r.backlog.active {
		return
	}
	b := resp.AppendCommand(r.scratch[:0], words...)
	r.emit(b)
	r.keepScratch(b)
}

// keepScratch keeps the memory for the next command, unless one huge command made it huge.
func (r *Replication) keepScratch(b []byte) {
	if cap(b) <= 1<<20 {
		r.scratch = b[:0]
	}
}

func appendSelect(b []byte, db int) []byte {
	b = resp.AppendArray(b, 2)
	b = resp.AppendBulkString(b, "SELECT")
	return resp.AppendBulkInt(b, int64(db))
}

// emit appends b to the history: to the backlog and to every replica that is past the start of its snapshot.
// On a master b is a command, on a replica what it has just applied.
func (r *Replication) emit(b []byte) {
	node.Assert(r.backlog.active, "bytes for the stream and no backlog to keep them")
	r.Offset += int64(len(b))
	r.backlog.append(b, r.Offset)
	r.checkBacklog()
	for _, c := range r.replicas {
		if replicaOf(c).phase != waitSaveStart { // its snapshot will hold b
			r.front.Write(c, b)
		}
	}
}

// pingReplicas tells the replicas that the master lives. The PING is part of the history and counts, so one that nobody
// hears would keep us from going on with the history of a replica that is promoted meanwhile (#7002): replicas acknowledge
// every second, and while none is heard of there is no PING.
func (r *Replication) pingReplicas() {
	if !r.IsMaster() || !slices.ContainsFunc(r.replicas, r.isHeard) {
		return
	}
	r.feedWords("PING")
	r.noteDigest()
}

// silenceMost is for how long a replica is believed to hear us that does not acknowledge, in seconds.
const silenceMost = 2

// isHeard says whether c shows signs of life, or is one that never does: of old versions.
func (r *Replication) isHeard(c *front.Client) bool {
	p := replicaOf(c)
	return p.phase == replicaOnline && (c.Is(front.PreSync) || r.unix()-p.ackTime <= silenceMost)
}

// Fed counts what arrived from the master; c has parsed none of it yet.
func (r *Replication) Fed(c *front.Client, n int) {
	if m := r.master; m != nil && m.client == c {
		m.read += int64(n)
	}
}

// Applied passes on what the master's last command was, now that it has been executed: to our backlog and our own
// replicas, byte for byte. Within a transaction it waits for EXEC, so that nobody ever holds half of one.
// Redis 4.0: networking.c, processInputBufferAndReplicate; replication.c, replicationFeedSlavesFromMasterStream.
func (r *Replication) Applied(c *front.Client) {
	m := r.master
	if m == nil || m.client != c {
		return // the command ended the link
	}
	raw := c.In.Raw()
	if c.Is(front.InMulti) {
		m.partial = append(m.partial, raw...)
		return
	}
	if len(m.partial) > 0 {
		m.partial = append(m.partial, raw...)
		raw = m.partial
		m.partial = m.partial[:0]
	}
	m.applied += int64(len(raw))
	if m.applied != m.read-int64(c.In.Buffered()) {
		node.Assert(false, "applied up to %d, but %d bytes were read and %d are not parsed", m.applied, m.read, c.In.Buffered())
	}
	r.emit(raw)
	if r.host.Notes() && c.Last != nil && c.Last.Name == "ping" {
		r.noteDigest()
	}
}

// EmptyLine is a line without words: a replica's sign of life while it loads.
// Redis 4.0: networking.c, processInlineBuffer.
func (r *Replication) EmptyLine(c *front.Client) {
	if c.Is(front.Replica) {
		replicaOf(c).ackTime = r.unix()
	}
	if m := r.master; m != nil && m.client == c {
		m.partial = append(m.partial, c.In.Raw()...) // counts with the next command
	}
}

// Failed logs an error between master and replica: their datasets may differ from here on. Only errors that
// Redis makes up on the spot are logged, as in 4.0. Redis 4.0: networking.c, addReplyErrorLength.
func (r *Replication) Failed(c *front.Client, text string) {
	if !c.Is(front.Master|front.Replica) || len(text) < 4 || text[:4] != "ERR " || sharedErrors[text] {
		return
	}
	from, to := "slave", "master"
	if c.Is(front.Replica) {
		from, to = to, from
	}
	cmd := "<unknown>"
	if c.Last != nil {
		cmd = c.Last.Name
	}
	r.host.Log(node.LogWarning, "== CRITICAL == This "+from+" is sending an error to its "+to+": '"+text[4:]+
		"' after processing the command '"+cmd+"'")
}

// sharedErrors are sent without being logged. Redis 4.0: server.c, createSharedObjects.
var sharedErrors = map[string]bool{
	"ERR syntax error": true, "ERR no such key": true, "ERR index out of range": true,
	"ERR source and destination objects are the same": true,
}

// BeforeSend does what concerns all replicas once a step: it asks them for their offsets if somebody waits for them,
// and wakes those who have waited long enough. Redis 4.0: server.c, beforeSleep.
func (r *Replication) BeforeSend() {
	for r.askACK || r.acked {
		if r.askACK {
			r.askACK = false
			r.feedWords("REPLCONF", "GETACK", "*")
		}
		r.acked = false
		r.serveWaiting() // whose next commands may be WAITs again
	}
	r.setWaitTimer()
	r.noteChange()
}

// itoa renders a number for a log line or a command.
func itoa(n int64) string { return strconv.FormatInt(n, 10) }
