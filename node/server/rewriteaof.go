package server

import (
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/aof"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// The rewrite of the append only file: a new, shorter one is made beside the server, what changes meanwhile is kept in
// memory as well and put behind it, and it takes the old one's place in one step. Redis 4.0: aof.c,
// rewriteAppendOnlyFileBackground, backgroundRewriteDoneHandler.

// aofRewrite is a rewrite under way, and what came of the last one.
type aofRewrite struct {
	running    bool
	scheduled  bool // one is to start as soon as nothing else is made beside the server
	afterExec  bool // one starts when the transaction under way is over: it was told that it has
	generation int  // number of the rewrite; one that was killed finds that it is not this one any more
	pid        int  // the process ID that the log shows for it
	since      node.Instant
	path, to   string // of the new file, and where it is to be
	size       int64  // bytes that have been written to it
	rounds     int    // how often the diff was written behind it

	diff   []byte     // what has changed since the rewrite began and is not in the new file
	writer aof.Writer // where the new file's text stands

	lastSeconds int64 // how long the last one took, -1: there was none
	failed      bool  // the last one failed
	endedAt     node.Instant
}

const (
	// incrementalSync is after how many bytes of a new file they are synced: aof-rewrite-incremental-fsync.
	// Redis 4.0: server.h, REDIS_AUTOSYNC_BYTES, which is 32 MB.
	incrementalSync = 32 << 20
	// smallDiff is how much of the diff may be left for the last step, in bytes: the whole server waits for that one.
	smallDiff = 64 << 10
	// maxRounds bounds how often the diff is written beside the server before: writes may come faster than a disk.
	maxRounds = 8
	// rewriteRetry is how long a rewrite waits that has to be tried again.
	rewriteRetry = time.Second
)

// childRunning says whether a snapshot or a rewrite is under way: Redis has one child process at a time.
func (s *Server) childRunning() bool { return s.saving.running || s.aof.rewrite.running }

// inTransaction says whether an EXEC runs: a file that began now would hold a part of what happens as a whole.
func (s *Server) inTransaction() bool { return s.running != nil && s.running.Is(front.InMulti) }

// startRewrite starts a rewrite and says false if something else is being made.
func (s *Server) startRewrite() bool {
	if s.childRunning() {
		return false
	}
	w := &s.aof.rewrite
	w.generation++
	w.pid = s.opts.PID + s.saving.generation + w.generation
	w.path = s.cfg.inDir("temp-rewriteaof-bg-" + strconv.Itoa(w.pid) + ".aof")
	w.to = s.cfg.aofPath()
	w.running, w.scheduled, w.since, w.size, w.rounds = true, false, s.now, 0, 0
	w.diff, w.writer = nil, aof.Writer{}
	s.data.ForgetTold() // a new file knows no scripts
	s.logf(node.LogNotice, "Background append only file rewriting started by pid %d", w.pid)
	snap, now, preamble, how := s.data.KS.Snapshot(), s.now.UnixMilli(), s.cfg.aofPreamble, s.saveOptions()
	how.AOFPreamble, how.Repl, how.Scripts = true, nil, nil
	generation := w.generation
	s.work(int(snap.Bytes()), func() any {
		if preamble {
			return keyspace.EncodeRDB(snap, how)
		}
		return aof.Rewrite(snap, now)
	}, func(ev *node.Event) {
		if s.rewriting(generation) {
			s.writeRewrite(ev.Result.([]byte))
		}
	})
	return true
}

// rewriting says whether the rewrite of that number is under way.
func (s *Server) rewriting(generation int) bool {
	return s.aof.rewrite.running && s.aof.rewrite.generation == generation
}

// writeRewrite writes the new file beside the old one.
func (s *Server) writeRewrite(text []byte) {
	w := &s.aof.rewrite
	piece := len(text)
	if s.cfg.aofIncrementalSync {
		piece = incrementalSync
	}
	steps := []node.FileStep{{Kind: node.WriteFile, Path: w.path}}
	for rest := text; len(rest) > 0; {
		n := min(piece, len(rest))
		steps = append(steps, node.FileStep{Kind: node.AppendFile, Path: w.path, Data: rest[:n]},
			node.FileStep{Kind: node.SyncFile, Path: w.path})
		rest = rest[n:]
	}
	s.rewriteJob(len(text), steps)
}

// rewriteJob runs steps that make the new file n bytes longer, and goes on.
func (s *Server) rewriteJob(n int, steps []node.FileStep) {
	w := &s.aof.rewrite
	generation, path := w.generation, w.path
	s.background(func(ev *node.Event) {
		switch {
		case !s.rewriting(generation):
			s.removeTemp(path)
		case ev.Err != node.ErrNone:
			s.logAs('C', w.pid, node.LogWarning, "Write error writing append only file on disk: "+string(ev.Err))
			s.rewriteFailed()
		default:
			w.size += int64(n)
			s.writeDiff()
		}
	}, steps...)
}

// writeDiff puts what has changed meanwhile behind the new file: beside the server as long as it is much, and what is left
// as the last step.
func (s *Server) writeDiff() {
	w := &s.aof.rewrite
	if len(w.diff) <= smallDiff || w.rounds == maxRounds {
		s.finishRewrite()
		return
	}
	diff := w.diff
	w.diff = nil
	w.rounds++
	s.rewriteJob(len(diff), []node.FileStep{{Kind: node.AppendFile, Path: w.path, Data: diff}, {Kind: node.SyncFile, Path: w.path}})
}

// finishRewrite puts the new file in the old one's place, while the whole server waits. It is synced before, whatever
// appendfsync says: the diff may be much older than a second, and the old file had it on the disk.
func (s *Server) finishRewrite() {
	w := &s.aof.rewrite
	node.Assert(!w.writer.InTransaction(), "a new append only file ends inside a transaction")
	s.logAs('C', w.pid, node.LogNotice, "SYNC append only file rewrite performed")
	rest := w.diff
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			s.logf(node.LogWarning, "Error trying to finish the rewrite of the AOF %s: %s", w.to, ev.Err)
			s.rewriteFailed()
			return
		}
		s.rewritten(int64(len(rest)))
	}, node.FileStep{Kind: node.AppendFile, Path: w.path, Data: rest}, node.FileStep{Kind: node.SyncFile, Path: w.path},
		node.FileStep{Kind: node.RenameFile, Path: w.path, To: w.to},
		node.FileStep{Kind: node.SyncFile, Path: w.to}) // the name too: what is synced later is synced in this file
}

