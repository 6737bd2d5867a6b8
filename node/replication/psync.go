package replication

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Rows are the commands that make and tell replication.
func (r *Replication) Rows() []front.Command {
	const server, generic = "server", "generic"
	rows := front.Group(server,
		front.Row("slaveof", 3, "ast", 0, 0, 0, r.slaveofCommand, "Make the server a replica of another instance, or promote it as master"),
		front.Row("replicaof", 3, "ast", 0, 0, 0, r.slaveofCommand, "Make the server a replica of another instance, or promote it as master"),
		front.Row("role", 1, "lst", 0, 0, 0, r.roleCommand, "Return the role of the instance in the context of replication"),
		front.Row("sync", 1, "ars", 0, 0, 0, r.syncCommand, "Become our replica: the form of old versions"),
		front.Row("psync", 3, "ars", 0, 0, 0, r.syncCommand, "Become our replica, going on with a history where that can be"),
		front.Row("replconf", -1, "aslt", 0, 0, 0, r.replconfCommand, "What replicas and masters tell each other beside the stream"),
	)
	return append(rows, front.Group(generic,
		front.Row("wait", 3, "s", 0, 0, 0, r.waitCommand, "Wait until replicas have acknowledged all that this client wrote"))...)
}

// syncCommand is SYNC and PSYNC id offset: somebody wants to be our replica. Redis 4.0: replication.c, syncCommand.
func (r *Replication) syncCommand(c *front.Call) {
	switch {
	case c.Is(front.Replica | front.Monitor):
		return
	case !r.IsMaster() && r.state != linkConnected:
		c.Error("NOMASTERLINK Can't SYNC while not connected with my master")
		return
	case c.Client.HasUnsent():
		c.Error("ERR SYNC and PSYNC are invalid with pending output")
		return
	}
	client := c.Client
	asReplica(client)
	r.host.Log(node.LogNotice, "Slave "+replicaName(client)+" asks for synchronization")
	if c.Cmd.Name == "psync" {
		if r.tryContinue(client, string(c.Args[1]), c.Args[2]) {
			r.Stats.PartialOK++
			return
		}
		if !strings.HasPrefix(string(c.Args[1]), "?") {
			r.Stats.PartialErr++
		}
	} else {
		client.State |= front.PreSync
	}
	r.Stats.Full++
	r.fullSync(client)
}

// tryContinue grants a partial resynchronization if the asked history is ours up to there and the bytes since then
// are in the backlog. Redis 4.0: replication.c, masterTryPartialResynchronization.
func (r *Replication) tryContinue(c *front.Client, id string, offsetArg []byte) bool {
	offset, ok := resp.ParseInt(offsetArg)
	reason, text := r.refusal(c, id, offset, ok)
	r.notePSYNC(c, id, offset, reason)
	if reason != "" {
		if text != "" {
			r.host.Log(node.LogNotice, text)
		}
		if reason == refusedBacklog && offset > r.Offset {
			r.host.Log(node.LogWarning, "Warning: slave "+replicaName(c)+
				" tried to PSYNC with an offset that is greater than the master replication offset.")
		}
		return false
	}
	older, newer := r.backlog.since(offset)
	n := len(older) + len(newer)
	node.Assert(int64(n) == r.Offset-offset+1, "%d bytes are to bring a replica from %d to %d", n, offset, r.Offset)
	r.attach(c, replicaOnline)
	replicaOf(c).ackTime = r.unix()
	if replicaOf(c).capa&capaPSYNC2 != 0 {
		r.sendNow(c, "+CONTINUE "+r.id+"\r\n")
	} else {
		r.sendNow(c, "+CONTINUE\r\n")
	}
	r.front.Write(c, older)
	r.front.Write(c, newer)
	r.host.Log(node.LogNotice, "Partial resynchronization request from "+replicaName(c)+" accepted. Sending "+strconv.Itoa(n)+
		" bytes of backlog starting from offset "+itoa(offset)+".")
	// The stream's database stays as it is: the replica remembers what was selected where it stopped.
	r.RefreshGood()
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
func (r *Replication) refusal(c *front.Client, id string, offset int64, parsed bool) (reason, text string) {
	switch {
	case !parsed:
		return refusedAsked, ""
	case strings.EqualFold(id, r.id):
	case strings.EqualFold(id, r.secondID) && offset <= r.secondOffset:
	case strings.HasPrefix(id, "?"):
		return refusedAsked, "Full resync requested by slave " + replicaName(c)
	case strings.EqualFold(id, r.secondID):
		return refusedSecondOffset, "Partial resynchronization not accepted: Requested offset for second ID was " + itoa(offset) +
			", but I can reply up to " + itoa(r.secondOffset)
	default:
		return refusedID, "Partial resynchronization not accepted: Replication ID mismatch (Slave asked for '" + id +
			"', my replication IDs are '" + r.id + "' and '" + r.secondID + "')"
	}
	if !r.backlog.holds(offset) {
		return refusedBacklog, "Unable to partial resync with slave " + replicaName(c) + " for lack of backlog (Slave request was: " + itoa(offset) + ")."
	}
	return "", ""
}
