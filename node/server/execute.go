package server

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/replication"
)

// How a call is let in, run, counted and propagated: the server's side of packages front and commands.

// Refuse implements front.Host: the server's part of the order of checks. Redis 4.0: server.c, processCommand.
func (s *Server) Refuse(c *front.Call) (refusal string, poison bool) {
	cmd := c.Cmd
	if s.cfg.data.MaxMemory > 0 && s.suspended.call == nil && !s.makeRoom() && cmd.Is(front.DenyOOM) && !c.FromMaster() {
		return errOOM, true
	}
	if cmd.Is(front.Write) {
		if refusal := s.refuseWrite(c); refusal != "" {
			return refusal, refusal != errReadOnly
		}
	} else if cmd.Is(front.NeedsSave) && s.repl.IsMaster() {
		if refusal := s.diskRefusal(); refusal != "" {
			return refusal, true
		}
	}
	if refusal := front.NotInPubSub(c); refusal != "" {
		return refusal, false
	}
	if !s.repl.IsMaster() && !s.repl.LinkUp() && !s.cfg.slaveServeStale && !cmd.Is(front.Stale) {
		return "MASTERDOWN Link with MASTER is down and slave-serve-stale-data is set to 'no'.", true
	}
	if s.loading && !cmd.Is(front.Loading) {
		return "LOADING Redis is loading the dataset in memory", false
	}
	if refusal := s.refuseBusy(c); refusal != "" {
		return refusal, true
	}
	return "", false
}

// Errors of the state that a server is in.
const (
	errOOM      = "OOM command not allowed when used memory > 'maxmemory'."
	errReadOnly = "READONLY You can't write against a read only slave."
)

// short says that there is more in memory than maxmemory allows.
func (s *Server) short() bool { return s.cfg.data.MaxMemory > 0 && s.excess() > 0 }

// excess is how much more is in memory than maxmemory allows, in bytes, replicas' output apart: it grows by what is
// evicted. Redis 4.0: evict.c, freeMemoryGetNotCountedMemory.
func (s *Server) excess() int64 {
	used := s.usedMemory()
	for _, c := range s.front.Clients() {
		if c.Is(front.Replica) {
			used -= c.Waiting()
		}
	}
	return used - s.cfg.data.MaxMemory
}

// makeRoom evicts keys where there are more than maxmemory allows, and says whether there is room now. A replica evicts
// nothing: its data is its master's. Redis 4.0: evict.c, freeMemoryIfNeeded.
func (s *Server) makeRoom() bool {
	if s.front.Paused || s.loading {
		return true
	}
	excess := s.excess()
	return excess <= 0 || s.repl.IsMaster() && s.data.Evict(excess)
}

// maxMemoryChanged evicts at once what there is too much of, but for a script: nothing is evicted within one.
// Redis 4.0: config.c, configSetCommand.
func (s *Server) maxMemoryChanged() {
	if !s.short() {
		return
	}
	s.log(node.LogWarning, "WARNING: the new maxmemory value set via CONFIG SET is smaller than the current memory usage. This "+
		"will result in keys eviction and/or inability to accept new write commands depending on the maxmemory-policy.")
	if s.running == nil || s.running.Script == nil {
		s.makeRoom()
	}
}

// refuseWrite returns the error with which a command that may write is turned away, or "".
func (s *Server) refuseWrite(c *front.Call) string {
	if s.repl.IsMaster() {
		if refusal := s.diskRefusal(); refusal != "" {
			return refusal
		}
	}
	switch {
	case s.repl.TooFewGoodReplicas():
		s.noteRefused(c, "noreplicas")
		return "NOREPLICAS Not enough good slaves to write."
	case !s.repl.IsMaster() && s.cfg.data.SlaveReadOnly && !c.FromMaster():
		s.noteRefused(c, "readonly")
		return errReadOnly
	}
	return ""
}

// noteRefused observes a refused write.
func (s *Server) noteRefused(c *front.Call, reason string) {
	if !s.opts.Notes {
		return
	}
	s.note(node.Note{Kind: node.NoteRefused, Reason: reason, Key: string(c.Cmd.FirstKey(c.Args)), N: int64(s.repl.GoodReplicas), M: s.cfg.repl.MinSlavesToWrite})
}

// Execute implements front.Host: it runs a call and puts its effect into the replication stream if it changed the
// dataset. Redis 4.0: server.c, call.
func (s *Server) Execute(c *front.Call) {
	cmd, db, outer, around := c.Cmd, c.DB, s.current, s.running
	s.running = c
	if c.Script == nil {
		s.current = c.Client
	}
	s.front.Stats.Commands++
	cmd.Calls++
	if len(s.front.Monitors) > 0 && !s.loading && !cmd.Is(front.SkipMonitor|front.Admin) {
		s.ShowMonitors(c)
	}
	cmd.Run(c)
	s.current, s.running = outer, around
	if s.suspend(c, db) {
		return
	}
	if s.busy != 0 {
		s.tookTime(c, s.busy)
		s.busy = 0
	} else if s.cfg.slowlogSlowerThan == 0 && s.waitsFor != c && !cmd.Is(front.RunsCommands) {
		s.logSlow(c, 0)
	}
	s.executed(c, db)
}

// executed puts the effect of a call that is over into the stream.
func (s *Server) executed(c *front.Call, db int) {
	s.settle(c, db)
	if s.emptied && c.Script == nil {
		s.saveEmpty(c)
	}
	if c.Client != nil {
		c.Client.Wrote = s.repl.Offset
	}
}

