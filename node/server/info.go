package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// INFO. Redis 4.0: server.c, genRedisInfoString.

// infoSections are the parts of INFO in their order. Those that are not usual come only when they are asked for.
var infoSections = [...]struct {
	name    string
	unusual bool
	write   func(*Server, []byte) []byte
}{
	{"server", false, (*Server).infoServer},
	{"clients", false, (*Server).infoClients},
	{"memory", false, (*Server).infoMemory},
	{"persistence", false, (*Server).infoPersistence},
	{"stats", false, (*Server).infoStats},
	{"replication", false, func(s *Server, b []byte) []byte { return s.repl.info(s, b) }},
	{"cpu", false, (*Server).infoCPU},
	{"commandstats", true, (*Server).infoCommandstats},
	{"cluster", false, func(_ *Server, b []byte) []byte { return append(b, "# Cluster\r\ncluster_enabled:0\r\n"...) }},
	{"keyspace", false, (*Server).infoKeyspace},
}

func (s *Server) infoCommand(c *client) {
	if len(c.args) > 2 {
		s.replyError(c, errSyntax)
		return
	}
	want := "default"
	if len(c.args) == 2 {
		want = strings.ToLower(string(c.args[1]))
	}
	b := s.scratch[:0]
	for _, section := range infoSections {
		if want != section.name && want != "all" && (want != "default" || section.unusual) {
			continue
		}
		if len(b) > 0 {
			b = append(b, "\r\n"...)
		}
		b = section.write(s, b)
	}
	s.scratch = b
	s.replyBulk(c, b)
}

// field appends a line.
func field(b []byte, name, value string) []byte {
	b = append(append(b, name...), ':')
	return append(append(b, value...), "\r\n"...)
}

func intField(b []byte, name string, value int64) []byte {
	b = append(append(b, name...), ':')
	return append(strconv.AppendInt(b, value, 10), "\r\n"...)
}

func boolField(b []byte, name string, value bool) []byte {
	if value {
		return intField(b, name, 1)
	}
	return intField(b, name, 0)
}

// sizeFields appends a number of bytes, for programs and for people.
func sizeFields(b []byte, name string, bytes int64) []byte {
	b = intField(b, name, bytes)
	return field(b, name+"_human", humanBytes(bytes))
}

// humanBytes prints a size as people like it. Redis 4.0: server.c, bytesToHuman.
func humanBytes(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + "B"
	}
	f, unit := float64(n), ""
	for _, unit = range []string{"K", "M", "G", "T", "P"} {
		if f /= 1 << 10; f < 1<<10 {
			break
		}
	}
	return strconv.FormatFloat(f, 'f', 2, 64) + unit
}

func (s *Server) infoServer(b []byte) []byte {
	up := int64(s.now.Sub(s.started) / time.Second)
	b = append(b, "# Server\r\n"...)
	b = field(b, "redis_version", Version)
	b = field(b, "redis_git_sha1", "00000000")
	b = field(b, "redis_git_dirty", "0")
	b = field(b, "redis_build_id", "0")
	b = field(b, "redis_mode", "standalone")
	b = field(b, "os", "Linux")
	b = field(b, "arch_bits", "64")
	b = field(b, "multiplexing_api", "ordeal")
	b = field(b, "atomicvar_api", "none")
	b = field(b, "gcc_version", "0.0.0")
	b = intField(b, "process_id", int64(s.opts.PID))
	b = field(b, "run_id", s.runID)
	b = intField(b, "tcp_port", s.cfg.port)
	b = intField(b, "uptime_in_seconds", up)
	b = intField(b, "uptime_in_days", up/(3600*24))
	b = intField(b, "hz", s.cfg.hz)
	b = intField(b, "lru_clock", s.now.Unix()&(1<<24-1))
	b = field(b, "executable", s.opts.Executable)
	return field(b, "config_file", s.opts.ConfigPath)
}

func (s *Server) infoClients(b []byte) []byte {
	clients, blocked, longest, biggest := 0, int64(0), int64(0), 0
	for _, c := range s.byID {
		if !c.is(flagReplica) {
			clients++
		}
		if c.is(flagBlocked) {
			blocked++
		}
		longest = max(longest, (c.pending()+tellEvery-1)/tellEvery)
		biggest = max(biggest, c.in.Buffered())
	}
	b = append(b, "# Clients\r\n"...)
	b = intField(b, "connected_clients", int64(clients))
	b = intField(b, "client_longest_output_list", longest)
	b = intField(b, "client_biggest_input_buf", int64(biggest))
	return intField(b, "blocked_clients", blocked)
}

// baseMemory is about what an empty server takes, in bytes.
const baseMemory = 800 << 10

// usedMemory estimates what the dataset and the buffers take, in bytes: a core cannot ask its allocator.
func (s *Server) usedMemory() int64 {
	n := int64(baseMemory) + s.ks.Bytes() + s.repl.memory()
	for _, c := range s.byID {
		n += int64(c.in.Buffered()+len(c.reply)) + c.pending()
	}
	return n
}

