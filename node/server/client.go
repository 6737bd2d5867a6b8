package server

import (
	"slices"
	"strings"
	"time"

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
	flagFreed                                   // gone; whoever still holds it must leave it alone
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

	inUnsent bool // in Server.unsent

	// Output that has been handed to the world: sent counts all bytes, told those whose leaving will be told, left
	// those that are known to have left us.
	sent, told, left int64
	wrote            int64        // the replication offset after its last command: what WAIT waits for
	softSince        node.Instant // since when the output is over the soft limit; 0: it is not

	multi   *transaction  // flagMulti
	watched []watchedKey  // WATCH
	replica *replicaState // flagReplica: the master's view of it
	wait    *waitState    // flagBlocked: what it waits for
}

func (c *client) is(f clientFlags) bool { return c.flags&f != 0 }

// class is the kind of client that output limits and CLIENT KILL TYPE speak of. A monitor counts as a normal one.
func (c *client) class() int {
	switch {
	case c.is(flagMaster):
		return classMaster
	case c.is(flagReplica):
		return classSlave
	case c.is(flagPubSub):
		return classPubSub
	}
	return classNormal
}

// newClient makes a client for a connection that is up; conn may be 0 for a client without one.
func (s *Server) newClient(conn node.ConnID, local, remote string) *client {
	s.nextID++
	c := &client{id: s.nextID, conn: conn, addr: remote, local: local, created: s.now, lastActive: s.now}
	c.in.MaxBulk = s.cfg.maxBulkLen
	if conn != 0 {
		s.clients[conn] = c
		s.byID = append(s.byID, c)
	}
	return c
}

// accepted serves a new connection, or turns it away.
func (s *Server) accepted(ev *node.Event) {
	if s.exiting {
		s.out.Close(ev.Conn)
		return
	}
	s.stats.connections++
	switch {
	case int64(len(s.byID)) >= s.cfg.maxClients:
		s.stats.rejected++
		s.turnAway(ev.Conn, "-ERR max number of clients reached\r\n")
	case s.mustProtect(ev.Remote):
		s.turnAway(ev.Conn, deniedByProtectedMode)
	default:
		c := s.newClient(ev.Conn, ev.Local, ev.Remote)
		s.logf(node.LogVerbose, "Accepted %s", c.addr)
	}
}

func (s *Server) turnAway(conn node.ConnID, reply string) {
	s.stats.netOut += int64(len(reply))
	s.out.Send(conn, []byte(reply))
	s.out.CloseAfterFlush(conn)
}

const deniedByProtectedMode = "-DENIED Redis is running in protected mode because protected mode is enabled, no bind address was " +
	"specified and no authentication password is requested of clients. Only connections from the loopback interface are " +
	"served. To serve others, bind to an address, or set a password with requirepass, or set protected-mode to no.\r\n"

// mustProtect says whether protected mode forbids a client at that address.
func (s *Server) mustProtect(remote string) bool {
	if !s.cfg.protectedMode || len(s.cfg.bind) > 0 || s.cfg.requirePass != "" {
		return false
	}
	ip := hostOf(remote)
	return ip != "127.0.0.1" && ip != "::1"
}

// hostOf returns the IP of "ip:port".
func hostOf(addr string) string {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return addr
	}
	return strings.Trim(addr[:i], "[]")
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
	if int64(c.in.Buffered()) > s.cfg.queryBufferLimit {
		s.overQueryLimit(c)
		return
	}
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
			return
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

// serveHeld runs what clients sent while the server would not listen.
func (s *Server) serveHeld() {
	for _, c := range slices.Clone(s.byID) {
		if c.in.Buffered() > 0 {
			s.processInput(c)
		}
	}
}

// mayRun says whether the client's next command may run now.
func (s *Server) mayRun(c *client) bool {
	return !c.is(flagBlocked|flagCloseAfterReply|flagCloseASAP|flagFreed) && s.blocking == nil && !s.exiting &&
		(!s.paused || c.is(flagReplica))
}

// afterCommand counts what the master link has applied, and forgets the arguments.
func (s *Server) afterCommand(c *client) {
	c.args = nil
	c.flags &^= flagReplySkip
	if c.is(flagReplySkipNext) {
		c.flags = c.flags&^flagReplySkipNext | flagReplySkip
	}
	if c.is(flagMaster) && !c.is(flagFreed) {
		s.repl.applied(s, c)
	}
}

// protocolError answers what is no request and closes. Redis 4.0: networking.c, setProtocolError.
func (s *Server) protocolError(c *client, err error) {
	s.logf(node.LogVerbose, "Protocol error (%s) from client: %s. Query buffer during protocol error: '%s'",
		err, s.clientLine(c), quoteStart(c.in.Rest()))
	s.replyError(c, "ERR Protocol error: "+err.Error())
	s.closeAfterReply(c)
}

func (s *Server) overQueryLimit(c *client) {
	s.logf(node.LogWarning, "Closing client that reached max query buffer length: %s (qbuf initial bytes: %q)",
		s.clientLine(c), quoteStart(c.in.Rest()))
	s.freeClient(c)
}

