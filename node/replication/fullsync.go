package replication

import (
	"slices"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// rdbPiece is how much of an RDB on disk is read and handed to the world at once, in bytes; the next piece follows when
// it has left.
const rdbPiece = 256 << 10

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
	case r.host.Rewriting():
		r.host.Log(node.LogNotice, "No BGSAVE in progress, but an AOF rewrite is active. BGSAVE for replication delayed")
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
	r.onSockets, r.stream = kind == SaveToSockets, socketStream{}
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveStart {
			r.beginFullSync(c, r.Offset)
		}
	}
	r.streamOn()
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
	if r.host.Saving() || r.host.Rewriting() || r.onSockets {
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

// AwaitsSave says whether somebody waits for the snapshot to disk that is under way.
func (r *Replication) AwaitsSave() bool {
	return slices.ContainsFunc(r.replicas, func(c *front.Client) bool { return replicaOf(c).phase == waitSaveEnd })
}

// SaveDone ends a snapshot to disk, or one for sockets that was killed. If it is ok, saved is open, provided that
// AwaitsSave said so. Redis 4.0: replication.c, updateSlavesWaitingBgsave.
func (r *Replication) SaveDone(ok bool, saved SavedRDB) {
	onSockets := r.onSockets
	r.onSockets = false
	rdb := &sharedRDB{SavedRDB: saved, readers: 1} // ourselves, until all have it
	for _, c := range slices.Clone(r.replicas) {
		if c.Is(front.Freed) || replicaOf(c).phase != waitSaveEnd {
			continue
		}
		switch {
		case ok:
			r.sendSave(c, rdb)
		case onSockets:
			r.host.Log(node.LogWarning, "Closing slave "+replicaName(c)+": child->slave RDB transfer failed: RDB transfer child aborted")
			r.drop(c)
		default:
			r.drop(c)
			r.host.Log(node.LogWarning, "SYNC failed. BGSAVE child returned an error")
		}
	}
	r.release(rdb)
	r.startDueSave(false)
}

// sharedRDB is an RDB on disk on its way to replicas. It is open until none of them reads it any more, and what they read
// is what was saved for them, though another may have its name by then.
type sharedRDB struct {
	SavedRDB
	readers int
}

func (r *Replication) release(rdb *sharedRDB) {
	rdb.readers--
	node.Assert(rdb.readers >= 0, "an RDB is given back that nobody had")
	if rdb.readers == 0 && rdb.File != 0 {
		r.host.Background(func(*node.Event) {}, node.FileStep{Kind: node.CloseFile, File: rdb.File})
	}
}

// sendSave begins to send an RDB that lies on disk.
func (r *Replication) sendSave(c *front.Client, rdb *sharedRDB) {
	node.Assert(rdb.File != 0, "an RDB is to be sent that was not opened")
	p := replicaOf(c)
	p.phase, p.rdb, p.next, p.moved = sendBulk, rdb, 0, r.unix()
	rdb.readers++
	r.sendNow(c, "$"+itoa(rdb.Size)+"\r\n")
	r.readPiece(c)
}

// readPiece reads the next piece of the RDB from disk; it is sent when it is there.
func (r *Replication) readPiece(c *front.Client) {
	p := replicaOf(c)
	rdb := p.rdb
	r.host.Background(func(ev *node.Event) {
		if p.rdb != rdb || c.Is(front.Freed) {
			return // gone meanwhile
		}
		if ev.Err != node.ErrNone || len(ev.Bytes) == 0 {
			reason := string(ev.Err)
			if reason == "" {
				reason = "premature EOF"
			}
			r.host.Log(node.LogWarning, "Read error sending DB to slave: "+reason)
			r.drop(c)
			return
		}
		p.next += int64(len(ev.Bytes))
		r.sendPiece(c, ev.Bytes)
	}, node.FileStep{Kind: node.ReadPart, File: rdb.File, At: p.next, Size: min(rdbPiece, rdb.Size-p.next)})
}

// sendPiece hands a piece of an RDB to the world, which tells when it has left.
func (r *Replication) sendPiece(c *front.Client, piece []byte) {
	p := replicaOf(c)
	r.front.SendNow(c, piece, true)
	p.pieceEnd, p.moved = c.Sent, r.unix()
}

// Sent goes on with an RDB once its last piece has left.
func (r *Replication) Sent(c *front.Client, n int64) {
	if !c.Is(front.Replica) || replicaOf(c).pieceEnd == 0 || n < replicaOf(c).pieceEnd {
		return
	}
	p := replicaOf(c)
	p.pieceEnd = 0
	switch {
	case p.phase != sendBulk:
		r.streamOn()
	case p.next < p.rdb.Size:
		r.readPiece(c)
	default:
		r.online(c)
	}
}

// A snapshot for sockets is made as the slowest of the replicas takes it.
type socketStream struct {
	making bool   // the next piece is being made
	mark   string // ends the RDB; "" before its first piece
	last   bool   // the last piece is on its way
}

// SavePiece brings the next piece of a snapshot for sockets.
func (r *Replication) SavePiece(piece []byte, last bool) {
	st := &r.stream
	node.Assert(r.onSockets && st.making, "a piece of an RDB that nobody asked for")
	st.making, st.last = false, last
	head := st.mark == ""
	if head {
		st.mark = r.host.RandomHex(markLength)
	}
	if last {
		piece = append(piece, st.mark...)
	}
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveEnd {
			if head {
				r.sendNow(c, "$EOF:"+st.mark+"\r\n")
			}
			r.sendPiece(c, piece)
		}
	}
	r.streamOn()
}

// streamOn has the next piece of a snapshot for sockets made when all replicas have the last one, and ends the transfer
// when there are no more pieces, or nobody is left whom they go to.
func (r *Replication) streamOn() {
	st := &r.stream
	if !r.onSockets || st.making {
		return
	}
	n := 0
	for _, c := range r.replicas {
		if replicaOf(c).phase == waitSaveEnd {
			if replicaOf(c).pieceEnd != 0 {
				return
			}
			n++
		}
	}
	switch {
	case n == 0:
		r.host.Log(node.LogWarning, "Background transfer error")
	case !st.last:
		st.making = true
		r.host.NextPiece()
		return
	default:
		r.host.Log(node.LogNotice, "Background RDB transfer terminated with success")
	}
	r.onSockets = false
	r.host.StreamEnded()
	r.awaitFirstACKs()
	r.startDueSave(false)
}

// awaitFirstACKs ends a transfer over sockets. The replicas are online then, and the stream waits until they tell that
// they have loaded the RDB: they cannot see where it ends until then.
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
		}
	}
}
