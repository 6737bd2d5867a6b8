package replication

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// slaveofCommand is SLAVEOF host port and SLAVEOF NO ONE. Redis 4.0: replication.c, slaveofCommand.
func (r *Replication) slaveofCommand(c *front.Call) {
	if equalFold(c.Args[1], "no") && equalFold(c.Args[2], "one") {
		if !r.IsMaster() {
			r.promote()
			r.host.Log(node.LogNotice, "MASTER MODE enabled (user request from '"+r.front.Line(c.Client)+"')")
		}
		c.OK()
		return
	}
	if c.Is(front.Replica) {
		c.Error("ERR Command is not valid when client is a replica.")
		return
	}
	port, ok := resp.ParseInt(c.Args[2])
	if !ok {
		c.Error("ERR value is not an integer or out of range")
		return
	}
	host := string(c.Args[1])
	if !r.IsMaster() && equalFold(c.Args[1], r.masterHost) && r.masterPort == int(port) {
		r.host.Log(node.LogNotice, "SLAVE OF would result into synchronization with the master we are already connected with. No operation performed.")
		c.Simple("OK Already connected to specified master")
		return
	}
	r.closeOpenTransaction()
	r.setMaster(host, int(port))
	r.host.Log(node.LogNotice, "SLAVE OF "+host+":"+strconv.FormatInt(port, 10)+" enabled (user request from '"+r.front.Line(c.Client)+"')")
	c.OK()
}

// closeOpenTransaction ends a transaction that stands in the stream before the history is given away. 4.0 appends its
// EXEC after the cached master's offset is fixed, and is 14 bytes ahead of its master ever after.
func (r *Replication) closeOpenTransaction() {
	if r.inTransaction {
		r.feedWords("EXEC")
		r.inTransaction = false
	}
}

// setMaster makes us follow host:port, from the next second on. Redis 4.0: replication.c, replicationSetMaster.
func (r *Replication) setMaster(host string, port int) {
	wasMaster := r.IsMaster()
	r.masterHost, r.masterPort = host, port
	r.data.ForgetTold()
	if r.master != nil {
		r.front.Free(r.master.client)
	}
	r.unblockAll()
	r.data.UnblockAll()
	r.disconnectReplicas()
	r.cancelHandshake()
	if wasMaster {
		r.discardCached()
		r.cacheMyself(0) // the new master's stream begins with SELECT
	}
	r.state = linkConnect
}

// promote makes us a master whose history goes on from our old master's. The order is that of 4.0, and its log lines
// carry the role M because the master's name goes first. Redis 4.0: replication.c, replicationUnsetMaster.
func (r *Replication) promote() {
	r.masterHost = ""
	r.data.ForgetTold()
	r.shiftID()
	if r.master != nil {
		r.front.Free(r.master.client)
	}
	r.discardCached()
	r.cancelHandshake()
	r.disconnectReplicas()
	r.state = linkNone
	r.streamDB = -1
	r.noReplicasSince = r.unix()
	r.host.Note(node.Note{Kind: node.NotePromoted, ReplID: r.id, ReplID2: r.secondID, Offset: r.Offset, Offset2: r.secondOffset})
}

// Configured takes over what the configuration says: from here on the server knows its role.
func (r *Replication) Configured() {
	r.ChangeID()
	r.noReplicasSince = r.unix()
	r.backlog.size = max(r.cfg.BacklogSize, MinBacklog)
	if r.cfg.MasterHost == "" {
		return
	}
	r.masterHost, r.masterPort, r.state = r.cfg.MasterHost, int(r.cfg.MasterPort), linkConnect
}

// Start begins replication when the dataset is loaded. saved is the position that its RDB names, nil if it names none.
// A master ignores it: what was written after the RDB nobody knows. Redis 4.0: server.c, loadDataFromDisk.
func (r *Replication) Start(saved *keyspace.ReplInfo) {
	if !r.IsMaster() && saved != nil {
		r.id, r.Offset = saved.ID, saved.Offset
		r.cacheMyself(saved.StreamDB)
	}
}

// RDBAux is the position in the stream that a snapshot taken now corresponds to, nil if that has no name.
// Redis 4.0: rdb.c, rdbPopulateSaveInfo.
func (r *Replication) RDBAux() *keyspace.ReplInfo {
	info := &keyspace.ReplInfo{ID: r.id, Offset: r.Offset}
	switch {
	case r.IsMaster():
		if !r.backlog.active {
			return nil // writes have not moved the offset
		}
		info.StreamDB = max(r.streamDB, 0)
	case r.master != nil:
		info.StreamDB = r.master.client.DB
	case r.cached != nil:
		info.StreamDB = r.cached.db
	default:
		return nil
	}
	return info
}
