package replication

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// A cached master is a stream that stopped: which history, up to where, and which database was selected. It is what the
// next PSYNC asks to go on from.

// masterLost is called when the connection to the master is gone. The stream can go on later, unless it ended with
// bytes that were no commands, or in the middle of a command that waits.
// Redis 4.0: replication.c, replicationCacheMaster and replicationHandleMasterDisconnection.
func (r *Replication) masterLost(c *front.Client) {
	m := r.master
	if m == nil || m.client != c {
		return
	}
	r.host.Log(node.LogWarning, "Connection with master lost.")
	r.master = nil
	m.client = nil
	m.partial, m.read = nil, m.applied // what was not applied is asked for again
	if !c.Is(front.CloseAfterReply | front.Blocked) {
		r.host.Log(node.LogNotice, "Caching the disconnected master state.")
		m.db = c.DB
		r.cached = m
	}
	r.state = linkConnect
	r.downSince = r.unix()
}

// cacheMyself lets a master that becomes a replica ask its new master to go on from where it stands: that works if the
// other one was its replica and missed nothing. Redis 4.0: replication.c, replicationCacheMasterUsingMyself.
func (r *Replication) cacheMyself(db int) {
	r.host.Log(node.LogNotice, "Before turning into a slave, using my master parameters to synthesize a cached master: "+
		"I may be able to synchronize with the new master with just a partial transfer.")
	r.cached = &masterLink{id: r.id, applied: r.Offset, read: r.Offset, db: db}
}

// discardCached forgets where a stream stopped: the next synchronization is a full one.
func (r *Replication) discardCached() {
	if r.cached == nil {
		return
	}
	r.host.Log(node.LogNotice, "Discarding previously cached master state.")
	r.cached = nil
}

// continueStream takes +CONTINUE: the cached master's stream goes on, perhaps under a new name.
// Redis 4.0: replication.c, slaveTryPartialResynchronization and replicationResurrectCachedMaster.
func (r *Replication) continueStream(id string) {
	m := r.cached
	if m == nil { // nobody asked for that
		r.host.Log(node.LogWarning, "Unexpected reply to PSYNC from master: +CONTINUE "+id)
		r.cancelHandshake()
		return
	}
	r.host.Log(node.LogNotice, "Successful partial resynchronization with master.")
	if len(id) == len(NoReplID) && id != m.id {
		r.host.Log(node.LogWarning, "Master replication ID changed to "+id)
		r.secondID, r.secondOffset = m.id, r.Offset+1
		r.id, m.id = id, id
		r.disconnectReplicas() // they have to hear the new name too
	}
	r.cached = nil
	if !r.backlog.active {
		r.openBacklog() // restarted from an RDB
	}
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync: Master accepted a Partial Resynchronization.")
	r.noteResync("continue")
	r.follow(m)
}

// follow makes the handshake's connection a client that feeds us m's stream from m.applied on.
// Redis 4.0: replication.c, replicationCreateMasterClient.
func (r *Replication) follow(m *masterLink) {
	if m.id == r.id && m.applied != r.Offset {
		node.Assert(false, "the stream goes on at %d, the offset is %d", m.applied, r.Offset)
	}
	l := r.link
	if l.timing {
		r.front.Out.StopTimer(timerLine)
	}
	r.readLink()
	r.link = link{}
	c := r.front.NewClient(l.conn, l.local, l.remote)
	c.State |= front.Master
	c.Authenticated = true
	c.DB = m.db
	m.client, m.read = c, m.applied
	r.master = m
	r.state = linkConnected
	r.downSince = 0
	if l.closed {
		r.front.Forget(c)
		return
	}
	if len(l.in) > 0 {
		r.front.Feed(c, l.in)
		r.front.Process(c)
	}
}
