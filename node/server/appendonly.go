package server

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/aof"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/front"
)

// The append only file while the server runs: what has changed the dataset is written before anybody is told that it has.
// Redis 4.0: aof.c. The format is package aof's.
//
// Redis writes once in each turn of its event loop, before it replies. Here replies wait: a Step that has changed
// something sends none, and sets a timer without a wait. When that fires, everything that was ready together has been
// executed; it is written, and with appendfsync always synced, as one job that the whole server waits for; then all
// replies leave.

// aofState says whether there is an append only file. Redis 4.0: server.h, AOF_OFF, AOF_WAIT_REWRITE, AOF_ON.
type aofState uint8

const (
	aofOff aofState = iota
	// aofWait: it was switched on, or another dataset took the place of ours. The first rewrite makes the file; what an
	// older one holds is not our dataset, and nothing is appended to it.
	aofWait
	aofOn
)

// appendOnly is the state of the append only file.
type appendOnly struct {
	state  aofState
	writer aof.Writer // where its text stands
	buf    []byte     // changes that have not been written
	asked  bool       // timerFlush is set: replies wait until buf is written

	path   string // of the file, wherever dir has gone meanwhile
	size   int64  // bytes in the file, but for what a failed write may have left behind them
	base   int64  // size after the start or the last rewrite
	synced int64  // bytes that a loss of power leaves, ≤ size
	torn   bool   // a write has failed, and may have left a part of itself behind size
	file   int    // how many files there were: a rewrite puts another one in place

	writeErr node.Errno // with which the last write failed, "": it did not
	syncErr  node.Errno // the same of a sync beside the server
	loggedAt node.Instant
	triedAt  node.Instant // when buf could not be written

	syncing  bool // a sync is under way beside the server
	syncedAt node.Instant
	slowSync bool  // that sync has been counted in delayed
	delayed  int64 // syncs that were not over after two seconds when there was more to write

	rewrite aofRewrite
	noted   aofNoted
}

// aofNoted is what a NoteAppendOnly tells.
type aofNoted struct {
	state  aofState
	policy string
	less   string
}

// String is the word that a note has for the state.
func (a aofState) String() string { return [...]string{aofOff: "off", aofWait: "wait", aofOn: "on"}[a] }

// noteAOF observes what has changed about the append only file.
func (s *Server) noteAOF() {
	if !s.opts.Notes || s.loading || s.aof.state == aofOff && s.aof.noted.state == aofOff {
		return
	}
	n := aofNoted{state: s.aof.state, policy: s.cfg.appendFsync, less: string(s.aofFails())}
	if n.less == "" && n.policy != fsyncNo && s.sparesDisk() {
		n.less = "no-appendfsync-on-rewrite"
	}
	if n != s.aof.noted {
		s.aof.noted = n
		s.note(node.Note{Kind: node.NoteAppendOnly, Result: n.state.String(), Text: n.policy, Reason: n.less})
	}
}

// The policies of appendfsync.
const (
	fsyncAlways   = "always"
	fsyncEverySec = "everysec"
	fsyncNo       = "no"
)

const (
	syncPeriod    = time.Second     // how long a change may wait for a sync under everysec
	slowSyncAfter = 2 * time.Second // Redis 4.0: aof.c, flushAppendOnlyFile
	writeRetry    = time.Second
	writeLogEvery = 30 * time.Second // Redis 4.0: aof.c, AOF_WRITE_LOG_ERROR_RATE
)

// Feed implements commands.Host.
func (s *Server) Feed(to commands.Target, db int, args [][]byte) {
	if to&commands.ToReplicas != 0 {
		s.repl.Feed(db, args)
	}
	if to&commands.ToAOF != 0 {
		s.appendChange(db, args)
	}
}

// OpenTransaction implements commands.Host.
func (s *Server) OpenTransaction(to commands.Target, db int) {
	if to&commands.ToReplicas != 0 {
		s.repl.OpenTransaction(db)
	}
	a := &s.aof
	if to&commands.ToAOF == 0 || s.data.Replaying {
		return
	}
	if a.state == aofOn && !a.writer.InTransaction() {
		a.buf = a.writer.Open(a.buf, db)
	}
	if w := &a.rewrite; w.running && !w.writer.InTransaction() {
		w.diff = w.writer.Open(w.diff, db)
	}
}

// CloseTransaction implements commands.Host.
func (s *Server) CloseTransaction(to commands.Target, db int, exec [][]byte) {
	if to&commands.ToReplicas != 0 {
		s.repl.CloseTransaction(db, exec)
	}
	if to&commands.ToAOF != 0 {
		s.aof.buf = s.aof.writer.Close(s.aof.buf)
		s.aof.rewrite.diff = s.aof.rewrite.writer.Close(s.aof.rewrite.diff)
	}
}

