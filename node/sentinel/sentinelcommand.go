package sentinel

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/glob"
	"github.com/ordeal-go/ordeal/node/resp"
)

// subcommand is an entry of the table of SENTINEL's subcommands.
type subcommand struct {
	arity  int // number of words, SENTINEL included; negative: at least so many
	handle func(s *Sentinel, c *front.Call)
}

var subcommands = map[string]subcommand{
	"masters": {2, func(s *Sentinel, c *front.Call) { s.replyAllFields(c, s.masters) }},
	"master": {3, withMaster(func(s *Sentinel, c *front.Call, m *instance) {
		c.Raw(s.appendFields(nil, m))
	})},
	"slaves":    {3, withMaster((*Sentinel).slavesCommand)},
	"sentinels": {3, withMaster(func(s *Sentinel, c *front.Call, m *instance) { s.replyAllFields(c, m.sentinels) })},

	"get-master-addr-by-name": {3, (*Sentinel).getMasterAddr},
	"is-master-down-by-addr":  {6, (*Sentinel).isMasterDown},
	"reset":                   {3, (*Sentinel).resetCommand},
	"failover":                {3, withMaster((*Sentinel).failoverCommand)},
	"monitor":                 {6, (*Sentinel).monitorCommand},
	"remove":                  {3, withMaster((*Sentinel).removeCommand)},
	"set":                     {-3, withMaster((*Sentinel).setCommand)},
	"ckquorum":                {3, withMaster((*Sentinel).checkQuorum)},
	"flushconfig":             {2, func(s *Sentinel, c *front.Call) { s.savedReply(c, c.OK) }},
	"pending-scripts":         {2, (*Sentinel).pendingScripts},
	"info-cache":              {-2, (*Sentinel).infoCache},
	"simulate-failure":        {-2, (*Sentinel).simulateFailure},

	// Of later versions: newer clients and operators ask by these names.
	"replicas": {3, withMaster((*Sentinel).slavesCommand)},             // 5.0
	"myid":     {2, func(s *Sentinel, c *front.Call) { c.Text(s.id) }}, // 6.2
	"config":   {-4, (*Sentinel).configCommand},                        // 6.2
}

// sentinelCommand is SENTINEL. Redis 4.0: sentinel.c, sentinelCommand.
func (s *Sentinel) sentinelCommand(c *front.Call) {
	name := string(c.Args[1])
	sub, known := subcommands[strings.ToLower(name)]
	switch {
	case !known:
		c.Error("ERR Unknown sentinel subcommand '" + name + "'")
	case sub.arity > 0 && len(c.Args) != sub.arity, len(c.Args) < -sub.arity:
		c.Error("ERR Wrong number of arguments for 'sentinel " + name + "'")
	default:
		sub.handle(s, c)
	}
}

// withMaster looks up the master that the third word names.
func withMaster(handle func(*Sentinel, *front.Call, *instance)) func(*Sentinel, *front.Call) {
	return func(s *Sentinel, c *front.Call) {
		m := s.masterNamed(c.Args[2])
		if m == nil {
			c.Error("ERR No such master with that name")
			return
		}
		handle(s, c, m)
	}
}

func (s *Sentinel) getMasterAddr(c *front.Call) {
	m := s.masterNamed(c.Args[2])
	if m == nil {
		c.NullArray()
		return
	}
	addr := m.currentAddress()
	c.Array(2)
	c.Text(addr.ip)
	c.BulkInt(int64(addr.port))
}

// isMasterDown tells another Sentinel what I see and, if it is a candidate, whom I vote for. In TILT I see nothing,
// but I still vote.
func (s *Sentinel) isMasterDown(c *front.Call) {
	port, ok := resp.ParseInt(c.Args[3])
	epoch, ok2 := resp.ParseInt(c.Args[4])
	if !ok || !ok2 || epoch < 0 || epoch > maxEpoch {
		c.Error("ERR value is not an integer or out of range")
		return
	}
	ip, candidate := string(c.Args[2]), string(c.Args[5])
	i := slices.IndexFunc(s.masters, func(m *instance) bool { return m.addr.ip == ip && int64(m.addr.port) == port })
	if i < 0 {
		answerAsk(c, false, "", 0)
		return
	}
	m := s.masters[i]
	down := m.sDown && !s.tilt
	if candidate == "*" {
		answerAsk(c, down, "", 0)
		return
	}
	s.adoptEpoch(m, epoch)
	if !s.mayVote(m, epoch) {
		answerAsk(c, down, m.leader, m.leaderEpoch)
		return
	}
	s.vote(m, epoch, candidate)
	s.answerWhenSaved(c, func(node.Errno) { answerAsk(c, down, m.leader, m.leaderEpoch) })
}

