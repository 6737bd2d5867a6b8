package sentinel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
)

// flush has the configuration on disk before anything leaves at the end of this Step.
// Redis 4.0: sentinel.c, sentinelFlushConfig.
func (s *Sentinel) flush() { s.changed = true }

// writeConfig writes the file beside the old one and puts it in its place, so that a crash leaves one or the other
// whole. The last sync is for the rename: it must survive a loss of power too.
func (s *Sentinel) writeConfig() {
	s.file = s.rewrite(s.file)
	file, beside := s.opts.ConfigPath, s.opts.ConfigPath+".new"
	s.nextOp++
	s.writing = s.nextOp
	s.out.File(s.nextOp, node.Foreground,
		node.FileStep{Kind: node.WriteFile, Path: beside, Data: []byte(s.file)},
		node.FileStep{Kind: node.SyncFile, Path: beside},
		node.FileStep{Kind: node.RenameFile, Path: beside, To: file},
		node.FileStep{Kind: node.SyncFile, Path: file},
	)
}

func (s *Sentinel) configWritten(ev *node.Event) {
	if ev.Err != "" {
		s.log(node.LogWarning, "WARNING: Sentinel was not able to save the new configuration on disk!!!: "+string(ev.Err))
	}
}

// rewrite is the text of the configuration file that says what is so now, made from its old text.
// Redis 4.0: sentinel.c, rewriteConfigSentinelOption.
func (s *Sentinel) rewrite(old string) string {
	r := conf.NewRewriter(old)
	r.Int("port", int64(s.cfg.port), defaultPort)
	if len(s.cfg.bind) > 0 {
		r.Line("bind", "bind "+strings.Join(s.cfg.bind, " "), true)
	}
	r.Line("dir", "dir "+conf.Quote(s.cfg.dir), true)
	state := func(force bool, args ...string) {
		line := "sentinel"
		for _, arg := range args {
			line += " " + conf.Word(arg)
		}
		r.Line("sentinel", line, force)
	}
	state(true, "myid", s.id)
	state(!s.cfg.denyScripts, "deny-scripts-reconfig", conf.FormatYesNo(s.cfg.denyScripts))
	for _, m := range s.masters {
		stateMaster(m, state)
	}
	state(true, "current-epoch", fmt.Sprint(s.currentEpoch))
	if s.cfg.announceIP != "" {
		state(true, "announce-ip", s.cfg.announceIP)
	}
	if s.cfg.announcePort != 0 {
		state(true, "announce-port", strconv.Itoa(s.cfg.announcePort))
	}
	return r.Text()
}

func stateMaster(m *instance, state func(force bool, args ...string)) {
	set := func(directive string, args ...string) { state(true, append([]string{directive, m.name}, args...)...) }
	now := m.currentAddress()
	set("monitor", now.ip, strconv.Itoa(now.port), fmt.Sprint(m.quorum))
	if m.downAfter != defaultDownAfter {
		set("down-after-milliseconds", fmt.Sprint(m.downAfter.Milliseconds()))
	}
	if m.failoverTimeout != defaultFailoverTimeout {
		set("failover-timeout", fmt.Sprint(m.failoverTimeout.Milliseconds()))
	}
	if m.parallelSyncs != defaultParallelSyncs {
		set("parallel-syncs", fmt.Sprint(m.parallelSyncs))
	}
	if m.notifyScript != "" {
		set("notification-script", m.notifyScript)
	}
	if m.reconfigScript != "" {
		set("client-reconfig-script", m.reconfigScript)
	}
	if m.authPass != "" {
		set("auth-pass", m.authPass)
	}
	set("config-epoch", fmt.Sprint(m.configEpoch))
	set("leader-epoch", fmt.Sprint(m.leaderEpoch))
	for _, r := range m.slaves {
		addr := r.addr
		if addr == now {
			addr = m.addr // it was promoted: the old master will be its replica
		}
		set("known-slave", addr.ip, strconv.Itoa(addr.port))
	}
	for _, r := range m.sentinels {
		set("known-sentinel", r.addr.ip, strconv.Itoa(r.addr.port), r.runID)
	}
}