// propagate tells everybody whom it concerns of a call that is over and that began in database db.
func (s *Server) propagate(c *front.Call, db int) {
	to := commands.Everywhere
	if c.ForReplicas() {
		to = commands.ToReplicas
	}
	c.Propagated(func(args [][]byte) { s.Feed(to, db, args) })
}

// appendChange puts a change into the append only file's buffer, and into that of the file that is to take its place.
// Redis 4.0: aof.c, feedAppendOnlyFile.
func (s *Server) appendChange(db int, args [][]byte) {
	a := &s.aof
	if a.state == aofOff || s.data.Replaying {
		return
	}
	ms := s.now.UnixMilli()
	if a.state == aofOn {
		a.buf = a.writer.Append(a.buf, db, args, ms)
	}
	if w := &a.rewrite; w.running {
		w.diff = w.writer.Append(w.diff, db, args, ms)
	}
}

// holdsReplies says whether replies must wait for the append only file, and sees to it that it is written. Under a disk
// that refuses, they do not wait: writes are refused instead, and what there is to write is tried again by the cron.
func (s *Server) holdsReplies() bool {
	a := &s.aof
	if s.exiting {
		return true // nobody is answered any more: what there was to write may not have been written
	}
	if len(a.buf) == 0 || a.writeErr != node.ErrNone {
		return false
	}
	if !a.asked {
		a.asked = true
		s.out.SetTimer(timerFlush, 0)
	}
	return true
}

// flushAOF writes what has changed, while the whole server waits, and lets the replies go. Redis 4.0: aof.c,
// flushAppendOnlyFile. It differs in one thing: 4.0 keeps changes that it has acknowledged in memory for up to two
// seconds while a sync is under way, and a process that is killed then loses them. Here they are written at once.
func (s *Server) flushAOF() {
	a := &s.aof
	a.asked = false
	if len(a.buf) == 0 {
		s.front.EndOfStep()
		return
	}
	node.Assert(!a.writer.InTransaction(), "a part of a transaction would be written")
	if a.syncing && !a.slowSync && s.now.Sub(a.syncedAt) > slowSyncAfter {
		a.slowSync = true
		a.delayed++
		s.log(node.LogNotice, "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without "+
			"waiting for fsync to complete, this may slow down Redis.")
	}
	steps := s.appendSteps(s.cfg.appendFsync == fsyncAlways && !s.sparesDisk())
	s.foreground(func(ev *node.Event) { s.flushed(ev, steps) }, steps...)
}

// appendSteps is the job that writes the buffer.
func (s *Server) appendSteps(sync bool) (steps []node.FileStep) {
	a, path := &s.aof, s.aof.path
	if a.torn {
		steps = append(steps, node.FileStep{Kind: node.TruncateFile, Path: path, At: a.size})
	}
	steps = append(steps, node.FileStep{Kind: node.AppendFile, Path: path, Data: a.buf})
	if sync {
		steps = append(steps, node.FileStep{Kind: node.SyncFile, Path: path})
	}
	return steps
}

