package replication

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
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
	closed        bool   // the connection went when all of the RDB had come

	// What +FULLRESYNC said.
	id      string
	offset  int64
	preSync bool // it said nothing: the master speaks SYNC only

	// The RDB.
	counted bool       // the line before it has come
	rdb     *reception // from then on
	loading bool       // it has all come and takes the place of our data
	held    bool       // the connection is not read
}

// hasRDB says whether all of the RDB has come. What else comes is the stream, and waits.
func (l *link) hasRDB() bool { return l.rdb != nil && l.rdb.whole }

// connect dials the master. Redis 4.0: replication.c, connectWithMaster.
func (r *Replication) connect() {
	r.host.Log(node.LogNotice, "Connecting to MASTER "+r.masterHost+":"+strconv.Itoa(r.masterPort))
	conn := r.front.Out.Dial(front.DialAddr(r.masterHost, r.masterPort), r.front.Set.SourceIP())
	r.link = link{conn: conn, lastIO: r.unix()}
	r.state = linkConnecting
	r.host.Log(node.LogNotice, "MASTER <-> SLAVE sync started")
}

// Dialled goes on when the dial has succeeded or failed.
func (r *Replication) Dialled(ev *node.Event) {
	if ev.Conn != r.link.conn || r.state != linkConnecting {
		return // given up meanwhile
	}
	if ev.Kind == node.DialFailed {
		what := "Error condition on socket for SYNC: "
		if ev.Err == node.ErrBadAddress {
			what = "Unable to connect to MASTER: " // no connection was tried
		}
		r.host.Log(node.LogWarning, what+string(ev.Err))
		r.link.conn = 0
		r.cancelHandshake()
		return
	}
	r.link.local, r.link.remote = ev.Local, ev.Remote
	r.host.Log(node.LogNotice, "Non blocking connect for SYNC fired the event.")
	r.say(linkReceivePong, "PING")
}

// Reads says whether the bytes of conn are ours to read: no client stands behind it yet.
func (r *Replication) Reads(conn node.ConnID) bool { return conn != 0 && conn == r.link.conn }

// Received takes what the master said before it became a client.
func (r *Replication) Received(ev *node.Event) {
	r.front.Stats.NetIn += int64(len(ev.Bytes))
	if r.link.hasRDB() {
		r.link.in = append(r.link.in, ev.Bytes...) // the stream
		return
	}
	whole := r.state == linkTransfer && r.link.counted && len(r.link.in) == 0
	if whole {
		r.link.in = ev.Bytes // a piece of the RDB is not copied twice
	} else {
		r.link.in = append(r.link.in, ev.Bytes...)
	}
	for r.Reads(ev.Conn) && r.advance() {
	}
	if whole {
		r.link.in = slices.Clone(r.link.in) // ev.Bytes is the world's
	}
	r.timeLine()
}

