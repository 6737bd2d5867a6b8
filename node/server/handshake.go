package server

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// The way of a replica to its master's stream: one command, one reply at a time. Redis waits for each line in a
// blocking read; here a line is put together from what arrives and may take as long as that read would.

const (
	lineTimeout  = 5 * time.Second // server.h, CONFIG_REPL_SYNCIO_TIMEOUT
	maxReplyLine = 255             // bytes; a longer reply is cut there
	maxCountLine = 1023            // bytes of the line before the RDB
)

// link is the connection to the master from the dial until the RDB is loaded.
type link struct {
	conn          node.ConnID
	local, remote string
	in            []byte // arrived and not used
	lastIO        int64  // Unix time
	timing        bool   // timerLine is set
	closed        bool   // the connection went while the RDB was being loaded

	// What +FULLRESYNC said.
	id      string
	offset  int64
	preSync bool // it said nothing: the master speaks SYNC only

	// The RDB.
	counted bool   // the line before it has come
	size    int64  // bytes announced, 0 with a mark
	mark    []byte // ends an RDB of unknown length
	rdb     []byte
	loading bool
}

// connect dials the master. Redis 4.0: replication.c, connectWithMaster.
func (r *replication) connect(s *Server) {
	s.log(node.LogNotice, "Connecting to MASTER "+r.masterHost+":"+strconv.Itoa(r.masterPort))
	conn := s.out.Dial(dialAddr(r.masterHost, r.masterPort), s.sourceIP())
	r.link = link{conn: conn, lastIO: s.unix()}
	r.state = linkConnecting
	s.log(node.LogNotice, "MASTER <-> SLAVE sync started")
}

// sourceIP is where dialled connections come from: the first address that we listen on.
func (s *Server) sourceIP() string {
	if len(s.cfg.Bind) == 0 || s.cfg.Bind[0] == "0.0.0.0" || s.cfg.Bind[0] == "::" || s.cfg.Bind[0] == "*" {
		return ""
	}
	return s.cfg.Bind[0]
}

// dialled goes on when the dial has succeeded or failed.
func (r *replication) dialled(s *Server, ev *node.Event) {
	if ev.Conn != r.link.conn || r.state != linkConnecting {
		return // given up meanwhile
	}
	if ev.Kind == node.DialFailed {
		what := "Error condition on socket for SYNC: "
		if ev.Err == node.ErrBadAddress {
			what = "Unable to connect to MASTER: " // no connection was tried
		}
		s.log(node.LogWarning, what+string(ev.Err))
		r.link.conn = 0
		r.cancelHandshake(s)
		return
	}
	r.link.local, r.link.remote = ev.Local, ev.Remote
	s.log(node.LogNotice, "Non blocking connect for SYNC fired the event.")
	r.say(s, linkReceivePong, "PING")
}

// reads says whether the bytes of conn are ours to read: no client stands behind it yet.
func (r *replication) reads(conn node.ConnID) bool { return conn != 0 && conn == r.link.conn }

// received takes what the master said before it became a client.
func (r *replication) received(s *Server, ev *node.Event) {
	s.front.Stats.NetIn += int64(len(ev.Bytes))
	if r.link.loading {
		r.link.in = append(r.link.in, ev.Bytes...) // the stream
		return
	}
	whole := r.state == linkTransfer && r.link.counted && len(r.link.in) == 0
	if whole {
		r.link.in = ev.Bytes // a piece of the RDB is not copied twice
	} else {
		r.link.in = append(r.link.in, ev.Bytes...)
	}
	for r.reads(ev.Conn) && r.advance(s) {
	}
	if whole {
		r.link.in = slices.Clone(r.link.in) // ev.Bytes is the world's
	}
	r.timeLine(s)
}

// advance uses what has arrived for one step; false: more has to arrive.
func (r *replication) advance(s *Server) bool {
	if r.state == linkTransfer {
		return r.receiveRDB(s)
	}
	if !r.state.inHandshake() {
		return false
	}
	line, ok := r.link.line(maxReplyLine)
	if ok {
		r.link.lastIO = s.unix()
		r.handshakeReply(s, line)
	}
	return ok
}

// line takes a line off what has arrived: up to a newline, or limit bytes if there is none among them.
// Redis 4.0: syncio.c, syncReadLine.
func (l *link) line(limit int) (string, bool) {
	head := l.in[:min(len(l.in), limit)]
	end := bytes.IndexByte(head, '\n')
	if end < 0 && len(head) < limit {
		return "", false
	}
	next := end + 1
	if end < 0 {
		end, next = limit, limit
	}
	line := strings.TrimSuffix(string(l.in[:end]), "\r")
	l.in = l.in[next:]
	return line, true
}

