package sentinel

import (
	"math/rand/v2"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/pubsub"
)

// Version is the version of Redis whose behaviour this Sentinel has.
const Version = "4.0.14"

// Options are what a Sentinel is started with.
type Options struct {
	ConfigPath string     // absolute path of its sentinel.conf, which it rewrites; a Sentinel cannot do without
	ConfigText string     // refused: a Sentinel keeps its state in a file
	Args       []string   // configuration lines of the command line; they stand after the file's
	Dir        string     // the absolute working directory at start
	Executable string     // for INFO
	Rand       *rand.Rand // its ID and all that Sentinels draw so as not to act at the same moment
	PID        int
	Notes      bool // put observations into the history
}

// Sentinel is the whole of a Sentinel. All of it is touched by Step alone.
type Sentinel struct {
	opts Options
	cfg  config
	rng  *rand.Rand

	// Of the Step under way.
	now     node.Instant
	out     *node.Effects
	changed bool     // what must survive a restart changed: write the file before anything leaves
	lines   []string // of the log
	notes   []node.Note
	unsent  []*stream // with bytes to send
	scratch []byte

	phase    phase
	toListen int // addresses that have not answered yet
	started  node.Instant
	runID    string // of this life
	file     string // the text of the configuration file as it should be on disk
	nextOp   node.OpID
	writing  node.OpID          // the last job that wrote the file
	toTell   []func(node.Errno) // wait for the write at the end of this Step
	telling  []func(node.Errno) // wait for the one under way
	toCheck  []scriptPath
	names    hostNames

	id           string // of this Sentinel, over all its lives: 40 hexadecimal digits
	currentEpoch int64
	masters      []*instance // by name

	tilt         bool
	tiltSince    node.Instant
	lastTick     node.Instant
	hz           int
	scripts      []*scriptJob
	scriptsUp    int // running
	crashAfter   simulatedFailure
	report       report // memory of the INFO being read
	votes        []tally
	candidates   []*instance
	conns        map[node.ConnID]*linkConn // dialled; to find one, never to walk
	clients      map[node.ConnID]*client   // accepted; to find one, never to walk
	clientList   []*client                 // in order of ID
	tooSlow      []*client
	nextClientID int64
	subs         *pubsub.Registry
	stats        stats
}

type stats struct {
	connections, commands, rejected int64
	status                          int // of the exit
}

const timerTick node.TimerID = 1

// New returns a Sentinel that has not started yet.
func New(opts Options) *Sentinel {
	return &Sentinel{
		opts:    opts,
		rng:     opts.Rand,
		cfg:     defaultConfig(opts.Dir),
		conns:   make(map[node.ConnID]*linkConn),
		clients: make(map[node.ConnID]*client),
		subs:    pubsub.New(),
		names:   hostNames{known: make(map[string]resolved), asked: make(map[node.OpID]string)},
	}
}

// Step implements node.Core.
func (s *Sentinel) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	if s.phase == exited {
		return
	}
	s.now, s.out = now, out
	switch ev.Kind {
	case node.Started:
		s.start()
	case node.FileDone:
		s.fileDone(ev)
	case node.Listened:
		s.listened(ev)
	case node.Accepted:
		s.accepted(ev)
	case node.Dialled:
		s.dialled(ev)
	case node.DialFailed:
		s.dialFailed(ev)
	case node.Received:
		s.received(ev)
	case node.Sent:
		if c := s.clients[ev.Conn]; c != nil {
			c.left = ev.N
		}
	case node.Closed:
		s.closed(ev)
	case node.TimerFired:
		s.tick()
	case node.ScriptExited:
		s.scriptExited(ev)
	case node.Resolved:
		s.resolvedName(ev)
	case node.StopRequested:
		s.stopRequested(ev)
	}
	s.endOfStep()
	s.out = nil
}

func (s *Sentinel) received(ev *node.Event) {
	if c := s.conns[ev.Conn]; c != nil {
		s.linkReceived(c, ev.Bytes)
	} else if c := s.clients[ev.Conn]; c != nil {
		s.clientReceived(c, ev.Bytes)
	}
}

func (s *Sentinel) closed(ev *node.Event) {
	if c := s.conns[ev.Conn]; c != nil {
		s.linkLost(c)
	} else if c := s.clients[ev.Conn]; c != nil {
		s.forgetClient(c)
	}
}

// endOfStep lets everything leave, the disk first.
func (s *Sentinel) endOfStep() {
	if s.changed {
		s.changed = false
		s.writeConfig()
		s.noteConfigs()
	}
	for i, line := range s.lines {
		s.out.Log(s.cfg.logPath(), line)
		s.lines[i] = ""
	}
	s.lines = s.lines[:0]
	for i := range s.notes {
		s.out.Note(s.notes[i])
	}
	clear(s.notes)
	s.notes = s.notes[:0]
	for i, t := range s.unsent {
		t.leave(s.out)
		s.unsent[i] = nil
	}
	s.unsent = s.unsent[:0]
	if s.phase == exited {
		s.out.Exit(s.stats.status)
	}
}

// stream is the outgoing half of a connection within a Step.
type stream struct {
	conn    node.ConnID // 0: gone
	held    bool        // not up yet: bytes wait
	queued  bool        // in unsent
	closing bool        // once everything has left
	measure bool        // hear how much has left
	total   int64
	left    int64 // bytes of total that have left this process, if measured
	out     []byte
}

// send queues what append functions add to t.out: call it after them.
func (s *Sentinel) send(t *stream) {
	if !t.queued {
		t.queued = true
		s.unsent = append(s.unsent, t)
	}
}

func (t *stream) leave(out *node.Effects) {
	t.queued = false
	if t.conn == 0 || t.held {
		return
	}
	t.total += int64(len(t.out))
	switch {
	case len(t.out) == 0:
	case t.measure:
		out.SendTell(t.conn, t.out)
	default:
		out.Send(t.conn, t.out)
	}
	if t.closing {
		out.CloseAfterFlush(t.conn)
		t.conn = 0
	}
	if cap(t.out) > 1<<20 {
		t.out = nil // one huge reply must not pin its memory for ever
	}
	t.out = t.out[:0]
}

// log writes a line to the log if its level is to be logged.
func (s *Sentinel) log(level node.LogLevel, text string) {
	if level.AtLeast(s.cfg.logLevel) {
		s.lines = append(s.lines, node.LogLine(s.opts.PID, 'X', s.now, level, text))
	}
}

// since is how long ago t was, by the wall clock.
func (s *Sentinel) since(t node.Instant) time.Duration { return s.now.Sub(t) }

// exit ends this life at the end of the Step.
func (s *Sentinel) exit(status int) {
	s.stats.status = status
	if s.phase != exited {
		s.enter(exited)
	}
}
