package server

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// What happens from the start to the first command: the configuration is read, the addresses are listened on, the
// dataset is loaded.

// startup is how far the start has got.
type startup struct {
	lines      []conf.Line // of the configuration, still to be taken
	err        error       // what is wrong with the line after those
	including  int         // depth of include
	listening  int         // addresses for which the answer is still to come
	listens    int         // addresses that are listened on
	configured bool
}

// maxInclude is how deep configuration files may include each other.
const maxInclude = 16

func (s *Server) start() {
	s.started = s.now
	s.runID = s.RandomHex(40)
	s.saving.lastSave, s.saving.lastSeconds, s.aof.rewrite.lastSeconds = s.now, -1, -1
	s.log(node.LogWarning, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
	s.logf(node.LogWarning, "Redis version=%s, bits=64, commit=00000000, modified=0, pid=%d, just started", Version, s.opts.PID)
	if s.opts.ConfigPath == "" {
		s.configure(s.opts.ConfigText)
		return
	}
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			s.logf(node.LogWarning, "Fatal error, can't open config file '%s': %s", s.opts.ConfigPath, ev.Err)
			s.exit(1)
			return
		}
		s.configure(string(ev.Bytes))
	}, node.FileStep{Kind: node.ReadFile, Path: s.opts.ConfigPath})
}

// configure takes the whole configuration: the file's, then the command line's.
func (s *Server) configure(text string) {
	isEmpty := s.opts.ConfigPath == "" && s.opts.ConfigText == "" && len(s.opts.Args) == 0
	if isEmpty {
		// Only a server that was told nothing at all takes snapshots on its own account.
		s.log(node.LogWarning, "Warning: no config file specified, using the default config. In order to specify a config "+
			"file use redis-server /path/to/redis.conf")
		s.cfg.savePoints = []savePoint{{3600, 1}, {300, 100}, {60, 10000}}
	}
	if len(s.opts.Args) > 0 {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		text += strings.Join(s.opts.Args, "\n")
	}
	s.startup.lines, s.startup.err = conf.Parse(text)
	s.takeLines()
}

// takeLines takes the configuration line by line, and goes on when there are none left. A file that is to be
// included has to be read first.
func (s *Server) takeLines() {
	for len(s.startup.lines) > 0 {
		line := s.startup.lines[0]
		s.startup.lines = s.startup.lines[1:]
		if line.Args[0] == "include" {
			s.include(line)
			return
		}
		d := s.directiveNamed(line.Args[0])
		reason := conf.BadDirective
		if d != nil && d.read != nil {
			reason = d.read(&s.cfg, line.Args)
		}
		if reason != "" {
			s.refuseConfig(line.Errorf("%s", reason))
			return
		}
	}
	if s.startup.err != nil {
		s.refuseConfig(s.startup.err)
		return
	}
	s.configured()
}

// include reads another file and takes its lines in place of the line.
func (s *Server) include(line conf.Line) {
	if len(line.Args) != 2 || s.startup.including == maxInclude {
		s.refuseConfig(line.Errorf("%s", conf.BadDirective))
		return
	}
	s.startup.including++
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			s.logf(node.LogWarning, "Fatal error, can't open config file '%s': %s", line.Args[1], ev.Err)
			s.exit(1)
			return
		}
		lines, err := conf.Parse(string(ev.Bytes))
		if err != nil {
			s.refuseConfig(err)
			return
		}
		s.startup.lines = slices.Concat(lines, s.startup.lines)
		s.takeLines()
	}, node.FileStep{Kind: node.ReadFile, Path: s.cfg.inDir(line.Args[1])})
}

// refuseConfig prints what is wrong with the configuration as Redis does, raw, and ends the server.
func (s *Server) refuseConfig(err error) {
	var refusal *conf.Error
	if !errors.As(err, &refusal) {
		refusal = &conf.Error{Reason: err.Error()}
	}
	for _, text := range refusal.Block() {
		s.out.Log("", text)
	}
	s.exit(1)
}

// exit ends the server's life.
func (s *Server) exit(status int) {
	s.exiting = true
	s.data.AbandonScript()
	s.out.Exit(status)
}

