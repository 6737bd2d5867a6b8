package sentinel

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node/front"
)

// infoCommand is INFO [section]. Redis 4.0: sentinel.c, sentinelInfoCommand.
func (s *Sentinel) infoCommand(c *front.Call) {
	if len(c.Args) > 2 {
		c.Error(front.ErrSyntax)
		return
	}
	want := "default"
	if len(c.Args) == 2 {
		want = string(c.Args[1])
	}
	s.scratch = front.AppendInfo(s.scratch[:0], s.infoSections(), want)
	c.Bulk(s.scratch)
}

func (s *Sentinel) infoSections() []front.Section {
	return []front.Section{
		{Name: "server", Write: s.infoServer},
		{Name: "clients", Write: s.front.InfoClients},
		{Name: "cpu", Write: front.InfoCPU},
		{Name: "stats", Write: func(b []byte) []byte { return s.front.InfoStats(b, front.DataStats{}) }},
		{Name: "sentinel", Write: s.infoSentinel},
	}
}

func (s *Sentinel) infoServer(b []byte) []byte {
	return s.front.InfoServer(b, front.Process{Mode: "sentinel", PID: s.opts.PID, RunID: s.runID, Port: int64(s.cfg.port),
		Started: s.started, HZ: int64(s.hz), Executable: s.opts.Executable, ConfigPath: s.opts.ConfigPath})
}

func (s *Sentinel) infoSentinel(b []byte) []byte {
	b = append(b, "# Sentinel\r\n"...)
	b = front.IntField(b, "sentinel_masters", int64(len(s.masters)))
	b = front.BoolField(b, "sentinel_tilt", s.tilt)
	b = front.IntField(b, "sentinel_running_scripts", int64(s.scripts.Running()))
	b = front.IntField(b, "sentinel_scripts_queue_length", int64(len(s.scripts.Jobs())))
	b = front.IntField(b, "sentinel_simulate_failure_flags", int64(s.crashAfter))
	for i, m := range s.masters {
		status := "ok"
		if m.oDown {
			status = "odown"
		} else if m.sDown {
			status = "sdown"
		}
		b = front.Field(b, fmt.Sprintf("master%d", i), fmt.Sprintf("name=%s,status=%s,address=%v,slaves=%d,sentinels=%d",
			m.name, status, m.addr, len(m.slaves), len(m.sentinels)+1))
	}
	return b
}