// flushed goes on when the buffer has been written, or could not be.
func (s *Server) flushed(ev *node.Event, steps []node.FileStep) {
	if !s.appended(ev, steps) {
		if s.cfg.appendFsync == fsyncAlways {
			s.log(node.LogWarning, "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
			s.exit(1)
			return
		}
	}
	s.front.EndOfStep() // before anybody changes more
	s.syncIfDue()
}

// appended takes the end of a job of appendSteps, and says whether all of it was done.
func (s *Server) appended(ev *node.Event, steps []node.FileStep) bool {
	a := &s.aof
	done := steps
	if ev.Err != node.ErrNone {
		done = steps[:ev.N]
	}
	for i := range done {
		switch done[i].Kind {
		case node.TruncateFile:
			a.torn = false
		case node.AppendFile:
			a.size += int64(len(done[i].Data))
			a.buf = nil
		case node.SyncFile:
			a.synced, a.syncedAt, a.syncErr = a.size, s.now, node.ErrNone
		}
	}
	s.addLatency("aof-write", s.now.Sub(s.waitsSince))
	if ev.Err == node.ErrNone {
		if a.writeErr != node.ErrNone {
			a.writeErr = node.ErrNone
			s.log(node.LogWarning, "AOF write error looks solved, Redis can write again.")
		}
		return true
	}
	failed := steps[ev.N].Kind
	a.torn = a.torn || failed == node.AppendFile
	if s.aofFails() == node.ErrNone || s.now.Sub(a.loggedAt) > writeLogEvery {
		a.loggedAt = s.now
		if failed == node.SyncFile {
			s.log(node.LogWarning, "Error syncing the AOF file: "+string(ev.Err))
		} else {
			s.log(node.LogWarning, "Error writing to the AOF file: "+string(ev.Err))
		}
	}
	if a.triedAt = s.now; failed == node.SyncFile {
		a.syncErr = ev.Err
	} else {
		a.writeErr = ev.Err
	}
	return false
}

// sparesDisk says whether syncs are left out because a snapshot or a rewrite keeps the disk busy.
func (s *Server) sparesDisk() bool { return s.cfg.noFsyncOnRewrite && s.childRunning() }

// syncIfDue syncs what was written more than a second after the last time, beside the server. A policy of always that was
// another one before may have left something too.
func (s *Server) syncIfDue() {
	a := &s.aof
	since := s.now.Sub(a.syncedAt)
	if a.state != aofOn || s.cfg.appendFsync == fsyncNo || a.syncing || a.synced == a.size || s.sparesDisk() ||
		since >= 0 && since < syncPeriod { // a clock that was set back is no reason to wait
		return
	}
	node.Assert(a.synced < a.size, "%d bytes synced of %d", a.synced, a.size)
	a.syncing, a.slowSync, a.syncedAt = true, false, s.now
	file, upTo := a.file, a.size
	s.background(func(ev *node.Event) {
		a.syncing = false
		if file == a.file {
			s.syncDone(ev.Err, upTo)
		}
	}, node.FileStep{Kind: node.SyncFile, Path: a.path})
}

// syncDone is the end of a sync beside the server. 4.0 does not look whether it succeeded. A system may forget what it
// could not write and say so once: when syncs succeed again, only a new file is known to be whole.
func (s *Server) syncDone(err node.Errno, upTo int64) {
	a := &s.aof
	switch {
	case err != node.ErrNone:
		if a.syncErr == node.ErrNone {
			s.log(node.LogWarning, "Error syncing the AOF file: "+string(err))
		}
		a.syncErr = err
	case a.syncErr != node.ErrNone:
		a.syncErr, a.rewrite.scheduled = node.ErrNone, true
		s.log(node.LogWarning, "AOF sync error looks solved, Redis can write again. The AOF is rewritten, because nobody "+
			"knows what the system has dropped.")
	default:
		a.synced = max(a.synced, upTo)
	}
}

// aofFails is the error that writes are refused with because of the append only file, "" for none.
func (s *Server) aofFails() node.Errno {
	if s.aof.writeErr != node.ErrNone {
		return s.aof.writeErr
	}
	return s.aof.syncErr
}

// tendAOF is the cron's part: it tries again what has failed, and syncs what is due.
func (s *Server) tendAOF() {
	a := &s.aof
	if a.state == aofOn && len(a.buf) > 0 && a.writeErr != node.ErrNone && s.now.Sub(a.triedAt) >= writeRetry {
		s.flushAOF()
		return
	}
	s.syncIfDue()
	s.tendRewrite()
}

// startAOF switches the append only file on: it begins with a rewrite. Redis 4.0: aof.c, startAppendOnly.
func (s *Server) startAOF() {
	a := &s.aof
	node.Assert(a.state == aofOff && len(a.buf) == 0, "the append only file is on already")
	a.state = aofWait
	if a.rewrite.running { // of a file that nobody has told of what changed meanwhile
		s.log(node.LogWarning, "AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF "+
			"and starting a rewrite now.")
		s.killRewrite()
	}
	switch {
	case s.saving.running:
		a.rewrite.scheduled = true
		s.log(node.LogWarning, "AOF was enabled but there is already a child process saving an RDB file on disk. An AOF "+
			"background was scheduled to start when possible.")
	case s.inTransaction():
		a.rewrite.scheduled = true
	default:
		s.startRewrite()
	}
}

// stopAOF switches it off when everything is written, while the whole server waits, and calls done. Redis 4.0: aof.c,
// stopAppendOnly.
func (s *Server) stopAOF(done func()) {
	s.killRewrite()
	s.closeAOF(func(bool) {
		s.aof = appendOnly{state: aofOff, file: s.aof.file + 1, noted: s.aof.noted, rewrite: aofRewrite{generation: s.aof.rewrite.generation,
			lastSeconds: s.aof.rewrite.lastSeconds, failed: s.aof.rewrite.failed}}
		done()
	})
}

// closeAOF writes and syncs what there is, and calls done with whether that succeeded.
func (s *Server) closeAOF(done func(ok bool)) {
	a := &s.aof
	if a.state != aofOn || len(a.buf) == 0 && a.synced == a.size {
		done(true)
		return
	}
	// Within a transaction that switches it off, what is still to come is not part of the file.
	a.buf = a.writer.Close(a.buf)
	steps := s.appendSteps(true)
	s.foreground(func(ev *node.Event) { done(s.appended(ev, steps)) }, steps...)
}

// Replaced implements replication.Host: the dataset is another one now, and an append only file has to be made anew.
// Redis 4.0: replication.c, readSyncBulkPayload.
func (s *Server) Replaced() {
	a := &s.aof
	if a.state == aofOff {
		return
	}
	s.killRewrite()
	a.state, a.buf, a.writer, a.writeErr, a.syncErr = aofWait, nil, aof.Writer{}, node.ErrNone, node.ErrNone
	if !s.startRewrite() {
		a.rewrite.scheduled = true
	}
}
