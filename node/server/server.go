package server

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/pubsub"
)

// Version is the Redis version that the server tells of itself.
const Version = "4.0.14"

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
	timerCron  node.TimerID = iota + 1
	timerPause              // the end of CLIENT PAUSE
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
	table      map[string]*command // by name in lower case; to find one, never to walk
	commands   []*command          // in the order of the table, to walk
	ks         *keyspace.Keyspace
	dirty      int64 // changes of the dataset since the last save
	loading    bool  // a dataset is being loaded: most commands are refused
	loadSince  node.Instant
	loadBytes  int // size of what is being loaded

	clients     map[node.ConnID]*client // to find one; never to walk
	byID        []*client               // in order of ID, to walk
	nextID      uint64                  // client IDs, from 1
	unsent      []*client               // with a reply to send at the end of the Step
	closing     []*client               // to be freed at the end of the Step
	monitors    []*client
	current     *client      // whose command is running
	paused      bool         // CLIENT PAUSE is in force
	pauseEnd    node.Instant // when it ends
	pubsub      pubsub.Registry
	ownVolatile []ownKey                 // of a writable replica; see expireOwn
	isOwn       map[ownKey]bool          // the same, to find one; never walked
	watchers    map[watchedKey][]*client // who watches a key, in order of WATCH; never walked

	stats  stats
	slow   slowlog
	repl   replication
	saving persistence

	peakMemory   int64
	cronRuns     int64
	activeExpire bool // DEBUG SET-ACTIVE-EXPIRE
	stopAsked    bool // by a signal; the next cron shuts down
	exiting      bool

	nextOp   node.OpID
	jobs     map[node.OpID]func(*node.Event) // what to do when a background job or work is done; never walked
	blocking func(*node.Event)               // what to do when the foreground file job is done
	resuming *client                         // whose command waits for that job

	rewritten [][]byte      // what to propagate instead of the running command's own words; nil: those
	forced    bool          // propagate the running command although it changed nothing
	busy      time.Duration // how long the running command keeps the server: DEBUG SLEEP
	scratch   []byte        // memory for INFO
}

// New returns a server that has not started yet.
func New(opts Options) *Server {
	s := &Server{
		opts:         opts,
		rng:          opts.Rand,
		clients:      make(map[node.ConnID]*client),
		jobs:         make(map[node.OpID]func(*node.Event)),
		watchers:     make(map[watchedKey][]*client),
		repl:         newReplication(),
		activeExpire: true,
	}
	s.directives = directiveTable()
	s.cfg = s.defaults()
	s.makeTable()
	return s
}

// Step implements node.Core.
func (s *Server) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	s.now, s.out = now, out
	switch ev.Kind {
	case node.Started:
		s.start()
	case node.Listened:
		s.listened(ev)
	case node.Accepted:
		s.accepted(ev)
	case node.Received:
		s.received(ev)
	case node.Sent:
		s.sent(ev)
	case node.Closed:
		s.closed(ev)
	case node.Dialled, node.DialFailed:
		s.repl.dialled(s, ev) // a server dials nobody but its master
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
	s.endOfStep()
	if s.opts.Notes && s.ks != nil {
		s.ks.Settle() // what a digest will say of the keys that have changed
	}
	s.out = nil
}

// foreground runs a file job that the whole server waits for, as Redis's own blocking calls do. done is called with
// its FileDone before any other event. If a command started it, that client's remaining input, and the transaction
// it stands in, go on after done.
func (s *Server) foreground(done func(*node.Event), steps ...node.FileStep) {
	if s.blocking != nil {
		node.Assert(false, "a second foreground file job in one step")
	}
	s.nextOp++
	s.blocking, s.resuming = done, s.current
	s.out.File(s.nextOp, node.Foreground, steps...)
}

// background runs a file job beside the server.
func (s *Server) background(done func(*node.Event), steps ...node.FileStep) {
	s.nextOp++
	s.jobs[s.nextOp] = done
	s.out.File(s.nextOp, node.Background, steps...)
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
	done, c := s.blocking, s.resuming
	s.blocking, s.resuming = nil, nil
	s.current = c
	done(ev)
	s.current = nil
	if s.blocking != nil {
		return // done asked for more
	}
	if c != nil {
		s.resume(c)
	}
	s.serveHeld() // whose input came before the job and was not looked at
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
		s.paused = false
		s.serveHeld()
	default:
		s.repl.timerFired(s, timer)
	}
}

// endOfStep does what Redis does before it sleeps: it sends the replies that the Step gathered.
func (s *Server) endOfStep() {
	s.repl.beforeSend(s)
	for i := 0; i < len(s.unsent); i++ { // sending may mark more
		s.flush(s.unsent[i])
		s.unsent[i] = nil
	}
	s.unsent = s.unsent[:0]
	for i := 0; i < len(s.closing); i++ { // freeing one may condemn another
		c := s.closing[i]
		s.closing[i] = nil
		s.freeClient(c)
	}
	s.closing = s.closing[:0]
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
	if s.repl.masterHost != "" {
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
