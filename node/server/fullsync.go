package server

import (
	"slices"
	"strconv"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// rdbChunk is how much of an RDB is handed to the world at once, in bytes; the next piece follows when it has left.
const rdbChunk = 64 << 10

// fullSync puts c on the way to a full resynchronization: to a save under way, to one that starts now, or to the next.
// Redis 4.0: replication.c, syncCommand, from "Full resynchronization".
func (r *replication) fullSync(s *Server, c *front.Client) {
	r.attach(c, waitSaveStart)
	if len(r.replicas) == 1 && !r.backlog.active {
		// Nobody has followed this history so far and nothing of it was kept: what was written meanwhile did not
		// move the offset, so nobody must ever compare with it.
		r.changeID(s)
		r.openBacklog(s)
	}
	switch {
	case r.onSockets:
		s.log(node.LogNotice, "Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC")
	case s.saving.running:
		r.joinSave(s, c)
	case s.cfg.disklessSync && replicaOf(c).capa&capaEOF != 0:
		if s.cfg.disklessDelay > 0 {
			s.log(node.LogNotice, "Delay next BGSAVE for diskless SYNC")
		}
	default:
		r.startSave(s, replicaOf(c).capa)
	}
}

// joinSave lets c share the snapshot that another replica already waits for, if that one wants nothing that c does not
// understand: c then needs what gathered for the other since the snapshot, and starts at its offset.
func (r *replication) joinSave(s *Server, c *front.Client) {
	i := slices.IndexFunc(r.replicas, func(other *front.Client) bool {
		return replicaOf(other).phase == waitSaveEnd && replicaOf(other).capa&^replicaOf(c).capa == 0
	})
	if i < 0 {
		s.log(node.LogNotice, "Can't attach the slave to the current BGSAVE. Waiting for next BGSAVE for SYNC")
		return
	}
	other := r.replicas[i]
	s.front.Write(c, other.Gathered())
	r.beginFullSync(s, c, replicaOf(other).initial)
	s.log(node.LogNotice, "Waiting for end of BGSAVE for SYNC")
}

// beginFullSync tells c which history it gets and from which offset on the stream will follow its snapshot.
// Redis 4.0: replication.c, replicationSetupSlaveForFullResync.
func (r *replication) beginFullSync(s *Server, c *front.Client, offset int64) {
	replicaOf(c).initial, replicaOf(c).phase = offset, waitSaveEnd
	r.streamDB = -1 // a snapshot remembers no database: the next write has to select it
	if !c.Is(front.PreSync) {
		r.sendNow(s, c, "+FULLRESYNC "+r.id+" "+itoa(offset)+"\r\n")
	}
}

// startSave starts a snapshot for all replicas that wait for one; capa is what all of them understand.
// Redis 4.0: replication.c, startBgsaveForReplication.
func (r *replication) startSave(s *Server, capa capabilities) {
	kind, target := saveToDisk, "disk"
	if s.cfg.disklessSync && capa&capaEOF != 0 {
		kind, target = saveToSockets, "slaves sockets"
	}
	s.log(node.LogNotice, "Starting BGSAVE for SYNC with target: "+target)
	if !s.startSave(kind) {
		r.saveRefused(s)
		return
	}
	r.onSockets = kind == saveToSockets
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveStart {
			r.beginFullSync(s, c, r.offset)
		}
	}
}

// saveRefused turns the waiting replicas away. 4.0 never gets this reply out, and they wait for their own timeout;
// here they hear it at once.
func (r *replication) saveRefused(s *Server) {
	s.log(node.LogWarning, "BGSAVE for replication failed")
	for _, c := range slices.Clone(r.replicas) {
		if replicaOf(c).phase != waitSaveStart {
			continue
		}
		r.detach(s, c)
		s.front.Answer(c).Error("ERR BGSAVE failed, replication can't continue")
		s.front.CloseAfterReply(c)
	}
}

// startDueSave starts a snapshot for the replicas in waitSaveStart. With delay, those of a diskless transfer wait until
// one of them has waited longer than repl-diskless-sync-delay. Redis 4.0: replication.c, replicationCron.
func (r *replication) startDueSave(s *Server, delay bool) {
	if s.saving.running || r.onSockets {
		return
	}
	n, capa, idle := 0, allCapabilities, int64(0)
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveStart {
			n++
			capa &= replicaOf(c).capa
			idle = max(idle, s.unix()-c.LastActive.Unix())
		}
	}
	if n > 0 && (!delay || !s.cfg.disklessSync || idle > s.cfg.disklessDelay) {
		r.startSave(s, capa)
	}
}