func (s *Server) infoMemory(b []byte) []byte {
	used := s.usedMemory()
	s.peakMemory = max(s.peakMemory, used)
	data := s.ks.Bytes()
	b = append(b, "# Memory\r\n"...)
	b = sizeFields(b, "used_memory", used)
	b = sizeFields(b, "used_memory_rss", used)
	b = sizeFields(b, "used_memory_peak", s.peakMemory)
	b = field(b, "used_memory_peak_perc", percent(used, s.peakMemory))
	b = intField(b, "used_memory_overhead", used-data)
	b = intField(b, "used_memory_startup", baseMemory)
	b = intField(b, "used_memory_dataset", data)
	b = field(b, "used_memory_dataset_perc", percent(data, max(used-baseMemory, 1)))
	b = sizeFields(b, "total_system_memory", 0)
	b = sizeFields(b, "used_memory_lua", 0)
	b = sizeFields(b, "maxmemory", s.cfg.maxMemory)
	b = field(b, "maxmemory_policy", s.cfg.maxMemoryPolicy)
	b = field(b, "mem_fragmentation_ratio", "1.00")
	b = field(b, "mem_allocator", "go")
	b = field(b, "active_defrag_running", "0")
	return field(b, "lazyfree_pending_objects", "0")
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
	b = boolField(b, "loading", s.loading)
	b = intField(b, "rdb_changes_since_last_save", s.dirty)
	b = boolField(b, "rdb_bgsave_in_progress", p.running)
	b = intField(b, "rdb_last_save_time", p.lastSave.Unix())
	b = field(b, "rdb_last_bgsave_status", status)
	b = intField(b, "rdb_last_bgsave_time_sec", p.lastSeconds)
	b = intField(b, "rdb_current_bgsave_time_sec", current)
	b = field(b, "rdb_last_cow_size", "0")
	b = field(b, "aof_enabled", "0")
	b = field(b, "aof_rewrite_in_progress", "0")
	b = field(b, "aof_rewrite_scheduled", "0")
	b = field(b, "aof_last_rewrite_time_sec", "-1")
	b = field(b, "aof_current_rewrite_time_sec", "-1")
	b = field(b, "aof_last_bgrewrite_status", "ok")
	b = field(b, "aof_last_write_status", "ok")
	b = field(b, "aof_last_cow_size", "0")
	if s.loading {
		b = intField(b, "loading_start_time", s.loadSince.Unix())
		b = intField(b, "loading_total_bytes", int64(s.loadBytes))
		b = field(b, "loading_loaded_bytes", "0")
		b = field(b, "loading_loaded_perc", "0.00")
		b = field(b, "loading_eta_seconds", "1")
	}
	return b
}

func (s *Server) infoStats(b []byte) []byte {
	t := &s.stats
	b = append(b, "# Stats\r\n"...)
	b = intField(b, "total_connections_received", t.connections)
	b = intField(b, "total_commands_processed", t.commands)
	b = intField(b, "instantaneous_ops_per_sec", t.ops.perSecond())
	b = intField(b, "total_net_input_bytes", t.netIn)
	b = intField(b, "total_net_output_bytes", t.netOut)
	b = field(b, "instantaneous_input_kbps", kbps(&t.in))
	b = field(b, "instantaneous_output_kbps", kbps(&t.out))
	b = intField(b, "rejected_connections", t.rejected)
	b = intField(b, "sync_full", t.syncFull)
	b = intField(b, "sync_partial_ok", t.syncPartialOK)
	b = intField(b, "sync_partial_err", t.syncPartialErr)
	b = intField(b, "expired_keys", t.expired)
	b = field(b, "expired_stale_perc", "0.00")
	b = field(b, "expired_time_cap_reached_count", "0")
	b = intField(b, "evicted_keys", t.evicted)
	b = intField(b, "keyspace_hits", t.hits)
	b = intField(b, "keyspace_misses", t.misses)
	b = intField(b, "pubsub_channels", int64(s.pubsub.NumChannels()))
	b = intField(b, "pubsub_patterns", int64(s.pubsub.NumPat()))
	b = field(b, "latest_fork_usec", "0")
	b = field(b, "migrate_cached_sockets", "0")
	b = intField(b, "slave_expires_tracked_keys", int64(len(s.ownVolatile)))
	for _, name := range []string{"hits", "misses", "key_hits", "key_misses"} {
		b = field(b, "active_defrag_"+name, "0")
	}
	return b
}

func kbps(r *rate) string { return strconv.FormatFloat(float64(r.perSecond())/1024, 'f', 2, 64) }

func (s *Server) infoCPU(b []byte) []byte {
	b = append(b, "# CPU\r\n"...)
	for _, name := range []string{"sys", "user", "sys_children", "user_children"} {
		b = field(b, "used_cpu_"+name, "0.00")
	}
	return b
}

func (s *Server) infoCommandstats(b []byte) []byte {
	b = append(b, "# Commandstats\r\n"...)
	for _, cmd := range s.commands {
		if cmd.calls > 0 {
			b = field(b, "cmdstat_"+cmd.name, fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f", cmd.calls, cmd.usec,
				float64(cmd.usec)/float64(cmd.calls)))
		}
	}
	return b
}

func (s *Server) infoKeyspace(b []byte) []byte {
	b = append(b, "# Keyspace\r\n"...)
	for i := range s.ks.Databases() {
		if db := s.ks.DB(i); db.Len() > 0 {
			b = field(b, "db"+strconv.Itoa(i), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", db.Len(), db.Volatile()))
		}
	}
	return b
}
