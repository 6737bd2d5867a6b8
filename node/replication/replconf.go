package replication

import (
	"strings"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// maxIP is the longest address that a replica may announce. Redis 4.0: server.h, NET_IP_STR_LEN.
const maxIP = 46

// replconfCommand is REPLCONF option value …: what master and replica tell each other beside the stream.
// Redis 4.0: replication.c, replconfCommand.
func (r *Replication) replconfCommand(c *front.Call) {
	if len(c.Args)%2 == 0 {
		c.Error("ERR syntax error")
		return
	}
	for i := 1; i < len(c.Args); i += 2 {
		option, value := c.Args[i], c.Args[i+1]
		switch {
		case equalFold(option, "listening-port"):
			port, ok := resp.ParseInt(value)
			if !ok {
				c.Error("ERR value is not an integer or out of range")
				return
			}
			asReplica(c.Client).port = int(port)
		case equalFold(option, "ip-address"):
			if len(value) >= maxIP {
				c.Error("ERR REPLCONF ip-address provided by slave instance is too long: " + itoa(int64(len(value))) + " bytes")
				return
			}
			asReplica(c.Client).ip = string(value)
		case equalFold(option, "capa"):
			if equalFold(value, "eof") {
				asReplica(c.Client).capa |= capaEOF
			} else if equalFold(value, "psync2") {
				asReplica(c.Client).capa |= capaPSYNC2
			}
		case equalFold(option, "ack"):
			r.acknowledged(c.Client, value)
			return // never replied to; what follows is of later versions
		case equalFold(option, "getack"):
			r.sendACK()
			return
		default:
			c.Error("ERR Unrecognized REPLCONF option: " + string(option))
			return
		}
	}
	c.OK()
}

// acknowledged takes REPLCONF ACK offset.
func (r *Replication) acknowledged(c *front.Client, value []byte) {
	offset, ok := resp.ParseInt(value)
	if !c.Is(front.Replica) || !ok {
		return
	}
	p := replicaOf(c)
	p.ackOffset = max(p.ackOffset, offset)
	p.ackTime = r.unix()
	r.acked = true
	if p.onlineOnACK && p.phase == replicaOnline {
		r.online(c)
	}
}

// sendACK tells the master what has been applied. While REPLCONF GETACK runs, its own bytes are not.
// Redis 4.0: replication.c, replicationSendAck.
func (r *Replication) sendACK() {
	m := r.master
	if m == nil {
		return
	}
	b := resp.AppendArray(r.scratch[:0], 3)
	b = resp.AppendBulkString(b, "REPLCONF")
	b = resp.AppendBulkString(b, "ACK")
	b = resp.AppendBulkInt(b, m.applied)
	r.scratch = b
	r.front.Write(m.client, b)
}

// equalFold compares a word of a command without allocating.
func equalFold(word []byte, name string) bool {
	return len(word) == len(name) && strings.EqualFold(string(word), name)
}
