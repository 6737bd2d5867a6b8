package replication

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/front"
)

// linkState is where a replica stands with its master. Redis 4.0: server.h, REPL_STATE_*.
type linkState uint8

// The states in the order in which a replica passes through them. A failure in any of them but the first and the last
// leads back to linkConnect; the next attempt is the next second's (cron.go).
const (
	linkNone         linkState = iota // we are a master
	linkConnect                       // to be dialled at the next second
	linkConnecting                    // dialled
	linkReceivePong                   // PING sent
	linkReceiveAuth                   // AUTH sent
	linkReceivePort                   // REPLCONF listening-port sent
	linkReceiveIP                     // REPLCONF ip-address sent
	linkReceiveCapa                   // REPLCONF capa sent
	linkReceivePSYNC                  // PSYNC sent
	linkTransfer                      // the RDB is being received or loaded
	linkConnected                     // the stream is being applied
)

// String returns the word that ROLE has for the state.
func (l linkState) String() string {
	switch {
	case l == linkNone:
		return "none"
	case l == linkConnect:
		return "connect"
	case l == linkConnecting:
		return "connecting"
	case l.inHandshake():
		return "handshake"
	case l == linkTransfer:
		return "sync"
	case l == linkConnected:
		return "connected"
	}
	return "unknown"
}

func (l linkState) inHandshake() bool { return l >= linkReceivePong && l <= linkReceivePSYNC }

// Timers of replication. They stand apart from the server's own.
const (
	timerLine node.TimerID = 100 + iota // a line of the master's has begun to arrive and has to end
	timerWait                           // the first WAIT to time out
)

// Replication is everything a server knows about where its data comes from and where it goes.
type Replication struct {
	host  Host
	front *front.Front
	data  *commands.Data
	cfg   *Settings
	Stats Stats

	// Which history the data belongs to and how far it goes; see replid.go.
	id           string // master_replid, 40 hexadecimal digits
	secondID     string // master_replid2: the history we had before; 40 zeros for none
	secondOffset int64  // the first offset that secondID does not promise; -1 for none
	Offset       int64  // master_repl_offset: bytes produced by a master, applied by a replica
	backlog      backlog

	// As a master: the stream and those who get it.
	inTransaction   bool            // MULTI has gone into the stream, and EXEC has to follow
	streamDB        int             // database that the last command of the stream was for, -1: unknown, SELECT comes first
	replicas        []*front.Client // in the order of attachment, in all states
	GoodReplicas    int             // ONLINE with a lag of at most min-slaves-max-lag; counted only while the feature is on
	noReplicasSince int64           // Unix time
	cronSeconds     int64           // how often the cron has run, for the PING period
	scratch         []byte          // memory to encode a command of the stream
	onSockets       bool            // a save for replicas' sockets is under way: from its start until the last one has it
	stream          socketStream    // how far it is

	// WAIT; see wait.go.
	waiting  []*waitState // blocked in WAIT, longest first
	askACK   bool         // a WAIT has begun: ask the replicas for their offsets at the end of this step
	acked    bool         // an acknowledgement arrived in this step
	wakeAt   node.Instant
	wakeTold bool

	// As a replica.
	masterHost string // "": we are a master
	masterPort int
	state      linkState
	link       link        // of the handshake and the transfer
	master     *masterLink // linkConnected: the stream
	cached     *masterLink // where a partial resynchronization may go on; nil: nowhere
	downSince  int64       // Unix time since which the link is down, 0: it was never up

	observed   observation // the state that was noted last
	observedAt int64       // and its offset
}

// masterLink is a stream from a master: how far it has been read and applied. Redis 4.0: server.h, client.reploff.
type masterLink struct {
	client  *front.Client // nil once the connection is gone
	id      string        // the history that the stream belongs to
	applied int64         // offset up to which commands have been executed, outside of an open MULTI
	read    int64         // offset up to which bytes have arrived
	db      int           // selected in the stream when the connection went
	preSync bool          // the master speaks SYNC only: it gets no acknowledgements
	partial []byte        // executed since MULTI and not yet applied
}

// New returns the replication of a server that has not been configured yet.
func New(host Host, f *front.Front, data *commands.Data, cfg *Settings) *Replication {
	return &Replication{host: host, front: f, data: data, cfg: cfg, secondID: NoReplID, secondOffset: -1, streamDB: -1}
}

// IsMaster says whether s takes its data from nobody.
func (r *Replication) IsMaster() bool { return r.masterHost == "" }

// ID is master_replid, the name of the history that the data belongs to.
func (r *Replication) ID() string { return r.id }

// Master is where the data comes from, "" and 0 on a master.
func (r *Replication) Master() (host string, port int) { return r.masterHost, r.masterPort }

// LinkUp says whether the stream of our master is being applied.
func (r *Replication) LinkUp() bool { return r.state == linkConnected }

// HoldsOutput says that what gathers for a replica must not be sent now: it would end up inside an RDB.
func (r *Replication) HoldsOutput(c *front.Client) bool { return !replicaOf(c).takesStream() }

// Check asserts what must hold between two events.
func (r *Replication) Check() {
	r.checkBacklog()
	if m := r.master; m != nil {
		node.Assert(m.applied == r.Offset, "%d is applied, the offset is %d", m.applied, r.Offset)
		node.Assert(m.id == r.id, "the stream is of %s, the history %s", m.id, r.id)
		node.Assert(r.state == linkConnected, "a stream in state %v", r.state)
	}
	node.Assert(r.secondOffset <= r.Offset+1, "the second offset %d is beyond the offset %d", r.secondOffset, r.Offset)
	node.Assert((r.masterHost == "") == (r.state == linkNone), "master %q in state %v", r.masterHost, r.state)
}

// unix is the wall clock as replication sees it: whole seconds.
func (r *Replication) unix() int64 { return r.front.Now.Unix() }
