package replication

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
func (r *Replication) fullSync(c *front.Client) {
	r.attach(c, waitSaveStart)
	if len(r.replicas) == 1 && !r.backlog.active {
		// Nobody has followed this history so far and nothing of it was kept: what was written meanwhile did not
		// move the offset, so nobody must ever compare with it.
		r.ChangeID()
		r.openBacklog()
	}
	switch {
	case r.onSockets:
		r.host.Log(node.LogNotice, "Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC")
	case r.host.Saving():
		r.joinSave(c)
	case r.cfg.Diskless && replicaOf(c).capa&capaEOF != 0:
		if r.cfg.DisklessDelay > 0 {
			r.host.Log(node.LogNotice, "Delay next BGSAVE for diskless SYNC")
		}
	default:
		r.startSave(replicaOf(c).capa)
	}
}

// joinSave lets c share the snapshot that another replica already waits for, if that one wants nothing that c does not
// understand: c then needs what gathered for the other since the snapshot, and starts at its offset.
func (r *Replication) joinSave(c *front.Client) {
	i := slices.IndexFunc(r.replicas, func(other *front.Client) bool {
		return replicaOf(other).phase == waitSaveEnd && replicaOf(other).capa&^replicaOf(c).capa == 0
	})
	if i < 0 {
		r.host.Log(node.LogNotice, "Can't attach the slave to the current BGSAVE. Waiting for next BGSAVE for SYNC")
		return
	}
	other := r.replicas[i]
	r.front.Write(c, other.Gathered())
	r.beginFullSync(c, replicaOf(other).initial)
	r.host.Log(node.LogNotice, "Waiting for end of BGSAVE for SYNC")
}

// beginFullSync tells c which history it gets and from which offset on the stream will follow its snapshot.
// Redis 4.0: replication.c, replicationSetupSlaveForFullResync.
func (r *Replication) beginFullSync(c *front.Client, offset int64) {
	replicaOf(c).initial, replicaOf(c).phase = offset, waitSaveEnd
	r.streamDB = -1 // a snapshot remembers no database: the next write has to select it
	if !c.Is(front.PreSync) {
		r.sendNow(c, "+FULLRESYNC "+r.id+" "+itoa(offset)+"\r\n")
	}
}

// startSave starts a snapshot for all replicas that wait for one; capa is what all of them understand.
// Redis 4.0: replication.c, startBgsaveForReplication.
func (r *Replication) startSave(capa capabilities) {
	kind, target := SaveToDisk, "disk"
	if r.cfg.Diskless && capa&capaEOF != 0 {
		kind, target = SaveToSockets, "slaves sockets"
	}
	r.host.Log(node.LogNotice, "Starting BGSAVE for SYNC with target: "+target)
	if !r.host.StartSave(kind) {
		r.saveRefused()
		return
	}
	r.data.ForgetTold()
	r.onSockets = kind == SaveToSockets
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveStart {
			r.beginFullSync(c, r.Offset)
		}
	}
}

// saveRefused turns the waiting replicas away. 4.0 never gets this reply out, and they wait for their own timeout;
// here they hear it at once.
func (r *Replication) saveRefused() {
	r.host.Log(node.LogWarning, "BGSAVE for replication failed")
	for _, c := range slices.Clone(r.replicas) {
		if replicaOf(c).phase != waitSaveStart {
			continue
		}
		r.detach(c)
		r.front.Answer(c).Error("ERR BGSAVE failed, replication can't continue")
		r.front.CloseAfterReply(c)
	}
}

// startDueSave starts a snapshot for the replicas in waitSaveStart. With delay, those of a diskless transfer wait until
// one of them has waited longer than repl-diskless-sync-delay. Redis 4.0: replication.c, replicationCron.
func (r *Replication) startDueSave(delay bool) {
	if r.host.Saving() || r.onSockets {
		return
	}
	n, capa, idle := 0, allCapabilities, int64(0)
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveStart {
			n++
			capa &= replicaOf(c).capa
			idle = max(idle, r.unix()-c.LastActive.Unix())
		}
	}
	if n > 0 && (!delay || !r.cfg.Diskless || idle > r.cfg.DisklessDelay) {
		r.startSave(capa)
	}
}

