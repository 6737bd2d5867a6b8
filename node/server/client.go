package server

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// clientFlags tell what a connection is and what is to become of it. The comment gives CLIENT LIST's letter.
type clientFlags uint32

const (
	flagReplica         clientFlags = 1 << iota // S: it replicates from us
	flagMaster                                  // M: we replicate from it
	flagMonitor                                 // O
	flagMulti                                   // x: inside MULTI
	flagBlocked                                 // b: waits in WAIT (or a blocking pop)
	flagDirtyCAS                                // d: a watched key was touched, EXEC fails
	flagDirtyExec                               // a queued command was refused, EXEC aborts
	flagCloseAfterReply                         // c
	flagCloseASAP                               // A
	flagPubSub                                  // P-like state: only (P)SUBSCRIBE and friends are allowed
	flagReplyOff                                // CLIENT REPLY OFF
	flagReplySkip                               // CLIENT REPLY SKIP: the running command's reply is dropped
	flagReplySkipNext                           // CLIENT REPLY SKIP was just seen
	flagPreSync                                 // a replica that speaks SYNC only: it sends no ACKs
)

// client is one connection, whoever is at its other end.
type client struct {
	id            uint64
	conn          node.ConnID
	addr          string // the peer's "ip:port"
	local         string // ours
	name          string
	flags         clientFlags
	db            int
	authenticated bool
	created       node.Instant
	lastActive    node.Instant

	in    resp.RequestParser
	args  [][]byte // of the command that runs; valid until the next one is parsed
	cmd   *command
	last  *command // for CLIENT LIST
	reply []byte   // gathered during the Step, sent at its end

	// Output that has been handed to the world: sent counts all bytes, left those that are known to have left us.
	sent, left int64

	multi   *transaction  // flagMulti
	watched []watchedKey  // WATCH
	replica *replicaState // flagReplica: the master's view of it
	wait    *waitState    // flagBlocked: what it waits for
}

func (c *client) is(f clientFlags) bool { return c.flags&f != 0 }

// newClient makes a client for a connection that is up; conn may be 0 for a client without one (the cached master).
func (s *Server) newClient(conn node.ConnID, local, remote string) *client {
	s.nextID++
	c := &client{id: s.nextID, conn: conn, addr: remote, local: local, created: s.now, lastActive: s.now}
	if conn != 0 {
		s.clients[conn] = c
		s.byID = append(s.byID, c)
	}
	return c
}

// received feeds bytes of a connection to whoever reads from it.
func (s *Server) received(ev *node.Event) {
	if s.repl.reads(ev.Conn) {
		s.repl.received(s, ev) // handshake and RDB transfer: not yet a client
		return
	}
	c := s.clients[ev.Conn]
	if c == nil {
		return // closed by an earlier event's command; the world was not told in time
	}
	c.lastActive = s.now
	s.stats.netIn += int64(len(ev.Bytes))
	c.in.Feed(ev.Bytes)
	s.repl.fed(s, c, len(ev.Bytes))
	s.processInput(c)
}

// processInput runs the commands that have arrived whole, until the client has to wait or is to be closed.
func (s *Server) processInput(c *client) {
	for s.mayRun(c) {
		args, ok, err := c.in.Next()
		if err != nil {
			s.protocolError(c, err)
			return
		}
		if !ok {
			break
		}
		if len(args) == 0 {
			s.repl.emptyLine(s, c)
			continue
		}
		c.args = args
		s.dispatch(c)
		if s.resuming == c {
			return // goes on in resume
		}
		s.afterCommand(c)
	}
	s.closeIfAsked(c)
}

// resume goes on with a client whose command waited for a file.
func (s *Server) resume(c *client) {
	if c.multi != nil && c.multi.running {
		s.execRest(c)
		if s.resuming == c {
			return
		}
	}
	s.afterCommand(c)
	s.processInput(c)
}

// mayRun says whether the client's next command may run now.
func (s *Server) mayRun(c *client) bool {
	return !c.is(flagBlocked|flagCloseAfterReply|flagCloseASAP) && s.blocking == nil && !s.exiting && !s.paused(c)
}

// afterCommand counts what the master link has applied, and forgets the arguments.
func (s *Server) afterCommand(c *client) {
	c.args = nil
	if c.is(flagMaster) {
		s.repl.applied(s, c)
	}
}
