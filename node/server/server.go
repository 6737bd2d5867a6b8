package server

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/replication"
)

// Version is the Redis version that the server tells of itself.
const Version = front.Version

// Options are what a server is started with.
type Options struct {
	ConfigPath string     // absolute path of its redis.conf, "" for none
	ConfigText string     // the configuration itself, where it does not come from a file
	Args       []string   // configuration lines of the command line; they override the file's
	Dir        string     // the absolute working directory at start
	Executable string     // for INFO
	Rand       *rand.Rand // run ID, replication IDs, random keys
	PID        int
	Notes      bool // put observations into the history
}

// Timers of the server; replication has its own from 100 on.
const (
	timerCron    node.TimerID = iota + 1
	timerPause                // the end of CLIENT PAUSE
	timerFlush                // the append only file is to be written
	timerScript               // a script that has paused goes on
	timerMigrate              // MIGRATE gives up
)

// Server is the whole of a server. All of it is touched by Step alone.
type Server struct {
	opts Options
	cfg  config
	rng  *rand.Rand

	// Of the Step under way.
	now node.Instant
	out *node.Effects

	runID      string
	started    node.Instant
	startup    startup
	directives []directive
	front      *front.Front
	data       *commands.Data
	loading    bool // a dataset is being loaded: most commands are refused
	load       loading
	replayDB   int // the database that an append only file has selected while it is read

	current *front.Client // whose command is running
	running *front.Call   // that command; nil: none

	slow    slowlog
	latency []latencyEvent // by name
	repl    *replication.Replication
	saving  persistence
	aof     appendOnly

	suspended suspended
	migration *migration // the MIGRATE under way, nil: none
	links     links      // to other servers, for MIGRATE

	noted []byte // memory for the words of a note

	emptied      bool // the running call has removed everything: a snapshot is due
	peakMemory   int64
	cronRuns     int64
	activeExpire bool // DEBUG SET-ACTIVE-EXPIRE
	stopAsked    bool // by a signal; the next cron shuts down
	exiting      bool

	nextOp     node.OpID
	files      node.FileID                     // the last one that was named
	jobs       map[node.OpID]func(*node.Event) // what to do when a background job or work is done; never walked
	blocking   func(*node.Event)               // what to do when the foreground file job is done
	waitsFor   *front.Call                     // the command that waits for that job, nil: none
	waitsSince node.Instant
	resuming   *front.Client // whose command waits for that job

	busy    time.Duration // how long the running command keeps the server: DEBUG SLEEP
	info    []front.Section
	scratch []byte // memory for INFO
}

// New returns a server that has not started yet.
func New(opts Options) *Server {
	s := &Server{
		opts:         opts,
		rng:          opts.Rand,
		jobs:         make(map[node.OpID]func(*node.Event)),
		activeExpire: true,
	}
	s.front = front.New(s, &s.cfg.Settings)
	s.front.PauseTimer = timerPause
	s.data = commands.New(s, s.front, &s.cfg.data, s.rng)
	s.repl = replication.New(s, s.front, s.data, &s.cfg.repl)
	s.info = s.infoSections()
	s.directives = directiveTable()
	s.cfg = s.defaults()
	s.front.Table.Fill(append(s.data.Rows(), s.front.SubscribeRows(), s.front.ConnectionRows(), s.persistenceRows(),
		s.serverRows(), s.repl.Rows(), s.front.CommandRows())...)
	return s
}

// Step implements node.Core.
func (s *Server) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	s.now, s.out = now, out
	s.front.Now, s.front.Out, s.data.Now = now, out, now
	s.data.SetClock()
	if !s.heldBack(ev) {
		s.happened(ev)
	}
	s.endOfStep()
	if s.opts.Notes && s.data.KS != nil {
		s.data.KS.Settle() // what a digest will say of the keys that have changed
	}
	s.out = nil
}

// happened takes an event to where it belongs.
func (s *Server) happened(ev *node.Event) {
	if s.migrationEvent(ev) {
		return
	}
	switch ev.Kind {
	case node.Started:
		s.start()
	case node.Listened:
		s.listened(ev)
	case node.Accepted:
		if s.exiting {
			s.out.Close(ev.Conn)
		} else {
			s.front.Accepted(ev)
		}
	case node.Received:
		if s.repl.Reads(ev.Conn) {
			s.repl.Received(ev) // handshake and RDB transfer: not yet a client
		} else {
			s.front.Received(ev)
		}
	case node.Sent:
		s.front.Sent(ev)
	case node.Closed:
		if !s.repl.Closed(ev) {
			s.front.Closed(ev)
		}
	case node.Dialled, node.DialFailed:
		s.repl.Dialled(ev) // whoever else was dialled has been dealt with
	case node.TimerFired:
		s.timerFired(ev.Timer)
	case node.FileDone:
		s.fileDone(ev)
	case node.WorkDone:
		s.jobDone(ev)
	case node.StopRequested:
		s.stopRequested(ev)
	case node.ScriptExited, node.Told:
		// a server starts no scripts, and the harness tells it nothing
	}
}

