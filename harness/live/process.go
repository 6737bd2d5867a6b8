package live

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/histories/versions"
	"github.com/ordeal-go/ordeal/node"
)

const (
	// notesPause is how often a process's notes are looked for. Their times are the process's own.
	notesPause = 20 * time.Millisecond
	// listenPause is how often a process that has started is tried whether it listens.
	listenPause = 3 * time.Millisecond
	// stopPatience is how long a stop may take on a busy computer. What takes longer still comes.
	stopPatience = time.Second
	// logPatience is how long the log of a process that has ended may be kept open by what it left behind.
	logPatience = 200 * time.Millisecond
	// logKept is how many of the last log lines are told when a process ends unasked.
	logKept = 20
)

// process is one life of a machine that runs a program.
type process struct {
	machine *machine
	cmd     *exec.Cmd
	why     string        // why somebody ended it, "" while nobody did; guarded by World.mu
	exited  chan struct{} // closed when the process is gone
	over    chan struct{} // closed when everything about it is written down
	kept    []string      // the last log lines; read by others once the log's goroutine has ended
}

func (m *machine) startProcess() error {
	w := m.world
	program := m.program()
	notes := ""
	if program.notes {
		notes = filepath.Join(m.spec.Dir, fmt.Sprintf("%s.notes.%d", m.spec.Name, m.life))
	}
	logFile, err := os.OpenFile(filepath.Join(m.spec.Dir, m.spec.Name+".log"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	log, out, err := os.Pipe()
	if err != nil {
		return errors.Join(err, logFile.Close())
	}
	args := program.args(&m.spec, notes)
	if program.notes && w.cfg.Record {
		args = append(args, "--ordeal-record", filepath.Join(m.spec.Dir, fmt.Sprintf("%s.record.%d", m.spec.Name, m.life)))
	}
	var setClock *clockPipe
	if program.notes {
		if setClock, err = openClock(); err != nil {
			return errors.Join(err, log.Close(), out.Close(), logFile.Close())
		}
		args = append(args, "--ordeal-clock", clockPath)
	}
	cmd := exec.Command(program.path, args...)
	cmd.Dir = m.spec.Dir
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attributes()
	setClock.give(cmd, m.clock.now())
	err = w.spawner.start(cmd)
	out.Close()
	setClock.given()
	if err != nil {
		setClock.close()
		return errors.Join(err, log.Close(), logFile.Close())
	}
	m.setClock = setClock
	p := &process{machine: m, cmd: cmd, exited: make(chan struct{}), over: make(chan struct{})}
	m.process = p
	at := w.Elapsed()
	w.reports.put(func(s cluster.Sink) { s.Up(at, m.spec.Name) })

	var readers sync.WaitGroup
	readers.Go(func() { p.readLog(log, logFile) })
	if notes != "" {
		readers.Go(func() { p.readNotes(notes) })
	}
	if m.spec.Port != 0 {
		w.work.Go(p.awaitListening)
	}
	w.work.Go(func() {
		err := cmd.Wait()
		// Scripts that it ran are its own affair and end with it.
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		close(p.exited)
		log.SetReadDeadline(time.Now().Add(logPatience))
		readers.Wait()
		w.mu.Lock()
		m.went(p.why, p.reason(err), p.died)
		w.mu.Unlock()
		close(p.over)
	})
	return nil
}

// awaitListening opens the machine's gate once the process accepts connections: it makes one and closes it at once.
func (p *process) awaitListening() {
	m, w := p.machine, p.machine.world
	for {
		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		c, err := m.gate.dial(ctx, &net.TCPAddr{IP: net.ParseIP(m.spec.Host)})
		cancel()
		if err == nil {
			c.Close()
			w.mu.Lock()
			defer w.mu.Unlock()
			if m.process == p {
				m.gate.machineListens(true)
			}
			return
		}
		select {
		case <-p.exited:
			return
		case <-time.After(listenPause):
		}
	}
}

// The signals go to the whole process group. A process that is gone already needs none.
func (p *process) kill()         { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
func (p *process) resume() error { return p.signal(syscall.SIGCONT) }

// halt stops the process some time soon.
func (p *process) halt() error { return p.signal(syscall.SIGSTOP) }

// stop returns when the process has stopped, or soon: the signal is on its way when kill(2) returns.
func (p *process) stop() error {
	if err := p.halt(); err != nil {
		return err
	}
	for limit := time.Now().Add(stopPatience); time.Now().Before(limit) && !stopped(p.cmd.Process.Pid); {
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (p *process) signal(s syscall.Signal) error {
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("live: machine %s: %v: %w", p.machine.spec.Name, s, err)
	}
	return nil
}

// reason says how the process ended. A core that breaks an invariant says so last.
func (p *process) reason(err error) string {
	for _, line := range p.kept {
		if at := strings.Index(line, "invariant broken: "); at >= 0 {
			return line[at:]
		}
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "exit 0"
	case errors.As(err, &exit) && exit.Exited():
		return fmt.Sprintf("exit %d", exit.ExitCode())
	case errors.As(err, &exit):
		return exit.Error() // "signal: segmentation fault"
	default:
		return err.Error()
	}
}

// patience is how long the process may take to end when it is asked to: an operator's, and what its own settings allow.
func (p *process) patience() time.Duration {
	if spec := &p.machine.spec; p.machine.program().major >= versions.WaitsAtShutdown && spec.Kind == cluster.Server {
		wait := versions.ShutdownTimeout
		for line := range strings.Lines(spec.Files[spec.ConfigPath]) {
			words := strings.Fields(line)
			if len(words) != 2 || strings.ToLower(words[0]) != "shutdown-timeout" {
				continue
			}
			if n, err := strconv.Atoi(strings.Trim(words[1], `"'`)); err == nil && n >= 0 {
				wait = time.Duration(n) * time.Second // the last one counts
			}
		}
		return versions.StopPatience + wait
	}
	return versions.StopPatience
}

// askToStop sends the process SIGTERM, and SIGKILL when it takes longer than its patience. It does not wait.
func (p *process) askToStop() {
	p.why = versions.Terminated
	syscall.Kill(p.cmd.Process.Pid, syscall.SIGTERM)
	w := p.machine.world
	w.work.Go(func() {
		select {
		case <-p.exited:
		case <-w.ctx.Done():
		case <-time.After(p.patience()):
			p.kill()
		}
	})
}

func (p *process) died() *cluster.Died { return &cluster.Died{Log: p.kept} }

// readLog copies the process's output to its log file and to the sink, line by line.
func (p *process) readLog(log, file *os.File) {
	defer log.Close()
	defer file.Close()
	w := p.machine.world
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			file.WriteString(line) // the log on disk is for people; the history has it as well
			line = strings.TrimRight(line, "\r\n")
			if p.kept = append(p.kept, line); len(p.kept) > logKept {
				p.kept = p.kept[1:]
			}
			at := w.Elapsed()
			w.reports.put(func(s cluster.Sink) { s.Log(at, p.machine.spec.Name, line) })
		}
		if err != nil {
			return
		}
	}
}

// readNotes follows the notes file until the process is gone and everything is read.
func (p *process) readNotes(path string) {
	var file *os.File
	var rest []byte // of a line that is not whole yet
	defer func() {
		if file != nil {
			file.Close()
		}
	}()
	for last := false; ; {
		if file == nil {
			file, _ = os.Open(path) // the process has not made it yet
		}
		if file != nil {
			b, err := io.ReadAll(file)
			if err != nil {
				p.complain(fmt.Errorf("its notes cannot be read: %w", err))
				return
			}
			rest = p.deliver(append(rest, b...))
		}
		if last {
			return
		}
		select {
		case <-p.exited:
			last = true
		case <-time.After(notesPause):
		}
	}
}

// deliver hands the whole lines of b to the sink and returns what is left of it.
func (p *process) deliver(b []byte) (rest []byte) {
	w := p.machine.world
	for {
		line, after, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			return b
		}
		b = after
		note := struct {
			At node.Instant `json:"at"`
			node.Note
		}{}
		if err := json.Unmarshal(line, &note); err != nil {
			p.complain(fmt.Errorf("its notes have a line that is none: %q: %w", line, err))
			return nil
		}
		w.reports.put(func(s cluster.Sink) { s.Note(w.at(note.At), p.machine.spec.Name, &note.Note) })
	}
}

// complain makes the run fail: a judge that misses notes would take silence for evidence.
func (p *process) complain(err error) {
	w := p.machine.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(fmt.Errorf("live: machine %s: %w", p.machine.spec.Name, err))
}
