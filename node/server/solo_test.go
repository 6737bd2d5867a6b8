package server

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// solo is one server and the least that it needs of a world: files, a clock that a test moves, and what was sent on
// each connection. It is for what one server does with its files and its clients' bytes; see miniWorld for several.
type solo struct {
	t        testing.TB
	core     *Server
	out      node.Effects
	now      node.Instant
	opts     Options
	files    map[string][]byte
	open     map[node.FileID][]byte
	fail     func(node.FileStep) node.Errno
	log      []string
	sent     map[node.ConnID][]byte
	told     map[node.ConnID]int64
	closed   map[node.ConnID]bool
	jobs     []node.Event // background jobs and work that are done
	timers   map[node.TimerID]node.Instant
	exited   bool
	status   int
	conns    node.ConnID
	busy     time.Duration
	listens  []string
	taken    map[string]node.Errno // addresses that cannot be listened on
	logFiles map[string]int        // lines by file
}

func newSolo(t testing.TB, config string, args ...string) *solo {
	w := &solo{t: t, now: node.Instant(1519905600 * int64(time.Second)), files: map[string][]byte{}}
	w.opts = Options{Dir: "/data", PID: 42, Executable: "/bin/ordeal-node", Args: args}
	if config != "" {
		w.opts.ConfigPath = "/etc/redis.conf"
		w.files[w.opts.ConfigPath] = []byte(config)
	}
	w.boot()
	return w
}

// boot starts a new life with the files of the last one.
func (w *solo) boot() {
	w.sent, w.told, w.closed = map[node.ConnID][]byte{}, map[node.ConnID]int64{}, map[node.ConnID]bool{}
	w.timers, w.jobs, w.conns, w.exited = map[node.TimerID]node.Instant{}, nil, 0, false
	w.listens, w.log, w.logFiles, w.open = nil, nil, map[string]int{}, map[node.FileID][]byte{}
	w.opts.Rand = rand.New(rand.NewPCG(1, 2))
	w.core = New(w.opts)
	w.step(node.Event{Kind: node.Started})
}

// step is one event and everything that follows from it without time passing.
func (w *solo) step(ev node.Event) {
	for todo := []node.Event{ev}; len(todo) > 0 && !w.exited; {
		ev, todo = todo[0], todo[1:]
		w.core.Step(w.now, &ev, &w.out)
		if next, ok := w.carryOut(); ok {
			todo = slices.Insert(todo, 0, next)
		}
		if at, set := w.timers[timerFlush]; len(todo) == 0 && set && at <= w.now { // set without a wait
			delete(w.timers, timerFlush)
			todo = append(todo, node.Event{Kind: node.TimerFired, Timer: timerFlush})
		}
		if len(todo) == 0 && len(w.jobs) > 0 {
			todo, w.jobs = w.jobs, nil
		}
	}
}

// carryOut returns the end of a foreground job, which must be the next event.
func (w *solo) carryOut() (next node.Event, ok bool) {
	for _, e := range w.out.List() {
		switch e.Kind {
		case node.EffectListen:
			at := e.Addr
			if e.N != 0 {
				at = fmt.Sprintf("%s mode %o", at, e.N)
			}
			w.listens = append(w.listens, at)
			w.jobs = append(w.jobs, node.Event{Kind: node.Listened, Local: e.Addr, Err: w.taken[e.Addr]})
		case node.EffectSend:
			w.sent[e.Conn] = append(w.sent[e.Conn], e.Bytes...)
			w.told[e.Conn] += int64(len(e.Bytes))
			if e.Flag {
				w.jobs = append(w.jobs, node.Event{Kind: node.Sent, Conn: e.Conn, N: w.told[e.Conn]})
			}
		case node.EffectClose:
			w.closed[e.Conn] = true
		case node.EffectSetTimer:
			w.timers[e.Timer] = w.now.Add(e.After)
		case node.EffectStopTimer:
			delete(w.timers, e.Timer)
		case node.EffectFile:
			done := w.file(e)
			if e.Flag {
				w.jobs = append(w.jobs, done)
			} else {
				next, ok = done, true
			}
		case node.EffectWork:
			w.jobs = append(w.jobs, node.Event{Kind: node.WorkDone, Op: e.Op, Result: e.Work()})
		case node.EffectLog:
			w.log = append(w.log, e.Text)
			w.logFiles[e.Addr]++
		case node.EffectBusy:
			w.busy += e.After
			w.now = w.now.Add(e.After)
		case node.EffectExit:
			w.exited, w.status = true, e.N
		}
	}
	w.out.Reset()
	return next, ok
}

func (w *solo) file(e node.Effect) node.Event {
	done := node.Event{Kind: node.FileDone, Op: e.Op}
	size := int64(0)
	for i, step := range e.Steps {
		done.N = int64(i)
		if w.fail != nil {
			if done.Err = w.fail(step); done.Err != node.ErrNone {
				return done
			}
		}
		data, found := w.files[step.Path]
		if !found && (step.Kind == node.ReadFile || step.Kind == node.RenameFile || step.Kind == node.OpenFile) {
			done.Err = node.ErrNotFound
			return done
		}
		switch step.Kind {
		case node.ReadFile:
			done.Bytes = slices.Clone(data)
		case node.WriteFile, node.ReplaceFile:
			w.files[step.Path] = step.Data
		case node.AppendFile:
			w.files[step.Path] = append(slices.Clone(data), step.Data...)
		case node.TruncateFile:
			w.files[step.Path] = data[:min(int64(len(data)), step.At)]
		case node.RenameFile:
			w.files[step.To] = data
			delete(w.files, step.Path)
		case node.RemoveFile:
			delete(w.files, step.Path)
		case node.OpenFile:
			w.open[step.File], size = data, int64(len(data))
		case node.ReadPart:
			data := w.open[step.File]
			from := min(step.At, int64(len(data)))
			done.Bytes = slices.Clone(data[from:min(from+step.Size, int64(len(data)))])
		case node.CloseFile:
			delete(w.open, step.File)
		}
	}
	done.N = size
	return done
}

// run lets time pass.
func (w *solo) run(d time.Duration) {
	for until := w.now.Add(d); !w.exited; {
		due, first := node.TimerID(0), until+1
		for timer, at := range w.timers {
			if at < first || at == first && timer < due {
				due, first = timer, at
			}
		}
		if due == 0 {
			w.now = max(w.now, until)
			return
		}
		delete(w.timers, due)
		w.now = max(w.now, first)
		w.step(node.Event{Kind: node.TimerFired, Timer: due})
	}
}

// connect opens a connection from an address, "" for some loopback one.
func (w *solo) connect(from string) node.ConnID {
	w.conns += 2
	if from == "" {
		from = fmt.Sprintf("127.0.0.1:%d", 50000+w.conns)
	}
	w.step(node.Event{Kind: node.Accepted, Conn: w.conns, Local: "127.0.0.1:6379", Remote: from})
	return w.conns
}

// write sends bytes and returns what came back.
func (w *solo) write(conn node.ConnID, text string) string {
	w.step(node.Event{Kind: node.Received, Conn: conn, Bytes: []byte(text)})
	reply := string(w.sent[conn])
	w.sent[conn] = nil
	return reply
}

// say sends one inline command.
func (w *solo) say(conn node.ConnID, line string) string { return w.write(conn, line+"\r\n") }

// logText is the log without process IDs and times.
func (w *solo) logText() string {
	var b strings.Builder
	for _, line := range w.log {
		if strings.HasPrefix(line, "42:") {
			_, line, _ = cutTime(line)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