// timeLine starts the clock of a line whose first bytes have come, and stops it when none is pending.
func (r *replication) timeLine(s *Server) {
	pending := len(r.link.in) > 0 && (r.state.inHandshake() || r.state == linkTransfer && !r.link.counted)
	if pending == r.link.timing {
		return
	}
	r.link.timing = pending
	if pending {
		s.out.SetTimer(timerLine, lineTimeout)
	} else {
		s.out.StopTimer(timerLine)
	}
}

// say sends the next command of the handshake, inline, and waits in state for its reply.
func (r *replication) say(s *Server, state linkState, words ...string) {
	s.out.Send(r.link.conn, []byte(strings.Join(words, " ")+"\r\n"))
	r.state, r.link.lastIO = state, s.unix()
}

// handshakeReply takes the master's reply to the command that was sent last and sends the next one.
// Redis 4.0: replication.c, syncWithMaster.
func (r *replication) handshakeReply(s *Server, line string) {
	refused := strings.HasPrefix(line, "-")
	switch r.state {
	case linkReceivePong:
		if !strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "-NOAUTH") && !strings.HasPrefix(line, "-ERR operation not permitted") {
			s.log(node.LogWarning, "Error reply to PING from master: '"+line+"'")
			r.cancelHandshake(s)
			return
		}
		s.log(node.LogNotice, "Master replied to PING, replication can continue...")
		if s.cfg.masterAuth != "" {
			r.say(s, linkReceiveAuth, "AUTH", s.cfg.masterAuth)
		} else {
			r.sayPort(s)
		}
	case linkReceiveAuth:
		if refused {
			s.log(node.LogWarning, "Unable to AUTH to MASTER: "+line)
			r.cancelHandshake(s)
			return
		}
		r.sayPort(s)
	case linkReceivePort:
		if refused {
			r.notUnderstood(s, "listening-port", line)
		}
		if s.cfg.slaveAnnounceIP != "" {
			r.say(s, linkReceiveIP, "REPLCONF", "ip-address", s.cfg.slaveAnnounceIP)
		} else {
			r.sayCapa(s)
		}
	case linkReceiveIP:
		if refused {
			r.notUnderstood(s, "ip-address", line)
		}
		r.sayCapa(s)
	case linkReceiveCapa:
		if refused {
			r.notUnderstood(s, "capa", line)
		}
		r.sayPSYNC(s)
	case linkReceivePSYNC:
		r.psyncReply(s, line)
	default:
		node.Assert(false, "a handshake reply in state %v", r.state)
	}
}

func (r *replication) notUnderstood(s *Server, option, line string) {
	s.log(node.LogNotice, "(Non critical) Master does not understand REPLCONF "+option+": "+line)
}

func (r *replication) sayPort(s *Server) {
	port := s.cfg.port
	if s.cfg.slaveAnnouncePort != 0 {
		port = s.cfg.slaveAnnouncePort
	}
	r.say(s, linkReceivePort, "REPLCONF", "listening-port", itoa(port))
}

func (r *replication) sayCapa(s *Server) {
	r.say(s, linkReceiveCapa, "REPLCONF", "capa", "eof", "capa", "psync2")
}

// sayPSYNC asks to go on where the cached master's stream stopped, or for everything.
// Redis 4.0: replication.c, slaveTryPartialResynchronization.
func (r *replication) sayPSYNC(s *Server) {
	if r.cached == nil {
		s.log(node.LogNotice, "Partial resynchronization not possible (no cached master)")
		r.say(s, linkReceivePSYNC, "PSYNC", "?", "-1")
		return
	}
	next := itoa(r.cached.applied + 1)
	s.log(node.LogNotice, "Trying a partial resynchronization (request "+r.cached.id+":"+next+").")
	r.say(s, linkReceivePSYNC, "PSYNC", r.cached.id, next)
}

// psyncReply takes the master's decision.
func (r *replication) psyncReply(s *Server, line string) {
	switch {
	case line == "":
		// the master is alive and needs longer
	case strings.HasPrefix(line, "+FULLRESYNC"):
		r.beginTransfer(s, line)
	case strings.HasPrefix(line, "+CONTINUE"):
		r.continueStream(s, strings.TrimPrefix(strings.TrimPrefix(line, "+CONTINUE"), " "))
	case strings.HasPrefix(line, "-NOMASTERLINK"), strings.HasPrefix(line, "-LOADING"):
		s.log(node.LogNotice, "Master is currently unable to PSYNC but should be in the future: "+line)
		r.cancelHandshake(s)
	default:
		r.fallBackToSYNC(s, line)
		s.out.Send(r.link.conn, []byte("SYNC\r\n"))
	}
}

