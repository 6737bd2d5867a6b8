package server

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// cronPeriod is how often the server's cron runs: hz times a second.
func (s *Server) cronPeriod() time.Duration { return time.Second / time.Duration(s.cfg.hz) }

func (s *Server) setCron() { s.out.SetTimer(timerCron, s.cronPeriod()) }

// cron is what the server does on its own, hz times a second. Redis 4.0: server.c, serverCron.
func (s *Server) cron() {
	if s.exiting {
		return
	}
	s.setCron()
	s.stats.sample(s.now)
	if s.stopAsked {
		s.stopNow()
		if s.exiting || s.blocking != nil {
			return
		}
	}
	if s.activeExpire && !s.paused && s.repl.isMaster() && !s.loading {
		s.expireSome()
	}
	if !s.repl.isMaster() && !s.loading {
		s.expireOwn()
	}
	s.checkSavePoints()
	if s.cronRuns%max(1, s.cfg.hz/10) == 0 && !s.loading {
		s.repl.noteState(s) // every 100 ms: between two of these, a write's place in the stream is known
	}
	everySecond := s.cronRuns%s.cfg.hz == 0
	s.cronRuns++
	if everySecond {
		s.tendClients()
		s.repl.cron(s)
	}
}

// tendClients closes clients that have been idle or over their soft output limit for too long.
func (s *Server) tendClients() {
	limit := time.Duration(s.cfg.timeout) * time.Second
	for _, c := range slices.Clone(s.byID) {
		if c.is(flagFreed) {
			continue
		}
		if limit > 0 && !c.is(flagReplica|flagMaster|flagBlocked|flagPubSub) && s.now.Sub(c.lastActive) > limit {
			s.log(node.LogVerbose, "Closing idle client")
			s.freeClient(c)
			continue
		}
		if c.softSince != 0 {
			s.checkOutputLimit(c, c.pending()+int64(len(c.reply)))
		}
	}
}
