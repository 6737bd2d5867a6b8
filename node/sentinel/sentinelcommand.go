package sentinel

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/glob"
	"github.com/ordeal-go/ordeal/node/resp"
)

// subcommand is an entry of the table of SENTINEL's subcommands.
type subcommand struct {
	arity  int // number of words, SENTINEL included; negative: at least so many
	handle func(s *Sentinel, c *client, args [][]byte)
}

var subcommands = map[string]subcommand{
	"masters": {2, func(s *Sentinel, c *client, _ [][]byte) { s.appendAllFields(c, s.masters) }},
	"master": {3, withMaster(func(s *Sentinel, c *client, m *instance, _ [][]byte) {
		c.out = s.appendFields(c.out, m)
	})},
	"slaves":    {3, withMaster((*Sentinel).slavesCommand)},
	"sentinels": {3, withMaster(func(s *Sentinel, c *client, m *instance, _ [][]byte) { s.appendAllFields(c, m.sentinels) })},

	"get-master-addr-by-name": {3, (*Sentinel).getMasterAddr},
	"is-master-down-by-addr":  {6, (*Sentinel).isMasterDown},
	"reset":                   {3, (*Sentinel).resetCommand},
	"failover":                {3, withMaster((*Sentinel).failoverCommand)},
	"monitor":                 {6, (*Sentinel).monitorCommand},
	"remove":                  {3, withMaster((*Sentinel).removeCommand)},
	"set":                     {-3, withMaster((*Sentinel).setCommand)},
	"ckquorum":                {3, withMaster((*Sentinel).checkQuorum)},
	"flushconfig":             {2, func(s *Sentinel, c *client, _ [][]byte) { s.savedReply(c, c.ok) }},
	"pending-scripts":         {2, (*Sentinel).pendingScripts},
	"info-cache":              {-2, (*Sentinel).infoCache},
	"simulate-failure":        {-2, (*Sentinel).simulateFailure},

	// Of later versions: newer clients and operators ask by these names.
	"replicas": {3, withMaster((*Sentinel).slavesCommand)},                                                   // 5.0
	"myid":     {2, func(s *Sentinel, c *client, _ [][]byte) { c.out = resp.AppendBulkString(c.out, s.id) }}, // 6.2
	"config":   {-4, (*Sentinel).configCommand},                                                              // 6.2
}

// sentinelCommand is SENTINEL. Redis 4.0: sentinel.c, sentinelCommand.
func (s *Sentinel) sentinelCommand(c *client, args [][]byte) {
	name := string(args[1])
	sub, known := subcommands[strings.ToLower(name)]
	switch {
	case !known:
		c.fail("ERR Unknown sentinel subcommand '" + name + "'")
	case sub.arity > 0 && len(args) != sub.arity, len(args) < -sub.arity:
		c.fail("ERR Wrong number of arguments for 'sentinel " + name + "'")
	default:
		sub.handle(s, c, args)
	}
}

// withMaster looks up the master that the third word names.
func withMaster(handle func(*Sentinel, *client, *instance, [][]byte)) func(*Sentinel, *client, [][]byte) {
	return func(s *Sentinel, c *client, args [][]byte) {
		m := s.masterNamed(args[2])
		if m == nil {
			c.fail("ERR No such master with that name")
			return
		}
		handle(s, c, m, args)
	}
}

func (s *Sentinel) getMasterAddr(c *client, args [][]byte) {
	m := s.masterNamed(args[2])
	if m == nil {
		c.out = resp.AppendNullArray(c.out)
		return
	}
	addr := m.currentAddress()
	c.out = resp.AppendArray(c.out, 2)
	c.out = resp.AppendBulkString(c.out, addr.ip)
	c.out = resp.AppendBulkInt(c.out, int64(addr.port))
}

// isMasterDown tells another Sentinel what I see and, if it is a candidate, whom I vote for. In TILT I see nothing,
// but I still vote.
func (s *Sentinel) isMasterDown(c *client, args [][]byte) {
	port, ok := resp.ParseInt(args[3])
	epoch, ok2 := resp.ParseInt(args[4])
	if !ok || !ok2 || epoch < 0 || epoch > maxEpoch {
		c.fail("ERR value is not an integer or out of range")
		return
	}
	ip, candidate := string(args[2]), string(args[5])
	i := slices.IndexFunc(s.masters, func(m *instance) bool { return m.addr.ip == ip && int64(m.addr.port) == port })
	if i < 0 {
		c.out = appendAskReply(c.out, false, "", 0)
		return
	}
	m := s.masters[i]
	down := m.sDown && !s.tilt
	if candidate == "*" {
		c.out = appendAskReply(c.out, down, "", 0)
		return
	}
	s.adoptEpoch(m, epoch)
	if !s.mayVote(m, epoch) {
		c.out = appendAskReply(c.out, down, m.leader, m.leaderEpoch)
		return
	}
	s.vote(m, epoch, candidate)
	s.answerWhenSaved(c, func(node.Errno) { c.out = appendAskReply(c.out, down, m.leader, m.leaderEpoch) })
}

func (s *Sentinel) resetCommand(c *client, args [][]byte) {
	n := int64(0)
	for _, m := range s.masters {
		if glob.Match(args[2], []byte(m.name), false) {
			s.resetWithSentinels(m)
			n++
		}
	}
	if n == 0 {
		c.out = resp.AppendInt(c.out, n)
		return
	}
	// Otherwise than in 4.0, what was forgotten stays so over a restart.
	s.savedReply(c, func() { c.out = resp.AppendInt(c.out, n) })
}

