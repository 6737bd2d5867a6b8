package server

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/replication"
)

// Snapshots: SAVE, BGSAVE, save points, SHUTDOWN, and loading at the start. Redis 4.0: rdb.c.

func (s *Server) persistenceRows() []front.Command {
	return front.Group("server",
		front.Row("save", 1, "as", 0, 0, 0, s.saveCommand, "Synchronously save the dataset to disk"),
		front.Row("bgsave", -1, "a", 0, 0, 0, s.bgsaveCommand, "Save the dataset to disk beside the server"),
		front.Row("bgrewriteaof", 1, "a", 0, 0, 0, s.bgrewriteaofCommand, "Rewrite the append only file"),
		front.Row("shutdown", -1, "alt", 0, 0, 0, s.shutdownCommand, "Save the dataset, if that is configured, and end the server"),
		front.Row("lastsave", 1, "RF", 0, 0, 0, s.lastsaveCommand, "Get the UNIX timestamp of the last successful save"),
	)
}

// persistence is the state of snapshots: what Redis has a child process for is one job at a time beside the server.
type persistence struct {
	scheduled  bool // BGSAVE SCHEDULE waits for the end of a rewrite of the append only file
	running    bool // a job is under way; the next fields are about it
	kind       replication.SaveKind
	generation int             // how many there were
	pid        int             // the process ID that the log shows for it: Redis has a child process
	file       *rdbWrite       // to disk
	stream     *snapshotStream // for sockets
	dirty      int64           // s.data.Dirty when it started
	since      node.Instant

	lastSave    node.Instant
	lastTry     node.Instant
	lastSeconds int64 // how long the last one took, -1: there was none
	failed      bool  // the last one failed
}

// misconfRDB refuses writes on a master whose snapshots fail.
const misconfRDB = "MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk. Commands " +
	"that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB " +
	"snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."

// diskRefusal is the error that a master refuses writes with because its disk does not take what it has to keep, "" for
// none.
func (s *Server) diskRefusal() string {
	if s.saving.failed && s.cfg.stopWritesOnError && len(s.cfg.savePoints) > 0 {
		return misconfRDB
	}
	if err := s.aofFails(); err != node.ErrNone {
		return "MISCONF Errors writing to the AOF file: " + string(err)
	}
	return ""
}

func (s *Server) tempPath(pid int) string { return s.cfg.inDir("temp-" + strconv.Itoa(pid) + ".rdb") }

// startSave starts a snapshot beside the server, and returns false if there is one already. To disk, it ends with
// replication's SaveDone; for sockets, replication asks for it piece by piece. Redis 4.0: rdb.c, rdbSaveBackground.
func (s *Server) startSave(kind replication.SaveKind) bool {
	p := &s.saving
	if s.childRunning() {
		return false
	}
	p.generation++
	p.scheduled = false
	p.pid = s.opts.PID + p.generation + s.aof.rewrite.generation
	p.running, p.kind, p.dirty, p.since, p.lastTry = true, kind, s.data.Dirty, s.now, s.now
	if kind == replication.SaveToSockets {
		s.logf(node.LogNotice, "Background RDB transfer started by pid %d", p.pid)
		p.stream = &snapshotStream{saver: s.newSaver(), left: s.data.KS.Bytes()}
		return true
	}
	s.logf(node.LogNotice, "Background saving started by pid %d", p.pid)
	s.repl.NoteSnapshot(nil)
	p.file = s.writeRDB(node.Background, s.tempPath(p.pid), s.savedBeside)
	return true
}

// savedBeside goes on with a snapshot that lies whole beside its final place, or cannot. Replicas that wait for it read
// it by the name that it has here: whatever takes its final place later is not theirs. The server waits while it is
// put there: nothing that takes its place because of what happens meanwhile can be overtaken.
func (s *Server) savedBeside(ev *node.Event) {
	p := &s.saving
	if ev.Err != node.ErrNone {
		s.saveFailed(ev.Err)
		return
	}
	temp := p.file.path
	steps := []node.FileStep{{Kind: node.RenameFile, Path: temp, To: s.cfg.rdbPath()}}
	var open node.FileID
	if s.repl.AwaitsSave() {
		open = s.NewFile()
		steps = append([]node.FileStep{{Kind: node.OpenFile, Path: temp, File: open}}, steps...)
	}
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			s.closeFile(open)
			s.saveFailed(ev.Err)
			return
		}
		s.logAs('C', p.pid, node.LogNotice, "DB saved on disk")
		s.endSave(true, replication.SavedRDB{File: open, Size: ev.N})
	}, steps...)
}

