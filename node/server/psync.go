package server

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// replicationCommands are the commands that make and tell replication.
func replicationCommands() []command {
	return []command{
		{name: "slaveof", run: slaveofCommand, arity: 3, flags: flagAdmin | flagNoScript | flagStale},
		{name: "replicaof", run: slaveofCommand, arity: 3, flags: flagAdmin | flagNoScript | flagStale},
		{name: "role", run: roleCommand, arity: 1, flags: flagLoading | flagNoScript | flagStale},
		{name: "sync", run: syncCommand, arity: 1, flags: flagAdmin | flagReadOnly | flagNoScript},
		{name: "psync", run: syncCommand, arity: 3, flags: flagAdmin | flagReadOnly | flagNoScript},
		{name: "replconf", run: replconfCommand, arity: -1, flags: flagAdmin | flagNoScript | flagLoading | flagStale},
		{name: "wait", run: waitCommand, arity: 3, flags: flagNoScript},
	}
}

// syncCommand is SYNC and PSYNC id offset: somebody wants to be our replica. Redis 4.0: replication.c, syncCommand.
func syncCommand(s *Server, c *client) {
	r := &s.repl
	switch {
	case c.is(flagReplica | flagMonitor):
		return
	case !r.isMaster() && r.state != linkConnected:
		s.replyError(c, "NOMASTERLINK Can't SYNC while not connected with my master")
		return
	case c.hasUnsent():
		s.replyError(c, "ERR SYNC and PSYNC are invalid with pending output")
		return
	}
	c.asReplica()
	s.log(node.LogNotice, "Slave "+c.replicaName()+" asks for synchronization")
	if c.cmd.name == "psync" {
		if r.tryContinue(s, c, string(c.args[1]), c.args[2]) {
			s.stats.syncPartialOK++
			return
		}
		if !strings.HasPrefix(string(c.args[1]), "?") {
			s.stats.syncPartialErr++
		}
	} else {
		c.flags |= flagPreSync
	}
	s.stats.syncFull++
	r.fullSync(s, c)
}

// tryContinue grants a partial resynchronization if the asked history is ours up to there and the bytes since then
// are in the backlog. Redis 4.0: replication.c, masterTryPartialResynchronization.
func (r *replication) tryContinue(s *Server, c *client, id string, offsetArg []byte) bool {
	offset, ok := resp.ParseInt(offsetArg)
	reason, text := r.refusal(c, id, offset, ok)
	r.notePSYNC(s, c, id, offset, reason)
	if reason != "" {
		if text != "" {
			s.log(node.LogNotice, text)
		}
		if reason == refusedBacklog && offset > r.offset {
			s.log(node.LogWarning, "Warning: slave "+c.replicaName()+
				" tried to PSYNC with an offset that is greater than the master replication offset.")
		}
		return false
	}
	older, newer := r.backlog.since(offset)
	n := len(older) + len(newer)
	node.Assert(int64(n) == r.offset-offset+1, "%d bytes are to bring a replica from %d to %d", n, offset, r.offset)
	r.attach(c, replicaOnline)
	c.replica.ackTime = s.unix()
	if c.replica.capa&capaPSYNC2 != 0 {
		r.sendNow(s, c, "+CONTINUE "+r.id+"\r\n")
	} else {
		r.sendNow(s, c, "+CONTINUE\r\n")
	}
	s.writeTo(c, older)
	s.writeTo(c, newer)
	s.log(node.LogNotice, "Partial resynchronization request from "+c.replicaName()+" accepted. Sending "+strconv.Itoa(n)+
		" bytes of backlog starting from offset "+itoa(offset)+".")
	// The stream's database stays as it is: the replica remembers what was selected where it stopped.
	r.refreshGood(s)
	return true
}

// Why a partial resynchronization is refused, in the words of [node.NotePSYNC].
const (
	refusedAsked        = "asked" // for a full one
	refusedID           = "replid"
	refusedSecondOffset = "second-offset"
	refusedBacklog      = "backlog"
)

// refusal returns why a request must be answered with a full resynchronization, "" if it may be continued, and the
// log line for it. parsed says whether the offset is a number.
func (r *replication) refusal(c *client, id string, offset int64, parsed bool) (reason, text string) {
	switch {
	case !parsed:
		return refusedAsked, ""
	case strings.EqualFold(id, r.id):
	case strings.EqualFold(id, r.secondID) && offset <= r.secondOffset:
	case strings.HasPrefix(id, "?"):
		return refusedAsked, "Full resync requested by slave " + c.replicaName()
	case strings.EqualFold(id, r.secondID):
		return refusedSecondOffset, "Partial resynchronization not accepted: Requested offset for second ID was " + itoa(offset) +
			", but I can reply up to " + itoa(r.secondOffset)
	default:
		return refusedID, "Partial resynchronization not accepted: Replication ID mismatch (Slave asked for '" + id +
			"', my replication IDs are '" + r.id + "' and '" + r.secondID + "')"
	}
	if !r.backlog.holds(offset) {
		return refusedBacklog, "Unable to partial resync with slave " + c.replicaName() + " for lack of backlog (Slave request was: " + itoa(offset) + ")."
	}
	return "", ""
}
