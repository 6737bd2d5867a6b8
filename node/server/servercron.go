package server

import "time"

// cronPeriod is how often the server's cron runs: hz times a second.
func (s *Server) cronPeriod() time.Duration { return time.Second / time.Duration(s.cfg.hz) }

func (s *Server) setCron() { s.out.SetTimer(timerCron, s.cronPeriod()) }

// cron is what the server does on its own, hz times a second. Redis 4.0: server.c, serverCron.
func (s *Server) cron() {
	if s.exiting {
		return
	}
	s.setCron()
	s.front.Sample()
	if s.stopAsked {
		s.stopNow()
		if s.exiting || s.blocking != nil {
			return
		}
	}
	if s.activeExpire && !s.front.Paused && s.repl.IsMaster() && !s.loading {
		s.data.ExpireSome()
	}
	if !s.repl.IsMaster() && !s.loading {
		s.data.ExpireOwn()
	}
	s.data.TimeOutBlocked()
	s.tendAOF()
	if s.blocking != nil {
		return // the rest is the next one's
	}
	s.checkSavePoints()
	if s.cronRuns%max(1, s.cfg.hz/10) == 0 && !s.loading {
		s.repl.NoteState() // every 100 ms: between two of these, a write's place in the stream is known
	}
	everySecond := s.cronRuns%s.cfg.hz == 0
	s.cronRuns++
	if everySecond {
		s.front.Tend()
		s.tendLinks()
		s.repl.Cron()
	}
}