// configured begins to serve.
func (s *Server) configured() {
	if s.exiting || s.startup.configured {
		return
	}
	s.startup.configured = true
	if s.opts.ConfigPath != "" || s.opts.ConfigText != "" || len(s.opts.Args) > 0 {
		s.log(node.LogWarning, "Configuration loaded")
	}
	s.data.KS = keyspace.NewSeeded(int(s.cfg.data.Databases), s.rng.Uint64())
	if s.opts.Notes {
		s.data.KS.KeepDigest()
	}
	s.data.SetClock()
	s.repl.Configured()
	limitsChanged(s)
	s.banner()
	s.loading = true // until load says that there is nothing more to load
	s.load = loading{since: s.now}
	if !s.cfg.dirGiven {
		s.listen()
		return
	}
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			s.logf(node.LogWarning, "Can't chdir to '%s': %s", s.cfg.dir, ev.Err)
			s.exit(1)
			return
		}
		s.listen()
	}, node.FileStep{Kind: node.EnterDir, Path: s.cfg.dir})
}

// banner prints the lines from which supervisors and test suites learn the port and the process ID.
func (s *Server) banner() {
	if !s.cfg.alwaysShowLogo {
		s.logf(node.LogNotice, "Running mode=standalone, port=%d.", s.cfg.port)
		return
	}
	for _, text := range []string{
		"",
		"     ___           _            _",
		"    / _ \\ _ __  __| | ___  __ _| |      ordeal-node, Redis " + Version + " compatible, 64 bit",
		"   | | | | '__|/ _` |/ _ \\/ _` | |",
		"   | |_| | |  | (_| |  __/ (_| | |      Running in standalone mode",
		"    \\___/|_|   \\__,_|\\___|\\__,_|_|      Port: " + strconv.FormatInt(s.cfg.port, 10),
		"                                        PID: " + strconv.Itoa(s.opts.PID),
		"",
	} {
		s.out.Log(s.cfg.logPath(), text)
	}
}

// listenAddresses are the addresses that the server listens on.
func (s *Server) listenAddresses() []string {
	if s.cfg.port == 0 {
		return nil
	}
	if len(s.cfg.Bind) == 0 {
		// Redis 4.0 takes every address here, and then refuses most callers by protected-mode. A tool for tests does
		// not open a port to the network unless "bind" says so.
		return []string{listenAddr("127.0.0.1", s.cfg.port)}
	}
	var list []string
	for _, ip := range s.cfg.Bind {
		list = append(list, listenAddr(ip, s.cfg.port))
	}
	return list
}

func listenAddr(ip string, port int64) string {
	if strings.Contains(ip, ":") {
		return fmt.Sprintf("[%s]:%d", ip, port)
	}
	return fmt.Sprintf("%s:%d", ip, port)
}

func (s *Server) listen() {
	addresses := s.listenAddresses()
	s.startup.listening = len(addresses)
	for _, addr := range addresses {
		s.out.Listen(addr)
	}
	if s.cfg.unixSocket != "" {
		s.startup.listening++
		s.out.ListenUnix(s.cfg.inDir(s.cfg.unixSocket), int(s.cfg.unixSocketPerm))
	}
	if s.startup.listening == 0 {
		s.listenNowhere()
	}
}

// notHere are what an address that this machine cannot have fails with; the others may still be had.
// Redis 4.0: server.c, listenToPort.
var notHere = []node.Errno{node.ErrAddrNotAvail, "Address family not supported by protocol", "Protocol not supported",
	"Protocol not available", "Socket type not supported", "Protocol family not supported"}

// listened counts the answers, and ends the server if an address is taken or if there is none to be had.
func (s *Server) listened(ev *node.Event) {
	if s.exiting {
		return
	}
	if ev.Err != node.ErrNone && strings.HasPrefix(ev.Local, node.UnixPrefix) {
		s.logf(node.LogWarning, "Opening Unix socket: bind: %s", ev.Err)
		s.exit(1)
		return
	}
	if ev.Err != node.ErrNone {
		addr := ev.Local
		if len(s.cfg.Bind) == 0 {
			addr = fmt.Sprintf("*:%d", s.cfg.port)
		}
		s.logf(node.LogWarning, "Could not create server TCP listening socket %s: bind: %s", addr, ev.Err)
		if !slices.Contains(notHere, ev.Err) {
			s.exit(1)
			return
		}
	} else {
		s.startup.listens++
	}
	s.startup.listening--
	switch {
	case s.startup.listening > 0:
	case s.startup.listens == 0:
		s.listenNowhere()
	default:
		s.listening()
	}
}

// listenNowhere ends a server that nobody could ever reach.
func (s *Server) listenNowhere() {
	s.log(node.LogWarning, "Configured to not listen anywhere, exiting.")
	s.exit(1)
}

// listening goes on once all addresses are listened on.
func (s *Server) listening() {
	s.log(node.LogWarning, "Server initialized")
	s.setCron()
	s.loadAtStart()
}
