package sentinel

import (
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

func (s *Sentinel) replyAllFields(c *front.Call, list []*instance) {
	c.Array(len(list))
	for _, r := range list {
		c.Raw(s.appendFields(nil, r))
	}
}

// fields collects the names and values of a map that is sent as a flat array.
type fields struct {
	b []byte
	n int
}

func (f *fields) text(name, value string) {
	f.b = resp.AppendBulkString(resp.AppendBulkString(f.b, name), value)
	f.n++
}

func (f *fields) int(name string, value int64) {
	f.b = resp.AppendBulkInt(resp.AppendBulkString(f.b, name), value)
	f.n++
}

func (f *fields) ms(name string, value time.Duration) { f.int(name, value.Milliseconds()) }

// appendFields appends what SENTINEL MASTERS, SLAVES and SENTINELS say of an instance.
// Redis 4.0: sentinel.c, addReplySentinelRedisInstance.
func (s *Sentinel) appendFields(b []byte, r *instance) []byte {
	var f fields
	l := r.link
	f.text("name", r.name)
	f.text("ip", r.addr.ip)
	f.int("port", int64(r.addr.port))
	f.text("runid", r.runID)
	f.text("flags", r.flags())
	f.int("link-pending-commands", int64(l.cmd.waiting()))
	f.int("link-refcount", int64(l.refs))
	if r.failover.state != idle {
		f.text("failover-state", r.failover.state.String())
	}
	lastPing := time.Duration(0)
	if l.actPing != 0 {
		lastPing = s.since(l.actPing)
	}
	f.ms("last-ping-sent", lastPing)
	f.ms("last-ok-ping-reply", s.since(l.lastAvail))
	f.ms("last-ping-reply", s.since(l.lastPong))
	if r.sDown {
		f.ms("s-down-time", s.since(r.sDownSince))
	}
	if r.oDown {
		f.ms("o-down-time", s.since(r.oDownSince))
	}
	f.ms("down-after-milliseconds", r.downAfter)
	if r.kind != kindSentinel {
		f.ms("info-refresh", s.since(r.infoRefresh))
		f.text("role-reported", r.roleReported.String())
		f.ms("role-reported-time", s.since(r.roleReportedTime))
	}
	switch r.kind {
	case kindMaster:
		f.ofMaster(r)
	case kindSlave:
		f.ofSlave(r)
	case kindSentinel:
		f.ofSentinel(s.now, r)
	}
	b = resp.AppendArray(b, 2*f.n)
	return append(b, f.b...)
}

func (f *fields) ofMaster(m *instance) {
	f.int("config-epoch", m.configEpoch)
	f.int("num-slaves", int64(len(m.slaves)))
	f.int("num-other-sentinels", int64(len(m.sentinels)))
	f.int("quorum", m.quorum)
	f.ms("failover-timeout", m.failoverTimeout)
	f.int("parallel-syncs", m.parallelSyncs)
	if m.notifyScript != "" {
		f.text("notification-script", m.notifyScript)
	}
	if m.reconfigScript != "" {
		f.text("client-reconfig-script", m.reconfigScript)
	}
}

func (f *fields) ofSlave(r *instance) {
	f.ms("master-link-down-time", r.masterLinkDown)
	f.text("master-link-status", map[bool]string{true: "ok", false: "err"}[r.masterLinkUp])
	f.text("master-host", orUnknown(r.masterAddr.ip))
	f.int("master-port", int64(r.masterAddr.port))
	f.int("slave-priority", r.priority)
	f.int("slave-repl-offset", r.offset)
}

func (f *fields) ofSentinel(now node.Instant, r *instance) {
	f.ms("last-hello-message", now.Sub(r.lastHello))
	f.text("voted-leader", orUnknown(r.leader))
	f.int("voted-leader-epoch", r.leaderEpoch)
}

func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}

// flags are the states of r, as clients look for them.
func (r *instance) flags() string {
	var set []string
	add := func(is bool, name string) {
		if is {
			set = append(set, name)
		}
	}
	add(r.sDown, "s_down")
	add(r.oDown, "o_down")
	add(true, r.kind.String())
	add(r.link.disconnected, "disconnected")
	add(r.masterDown, "master_down")
	add(r.failover.state != idle, "failover_in_progress")
	add(r.promoted, "promoted")
	add(r.reconf == reconfSent, "reconf_sent")
	add(r.reconf == reconfInProgress, "reconf_inprog")
	add(r.reconf == reconfDone, "reconf_done")
	return strings.Join(set, ",")
}