// SaveDone ends a snapshot: rdb is what was made, if ok. Nobody changes it any more.
// Redis 4.0: replication.c, updateSlavesWaitingBgsave.
func (r *Replication) SaveDone(ok bool, rdb []byte) {
	if r.onSockets && ok {
		r.streamSave(rdb)
		return
	}
	for _, c := range slices.Clone(r.replicas) {
		if replicaOf(c).phase != waitSaveEnd {
			continue
		}
		switch {
		case ok:
			r.sendSave(c, rdb)
		case r.onSockets:
			r.host.Log(node.LogWarning, "Closing slave "+replicaName(c)+": child->slave RDB transfer failed: RDB transfer child aborted")
			r.drop(c)
		default:
			r.drop(c)
			r.host.Log(node.LogWarning, "SYNC failed. BGSAVE child returned an error")
		}
	}
	r.onSockets = false
	r.startDueSave(false)
}

// sendSave begins to send an RDB that lies on disk.
func (r *Replication) sendSave(c *front.Client, rdb []byte) {
	replicaOf(c).phase, replicaOf(c).rdb = sendBulk, rdb
	r.sendNow(c, "$"+strconv.Itoa(len(rdb))+"\r\n")
	r.sendChunk(c)
}

// streamSave begins to send an RDB that was made for the replicas' sockets.
func (r *Replication) streamSave(rdb []byte) {
	r.streaming = true
	mark := r.host.RandomHex(40)
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveEnd {
			replicaOf(c).rdb, replicaOf(c).mark = rdb, mark
			r.sendNow(c, "$EOF:"+mark+"\r\n")
			r.sendChunk(c)
		}
	}
	r.checkSocketsDone()
}

// sendChunk hands the next piece of the RDB to the world.
func (r *Replication) sendChunk(c *front.Client) {
	p := replicaOf(c)
	n := min(len(p.rdb), rdbChunk)
	piece := p.rdb[:n]
	p.rdb = p.rdb[n:]
	if len(p.rdb) == 0 && p.mark != "" {
		piece = append(slices.Clip(piece), p.mark...)
	}
	r.front.SendNow(c, piece, true)
	p.chunkEnd, p.moved = c.Sent, r.unix()
}

// Sent goes on with an RDB once its last piece has left.
func (r *Replication) Sent(c *front.Client, n int64) {
	if !c.Is(front.Replica) || replicaOf(c).chunkEnd == 0 || n < replicaOf(c).chunkEnd {
		return
	}
	p := replicaOf(c)
	switch {
	case len(p.rdb) > 0:
		r.sendChunk(c)
	case p.phase == sendBulk:
		p.chunkEnd = 0
		r.online(c)
	case p.mark != "":
		p.chunkEnd, p.done = 0, true
		r.checkSocketsDone()
	}
}

// checkSocketsDone ends a transfer over sockets when nobody is left whom it goes to. The replicas are online then, and
// the stream waits until they tell that they have loaded the RDB: they cannot see where it ends until then.
func (r *Replication) checkSocketsDone() {
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
		r.host.Log(node.LogWarning, "Background transfer error")
	} else {
		r.host.Log(node.LogNotice, "Background RDB transfer terminated with success")
	}
	r.awaitFirstACKs()
	r.startDueSave(false)
}

func (r *Replication) awaitFirstACKs() {
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveEnd {
			r.host.Log(node.LogWarning, "Slave "+replicaName(c)+" correctly received the streamed RDB file.")
		}
	}
	for _, c := range r.replicas {
		if p := replicaOf(c); p.phase == waitSaveEnd {
			r.host.Log(node.LogNotice, "Streamed RDB transfer with slave "+replicaName(c)+
				" succeeded (socket). Waiting for REPLCONF ACK from slave to enable streaming")
			p.phase, p.onlineOnACK, p.ackTime = replicaOnline, true, r.unix()
			p.rdb, p.mark, p.done = nil, "", false
		}
	}
}
