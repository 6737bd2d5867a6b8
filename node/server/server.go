package server

import (
	"math/rand/v2"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/pubsub"
)

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

// Timers of the server.
const (
	timerCron node.TimerID = iota + 1
	// Each part of the server that needs a timer of its own adds it here.
)

// Server is the whole of a server. All of it is touched by Step alone.
type Server struct {
	opts Options
	cfg  config
	rng  *rand.Rand

	// Of the Step under way.
	now node.Instant
	out *node.Effects

	runID   string
	started node.Instant
	ks      *keyspace.Keyspace
	dirty   int64 // changes of the dataset since the last save
	loading bool  // a dataset is being loaded: most commands are refused

	clients   map[node.ConnID]*client // to find one; never to walk
	byID      []*client               // in order of ID, to walk
	nextID    uint64                  // client IDs, from 1
	nextOp    node.OpID
	unsent    []*client // with a reply to send at the end of the Step
	current   *client   // whose command is running
	pubsub    *pubsub.Registry
	stats     stats
	repl      replication
	saving    persistence
	exiting   bool
	jobs      map[node.OpID]func(*node.Event) // what to do when a background job or work is done; never walked
	blocking  func(*node.Event)               // what to do when the foreground file job is done
	resuming  *client                         // whose command waits for that job
	rewritten [][]byte                        // what to propagate instead of the running command's own words; nil: those
}

// New returns a server that has not started yet.
func New(opts Options) *Server {
	return &Server{
		opts:    opts,
		rng:     opts.Rand,
		clients: make(map[node.ConnID]*client),
		jobs:    make(map[node.OpID]func(*node.Event)),
		pubsub:  pubsub.New(),
	}
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
	case node.ScriptExited:
		// a server starts no scripts
	}
	s.endOfStep()
	s.out = nil
}

// foreground runs a file job that the whole server waits for, as Redis's own blocking calls do. done is called with
// its FileDone before any other event. If a command started it, that client's remaining input, and the transaction
// it stands in, go on after done.
func (s *Server) foreground(done func(*node.Event), steps ...node.FileStep) {
	node.Assert(s.blocking == nil, "a second foreground file job in one step")
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
	if c != nil && s.blocking == nil {
		s.resume(c)
	}
}

func (s *Server) jobDone(ev *node.Event) {
	done, ok := s.jobs[ev.Op]
	node.Assert(ok, "%v of job %d, which is not under way", ev.Kind, ev.Op)
	delete(s.jobs, ev.Op)
	done(ev)
}

// endOfStep does what Redis does before it sleeps: it sends the replies that the Step gathered.
func (s *Server) endOfStep() {
	s.repl.beforeSend(s)
	for i, c := range s.unsent {
		s.unsent[i] = nil
		s.flush(c)
	}
	s.unsent = s.unsent[:0]
}

// logf writes a line to the server's log in Redis's format.
func (s *Server) log(level node.LogLevel, text string) {
	if !level.AtLeast(s.cfg.logLevel) {
		return
	}
	s.out.Log(s.cfg.logPath(), node.LogLine(s.opts.PID, s.logRole(), s.now, level, text))
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

// cronPeriod is how often the server's cron runs: hz times a second.
func (s *Server) cronPeriod() time.Duration { return time.Second / time.Duration(s.cfg.hz) }