// quoteStart is the beginning of b in a form fit for the log.
func quoteStart(b []byte) string {
	const most = 64
	text := make([]byte, 0, most)
	for _, x := range b[:min(len(b), most)] {
		if x < ' ' || x > '~' {
			x = '.'
		}
		text = append(text, x)
	}
	return string(text)
}

// closeAfterReply ends the connection once what was replied has left. The client's further input is not looked at.
func (s *Server) closeAfterReply(c *client) {
	c.flags |= flagCloseAfterReply
	s.unsentReply(c) // also if there is nothing to send: flush closes
}

// freeClientASAP frees c at the end of the Step: where it may still be in use.
func (s *Server) freeClientASAP(c *client) {
	if !c.is(flagCloseASAP | flagFreed) {
		c.flags |= flagCloseASAP
		s.closing = append(s.closing, c)
	}
}

// freeClient ends c's connection at once and forgets it everywhere. What was replied before and not flushed is lost.
func (s *Server) freeClient(c *client) {
	if c.is(flagFreed) {
		return
	}
	conn := c.conn
	s.unlinkClient(c)
	if conn != 0 {
		s.out.Close(conn)
	}
}

// unlinkClient forgets a client whose connection is gone, or is about to.
func (s *Server) unlinkClient(c *client) {
	if c.is(flagFreed) {
		return
	}
	c.flags |= flagFreed
	if c.conn != 0 {
		delete(s.clients, c.conn)
		if i := slices.Index(s.byID, c); i >= 0 {
			s.byID = slices.Delete(s.byID, i, i+1)
		}
		s.pubsub.Drop(c.conn)
	}
	s.unwatchAll(c)
	if c.is(flagMonitor) {
		s.monitors = slices.DeleteFunc(s.monitors, func(m *client) bool { return m == c })
	}
	s.repl.clientFreed(s, c)
	c.reply, c.multi = nil, nil
}

// closed forgets a client that went away.
func (s *Server) closed(ev *node.Event) {
	if s.repl.closed(s, ev) {
		return
	}
	if c := s.clients[ev.Conn]; c != nil {
		s.logf(node.LogVerbose, "Client closed connection")
		s.unlinkClient(c)
	}
}

// sent keeps account of what has left us.
func (s *Server) sent(ev *node.Event) {
	if c := s.clients[ev.Conn]; c != nil {
		c.left = ev.N
		s.repl.sent(s, c, ev)
	}
}

// tellEvery is how many bytes may be on their way to a client before we ask to be told that they have left.
const tellEvery = 16 << 10

// pending is how many bytes wait for a client, to within tellEvery: nobody is asked about less.
func (c *client) pending() int64 {
	if c.told <= c.left {
		return 0
	}
	return c.sent - c.left
}

// hasUnsent says whether replies to c wait to leave.
func (c *client) hasUnsent() bool { return len(c.reply) > 0 || c.pending() > 0 }

// maxKeptReply is the largest reply buffer that is kept for the next Step, in bytes.
const maxKeptReply = 64 << 10

// flush sends what was replied to c during the Step.
func (s *Server) flush(c *client) {
	c.inUnsent = false
	if c.is(flagFreed) {
		return
	}
	if c.conn == 0 {
		c.reply = c.reply[:0]
		return
	}
	if c.holdsOutput() {
		s.checkOutputLimit(c, int64(len(c.reply))) // goes on when its snapshot has been delivered
		return
	}
	if len(c.reply) > 0 {
		s.send(c, c.reply)
		if cap(c.reply) > maxKeptReply {
			c.reply = nil
		}
		c.reply = c.reply[:0]
	}
	if c.is(flagCloseAfterReply) {
		conn := c.conn
		s.unlinkClient(c)
		s.out.CloseAfterFlush(conn)
	}
}

// send hands bytes to the world and keeps c's output within its limits.
func (s *Server) send(c *client, b []byte) {
	c.sent += int64(len(b))
	s.stats.netOut += int64(len(b))
	if c.sent-c.told >= tellEvery {
		c.told = c.sent
		s.out.SendTell(c.conn, b)
		s.checkOutputLimit(c, c.pending())
		return
	}
	s.out.Send(c.conn, b)
	if c.told > c.left {
		s.checkOutputLimit(c, c.pending())
	}
}

// checkOutputLimit condemns c if the bytes that wait for it are too many, or many for too long.
// Redis 4.0: networking.c, checkClientOutputBufferLimits.
func (s *Server) checkOutputLimit(c *client, waiting int64) {
	class := c.class()
	if class == classMaster {
		class = classNormal
	}
	limit := s.cfg.outputLimits[class]
	over := limit.hard > 0 && waiting >= limit.hard
	switch {
	case limit.soft == 0 || waiting < limit.soft:
		c.softSince = 0
	case c.softSince == 0:
		c.softSince = s.now
	case s.now.Sub(c.softSince) > time.Duration(limit.seconds)*time.Second:
		over = true
	}
	if over && !c.is(flagCloseASAP|flagFreed) {
		s.logf(node.LogWarning, "Client %s scheduled to be closed ASAP for overcoming of output buffer limits.", s.clientLine(c))
		s.freeClientASAP(c)
	}
}
