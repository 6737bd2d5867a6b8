package sentinel

import (
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
)

// infoCommand is INFO [section]. Redis 4.0: sentinel.c, sentinelInfoCommand.
func (s *Sentinel) infoCommand(c *client, args [][]byte) {
	if len(args) > 2 {
		c.fail("ERR syntax error")
		return
	}
	asked := "default"
	if len(args) == 2 {
		asked = strings.ToLower(string(args[1]))
	}
	var sections []string
	for _, section := range infoSections {
		if asked == section.name || asked == "default" || asked == "all" {
			sections = append(sections, section.text(s))
		}
	}
	c.out = resp.AppendBulkString(c.out, strings.Join(sections, "\r\n"))
}

var infoSections = []struct {
	name string
	text func(*Sentinel) string
}{
	{"server", (*Sentinel).infoServer},
	{"clients", (*Sentinel).infoClients},
	{"cpu", func(*Sentinel) string {
		// A core knows no processor.
		return "# CPU\r\nused_cpu_sys:0.00\r\nused_cpu_user:0.00\r\nused_cpu_sys_children:0.00\r\nused_cpu_user_children:0.00\r\n"
	}},
	{"stats", (*Sentinel).infoStats},
	{"sentinel", (*Sentinel).infoSentinel},
}

func (s *Sentinel) infoServer() string {
	up := max(int64(s.since(s.started).Seconds()), 0)
	return lines("# Server",
		"redis_version:"+Version,
		"redis_git_sha1:00000000",
		"redis_git_dirty:0",
		"redis_build_id:0",
		"redis_mode:sentinel",
		"arch_bits:64",
		fmt.Sprintf("process_id:%d", s.opts.PID),
		"run_id:"+s.runID,
		fmt.Sprintf("tcp_port:%d", s.cfg.port),
		fmt.Sprintf("uptime_in_seconds:%d", up),
		fmt.Sprintf("uptime_in_days:%d", up/86400),
		fmt.Sprintf("hz:%d", s.hz),
		fmt.Sprintf("lru_clock:%d", s.now.Unix()&(1<<24-1)),
		"executable:"+s.opts.Executable,
		"config_file:"+s.opts.ConfigPath,
	)
}

func (s *Sentinel) infoClients() string {
	return lines("# Clients", fmt.Sprintf("connected_clients:%d", len(s.clientList)),
		"client_longest_output_list:0", "client_biggest_input_buf:0", "blocked_clients:0")
}

func (s *Sentinel) infoStats() string {
	return lines("# Stats",
		fmt.Sprintf("total_connections_received:%d", s.stats.connections),
		fmt.Sprintf("total_commands_processed:%d", s.stats.commands),
		fmt.Sprintf("rejected_connections:%d", s.stats.rejected),
		fmt.Sprintf("pubsub_channels:%d", s.subs.NumChannels()),
		fmt.Sprintf("pubsub_patterns:%d", s.subs.NumPat()),
	)
}

func (s *Sentinel) infoSentinel() string {
	all := []string{"# Sentinel",
		fmt.Sprintf("sentinel_masters:%d", len(s.masters)),
		fmt.Sprintf("sentinel_tilt:%d", boolInt(s.tilt)),
		fmt.Sprintf("sentinel_running_scripts:%d", s.scriptsUp),
		fmt.Sprintf("sentinel_scripts_queue_length:%d", len(s.scripts)),
		fmt.Sprintf("sentinel_simulate_failure_flags:%d", s.crashAfter),
	}
	for i, m := range s.masters {
		status := "ok"
		if m.oDown {
			status = "odown"
		} else if m.sDown {
			status = "sdown"
		}
		all = append(all, fmt.Sprintf("master%d:name=%s,status=%s,address=%v,slaves=%d,sentinels=%d",
			i, m.name, status, m.addr, len(m.slaves), len(m.sentinels)+1))
	}
	return lines(all...)
}

func lines(all ...string) string { return strings.Join(all, "\r\n") + "\r\n" }