// advance uses what has arrived for one step; false: more has to arrive.
func (r *Replication) advance() bool {
	if r.state == linkTransfer {
		return r.receiveRDB()
	}
	if !r.state.inHandshake() {
		return false
	}
	line, ok := r.link.line(maxReplyLine)
	if ok {
		r.link.lastIO = r.unix()
		r.handshakeReply(line)
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
func (r *Replication) timeLine() {
	pending := len(r.link.in) > 0 && (r.state.inHandshake() || r.state == linkTransfer && !r.link.counted)
	if pending == r.link.timing {
		return
	}
	r.link.timing = pending
	if pending {
		r.front.Out.SetTimer(timerLine, lineTimeout)
	} else {
		r.front.Out.StopTimer(timerLine)
	}
}

// say sends the next command of the handshake, inline, and waits in state for its reply.
func (r *Replication) say(state linkState, words ...string) {
	r.front.Out.Send(r.link.conn, []byte(strings.Join(words, " ")+"\r\n"))
	r.state, r.link.lastIO = state, r.unix()
}

// sayAuth says the password as an array: inline, as 4.0 does, one with a blank in it would be two words.
func (r *Replication) sayAuth() {
	r.front.Out.Send(r.link.conn, resp.AppendCommand(nil, "AUTH", r.cfg.MasterAuth))
	r.state, r.link.lastIO = linkReceiveAuth, r.unix()
}

// handshakeReply takes the master's reply to the command that was sent last and sends the next one.
// Redis 4.0: replication.c, syncWithMaster.
func (r *Replication) handshakeReply(line string) {
	refused := strings.HasPrefix(line, "-")
	switch r.state {
	case linkReceivePong:
		if !strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "-NOAUTH") && !strings.HasPrefix(line, "-ERR operation not permitted") {
			r.host.Log(node.LogWarning, "Error reply to PING from master: '"+line+"'")
			r.cancelHandshake()
			return
		}
		r.host.Log(node.LogNotice, "Master replied to PING, replication can continue...")
		if r.cfg.MasterAuth != "" {
			r.sayAuth()
		} else {
			r.sayPort()
		}
	case linkReceiveAuth:
		if refused {
			r.host.Log(node.LogWarning, "Unable to AUTH to MASTER: "+line)
			r.cancelHandshake()
			return
		}
		r.sayPort()
	case linkReceivePort:
		if refused {
			r.notUnderstood("listening-port", line)
		}
		if r.cfg.AnnounceIP != "" {
			r.say(linkReceiveIP, "REPLCONF", "ip-address", r.cfg.AnnounceIP)
		} else {
			r.sayCapa()
		}
	case linkReceiveIP:
		if refused {
			r.notUnderstood("ip-address", line)
		}
		r.sayCapa()
	case linkReceiveCapa:
		if refused {
			r.notUnderstood("capa", line)
		}
		r.sayPSYNC()
	case linkReceivePSYNC:
		r.psyncReply(line)
	default:
		node.Assert(false, "a handshake reply in state %v", r.state)
	}
}

func (r *Replication) notUnderstood(option, line string) {
	r.host.Log(node.LogNotice, "(Non critical) Master does not understand REPLCONF "+option+": "+line)
}

func (r *Replication) sayPort() {
	port := r.host.Port()
	if r.cfg.AnnouncePort != 0 {
		port = r.cfg.AnnouncePort
	}
	r.say(linkReceivePort, "REPLCONF", "listening-port", itoa(port))
}

func (r *Replication) sayCapa() {
	r.say(linkReceiveCapa, "REPLCONF", "capa", "eof", "capa", "psync2")
}

// sayPSYNC asks to go on where the cached master's stream stopped, or for everything.
// Redis 4.0: replication.c, slaveTryPartialResynchronization.
func (r *Replication) sayPSYNC() {
	if r.cached == nil {
		r.host.Log(node.LogNotice, "Partial resynchronization not possible (no cached master)")
		r.say(linkReceivePSYNC, "PSYNC", "?", "-1")
		return
	}
	next := itoa(r.cached.applied + 1)
	r.host.Log(node.LogNotice, "Trying a partial resynchronization (request "+r.cached.id+":"+next+").")
	r.say(linkReceivePSYNC, "PSYNC", r.cached.id, next)
}

// psyncReply takes the master's decision.
func (r *Replication) psyncReply(line string) {
	switch {
	case line == "":
		// the master is alive and needs longer
	case strings.HasPrefix(line, "+FULLRESYNC"):
		r.beginTransfer(line)
	case strings.HasPrefix(line, "+CONTINUE"):
		r.continueStream(strings.TrimPrefix(strings.TrimPrefix(line, "+CONTINUE"), " "))
	case passing(line):
		r.host.Log(node.LogNotice, "Master is currently unable to PSYNC but should be in the future: "+line)
		r.cancelHandshake()
	default:
		r.fallBackToSYNC(line)
		r.front.Out.Send(r.link.conn, []byte("SYNC\r\n"))
	}
}

// passing says whether an answer to PSYNC, or that none came, says nothing of the master's being an old one: it is asked
// again, for the same place. 4.0 takes -MASTERDOWN and a lost connection for an old master, which costs a full
// resynchronization and, with -MASTERDOWN, the name of the history.
func passing(line string) bool {
	for _, code := range []string{"-NOMASTERLINK", "-LOADING", "-MASTERDOWN", readingFailed} {
		if strings.HasPrefix(line, code) {
			return true
		}
	}
	return false
}

// readingFailed is how what stands for a line begins that did not come.
const readingFailed = "-Reading from master: "

// fallBackToSYNC treats the master as one that knows no PSYNC.
func (r *Replication) fallBackToSYNC(line string) {
	if strings.HasPrefix(line, "-ERR") {
		r.host.Log(node.LogNotice, "Master does not support PSYNC or is in error state (reply: "+line+")")
	} else {
		r.host.Log(node.LogWarning, "Unexpected reply to PSYNC from master: "+line)
	}
	r.host.Log(node.LogNotice, "Retrying with SYNC...")
	r.link.preSync = true
	r.state, r.link.lastIO = linkTransfer, r.unix()
}

// forgetStream drops those who follow our history, and the history: another one comes.
func (r *Replication) forgetStream() {
	r.disconnectReplicas()
	r.backlog.free()
}

// cancelHandshake gives the attempt up; the next second brings another one.
// Redis 4.0: replication.c, cancelReplicationHandshake.
func (r *Replication) cancelHandshake() {
	if r.state != linkConnecting && !r.state.inHandshake() && r.state != linkTransfer {
		return
	}
	if r.link.conn != 0 && !r.link.closed {
		r.front.Out.Close(r.link.conn)
	}
	r.dropLink()
	r.state = linkConnect
}

// dropLink forgets the handshake's connection, which somebody else has now or nobody.
func (r *Replication) dropLink() {
	if r.link.timing {
		r.front.Out.StopTimer(timerLine)
	}
	if r.link.rdb != nil {
		r.abandon(r.link.rdb)
	}
	r.link = link{}
}

// Closed tells whether conn was the handshake's, and gives the attempt up if so.
func (r *Replication) Closed(ev *node.Event) bool {
	if !r.Reads(ev.Conn) {
		return false
	}
	if r.link.hasRDB() {
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
	r.readFailed(reason)
	return true
}

// readFailed is the end of an attempt whose connection gave no whole line.
func (r *Replication) readFailed(reason string) {
	line := readingFailed + reason
	switch {
	case r.state == linkTransfer && r.link.counted:
		r.host.Log(node.LogWarning, "I/O error trying to sync with MASTER: "+reason)
	case r.state == linkTransfer:
		r.host.Log(node.LogWarning, "I/O error reading bulk count from MASTER: "+reason)
	case r.state == linkReceivePSYNC:
		r.psyncReply(line)
	case r.state == linkReceivePong:
		r.host.Log(node.LogWarning, "Error reply to PING from master: '"+line+"'")
	case r.state == linkReceiveAuth:
		r.host.Log(node.LogWarning, "Unable to AUTH to MASTER: "+line)
	default: // 4.0 takes it for an old master's refusal and notices at its next write
		r.host.Log(node.LogWarning, "Sending command to master in replication handshake: -Writing to master: Broken pipe")
	}
	r.cancelHandshake()
}

// lineTooLate goes on as 4.0 does when a blocking read returns without a line: with an error in the line's place.
func (r *Replication) lineTooLate() {
	switch {
	case r.state.inHandshake():
		r.link.in = r.link.in[:0]
		r.handshakeReply(readingFailed + string(node.ErrTimedOut))
	case r.state == linkTransfer && !r.link.counted:
		r.readFailed(string(node.ErrTimedOut))
	}
}

// TimerFired is the end of replication's patience with a line or with WAIT. It returns false for other timers.
func (r *Replication) TimerFired(timer node.TimerID) bool {
	switch timer {
	case timerLine:
		r.link.timing = false
		r.lineTooLate()
	case timerWait:
		r.wakeTold = false
		r.expireWaiting()
	default:
		return false
	}
	return true
}
