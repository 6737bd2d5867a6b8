package front

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// State tells what a connection is and what is to become of it. The comment gives CLIENT LIST's letter.
type State uint32

// The states, which combine freely.
const (
	Replica         State = 1 << iota // S: it replicates from us
	Master                            // M: we replicate from it
	Monitor                           // O
	InMulti                           // x: inside MULTI
	Blocked                           // b: waits in WAIT or in a blocking command
	DirtyCAS                          // d: a watched key was touched, EXEC fails
	DirtyExec                         // a queued command was refused, EXEC aborts
	CloseAfterReply                   // c
	CloseASAP                         // A
	Subscribed                        // P-like state: only (P)SUBSCRIBE and friends are allowed
	ReplyOff                          // CLIENT REPLY OFF
	ReplySkip                         // CLIENT REPLY SKIP: the running command's reply is dropped
	ReplySkipNext                     // CLIENT REPLY SKIP was just seen
	PreSync                           // a replica that speaks SYNC only: it sends no ACKs
	UnixSocket                        // U: it came over the Unix socket
	Freed                             // gone; whoever still holds it must leave it alone
)

// Classes of clients, for output limits and CLIENT KILL TYPE.
const (
	ClassNormal = iota
	ClassSlave
	ClassPubSub
	ClassMaster // has no output limit of its own: counts as normal
)

// Key is a key of one database.
type Key struct {
	DB   int
	Name string
}

// Client is one connection, whoever is at its other end.
type Client struct {
	ID            uint64
	Conn          node.ConnID
	Addr          string // the peer's "ip:port"
	Local         string // ours
	Name          string // CLIENT SETNAME
	State         State
	DB            int // selected database
	Authenticated bool
	Created       node.Instant
	LastActive    node.Instant
	Last          *Command // for CLIENT LIST; nil: none yet, or one that does not exist
	In            resp.RequestParser
	Wrote         int64 // the replication offset after its last command: what WAIT waits for

	Multi       *Transaction // InMulti
	Watched     []Key        // WATCH
	Replication any          // what replication keeps with the connection; nobody else looks

	call Call // the command that runs

	// Output. reply is gathered during the Step and sent at its end. Of what has been handed to the world, Sent counts
	// all bytes, told those whose leaving will be told, left those that are known to have left us.
	reply            []byte
	inUnsent         bool
	Sent, told, left int64
	softSince        node.Instant // since when the output is over the soft limit; 0: it is not
}

// Transaction is what MULTI opened.
type Transaction struct {
	Queue []Queued

	// While EXEC is under way. It may have to wait for a file between two commands.
	Running    bool
	Next       int  // the command to run
	Exec       Call // EXEC itself
	Inner      Call // the command that runs
	Propagated bool // MULTI has gone into the stream, so that EXEC has to follow
}

// Queued is a command that waits for EXEC.
type Queued struct {
	Cmd  *Command
	Args [][]byte
}

// Is says whether c is in any of the states.
func (c *Client) Is(s State) bool { return c.State&s != 0 }

// Class is the kind of client that output limits and CLIENT KILL TYPE speak of. A monitor counts as a normal one.
func (c *Client) Class() int {
	switch {
	case c.Is(Master):
		return ClassMaster
	case c.Is(Replica):
		return ClassSlave
	case c.Is(Subscribed):
		return ClassPubSub
	}
	return ClassNormal
}

// mute says that c gets no reply: it is our master, which speaks and does not listen, or it asked for silence, or it
// is to be closed at once.
func (c *Client) mute() bool { return c.Is(Master | ReplyOff | ReplySkip | CloseASAP | Freed) }