// Settle implements commands.Host.
func (s *Server) Settle(c *front.Call) { s.settle(c, c.DB) }

// settle counts what a call has changed and propagates it; db is the database in which it began.
func (s *Server) settle(c *front.Call, db int) {
	if c.Script != nil {
		return // counts with its script
	}
	s.data.Dirty += c.Dirty
	s.propagate(c, db)
	if s.opts.Notes && c.Dirty > 0 && c.Client != nil && !c.Is(front.Master) {
		s.noteWrote(c)
	}
}

// noteWrote observes where a client's change went.
func (s *Server) noteWrote(c *front.Call) {
	n := s.out.NewNote(node.NoteWrote)
	n.ReplID, n.Offset, n.Peer, n.Role, n.Text = s.repl.ID(), s.repl.Offset, c.Client.Addr, "master", c.Cmd.Name
	if !s.repl.IsMaster() {
		n.Role = "slave"
	}
	key := c.Cmd.FirstKey(c.Args)
	if key == nil {
		return
	}
	// One piece of memory for both words: this is for every write.
	last := c.Args[len(c.Args)-1]
	last = last[:min(len(last), notedWordMax)]
	s.noted = append(append(s.noted[:0], key...), last...)
	words := string(s.noted)
	n.Key, n.Text = words[:len(key)], words[len(key):]
}

// notedWordMax is how much of a word that a client wrote is noted, in bytes.
const notedWordMax = 64

// tookTime counts the time for which a command kept the whole server.
func (s *Server) tookTime(c *front.Call, d time.Duration) {
	c.Cmd.Usec += d.Microseconds()
	s.addCommandLatency(c.Cmd, d)
	if limit := s.cfg.slowlogSlowerThan; limit >= 0 && d.Microseconds() >= limit {
		s.logSlow(c, d)
	}
}

// Resumed implements front.Host.
func (s *Server) Resumed(c *front.Client) { s.data.ExecRest(c) }

// Fed implements front.Host.
func (s *Server) Fed(c *front.Client, n int) { s.repl.Fed(c, n) }

// EmptyLine implements front.Host.
func (s *Server) EmptyLine(c *front.Client) { s.repl.EmptyLine(c) }

// Executed implements front.Host: it counts what the master link has applied, and serves those whom the command made
// something ready for.
func (s *Server) Executed(c *front.Client) {
	if c.Is(front.Master) && !c.Is(front.Freed) {
		s.repl.Applied(c)
	}
	s.data.ServeReady()
	s.rewriteAfterExec()
}

// Failed implements front.Host.
func (s *Server) Failed(c *front.Client, text string) { s.repl.Failed(c, text) }

// HoldsOutput implements front.Host.
func (s *Server) HoldsOutput(c *front.Client) bool { return s.repl.HoldsOutput(c) }

// Left implements front.Host.
func (s *Server) Left(c *front.Client, n int64) { s.repl.Sent(c, n) }

// Freed implements front.Host.
func (s *Server) Freed(c *front.Client) {
	s.data.Freed(c)
	s.repl.ClientFreed(c)
}

// Logs implements front.Host.
func (s *Server) Logs(level node.LogLevel) bool { return level.AtLeast(s.cfg.logLevel) }

// Log implements front.Host.
func (s *Server) Log(level node.LogLevel, text string) { s.log(level, text) }

// IsMaster implements commands.Host.
func (s *Server) IsMaster() bool { return s.repl.IsMaster() }

// Emptied implements commands.Host: what is being saved is gone, and the file must not bring it back. What is on its way
// to replicas' sockets is followed by the stream, which empties it there.
func (s *Server) Emptied(*front.Call) {
	if s.saving.kind == replication.SaveToDisk {
		s.killSave()
	}
	s.emptied = len(s.cfg.savePoints) > 0
}

// saveEmpty takes a snapshot after a call that removed everything, itself or by its script.
func (s *Server) saveEmpty(c *front.Call) {
	outer, around, dirty := s.current, s.running, s.data.Dirty
	s.emptied, s.current, s.running = false, c.Client, c
	s.saveNow(func(bool) { s.data.Dirty = dirty })
	s.current, s.running = outer, around
}

// RefuseScripted implements commands.Host. Redis 4.0: scripting.c, luaRedisGenericCommand.
func (s *Server) RefuseScripted(c *front.Call, wrote bool) string {
	if s.waitsForOthers(c) {
		return "ERR This command waits for a file or another server, which a script cannot do"
	}
	if c.FromMaster() || s.loading || s.data.Replaying {
		return ""
	}
	if c.Cmd.Is(front.Write) {
		if refusal := s.refuseWrite(c); refusal != "" {
			return refusal
		}
	}
	if c.Cmd.Is(front.DenyOOM) && !wrote && s.short() {
		return errOOM
	}
	return ""
}

// RefuseQueued implements commands.Host. Redis 7.0: server.c, processCommand.
func (s *Server) RefuseQueued(c *front.Call) string {
	if !c.Cmd.Is(front.Write) || s.repl.IsMaster() || !s.cfg.data.SlaveReadOnly || c.FromMaster() {
		return ""
	}
	s.noteRefused(c, "readonly")
	return errReadOnly
}

// waitsForOthers says whether a call replies only when a file has been read or written, or another server has answered.
func (s *Server) waitsForOthers(c *front.Call) bool {
	switch c.Cmd.Name {
	case "shutdown", "migrate":
		return true
	case "config":
		return c.Option(1) == "REWRITE" || c.Option(1) == "SET" && (c.Option(2) == "DIR" || c.Option(2) == "APPENDONLY")
	}
	return false
}
