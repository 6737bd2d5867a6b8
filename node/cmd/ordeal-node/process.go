package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"

	"github.com/ordeal-go/ordeal/node/conf"
)

// settings are the directives that concern the process rather than the core. The core reads the same text, and it
// is the core that complains about what is wrong with it.
type settings struct {
	daemonize  bool
	pidFile    string // relative to dir
	dir        string
	maxClients uint64
}

// Defaults of Redis 4.0: server.h, CONFIG_DEFAULT_PID_FILE and CONFIG_DEFAULT_MAX_CLIENTS.
const (
	defaultPIDFile    = "/var/run/redis.pid"
	defaultMaxClients = 10000
	// reservedDescriptors are for files, listeners and the like, beside clients. Redis 4.0: CONFIG_MIN_RESERVED_FDS.
	reservedDescriptors = 32
	// includeDepth bounds files that include each other.
	includeDepth = 16
)

func readSettings(cmd *commandLine, stdin string) settings {
	s := settings{dir: ".", maxClients: defaultMaxClients}
	if cmd.configPath != "" {
		s.readFile(cmd.configPath, includeDepth)
	}
	s.read(stdin, includeDepth)
	s.read(strings.Join(cmd.lines, "\n"), includeDepth)
	if s.daemonize && s.pidFile == "" {
		s.pidFile = defaultPIDFile
	}
	return s
}

func (s *settings) readFile(path string, depth int) {
	if depth == 0 {
		return
	}
	if b, err := os.ReadFile(path); err == nil {
		s.read(string(b), depth)
	}
}

func (s *settings) read(text string, depth int) {
	lines, _ := conf.Parse(text)
	for _, l := range lines {
		if len(l.Args) != 2 {
			continue
		}
		switch value := l.Args[1]; l.Args[0] {
		case "daemonize":
			s.daemonize, _ = conf.ParseYesNo(value)
		case "pidfile":
			s.pidFile = value
		case "dir":
			s.dir = value
		case "maxclients":
			if n, err := strconv.ParseUint(value, 10, 31); err == nil {
				s.maxClients = n
			}
		case "include":
			s.readFile(value, depth-1)
		}
	}
}

func (s *settings) pidPath() string {
	if filepath.IsAbs(s.pidFile) {
		return s.pidFile
	}
	return filepath.Join(s.dir, s.pidFile)
}

func (s *settings) writePIDFile() error {
	if s.pidFile == "" {
		return nil
	}
	if err := os.WriteFile(s.pidPath(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return fmt.Errorf("ordeal-node: it runs without a pid file: %w", err)
	}
	return nil
}

func (s *settings) removePIDFile() {
	if s.pidFile != "" {
		os.Remove(s.pidPath())
	}
}

// raiseDescriptorLimit tries for at least need. The runtime has raised the soft limit to the hard one already;
// with less than it needs the node works until callers have to wait in the backlog.
func raiseDescriptorLimit(need uint64) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= need {
		return
	}
	limit.Cur, limit.Max = need, max(limit.Max, need)
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

// The heap may grow to three times what is alive before it is collected, where Go's default is twice. More gains nothing
// that can be measured with some hundred thousand keys. A large dataset gets less: there the same share is much memory,
// and being collected more often costs little, since most of it is values without pointers. GOGC overrides it.
const (
	collectorMost  = 200      // percent of what is alive
	collectorLeast = 10       // percent
	collectorSlack = 32 << 20 // bytes, between the two
)

func tuneCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(collectorMost)
	afterEveryCollection(func() func() {
		percent := collectorMost
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		return func() {
			metrics.Read(live)
			if now := collectorShare(live[0].Value.Uint64()); now != percent {
				percent = now
				debug.SetGCPercent(percent)
			}
		}
	}())
}

// collectorShare is by how much the heap may grow before it is collected, in percent of the bytes that are alive.
func collectorShare(live uint64) int {
	return int(min(max(collectorSlack*100/max(live, 1), collectorLeast), collectorMost))
}

// afterEveryCollection calls do soon after each collection: nobody has the object that is made here, so each one finds
// it dead, and its finalizer makes another.
func afterEveryCollection(do func()) {
	type nobodys struct{ _ [16]byte }
	runtime.SetFinalizer(new(nobodys), func(*nobodys) {
		do()
		afterEveryCollection(do)
	})
}

// daemonMark, in the environment, tells a process that it is the background one.
const daemonMark = "ORDEAL_NODE_DAEMON"

func isDaemon() bool { return os.Getenv(daemonMark) == "1" }

// becomeDaemon starts the program again in a session of its own, without the terminal. A Go process cannot fork.
func becomeDaemon(argv []string, stdin string) error {
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("ordeal-node: daemonize: its own program is not found: %w", err)
	}
	cmd := exec.Command(executable, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env = append(os.Environ(), daemonMark+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("ordeal-node: daemonize: %w", err)
	}
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("ordeal-node: daemonize: %w", err)
	}
	r.Close()
	io.WriteString(w, stdin)
	return w.Close()
}
