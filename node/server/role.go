package server

import (
	"strconv"
)

// roleCommand is ROLE. Redis 4.0: replication.c, roleCommand.
func roleCommand(s *Server, c *client) {
	r := &s.repl
	if !r.isMaster() {
		s.replyArray(c, 5)
		s.replyBulkString(c, "slave")
		s.replyBulkString(c, r.masterHost)
		s.replyInt(c, int64(r.masterPort))
		s.replyBulkString(c, r.state.String())
		offset := int64(-1)
		if r.master != nil {
			offset = r.master.applied
		}
		s.replyInt(c, offset)
		return
	}
	online := 0
	for _, rc := range r.replicas {
		if rc.tellable() {
			online++
		}
	}
	s.replyArray(c, 3)
	s.replyBulkString(c, "master")
	s.replyInt(c, r.offset)
	s.replyArray(c, online)
	for _, rc := range r.replicas {
		if !rc.tellable() {
			continue
		}
		ip, port := rc.replicaAddr()
		s.replyArray(c, 3)
		s.replyBulkString(c, ip)
		s.replyBulkString(c, strconv.Itoa(port))
		s.replyBulkString(c, itoa(rc.replica.ackOffset))
	}
}

// tellable says whether ROLE lists the replica.
func (c *client) tellable() bool {
	ip, _ := c.replicaAddr()
	return c.replica.phase == replicaOnline && ip != ""
}