// fallBackToSYNC treats the master as one that knows no PSYNC. A connection lost at this moment is taken for that too,
// and so costs a full resynchronization: that is what 4.0 does, and what its users see.
func (r *replication) fallBackToSYNC(s *Server, line string) {
	if strings.HasPrefix(line, "-ERR") {
		s.log(node.LogNotice, "Master does not support PSYNC or is in error state (reply: "+line+")")
	} else {
		s.log(node.LogWarning, "Unexpected reply to PSYNC from master: "+line)
	}
	r.discardCached(s)
	r.forgetStream(s)
	s.log(node.LogNotice, "Retrying with SYNC...")
	r.link.preSync = true
	r.state, r.link.lastIO = linkTransfer, s.unix()
}

// forgetStream drops those who follow our history, and the history: another one comes.
func (r *replication) forgetStream(s *Server) {
	r.disconnectReplicas(s)
	r.backlog.free()
}

// cancelHandshake gives the attempt up; the next second brings another one.
// Redis 4.0: replication.c, cancelReplicationHandshake.
func (r *replication) cancelHandshake(s *Server) {
	if r.state != linkConnecting && !r.state.inHandshake() && r.state != linkTransfer {
		return
	}
	if r.link.conn != 0 {
		s.out.Close(r.link.conn)
	}
	r.dropLink(s)
	r.state = linkConnect
}

// dropLink forgets the handshake's connection, which somebody else has now or nobody.
func (r *replication) dropLink(s *Server) {
	if r.link.timing {
		s.out.StopTimer(timerLine)
	}
	r.link = link{}
}

// closed tells whether conn was the handshake's, and gives the attempt up if so.
func (r *replication) closed(s *Server, ev *node.Event) bool {
	if !r.reads(ev.Conn) {
		return false
	}
	if r.link.loading {
		r.link.closed = true // found out when the RDB is loaded
		return true
	}
	r.link.conn = 0
	reason := string(ev.Err)
	if r.state == linkTransfer && r.link.counted {
		if reason == "" {
			reason = "connection lost"
		}
	} else if reason == "" {
		reason = "Resource temporarily unavailable" // what errno holds when a blocking read finds the end
	}
	r.readFailed(s, reason)
	return true
}

// readFailed is the end of an attempt whose connection gave no whole line.
func (r *replication) readFailed(s *Server, reason string) {
	line := "-Reading from master: " + reason
	switch {
	case r.state == linkTransfer && r.link.counted:
		s.log(node.LogWarning, "I/O error trying to sync with MASTER: "+reason)
	case r.state == linkTransfer:
		s.log(node.LogWarning, "I/O error reading bulk count from MASTER: "+reason)
	case r.state == linkReceivePSYNC:
		r.fallBackToSYNC(s, line)
		s.log(node.LogWarning, "I/O error reading bulk count from MASTER: "+reason)
	case r.state == linkReceivePong:
		s.log(node.LogWarning, "Error reply to PING from master: '"+line+"'")
	case r.state == linkReceiveAuth:
		s.log(node.LogWarning, "Unable to AUTH to MASTER: "+line)
	default: // 4.0 takes it for an old master's refusal and notices at its next write
		s.log(node.LogWarning, "Sending command to master in replication handshake: -Writing to master: Broken pipe")
	}
	r.cancelHandshake(s)
}

// lineTooLate goes on as 4.0 does when a blocking read returns without a line: with an error in the line's place.
func (r *replication) lineTooLate(s *Server) {
	switch {
	case r.state.inHandshake():
		r.link.in = r.link.in[:0]
		r.handshakeReply(s, "-Reading from master: "+string(node.ErrTimedOut))
	case r.state == linkTransfer && !r.link.counted:
		r.readFailed(s, string(node.ErrTimedOut))
	}
}

// timerFired is the end of replication's patience with a line or with WAIT. It returns false for other timers.
func (r *replication) timerFired(s *Server, timer node.TimerID) bool {
	switch timer {
	case timerLine:
		r.link.timing = false
		r.lineTooLate(s)
	case timerWait:
		r.wakeTold = false
		r.expireWaiting(s)
	default:
		return false
	}
	return true
}

// dialAddr is the address to dial for a host as SLAVEOF names it. Names are not resolved, but for the machine's own.
func dialAddr(host string, port int) string {
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