func (s *Sentinel) failoverCommand(c *client, m *instance, _ [][]byte) {
	if m.failover.state != idle {
		c.fail("INPROG Failover already in progress")
		return
	}
	if s.selectSlave(m) == nil {
		c.fail("NOGOODSLAVE No suitable slave to promote")
		return
	}
	s.log(node.LogWarning, fmt.Sprintf("Executing user requested FAILOVER of '%s'", m.name))
	s.startFailover(m)
	m.failover.forced = true
	c.ok()
}

func (s *Sentinel) monitorCommand(c *client, args [][]byte) {
	quorum, ok := resp.ParseInt(args[5])
	if !ok {
		c.fail("ERR Invalid quorum")
		return
	}
	port, ok := resp.ParseInt(args[4])
	if !ok {
		c.fail("ERR Invalid port")
		return
	}
	if quorum <= 0 {
		c.fail("ERR Quorum must be 1 or greater.")
		return
	}
	ip := string(args[3])
	if !isIP(ip) {
		c.fail("ERR Invalid IP address specified")
		return
	}
	m, reason := s.addMaster(string(args[2]), address{ip, int(min(max(port, -1), 65536))}, quorum)
	if reason != "" {
		c.fail("ERR " + reason)
		return
	}
	s.event(node.LogWarning, "+monitor", m, fmt.Sprintf("%v quorum %d", m, m.quorum))
	s.savedReply(c, c.ok)
}

func (s *Sentinel) removeCommand(c *client, m *instance, _ [][]byte) {
	s.event(node.LogWarning, "-monitor", m, m.String())
	s.forgetAll(m.slaves)
	s.forgetAll(m.sentinels)
	s.forget(m)
	s.masters = slices.DeleteFunc(s.masters, func(other *instance) bool { return other == m })
	s.savedReply(c, c.ok)
}

const scriptsDenied = "ERR Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig " +
	"configuration directive in your Sentinel configuration"

// setCommand changes options one after the other; those before a bad one stay changed.
func (s *Sentinel) setCommand(c *client, m *instance, args [][]byte) {
	if len(args)%2 == 0 {
		c.fail("ERR Wrong number of arguments for 'sentinel " + string(args[1]) + "'")
		return
	}
	for i := 3; i < len(args); i += 2 {
		option, value := string(args[i]), string(args[i+1])
		if problem := s.set(m, option, value); problem != "" {
			c.fail(problem)
			return
		}
		s.flush()
		s.event(node.LogWarning, "+set", m, fmt.Sprintf("%v %s %s", m, option, value))
	}
	s.savedReply(c, c.ok)
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
func (s *Sentinel) checkQuorum(c *client, m *instance, _ [][]byte) {
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
		c.fail(fmt.Sprintf("NOQUORUM %d usable Sentinels. %s", usable, strings.Join(problems, ". ")))
		return
	}
	c.out = resp.AppendSimple(c.out, fmt.Sprintf("OK %d usable Sentinels. Quorum and failover authorization can be reached", usable))
}

func (s *Sentinel) pendingScripts(c *client, _ [][]byte) {
	b := resp.AppendArray(c.out, len(s.scripts))
	for _, j := range s.scripts {
		b = resp.AppendArray(b, 10)
		b = resp.AppendBulkString(b, "argv")
		b = resp.AppendCommand(b, j.argv...)
		flags, clock, ms := "scheduled", "run-delay", time.Duration(0)
		if j.running {
			flags, clock, ms = "running", "run-time", s.since(j.at)
		} else if j.at != 0 {
			ms = max(-s.since(j.at), 0)
		}
		b = resp.AppendBulkString(resp.AppendBulkString(b, "flags"), flags)
		b = resp.AppendBulkInt(resp.AppendBulkString(b, "pid"), int64(j.op))
		b = resp.AppendBulkInt(resp.AppendBulkString(b, clock), ms.Milliseconds())
		b = resp.AppendBulkInt(resp.AppendBulkString(b, "retry-num"), int64(j.runs))
	}
	c.out = b
}

// infoCache gives the last INFO of the named masters, all if none is named, and of their replicas.
func (s *Sentinel) infoCache(c *client, args [][]byte) {
	asked := s.masters
	if len(args) > 2 {
		asked = nil
		for _, m := range s.masters {
			if slices.ContainsFunc(args[2:], func(name []byte) bool { return string(name) == m.name }) {
				asked = append(asked, m)
			}
		}
	}
	c.out = resp.AppendArray(c.out, 2*len(asked))
	for _, m := range asked {
		c.out = resp.AppendBulkString(c.out, m.name)
		c.out = resp.AppendArray(c.out, 1+len(m.slaves))
		s.appendInfo(c, m)
		for _, r := range m.slaves {
			s.appendInfo(c, r)
		}
	}
}

func (s *Sentinel) appendInfo(c *client, r *instance) {
	c.out = resp.AppendArray(c.out, 2)
	if r.infoRefresh == 0 {
		c.out = resp.AppendNull(resp.AppendInt(c.out, 0))
		return
	}
	c.out = resp.AppendInt(c.out, s.since(r.infoRefresh).Milliseconds())
	c.out = resp.AppendBulk(c.out, r.info)
}

func (s *Sentinel) simulateFailure(c *client, args [][]byte) {
	s.crashAfter = 0
	for _, arg := range args[2:] {
		switch strings.ToLower(string(arg)) {
		case "crash-after-election":
			s.crashAfter |= crashAfterElection
			s.log(node.LogWarning, "Failure simulation: this Sentinel will crash after being successfully elected as failover leader")
		case "crash-after-promotion":
			s.crashAfter |= crashAfterPromotion
			s.log(node.LogWarning, "Failure simulation: this Sentinel will crash after promoting the selected slave to master")
		case "help":
			c.out = resp.AppendCommand(c.out, "crash-after-election", "crash-after-promotion")
			return
		default:
			c.fail("ERR Unknown failure simulation specified")
			return
		}
	}
	c.ok()
}
