package replication

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node/front"
)

// Info appends INFO's section about replication. Redis 4.0: server.c, genRedisInfoString.
func (r *Replication) Info(b []byte) []byte {
	b = append(b, "# Replication\r\n"...)
	if r.IsMaster() {
		b = front.Field(b, "role", "master")
	} else {
		b = r.infoOfReplica(b)
	}
	b = front.IntField(b, "connected_slaves", int64(len(r.replicas)))
	if r.cfg.MinSlavesToWrite != 0 && r.cfg.MinSlavesMaxLag != 0 {
		b = front.IntField(b, "min_slaves_good_slaves", int64(r.GoodReplicas))
	}
	b = r.infoOfReplicas(b)
	b = front.Field(b, "master_replid", r.id)
	b = front.Field(b, "master_replid2", r.secondID)
	b = front.IntField(b, "master_repl_offset", r.Offset)
	b = front.IntField(b, "second_repl_offset", r.secondOffset)
	b = front.BoolField(b, "repl_backlog_active", r.backlog.active)
	b = front.IntField(b, "repl_backlog_size", r.backlog.size)
	b = front.IntField(b, "repl_backlog_first_byte_offset", r.backlog.first)
	return front.IntField(b, "repl_backlog_histlen", r.backlog.length)
}

func (r *Replication) infoOfReplica(b []byte) []byte {
	b = front.Field(b, "role", "slave")
	b = front.Field(b, "master_host", r.masterHost)
	b = front.IntField(b, "master_port", int64(r.masterPort))
	status, lastIO, offset := "down", int64(-1), int64(1)
	if r.state == linkConnected {
		status = "up"
	}
	if r.master != nil {
		lastIO = r.unix() - r.master.client.LastActive.Unix()
		offset = r.master.applied
	} else if r.cached != nil {
		offset = r.cached.applied
	}
	b = front.Field(b, "master_link_status", status)
	b = front.IntField(b, "master_last_io_seconds_ago", lastIO)
	b = front.BoolField(b, "master_sync_in_progress", r.state == linkTransfer)
	b = front.IntField(b, "slave_repl_offset", offset)
	if r.state == linkTransfer {
		left := int64(-1)
		if rdb := r.link.rdb; rdb != nil {
			left = rdb.size - rdb.received
		}
		b = front.IntField(b, "master_sync_left_bytes", left)
		b = front.IntField(b, "master_sync_last_io_seconds_ago", r.unix()-r.link.lastIO)
	}
	if r.state != linkConnected {
		b = front.IntField(b, "master_link_down_since_seconds", r.unix()-r.downSince)
	}
	b = front.IntField(b, "slave_priority", r.cfg.Priority)
	return front.BoolField(b, "slave_read_only", r.host.SlaveReadOnly())
}

func (r *Replication) infoOfReplicas(b []byte) []byte {
	i := 0
	for _, c := range r.replicas {
		ip, port := replicaAddr(c)
		if ip == "" {
			continue
		}
		lag := int64(0)
		if replicaOf(c).phase == replicaOnline {
			lag = r.unix() - replicaOf(c).ackTime
		}
		b = append(b, "slave"+strconv.Itoa(i)+":ip="+ip+",port="+strconv.Itoa(port)+",state="+replicaOf(c).phase.String()+
			",offset="+itoa(replicaOf(c).ackOffset)+",lag="+itoa(lag)+"\r\n"...)
		i++
	}
	return b
}