func (s *Sentinel) resetCommand(c *front.Call) {
	n := int64(0)
	for _, m := range s.masters {
		if glob.Match(c.Args[2], []byte(m.name), false) {
			s.resetWithSentinels(m)
			n++
		}
	}
	if n == 0 {
		c.Int(n)
		return
	}
	// Otherwise than in 4.0, what was forgotten stays so over a restart.
	s.savedReply(c, func() { c.Int(n) })
}

func (s *Sentinel) failoverCommand(c *front.Call, m *instance) {
	if m.failover.state != idle {
		c.Error("INPROG Failover already in progress")
		return
	}
	if s.selectSlave(m) == nil {
		c.Error("NOGOODSLAVE No suitable slave to promote")
		return
	}
	s.log(node.LogWarning, fmt.Sprintf("Executing user requested FAILOVER of '%s'", m.name))
	s.startFailover(m)
	m.failover.forced = true
	s.vote(m, m.failover.epoch, s.id) // which nobody waits for
	c.OK()
}

func (s *Sentinel) monitorCommand(c *front.Call) {
	quorum, ok := resp.ParseInt(c.Args[5])
	if !ok {
		c.Error("ERR Invalid quorum")
		return
	}
	port, ok := resp.ParseInt(c.Args[4])
	if !ok {
		c.Error("ERR Invalid port")
		return
	}
	if quorum <= 0 {
		c.Error("ERR Quorum must be 1 or greater.")
		return
	}
	ip := string(c.Args[3])
	if !isIP(ip) {
		c.Error("ERR Invalid IP address specified")
		return
	}
	m, reason := s.addMaster(string(c.Args[2]), address{ip, int(min(max(port, -1), 65536))}, quorum)
	if reason != "" {
		c.Error("ERR " + reason)
		return
	}
	s.event(node.LogWarning, "+monitor", m, fmt.Sprintf("%v quorum %d", m, m.quorum))
	s.savedReply(c, c.OK)
}

func (s *Sentinel) removeCommand(c *front.Call, m *instance) {
	s.event(node.LogWarning, "-monitor", m, m.String())
	s.forgetAll(m.slaves)
	s.forgetAll(m.sentinels)
	s.forget(m)
	s.masters = slices.DeleteFunc(s.masters, func(other *instance) bool { return other == m })
	s.savedReply(c, c.OK)
}

const scriptsDenied = "ERR Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig " +
	"configuration directive in your Sentinel configuration"

// setCommand changes options one after the other; those before a bad one stay changed.
func (s *Sentinel) setCommand(c *front.Call, m *instance) {
	if len(c.Args)%2 == 0 {
		c.Error("ERR Wrong number of arguments for 'sentinel " + string(c.Args[1]) + "'")
		return
	}
	for i := 3; i < len(c.Args); i += 2 {
		option, value := string(c.Args[i]), string(c.Args[i+1])
		if problem := s.set(m, option, value); problem != "" {
			c.Error(problem)
			return
		}
		s.flush()
		s.event(node.LogWarning, "+set", m, fmt.Sprintf("%v %s %s", m, option, value))
	}
	s.savedReply(c, c.OK)
}

func (s *Sentinel) set(m *instance, option, value string) (problem string) {
	n, ok := resp.ParseInt([]byte(value))
	positive := ok && n > 0
	bad := "ERR Invalid argument '" + value + "' for SENTINEL SET '" + option + "'"
	switch strings.ToLower(option) {
	case "down-after-milliseconds":
		if !positive {
			return bad
		}
		m.setDownAfter(millis(n))
	case "failover-timeout":
		if !positive {
			return bad
		}
		m.failoverTimeout = millis(n)
	case "parallel-syncs":
		if !positive {
			return bad
		}
		m.parallelSyncs = n
	case "quorum":
		if !positive {
			return bad
		}
		m.quorum = n
	case "auth-pass":
		m.authPass = value
	case "notification-script":
		if s.cfg.denyScripts {
			return scriptsDenied
		}
		m.notifyScript = value
	case "client-reconfig-script":
		if s.cfg.denyScripts {
			return scriptsDenied
		}
		m.reconfigScript = value
	default:
		return "ERR Unknown option '" + option + "' for SENTINEL SET"
	}
	return ""
}

