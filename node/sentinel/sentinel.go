package sentinel

import (
	"math/rand/v2"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/sentinel/scripts"
)

// Version is the version of Redis whose behaviour this Sentinel has.
const Version = front.Version

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
	unsent  []*stream // with bytes to send to instances
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

	tilt       bool
	tiltSince  node.Instant
	lastTick   node.Instant
	hz         int
	scripts    scripts.Queue // of the operators of masters
	toRun      []toRun       // at the end of this Step
	crashAfter simulatedFailure
	report     report // memory of the INFO being read
	votes      []tally
	candidates []*instance
	conns      map[node.ConnID]*linkConn // dialled; to find one, never to walk
	front      *front.Front              // whoever was accepted
	waiting    []*front.Client           // for the configuration to be saved
	ticks      int64
	exitStatus int
	crashed    bool // what was said in this Step is never sent
}

// Timers of a Sentinel.
const (
	timerTick  node.TimerID = iota + 1
	timerPause              // the end of CLIENT PAUSE
)

// New returns a Sentinel that has not started yet.
func New(opts Options) *Sentinel {
	s := &Sentinel{
		opts:  opts,
		rng:   opts.Rand,
		conns: make(map[node.ConnID]*linkConn),
		names: hostNames{known: make(map[string]resolved), asked: make(map[node.OpID]string)},
	}
	s.front = front.New(s, &s.cfg.Settings)
	s.front.PauseTimer = timerPause
	s.front.Table.Fill(s.rows()...)
	s.cfg = defaultConfig(opts.Dir, s.front.Table)
	return s
}

// Step implements node.Core.
func (s *Sentinel) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	if s.phase == exited {
		return
	}
	s.now, s.out = now, out
	s.front.Now, s.front.Out = now, out
	switch ev.Kind {
	case node.Started:
		s.start()
	case node.FileDone:
		s.fileDone(ev)
	case node.Listened:
		s.listened(ev)
	case node.Accepted:
		s.front.Accepted(ev)
	case node.Dialled:
		s.dialled(ev)
	case node.DialFailed:
		s.dialFailed(ev)
	case node.Received:
		s.received(ev)
	case node.Sent:
		s.front.Sent(ev)
	case node.Closed:
		s.closed(ev)
	case node.TimerFired:
		s.timerFired(ev.Timer)
	case node.ScriptExited:
		s.scripts.Exited(s.now, ev.Op, ev.N, scriptWorld{s})
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
	} else {
		s.front.Received(ev)
	}
}

func (s *Sentinel) closed(ev *node.Event) {
	if c := s.conns[ev.Conn]; c != nil {
		s.linkLost(c)
	} else {
		s.front.Closed(ev)
	}
}

func (s *Sentinel) timerFired(timer node.TimerID) {
	if timer == timerPause {
		s.front.PauseOver()
		return
	}
	s.tick()
}

// endOfStep lets everything leave, the disk first.
func (s *Sentinel) endOfStep() {
	if s.changed {
		s.changed = false
		s.writeConfig()
		s.noteConfigs()
	}
	s.writeLog()
	for i := range s.notes {
		s.out.Note(s.notes[i])
	}
	for _, run := range s.toRun {
		s.out.Script(run.op, run.argv[0], run.argv[1:]...)
	}
	clear(s.toRun)
	s.toRun = s.toRun[:0]
	clear(s.notes)
	s.notes = s.notes[:0]
	if !s.crashed {
		s.sendAll()
	}
	if s.phase == exited {
		s.out.Exit(s.exitStatus)
	}
}

func (s *Sentinel) sendAll() {
	for i, t := range s.unsent {
		t.leave(s.out)
		s.unsent[i] = nil
	}
	s.unsent = s.unsent[:0]
	s.front.EndOfStep()
	s.writeLog() // of clients that do not read what they are sent
}

func (s *Sentinel) writeLog() {
	for i, line := range s.lines {
		s.out.Log(s.cfg.logPath(), line)
		s.lines[i] = ""
	}
	s.lines = s.lines[:0]
}

// stream is the outgoing half of a connection to an instance within a Step.
type stream struct {
	conn   node.ConnID // 0: gone
	held   bool        // not up yet: bytes wait
	queued bool        // in unsent
	out    []byte
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
	if len(t.out) > 0 {
		out.Send(t.conn, t.out)
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
	s.exitStatus = status
	if s.phase != exited {
		s.enter(exited)
	}
}
