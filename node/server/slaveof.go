package server

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// slaveofCommand is SLAVEOF host port and SLAVEOF NO ONE. Redis 4.0: replication.c, slaveofCommand.
func (s *Server) slaveofCommand(c *front.Call) {
	r := &s.repl
	if equalFold(c.Args[1], "no") && equalFold(c.Args[2], "one") {
		if !r.isMaster() {
			r.promote(s)
			s.log(node.LogNotice, "MASTER MODE enabled (user request from '"+s.front.Line(c.Client)+"')")
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
	if !r.isMaster() && equalFold(c.Args[1], r.masterHost) && r.masterPort == int(port) {
		s.log(node.LogNotice, "SLAVE OF would result into synchronization with the master we are already connected with. No operation performed.")
		c.Simple("OK Already connected to specified master")
		return
	}
	r.closeOpenTransaction(s, c.Client)
	r.setMaster(s, host, int(port))
	s.log(node.LogNotice, "SLAVE OF "+host+":"+strconv.FormatInt(port, 10)+" enabled (user request from '"+s.front.Line(c.Client)+"')")
	c.OK()
}

// closeOpenTransaction ends a transaction that stands in the stream before the history is given away. 4.0 appends its
// EXEC after the cached master's offset is fixed, and is 14 bytes ahead of its master ever after.
func (r *replication) closeOpenTransaction(s *Server, c *front.Client) {
	if c.Multi != nil && c.Multi.Propagated {
		r.feedWords(s, "EXEC")
		c.Multi.Propagated = false
	}
}

// setMaster makes us follow host:port, from the next second on. Redis 4.0: replication.c, replicationSetMaster.
func (r *replication) setMaster(s *Server, host string, port int) {
	wasMaster := r.isMaster()
	r.masterHost, r.masterPort = host, port
	if r.master != nil {
		s.front.Free(r.master.client)
	}
	r.unblockAll(s)
	s.data.UnblockAll()
	r.disconnectReplicas(s)
	r.cancelHandshake(s)
	if wasMaster {
		r.discardCached(s)
		r.cacheMyself(s, 0) // the new master's stream begins with SELECT
	}
	r.state = linkConnect
}

// promote makes us a master whose history goes on from our old master's. The order is that of 4.0, and its log lines
// carry the role M because the master's name goes first. Redis 4.0: replication.c, replicationUnsetMaster.
func (r *replication) promote(s *Server) {
	r.masterHost = ""
	r.shiftID(s)
	if r.master != nil {
		s.front.Free(r.master.client)
	}
	r.discardCached(s)
	r.cancelHandshake(s)
	r.disconnectReplicas(s)
	r.state = linkNone
	r.streamDB = -1
	r.noReplicasSince = s.unix()
	s.note(node.Note{Kind: node.NotePromoted, ReplID: r.id, ReplID2: r.secondID, Offset: r.offset, Offset2: r.secondOffset})
}

// configured takes over what the configuration says: from here on the server knows its role.
func (r *replication) configured(s *Server) {
	r.changeID(s)
	r.noReplicasSince = s.unix()
	r.backlog.size = max(s.cfg.replBacklogSize, minBacklog)
	if s.cfg.slaveofHost == "" {
		return
	}
	r.masterHost, r.masterPort, r.state = s.cfg.slaveofHost, int(s.cfg.slaveofPort), linkConnect
}

// start begins replication when the dataset is loaded. saved is the position that its RDB names, nil if it names none.
// A master ignores it: what was written after the RDB nobody knows. Redis 4.0: server.c, loadDataFromDisk.
func (r *replication) start(s *Server, saved *keyspace.ReplInfo) {
	if !r.isMaster() && saved != nil {
		r.id, r.offset = saved.ID, saved.Offset
		r.cacheMyself(s, saved.StreamDB)
	}
}

// rdbAux is the position in the stream that a snapshot taken now corresponds to, nil if that has no name.
// Redis 4.0: rdb.c, rdbPopulateSaveInfo.
func (r *replication) rdbAux(_ *Server) *keyspace.ReplInfo {
	info := &keyspace.ReplInfo{ID: r.id, Offset: r.offset}
	switch {
	case r.isMaster():
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
