package front

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Version is the Redis version that a server and a Sentinel tell of themselves.
const Version = "4.0.14"

// Section is a part of INFO. An unusual one comes only when it is asked for.
type Section struct {
	Name    string // in lower case
	Unusual bool
	Write   func(b []byte) []byte // appends the section with its headline
}

// AppendInfo appends the sections that are wanted: one by its name, "default" or "all".
// Redis 4.0: server.c, genRedisInfoString.
func AppendInfo(b []byte, sections []Section, want string) []byte {
	want = strings.ToLower(want)
	for _, section := range sections {
		if want != section.Name && want != "all" && (want != "default" || section.Unusual) {
			continue
		}
		if len(b) > 0 {
			b = append(b, "\r\n"...)
		}
		b = section.Write(b)
	}
	return b
}

// Field appends a line of INFO.
func Field(b []byte, name, value string) []byte {
	b = append(append(b, name...), ':')
	return append(append(b, value...), "\r\n"...)
}

// IntField appends a line with a number.
func IntField(b []byte, name string, value int64) []byte {
	b = append(append(b, name...), ':')
	return append(strconv.AppendInt(b, value, 10), "\r\n"...)
}

// BoolField appends a line with 1 or 0.
func BoolField(b []byte, name string, value bool) []byte {
	if value {
		return IntField(b, name, 1)
	}
	return IntField(b, name, 0)
}

// SizeFields appends a number of bytes, for programs and for people.
func SizeFields(b []byte, name string, bytes int64) []byte {
	b = IntField(b, name, bytes)
	return Field(b, name+"_human", humanBytes(bytes))
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

// Process is what INFO tells of a process.
type Process struct {
	Mode       string // standalone or sentinel
	PID        int
	RunID      string
	Port       int64
	Started    node.Instant
	HZ         int64
	Executable string
	ConfigPath string
}

// InfoServer appends the section "server".
func (f *Front) InfoServer(b []byte, p Process) []byte {
	up := max(int64(f.Now.Sub(p.Started)/time.Second), 0)
	b = append(b, "# Server\r\n"...)
	b = Field(b, "redis_version", Version)
	b = Field(b, "redis_git_sha1", "00000000")
	b = Field(b, "redis_git_dirty", "0")
	b = Field(b, "redis_build_id", "0")
	b = Field(b, "redis_mode", p.Mode)
	b = Field(b, "os", "Linux")
	b = Field(b, "arch_bits", "64")
	b = Field(b, "multiplexing_api", "ordeal")
	b = Field(b, "atomicvar_api", "none")
	b = Field(b, "gcc_version", "0.0.0")
	b = IntField(b, "process_id", int64(p.PID))
	b = Field(b, "run_id", p.RunID)
	b = IntField(b, "tcp_port", p.Port)
	b = IntField(b, "uptime_in_seconds", up)
	b = IntField(b, "uptime_in_days", up/(3600*24))
	b = IntField(b, "hz", p.HZ)
	b = IntField(b, "lru_clock", f.Now.Unix()&(1<<24-1))
	b = Field(b, "executable", p.Executable)
	return Field(b, "config_file", p.ConfigPath)
}

// InfoClients appends the section "clients".
func (f *Front) InfoClients(b []byte) []byte {
	clients, blocked, longest, biggest := 0, int64(0), int64(0), 0
	for _, c := range f.byID {
		if !c.Is(Replica) {
			clients++
		}
		if c.Is(Blocked) {
			blocked++
		}
		longest = max(longest, c.Chunks())
		biggest = max(biggest, c.In.Buffered())
	}
	b = append(b, "# Clients\r\n"...)
	b = IntField(b, "connected_clients", int64(clients))
	b = IntField(b, "client_longest_output_list", longest)
	b = IntField(b, "client_biggest_input_buf", int64(biggest))
	return IntField(b, "blocked_clients", blocked)
}

// DataStats are the counters of a server's data, all 0 for a Sentinel, which tells them too.
type DataStats struct {
	SyncFull, SyncPartialOK, SyncPartialErr int64
	Expired, Evicted, Hits, Misses          int64
	TrackedExpires, MigrateSockets          int64
}

// InfoStats appends the section "stats".
func (f *Front) InfoStats(b []byte, d DataStats) []byte {
	b = append(b, "# Stats\r\n"...)
	b = IntField(b, "total_connections_received", f.Stats.Connections)
	b = IntField(b, "total_commands_processed", f.Stats.Commands)
	b = IntField(b, "instantaneous_ops_per_sec", f.rates.ops.perSecond())
	b = IntField(b, "total_net_input_bytes", f.Stats.NetIn)
	b = IntField(b, "total_net_output_bytes", f.Stats.NetOut)
	b = Field(b, "instantaneous_input_kbps", f.rates.in.kbps())
	b = Field(b, "instantaneous_output_kbps", f.rates.out.kbps())
	b = IntField(b, "rejected_connections", f.Stats.Rejected)
	b = IntField(b, "sync_full", d.SyncFull)
	b = IntField(b, "sync_partial_ok", d.SyncPartialOK)
	b = IntField(b, "sync_partial_err", d.SyncPartialErr)
	b = IntField(b, "expired_keys", d.Expired)
	b = Field(b, "expired_stale_perc", "0.00")
	b = Field(b, "expired_time_cap_reached_count", "0")
	b = IntField(b, "evicted_keys", d.Evicted)
	b = IntField(b, "keyspace_hits", d.Hits)
	b = IntField(b, "keyspace_misses", d.Misses)
	b = IntField(b, "pubsub_channels", int64(f.PubSub.NumChannels()))
	b = IntField(b, "pubsub_patterns", int64(f.PubSub.NumPat()))
	b = Field(b, "latest_fork_usec", "0")
	b = IntField(b, "migrate_cached_sockets", d.MigrateSockets)
	b = IntField(b, "slave_expires_tracked_keys", d.TrackedExpires)
	for _, name := range []string{"hits", "misses", "key_hits", "key_misses"} {
		b = Field(b, "active_defrag_"+name, "0")
	}
	return b
}

// InfoCPU appends the section "cpu". A core knows no processor.
func InfoCPU(b []byte) []byte {
	b = append(b, "# CPU\r\n"...)
	for _, name := range []string{"sys", "user", "sys_children", "user_children"} {
		b = Field(b, "used_cpu_"+name, "0.00")
	}
	return b
}
