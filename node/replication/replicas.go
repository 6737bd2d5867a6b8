package replication

import (
	"slices"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// replicaPhase is how far a replica is on the way to the stream. Redis 4.0: server.h, SLAVE_STATE_*.
type replicaPhase uint8

const (
	notReplica    replicaPhase = iota // it told its port or capabilities and has not asked to be synchronized
	waitSaveStart                     // its snapshot has not begun
	waitSaveEnd                       // its snapshot is being made; the stream gathers
	sendBulk                          // the snapshot is being sent; the stream gathers
	replicaOnline                     // the stream flows, except while onlineOnACK
)

// String returns the word that INFO has for the phase.
func (p replicaPhase) String() string {
	switch p {
	case waitSaveStart, waitSaveEnd:
		return "wait_bgsave"
	case sendBulk:
		return "send_bulk"
	case replicaOnline:
		return "online"
	}
	return ""
}

// capabilities are what a replica said that it understands. Redis 4.0: server.h, SLAVE_CAPA_*.
type capabilities uint8

const (
	capaEOF    capabilities = 1 << iota // an RDB of unknown length, ended by a mark
	capaPSYNC2                          // +CONTINUE with a replication ID

	allCapabilities capabilities = 1<<8 - 1
)

// replicaState is the master's view of a replica. A client has one from its first REPLCONF on; it is a replica once it
// has front.Replica.
type replicaState struct {
	phase       replicaPhase
	capa        capabilities
	port        int    // where it listens; 0: it did not say
	ip          string // where it wants to be known; "": its own address
	ackOffset   int64  // what it last said that it has applied; only ever grows
	ackTime     int64  // Unix time of its last acknowledgement or sign of life
	onlineOnACK bool   // it has the snapshot; the stream waits for its first acknowledgement
	initial     int64  // offset told with +FULLRESYNC

	// Of the transfer.
	rdb      *sharedRDB // from disk: what is sent
	next     int64      // from disk: where the next piece begins in it
	pieceEnd int64      // bytes sent on the connection with the last piece, 0: it has left
	moved    int64      // Unix time at which the last piece was sent
}

// takesStream says whether what gathers for the replica may be sent. Redis 4.0: networking.c, prepareClientToWrite.
func (p *replicaState) takesStream() bool { return p.phase == replicaOnline && !p.onlineOnACK }

// asReplica returns the state that a client gets with its first REPLCONF or SYNC.
func asReplica(c *front.Client) *replicaState {
	if c.Replication == nil {
		c.Replication = new(replicaState)
	}
	return replicaOf(c)
}

// replicaOf returns what is known of a client as a replica, nil if it never spoke of replication.
func replicaOf(c *front.Client) *replicaState {
	p, _ := c.Replication.(*replicaState)
	return p
}

// replicaAddr is where a replica is known: ip "" if that cannot be told.
func replicaAddr(c *front.Client) (ip string, port int) {
	if p := replicaOf(c); p != nil {
		ip, port = p.ip, p.port
	}
	if ip == "" {
		ip, _ = front.SplitAddr(c.Addr)
	}
	return ip, port
}

// replicaName is how log lines call a replica. Redis 4.0: replication.c, replicationGetSlaveName.
func replicaName(c *front.Client) string {
	ip, port := replicaAddr(c)
	switch {
	case ip == "":
		return "client id #" + itoa(int64(c.ID))
	case port == 0:
		return front.JoinAddr(ip, "<unknown-slave-port>")
	}
	return front.JoinAddr(ip, itoa(int64(port)))
}

// attach adds c to the replicas.
func (r *Replication) attach(c *front.Client, phase replicaPhase) {
	c.State |= front.Replica
	replicaOf(c).phase = phase
	r.replicas = append(r.replicas, c)
}

// detach takes c off the replicas.
func (r *Replication) detach(c *front.Client) {
	i := slices.Index(r.replicas, c)
	node.Assert(i >= 0, "client %d is a replica that is not among the replicas", c.ID)
	r.replicas = slices.Delete(r.replicas, i, i+1)
	c.State &^= front.Replica
	if rdb := replicaOf(c).rdb; rdb != nil {
		r.release(rdb)
	}
	*replicaOf(c) = replicaState{capa: replicaOf(c).capa, port: replicaOf(c).port, ip: replicaOf(c).ip}
	if len(r.replicas) == 0 {
		r.noReplicasSince = r.unix()
	}
	r.RefreshGood()
}

// disconnectReplicas makes all replicas ask again, because the history they follow has changed.
// Redis 4.0: replication.c, disconnectSlaves.
func (r *Replication) disconnectReplicas() {
	for len(r.replicas) > 0 {
		r.drop(r.replicas[0])
	}
}

// drop ends the connection of a replica. The client whose command is running may not go before that is over.
func (r *Replication) drop(c *front.Client) {
	if c != r.host.Current() {
		r.front.Free(c)
		return
	}
	r.host.Log(node.LogWarning, "Connection with slave "+replicaName(c)+" lost.")
	r.detach(c)
	r.front.FreeASAP(c)
}

// ClientFreed takes leave of a client whose connection is gone or about to be closed.
// Redis 4.0: networking.c, freeClient.
func (r *Replication) ClientFreed(c *front.Client) {
	if c.Is(front.Master) {
		r.masterLost(c)
	}
	r.unblock(c)
	if c.Is(front.Replica) {
		r.host.Log(node.LogWarning, "Connection with slave "+replicaName(c)+" lost.")
		r.detach(c)
		r.streamOn()
	}
}

// online lets the stream flow. Redis 4.0: replication.c, putSlaveOnline.
func (r *Replication) online(c *front.Client) {
	p := replicaOf(c)
	p.phase, p.onlineOnACK, p.ackTime = replicaOnline, false, r.unix()
	if p.rdb != nil {
		r.release(p.rdb)
		p.rdb = nil
	}
	r.RefreshGood()
	r.host.Log(node.LogNotice, "Synchronization with slave "+replicaName(c)+" succeeded")
	r.front.Write(c, nil) // send what has gathered
}

// sendNow puts bytes on the wire that are no part of the stream, ahead of what gathers for the replica.
func (r *Replication) sendNow(c *front.Client, b string) {
	r.scratch = append(r.scratch[:0], b...)
	r.front.SendNow(c, r.scratch, false)
}