func (s *Server) saveFailed(err node.Errno) {
	s.logAs('C', s.saving.pid, node.LogWarning, "Write error saving DB on disk: "+string(err))
	s.removeTemp(s.tempPath(s.saving.pid))
	s.endSave(false, replication.SavedRDB{})
}

func (s *Server) removeTemp(path string) {
	s.background(func(*node.Event) {}, node.FileStep{Kind: node.RemoveFile, Path: path})
}

// closeFile closes a file that was opened to be read; 0 is none.
func (s *Server) closeFile(file node.FileID) {
	if file != 0 {
		s.background(func(*node.Event) {}, node.FileStep{Kind: node.CloseFile, File: file})
	}
}

// endSave is the end of a snapshot to disk. Redis 4.0: rdb.c, backgroundSaveDoneHandlerDisk.
func (s *Server) endSave(ok bool, saved replication.SavedRDB) {
	p := &s.saving
	p.running, p.file = false, nil
	p.lastSeconds = int64(s.now.Sub(p.since) / time.Second)
	if ok {
		s.log(node.LogNotice, "Background saving terminated with success")
		s.data.Dirty -= p.dirty
		p.lastSave = s.now
	} else {
		s.log(node.LogWarning, "Background saving error")
	}
	p.failed = !ok
	s.repl.SaveDone(ok, saved)
}

// snapshotStream is a snapshot that is made for replicas' sockets, as they take it.
type snapshotStream struct {
	saver *keyspace.Saver
	left  int64 // bytes of memory whose keys have not been written, roughly
}

// NextPiece implements replication.Host.
func (s *Server) NextPiece() {
	p := &s.saving
	st := p.stream
	node.Assert(p.running && st != nil, "a piece of a snapshot is asked for that nobody makes")
	s.encode(st.saver, socketPiece, &st.left, func(piece []byte, more bool) {
		if p.stream == st { // not killed
			s.repl.SavePiece(piece, !more)
		}
	})
}

// StreamEnded implements replication.Host.
func (s *Server) StreamEnded() {
	p := &s.saving
	node.Assert(p.stream != nil, "the end of a stream that nobody makes")
	p.running, p.stream = false, nil
	p.lastSeconds = int64(s.now.Sub(p.since) / time.Second)
}

// killSave ends the snapshot under way without a result, as Redis kills its child: what it was to save is no more.
func (s *Server) killSave() {
	p := &s.saving
	if !p.running {
		return
	}
	const sigUSR1 = 10 // the one that does not count as a failure
	what := "Background transfer"
	if p.kind == replication.SaveToDisk {
		what = "Background saving"
		s.abandon(p.file)
	}
	p.running, p.file, p.stream = false, nil, nil
	s.logf(node.LogWarning, "%s terminated by signal %d", what, sigUSR1)
	s.repl.SaveDone(false, replication.SavedRDB{})
}

// saveNow makes a snapshot while the whole server waits, and calls done. Redis 4.0: rdb.c, rdbSave.
func (s *Server) saveNow(done func(ok bool)) {
	s.repl.NoteSnapshot(s.current)
	temp := s.tempPath(s.opts.PID)
	failed := func(err node.Errno) {
		s.log(node.LogWarning, "Write error saving DB on disk: "+string(err))
		s.removeTemp(temp)
		done(false)
	}
	s.writeRDB(node.Foreground, temp, func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			failed(ev.Err)
			return
		}
		s.foreground(func(ev *node.Event) {
			if ev.Err != node.ErrNone {
				failed(ev.Err)
				return
			}
			s.log(node.LogNotice, "DB saved on disk")
			s.data.Dirty, s.saving.lastSave, s.saving.failed = 0, s.now, false
			done(true)
		}, node.FileStep{Kind: node.RenameFile, Path: temp, To: s.cfg.rdbPath()})
	})
}

// checkSavePoints starts a snapshot that is due. Redis 4.0: server.c, serverCron.
func (s *Server) checkSavePoints() {
	const retryAfter = 5 * time.Second
	p := &s.saving
	if s.childRunning() || s.loading {
		return
	}
	if p.scheduled && (!p.failed || s.now.Sub(p.lastTry) > retryAfter) {
		s.startSave(replication.SaveToDisk)
		return
	}
	if p.failed && s.now.Sub(p.lastTry) <= retryAfter {
		return
	}
	for _, point := range s.cfg.savePoints {
		if s.data.Dirty >= point.changes && s.now.Unix()-p.lastSave.Unix() > point.seconds {
			s.logf(node.LogNotice, "%d changes in %d seconds. Saving...", point.changes, point.seconds)
			s.startSave(replication.SaveToDisk)
			return
		}
	}
}