// foreground runs a file job that the whole server waits for, as Redis's own blocking calls do. done is called with
// its FileDone before any other event. If a command started it, that client's remaining input, and the transaction
// it stands in, go on after done.
func (s *Server) foreground(done func(*node.Event), steps ...node.FileStep) {
	if s.blocking != nil || s.running != nil && s.running.Script != nil {
		node.Assert(false, "a second foreground file job in one step, or one of a script's")
	}
	s.nextOp++
	s.blocking, s.resuming = done, s.current
	s.waitsFor, s.waitsSince = s.running, s.now
	s.out.File(s.nextOp, node.Foreground, steps...)
}

// background runs a file job beside the server.
func (s *Server) background(done func(*node.Event), steps ...node.FileStep) {
	s.nextOp++
	s.jobs[s.nextOp] = done
	s.out.File(s.nextOp, node.Background, steps...)
}

// file runs a file job that the server waits for, or not.
func (s *Server) file(place node.Place, done func(*node.Event), steps ...node.FileStep) {
	if place == node.Foreground {
		s.foreground(done, steps...)
	} else {
		s.background(done, steps...)
	}
}

// NewFile names a file that is to be opened.
func (s *Server) NewFile() node.FileID {
	s.files++
	return s.files
}

// work runs fn beside the server; size is the number of bytes it works on.
func (s *Server) work(size int, fn func() any, done func(*node.Event)) {
	s.nextOp++
	s.jobs[s.nextOp] = done
	s.out.Work(s.nextOp, size, fn)
}

func (s *Server) fileDone(ev *node.Event) {
	if s.blocking == nil {
		s.jobDone(ev)
		return
	}
	done, c, call := s.blocking, s.resuming, s.waitsFor
	s.blocking, s.resuming, s.waitsFor = nil, nil, nil
	if took := s.now.Sub(s.waitsSince); call != nil && took >= 0 {
		s.tookTime(call, took)
	}
	s.current, s.running = c, call
	done(ev)
	s.current, s.running = nil, nil
	if s.blocking != nil {
		return // done asked for more
	}
	if c != nil {
		s.front.Resume(c)
	}
	s.front.ServeHeld() // whose input came before the job and was not looked at
}

func (s *Server) jobDone(ev *node.Event) {
	done, ok := s.jobs[ev.Op]
	if !ok {
		node.Assert(false, "%v of job %d, which is not under way", ev.Kind, ev.Op)
	}
	delete(s.jobs, ev.Op)
	done(ev)
}

func (s *Server) timerFired(timer node.TimerID) {
	switch timer {
	case timerCron:
		s.cron()
	case timerPause:
		s.front.PauseOver()
	case timerFlush:
		s.flushAOF()
	case timerScript:
		s.scriptGoesOn()
	case timerMigrate:
		s.migrationTimedOut()
	default:
		s.repl.TimerFired(timer)
	}
}

// endOfStep does what Redis does before it sleeps: it serves those who have waited, and sends the replies that the Step
// gathered. Redis 4.0: server.c, beforeSleep.
func (s *Server) endOfStep() {
	s.repl.BeforeSend()
	for s.data.ProcessUnblocked() { // whose next commands may block and unblock others
		s.repl.BeforeSend()
	}
	s.noteAOF()
	if !s.holdsReplies() {
		s.front.EndOfStep()
	}
}

// log writes a line to the server's log in Redis's format.
func (s *Server) log(level node.LogLevel, text string) { s.logAs(s.logRole(), s.opts.PID, level, text) }

func (s *Server) logf(level node.LogLevel, format string, args ...any) {
	if level.AtLeast(s.cfg.logLevel) {
		s.log(level, fmt.Sprintf(format, args...))
	}
}

// logAs writes a line of another process, or in another role, into the server's log.
func (s *Server) logAs(role byte, pid int, level node.LogLevel, text string) {
	if level.AtLeast(s.cfg.logLevel) {
		s.out.Log(s.cfg.logPath(), node.LogLine(pid, role, s.now, level, text))
	}
}

// logRole is the role character of a log line: it tells the role at the moment of printing.
func (s *Server) logRole() byte {
	if !s.repl.IsMaster() {
		return 'S'
	}
	return 'M'
}

// note puts an observation into the run's history.
func (s *Server) note(n node.Note) {
	if s.opts.Notes {
		s.out.Note(n)
	}
}