// rewritten goes on with the new file. All that waited to be written to the old one is in it.
func (s *Server) rewritten(rest int64) {
	a, w := &s.aof, &s.aof.rewrite
	s.log(node.LogNotice, "Background AOF rewrite terminated with success")
	s.logf(node.LogNotice, "Residual parent diff successfully flushed to the rewritten AOF (%.2f MB)", float64(rest)/(1<<20))
	if a.state == aofOff {
		s.endRewrite(false)
		s.log(node.LogNotice, "Background AOF rewrite finished successfully")
		return // a file for later, which nothing is appended to
	}
	a.file++
	a.path = w.to
	a.size = w.size + rest
	a.base, a.synced, a.syncedAt, a.torn, a.syncing = a.size, a.size, s.now, false, false
	a.buf, a.writer = nil, w.writer
	if a.writeErr != node.ErrNone {
		s.log(node.LogWarning, "AOF write error looks solved, Redis can write again.")
	}
	a.writeErr, a.syncErr = node.ErrNone, node.ErrNone
	a.state = aofOn
	s.endRewrite(false)
	s.log(node.LogNotice, "Background AOF rewrite finished successfully")
	s.front.EndOfStep() // what waited for the old file
}

func (s *Server) rewriteFailed() {
	s.removeTemp(s.aof.rewrite.path)
	s.log(node.LogWarning, "Background AOF rewrite terminated with error")
	s.endRewrite(true)
}

func (s *Server) endRewrite(failed bool) {
	w := &s.aof.rewrite
	w.running, w.failed, w.endedAt = false, failed, s.now
	w.lastSeconds = int64(s.now.Sub(w.since) / time.Second)
	w.diff, w.writer = nil, aof.Writer{}
}

// killRewrite ends the rewrite under way without a result, as Redis kills its child.
func (s *Server) killRewrite() {
	w := &s.aof.rewrite
	if w.afterExec {
		w.afterExec = false
		s.log(node.LogNotice, "Killing running AOF rewrite child: it had not begun, the transaction that asked for it is not over")
	}
	if !w.running {
		return
	}
	s.logf(node.LogNotice, "Killing running AOF rewrite child: %d", w.pid)
	s.removeTemp(w.path)
	w.running, w.diff, w.writer = false, nil, aof.Writer{}
}

// tendRewrite starts what is due. Redis 4.0: server.c, serverCron.
func (s *Server) tendRewrite() {
	a, w := &s.aof, &s.aof.rewrite
	if s.childRunning() || s.loading {
		return
	}
	again := !w.failed || s.now.Sub(w.endedAt) >= rewriteRetry
	switch {
	case (w.scheduled || a.state == aofWait) && again:
		s.startRewrite()
	case a.state == aofOn && s.cfg.autoRewritePercentage > 0 && a.size > s.cfg.autoRewriteMinSize && again:
		base := max(a.base, 1)
		if growth := a.size*100/base - 100; growth >= s.cfg.autoRewritePercentage {
			s.logf(node.LogNotice, "Starting automatic rewriting of AOF on %d%% growth", growth)
			s.startRewrite()
		}
	}
}

func (s *Server) bgrewriteaofCommand(c *front.Call) {
	switch {
	case s.aof.rewrite.running, s.aof.rewrite.afterExec:
		c.Error("ERR Background append only file rewriting already in progress")
	case s.saving.running:
		s.aof.rewrite.scheduled = true
		c.Simple("Background append only file rewriting scheduled")
	case s.inTransaction(): // 4.0 begins the file at once, with a part of the transaction
		s.aof.rewrite.afterExec = true
		c.Simple("Background append only file rewriting started")
	default:
		s.startRewrite()
		c.Simple("Background append only file rewriting started")
	}
}

// rewriteAfterExec starts the rewrite that a transaction asked for, now that it is over.
func (s *Server) rewriteAfterExec() {
	w := &s.aof.rewrite
	if w.afterExec && s.suspended.call == nil { // otherwise the transaction may be in the middle of one
		w.afterExec = false
		w.scheduled = !s.startRewrite()
	}
}