const errSaveRunning = "ERR Background save already in progress"

func (s *Server) saveCommand(c *front.Call) {
	if s.saving.running {
		c.Error(errSaveRunning)
		return
	}
	s.saveNow(func(ok bool) {
		if !ok {
			c.Error("ERR")
			return
		}
		c.OK()
	})
}

func (s *Server) bgsaveCommand(c *front.Call) {
	switch {
	case len(c.Args) > 2 || (len(c.Args) == 2 && !strings.EqualFold(string(c.Args[1]), "schedule")):
		c.Error(front.ErrSyntax)
	case s.saving.running:
		c.Error(errSaveRunning)
	case s.aof.rewrite.running && len(c.Args) == 2:
		s.saving.scheduled = true
		c.Simple("Background saving scheduled")
	case !s.startSave(replication.SaveToDisk):
		c.Error("ERR An AOF log rewriting in progress: can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a " +
			"BGSAVE whenever possible.")
	default:
		c.Simple("Background saving started")
	}
}

func (s *Server) lastsaveCommand(c *front.Call) { c.Int(s.saving.lastSave.Unix()) }

func (s *Server) shutdownCommand(c *front.Call) {
	save, noSave := false, s.loading
	if len(c.Args) > 1 {
		switch c.Option(1) {
		case "SAVE":
			save = true
		case "NOSAVE":
			noSave = true
		default:
			c.Error(front.ErrSyntax)
			return
		}
		if len(c.Args) > 2 {
			c.Error(front.ErrSyntax)
			return
		}
	}
	s.shutDown(save && !s.loading, noSave, func() { c.Error("ERR Errors trying to SHUTDOWN. Check logs.") })
}

// shutDown ends the server, or calls failed if its dataset cannot be saved. Redis 4.0: server.c,
// prepareForShutdown.
func (s *Server) shutDown(save, noSave bool, failed func()) {
	s.log(node.LogWarning, "User requested shutdown...")
	if s.saving.running {
		s.log(node.LogWarning, "There is a child saving an .rdb. Killing it!")
		s.killSave()
	}
	if s.aof.state == aofOff {
		s.saveAndLeave(save, noSave, failed)
		return
	}
	if s.aof.rewrite.running {
		if s.aof.state == aofWait { // there is no file yet that has our data
			s.log(node.LogWarning, "Writing initial AOF, can't exit.")
			failed()
			return
		}
		s.log(node.LogWarning, "There is a child rewriting the AOF. Killing it!")
		s.killRewrite()
	}
	s.log(node.LogNotice, "Calling fsync() on the AOF file.")
	s.closeAOF(func(ok bool) {
		if !ok && !noSave {
			s.log(node.LogWarning, "Error trying to write the AOF, can't exit.")
			failed()
			return
		}
		s.saveAndLeave(save, noSave, failed)
	})
}

func (s *Server) saveAndLeave(save, noSave bool, failed func()) {
	if noSave || (len(s.cfg.savePoints) == 0 && !save) {
		s.leave()
		return
	}
	s.log(node.LogNotice, "Saving the final RDB snapshot before exiting.")
	s.saveNow(func(ok bool) {
		if !ok {
			s.log(node.LogWarning, "Error trying to save the DB, can't exit.")
			failed()
			return
		}
		s.leave()
	})
}

func (s *Server) leave() {
	s.endOfStep() // what was replied before still goes out
	s.log(node.LogWarning, "Redis is now ready to exit, bye bye...")
	s.exit(0)
}

// stopRequested is a signal: the next cron shuts the server down. Redis 4.0: server.c, sigShutdownHandler.
func (s *Server) stopRequested(ev *node.Event) {
	const sigInt = 2
	name := "SIGTERM"
	if ev.N == sigInt {
		name = "SIGINT"
	}
	switch {
	case s.stopAsked && ev.N == sigInt:
		s.log(node.LogWarning, "You insist... exiting now.")
		s.exit(1)
	case s.loading:
		s.exit(0)
	default:
		s.log(node.LogWarning, "Received "+name+" scheduling shutdown...")
		s.stopAsked = true
	}
}

// stopNow is the cron's part of a signal.
func (s *Server) stopNow() {
	s.stopAsked = false
	s.shutDown(false, false, func() {
		s.log(node.LogWarning, "SIGTERM received but errors trying to shut down the server, check the logs for more information")
	})
}