// checkQuorum says whether a failover of m could be agreed on and authorized now.
func (s *Sentinel) checkQuorum(c *front.Call, m *instance) {
	usable := int64(1)
	for _, other := range m.sentinels {
		if !other.isDown() {
			usable++
		}
	}
	majority := int64(len(m.sentinels)+1)/2 + 1
	var problems []string
	if usable < m.quorum {
		problems = append(problems, "Not enough available Sentinels to reach the specified quorum for this master")
	}
	if usable < majority {
		problems = append(problems, "Not enough available Sentinels to reach the majority and authorize a failover")
	}
	if len(problems) > 0 {
		c.Error(fmt.Sprintf("NOQUORUM %d usable Sentinels. %s", usable, strings.Join(problems, ". ")))
		return
	}
	c.Simple(fmt.Sprintf("OK %d usable Sentinels. Quorum and failover authorization can be reached", usable))
}

func (s *Sentinel) pendingScripts(c *front.Call) {
	b := resp.AppendArray(s.scratch[:0], len(s.scripts.Jobs()))
	for _, j := range s.scripts.Jobs() {
		b = resp.AppendArray(b, 10)
		b = resp.AppendBulkString(b, "argv")
		b = resp.AppendCommand(b, j.Argv...)
		flags, clock, ms := "scheduled", "run-delay", time.Duration(0)
		if j.Running {
			flags, clock, ms = "running", "run-time", s.since(j.At)
		} else if j.At != 0 {
			ms = max(-s.since(j.At), 0)
		}
		b = resp.AppendBulkString(resp.AppendBulkString(b, "flags"), flags)
		b = resp.AppendBulkInt(resp.AppendBulkString(b, "pid"), int64(j.Op))
		b = resp.AppendBulkInt(resp.AppendBulkString(b, clock), ms.Milliseconds())
		b = resp.AppendBulkInt(resp.AppendBulkString(b, "retry-num"), int64(j.Runs))
	}
	s.scratch = b
	c.Raw(b)
}

// infoCache gives the last INFO of the named masters, all if none is named, and of their replicas.
func (s *Sentinel) infoCache(c *front.Call) {
	asked := s.masters
	if len(c.Args) > 2 {
		asked = nil
		for _, m := range s.masters {
			if slices.ContainsFunc(c.Args[2:], func(name []byte) bool { return string(name) == m.name }) {
				asked = append(asked, m)
			}
		}
	}
	c.Array(2 * len(asked))
	for _, m := range asked {
		c.Text(m.name)
		c.Array(1 + len(m.slaves))
		s.replyInfo(c, m)
		for _, r := range m.slaves {
			s.replyInfo(c, r)
		}
	}
}

func (s *Sentinel) replyInfo(c *front.Call, r *instance) {
	c.Array(2)
	if r.infoRefresh == 0 {
		c.Int(0)
		c.Null()
		return
	}
	c.Int(s.since(r.infoRefresh).Milliseconds())
	c.Bulk(r.info)
}

func (s *Sentinel) simulateFailure(c *front.Call) {
	s.crashAfter = 0
	for _, arg := range c.Args[2:] {
		switch strings.ToLower(string(arg)) {
		case "crash-after-election":
			s.crashAfter |= crashAfterElection
			s.log(node.LogWarning, "Failure simulation: this Sentinel will crash after being successfully elected as failover leader")
		case "crash-after-promotion":
			s.crashAfter |= crashAfterPromotion
			s.log(node.LogWarning, "Failure simulation: this Sentinel will crash after promoting the selected slave to master")
		case "help":
			c.Texts([]string{"crash-after-election", "crash-after-promotion"})
			return
		default:
			c.Error("ERR Unknown failure simulation specified")
			return
		}
	}
	c.OK()
}