// saveDone ends a snapshot: rdb is what was made, if ok. Nobody changes it any more.
// Redis 4.0: replication.c, updateSlavesWaitingBgsave.
func (r *replication) saveDone(s *Server, ok bool, rdb []byte) {
	if r.onSockets && ok {
		r.streamSave(s, rdb)
		return
	}
	for _, c := range slices.Clone(r.replicas) {
		if replicaOf(c).phase != waitSaveEnd {
			continue
		}
		switch {
		case ok:
			r.sendSave(s, c, rdb)
		case r.onSockets:
			s.log(node.LogWarning, "Closing slave "+replicaName(c)+": child->slave RDB transfer failed: RDB transfer child aborted")
			r.drop(s, c)
		default:
			r.drop(s, c)
			s.log(node.LogWarning, "SYNC failed. BGSAVE child returned an error")
		}
	}
	r.onSockets = false
	r.startDueSave(s, false)
}

// sendSave begins to send an RDB that lies on disk.
func (r *replication) sendSave(s *Server, c *front.Client, rdb []byte) {
	replicaOf(c).phase, replicaOf(c).rdb = sendBulk, rdb
	r.sendNow(s, c, "$"+strconv.Itoa(len(rdb))+"\r\n")
	r.sendChunk(s, c)
}

// streamSave begins to send an RDB that was made for the replicas' sockets.
func (r *replication) streamSave(s *Server, rdb []byte) {
	r.streaming = true
	mark := s.randomHex(40)
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveEnd {
			replicaOf(c).rdb, replicaOf(c).mark = rdb, mark
			r.sendNow(s, c, "$EOF:"+mark+"\r\n")
			r.sendChunk(s, c)
		}
	}
	r.checkSocketsDone(s)
}

// sendChunk hands the next piece of the RDB to the world.
func (r *replication) sendChunk(s *Server, c *front.Client) {
	p := replicaOf(c)
	n := min(len(p.rdb), rdbChunk)
	piece := p.rdb[:n]
	p.rdb = p.rdb[n:]
	if len(p.rdb) == 0 && p.mark != "" {
		piece = append(slices.Clip(piece), p.mark...)
	}
	s.front.SendNow(c, piece, true)
	p.chunkEnd, p.moved = c.Sent, s.unix()
}

// sent goes on with an RDB once its last piece has left.
func (r *replication) sent(s *Server, c *front.Client, n int64) {
	if !c.Is(front.Replica) || replicaOf(c).chunkEnd == 0 || n < replicaOf(c).chunkEnd {
		return
	}
	p := replicaOf(c)
	switch {
	case len(p.rdb) > 0:
		r.sendChunk(s, c)
	case p.phase == sendBulk:
		p.chunkEnd = 0
		r.online(s, c)
	case p.mark != "":
		p.chunkEnd, p.done = 0, true
		r.checkSocketsDone(s)
	}
}

// checkSocketsDone ends a transfer over sockets when nobody is left whom it goes to. The replicas are online then, and
// the stream waits until they tell that they have loaded the RDB: they cannot see where it ends until then.
func (r *replication) checkSocketsDone(s *Server) {
	if !r.streaming {
		return
	}
	n := 0
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveEnd {
			if !replicaOf(c).done {
				return
			}
			n++
		}
	}
	r.onSockets, r.streaming = false, false
	if n == 0 {
		s.log(node.LogWarning, "Background transfer error")
	} else {
		s.log(node.LogNotice, "Background RDB transfer terminated with success")
	}
	r.awaitFirstACKs(s)
	r.startDueSave(s, false)
}

func (r *replication) awaitFirstACKs(s *Server) {
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveEnd {
			s.log(node.LogWarning, "Slave "+replicaName(c)+" correctly received the streamed RDB file.")
		}
	}
	for _, c := range r.replicas {
		if p := replicaOf(c); p.phase == waitSaveEnd {
			s.log(node.LogNotice, "Streamed RDB transfer with slave "+replicaName(c)+
				" succeeded (socket). Waiting for REPLCONF ACK from slave to enable streaming")
			p.phase, p.onlineOnACK, p.ackTime = replicaOnline, true, s.unix()
			p.rdb, p.mark, p.done = nil, "", false
		}
	}
}
