package server

import (
	"github.com/ordeal-go/ordeal/node"
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

// replication is everything a server knows about where its data comes from and where it goes.
type replication struct {
	// Which history the data belongs to and how far it goes; see replid.go.
	id           string // master_replid, 40 hexadecimal digits
	secondID     string // master_replid2: the history we had before; 40 zeros for none
	secondOffset int64  // the first offset that secondID does not promise; -1 for none
	offset       int64  // master_repl_offset: bytes produced by a master, applied by a replica
	backlog      backlog

	// As a master: the stream and those who get it.
	streamDB        int             // database that the last command of the stream was for, -1: unknown, SELECT comes first
	replicas        []*front.Client // in the order of attachment, in all states
	goodReplicas    int             // ONLINE with a lag of at most min-slaves-max-lag; counted only while the feature is on
	noReplicasSince int64           // Unix time
	cronSeconds     int64           // how often the cron has run, for the PING period
	scratch         []byte          // memory to encode a command of the stream
	onSockets       bool            // a save for replicas' sockets is under way: from its start until the last one has it
	streaming       bool            // its RDB is made and being sent

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

func newReplication() replication {
	return replication{secondID: noReplID, secondOffset: -1, streamDB: -1}
}

// isMaster says whether s takes its data from nobody.
func (r *replication) isMaster() bool { return r.masterHost == "" }

// unix is the wall clock as replication sees it: whole seconds.
func (s *Server) unix() int64 { return s.now.Unix() }
