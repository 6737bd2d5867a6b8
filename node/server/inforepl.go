package server

import (
	"strconv"
)

// info appends INFO's section about replication. Redis 4.0: server.c, genRedisInfoString.
func (r *replication) info(s *Server, b []byte) []byte {
	b = append(b, "# Replication\r\n"...)
	if r.isMaster() {
		b = appendText(b, "role", "master")
	} else {
		b = r.infoOfReplica(s, b)
	}
	b = appendNumber(b, "connected_slaves", int64(len(r.replicas)))
	if s.cfg.minSlavesToWrite != 0 && s.cfg.minSlavesMaxLag != 0 {
		b = appendNumber(b, "min_slaves_good_slaves", int64(r.goodReplicas))
	}
	b = r.infoOfReplicas(s, b)
	b = appendText(b, "master_replid", r.id)
	b = appendText(b, "master_replid2", r.secondID)
	b = appendNumber(b, "master_repl_offset", r.offset)
	b = appendNumber(b, "second_repl_offset", r.secondOffset)
	b = appendFlag(b, "repl_backlog_active", r.backlog.active)
	b = appendNumber(b, "repl_backlog_size", r.backlog.size)
	b = appendNumber(b, "repl_backlog_first_byte_offset", r.backlog.first)
	return appendNumber(b, "repl_backlog_histlen", r.backlog.length)
}

func (r *replication) infoOfReplica(s *Server, b []byte) []byte {
	b = appendText(b, "role", "slave")
	b = appendText(b, "master_host", r.masterHost)
	b = appendNumber(b, "master_port", int64(r.masterPort))
	status, lastIO, offset := "down", int64(-1), int64(1)
	if r.state == linkConnected {
		status = "up"
	}
	if r.master != nil {
		lastIO = s.unix() - r.master.client.lastActive.Unix()
		offset = r.master.applied
	} else if r.cached != nil {
		offset = r.cached.applied
	}
	b = appendText(b, "master_link_status", status)
	b = appendNumber(b, "master_last_io_seconds_ago", lastIO)
	b = appendFlag(b, "master_sync_in_progress", r.state == linkTransfer)
	b = appendNumber(b, "slave_repl_offset", offset)
	if r.state == linkTransfer {
		left := r.link.size - int64(len(r.link.rdb))
		if !r.link.counted {
			left = -1
		}
		b = appendNumber(b, "master_sync_left_bytes", left)
		b = appendNumber(b, "master_sync_last_io_seconds_ago", s.unix()-r.link.lastIO)
	}
	if r.state != linkConnected {
		b = appendNumber(b, "master_link_down_since_seconds", s.unix()-r.downSince)
	}
	b = appendNumber(b, "slave_priority", s.cfg.slavePriority)
	return appendFlag(b, "slave_read_only", s.cfg.slaveReadOnly)
}

func (r *replication) infoOfReplicas(s *Server, b []byte) []byte {
	i := 0
	for _, c := range r.replicas {
		ip, port := c.replicaAddr()
		if ip == "" {
			continue
		}
		lag := int64(0)
		if c.replica.phase == replicaOnline {
			lag = s.unix() - c.replica.ackTime
		}
		b = append(b, "slave"+strconv.Itoa(i)+":ip="+ip+",port="+strconv.Itoa(port)+",state="+c.replica.phase.String()+
			",offset="+itoa(c.replica.ackOffset)+",lag="+itoa(lag)+"\r\n"...)
		i++
	}
	return b
}

func appendText(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ':')
	b = append(b, value...)
	return append(b, "\r\n"...)
}

func appendNumber(b []byte, name string, n int64) []byte {
	b = append(b, name...)
	b = append(b, ':')
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...)
}

func appendFlag(b []byte, name string, yes bool) []byte {
	if yes {
		return appendNumber(b, name, 1)
	}
	return appendNumber(b, name, 0)
}
