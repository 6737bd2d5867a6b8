package server

import (
	"fmt"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// INFO. Redis 4.0: server.c, genRedisInfoString.

// infoSections are the parts of INFO in their order.
func (s *Server) infoSections() []front.Section {
	return []front.Section{
		{Name: "server", Write: s.infoServer},
		{Name: "clients", Write: s.front.InfoClients},
		{Name: "memory", Write: s.infoMemory},
		{Name: "persistence", Write: s.infoPersistence},
		{Name: "stats", Write: s.infoStats},
		{Name: "replication", Write: func(b []byte) []byte { return s.repl.Info(b) }},
		{Name: "cpu", Write: front.InfoCPU},
		{Name: "commandstats", Unusual: true, Write: s.infoCommandstats},
		{Name: "cluster", Write: func(b []byte) []byte { return append(b, "# Cluster\r\ncluster_enabled:0\r\n"...) }},
		{Name: "keyspace", Write: s.infoKeyspace},
	}
}

func (s *Server) infoCommand(c *front.Call) {
	if len(c.Args) > 2 {
		c.Error(front.ErrSyntax)
		return
	}
	want := "default"
	if len(c.Args) == 2 {
		want = string(c.Args[1])
	}
	s.scratch = front.AppendInfo(s.scratch[:0], s.info, want)
	c.Bulk(s.scratch)
}

func (s *Server) infoServer(b []byte) []byte {
	return s.front.InfoServer(b, front.Process{Mode: "standalone", PID: s.opts.PID, RunID: s.runID, Port: s.cfg.port,
		Started: s.started, HZ: s.cfg.hz, Executable: s.opts.Executable, ConfigPath: s.opts.ConfigPath})
}

// baseMemory is about what an empty server takes, in bytes.
const baseMemory = 800 << 10

// usedMemory estimates what the dataset and the buffers take, in bytes: a core cannot ask its allocator.
func (s *Server) usedMemory() int64 {
	n := int64(baseMemory) + s.data.KS.Bytes() + s.repl.Memory()
	for _, c := range s.front.Clients() {
		n += int64(c.In.Buffered()) + c.Waiting()
	}
	return n
}

func (s *Server) infoMemory(b []byte) []byte {
	used := s.usedMemory()
	s.peakMemory = max(s.peakMemory, used)
	data := s.data.KS.Bytes()
	b = append(b, "# Memory\r\n"...)
	b = front.SizeFields(b, "used_memory", used)
	b = front.SizeFields(b, "used_memory_rss", used)
	b = front.SizeFields(b, "used_memory_peak", s.peakMemory)
	b = front.Field(b, "used_memory_peak_perc", percent(used, s.peakMemory))
	b = front.IntField(b, "used_memory_overhead", used-data)
	b = front.IntField(b, "used_memory_startup", baseMemory)
	b = front.IntField(b, "used_memory_dataset", data)
	b = front.Field(b, "used_memory_dataset_perc", percent(data, max(used-baseMemory, 1)))
	b = front.SizeFields(b, "total_system_memory", 0)
	b = front.SizeFields(b, "used_memory_lua", s.data.ScriptMemory())
	b = front.SizeFields(b, "maxmemory", s.cfg.data.MaxMemory)
	b = front.Field(b, "maxmemory_policy", s.cfg.data.Policy)
	b = front.Field(b, "mem_fragmentation_ratio", "1.00")
	b = front.Field(b, "mem_allocator", "go")
	b = front.Field(b, "active_defrag_running", "0")
	return front.Field(b, "lazyfree_pending_objects", "0")
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.2f%%", 100*float64(part)/float64(whole))
}

func (s *Server) infoPersistence(b []byte) []byte {
	p := &s.saving
	status, current := "ok", int64(-1)
	if p.failed {
		status = "err"
	}
	if p.running {
		current = int64(s.now.Sub(p.since) / time.Second)
	}
	b = append(b, "# Persistence\r\n"...)
	b = front.BoolField(b, "loading", s.loading)
	b = front.IntField(b, "rdb_changes_since_last_save", s.data.Dirty)
	b = front.BoolField(b, "rdb_bgsave_in_progress", p.running)
	b = front.IntField(b, "rdb_last_save_time", p.lastSave.Unix())
	b = front.Field(b, "rdb_last_bgsave_status", status)
	b = front.IntField(b, "rdb_last_bgsave_time_sec", p.lastSeconds)
	b = front.IntField(b, "rdb_current_bgsave_time_sec", current)
	b = front.Field(b, "rdb_last_cow_size", "0")
	b = s.infoAOF(b)
	if s.loading {
		b = s.infoOfLoading(b)
	}
	return b
}

// infoAOF is the part about the append only file.
func (s *Server) infoAOF(b []byte) []byte {
	a, w := &s.aof, &s.aof.rewrite
	okOr := func(failed bool) string {
		if failed {
			return "err"
		}
		return "ok"
	}
	last, current := w.lastSeconds, int64(-1)
	if w.running {
		current = int64(s.now.Sub(w.since) / time.Second)
	}
	b = front.BoolField(b, "aof_enabled", a.state != aofOff)
	b = front.BoolField(b, "aof_rewrite_in_progress", w.running)
	b = front.BoolField(b, "aof_rewrite_scheduled", w.scheduled)
	b = front.IntField(b, "aof_last_rewrite_time_sec", last)
	b = front.IntField(b, "aof_current_rewrite_time_sec", current)
	b = front.Field(b, "aof_last_bgrewrite_status", okOr(w.failed))
	b = front.Field(b, "aof_last_write_status", okOr(s.aofFails() != node.ErrNone))
	b = front.Field(b, "aof_last_cow_size", "0")
	if a.state == aofOff {
		return b
	}
	b = front.IntField(b, "aof_current_size", a.size)
	b = front.IntField(b, "aof_base_size", a.base)
	b = front.BoolField(b, "aof_pending_rewrite", w.scheduled)
	b = front.IntField(b, "aof_buffer_length", int64(len(a.buf)))
	b = front.IntField(b, "aof_rewrite_buffer_length", int64(len(w.diff)))
	b = front.BoolField(b, "aof_pending_bio_fsync", a.syncing)
	return front.IntField(b, "aof_delayed_fsync", a.delayed)
}

func (s *Server) infoStats(b []byte) []byte {
	r, d := &s.repl.Stats, &s.data.Stats
	return s.front.InfoStats(b, front.DataStats{SyncFull: r.Full, SyncPartialOK: r.PartialOK, SyncPartialErr: r.PartialErr,
		Expired: d.Expired, Evicted: d.Evicted, Hits: d.Hits, Misses: d.Misses, TrackedExpires: int64(s.data.TrackedExpires()),
		MigrateSockets: int64(len(s.links))})
}

func (s *Server) infoCommandstats(b []byte) []byte {
	b = append(b, "# Commandstats\r\n"...)
	s.front.Table.All(func(cmd *front.Command) {
		if cmd.Calls > 0 {
			b = front.Field(b, "cmdstat_"+cmd.Name, fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f", cmd.Calls, cmd.Usec,
				float64(cmd.Usec)/float64(cmd.Calls)))
		}
	})
	return b
}

func (s *Server) infoKeyspace(b []byte) []byte {
	b = append(b, "# Keyspace\r\n"...)
	for i := range s.data.KS.Databases() {
		if db := s.data.KS.DB(i); db.Len() > 0 {
			b = front.Field(b, "db"+strconv.Itoa(i), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", db.Len(), db.Volatile()))
		}
	}
	return b
}

// infoOfLoading is what INFO tells of a load under way. Redis 4.0: server.c, genRedisInfoString.
func (s *Server) infoOfLoading(b []byte) []byte {
	l := &s.load
	percent, eta := 0.0, int64(1)
	if l.total > 0 {
		percent = 100 * float64(l.done) / float64(l.total)
	}
	if elapsed := s.now.Unix() - l.since.Unix(); elapsed > 0 {
		eta = elapsed * (l.total - l.done) / (l.done + 1)
	}
	b = front.IntField(b, "loading_start_time", l.since.Unix())
	b = front.IntField(b, "loading_total_bytes", l.total)
	b = front.IntField(b, "loading_loaded_bytes", l.done)
	b = front.Field(b, "loading_loaded_perc", strconv.FormatFloat(percent, 'f', 2, 64))
	return front.IntField(b, "loading_eta_seconds", eta)
}
