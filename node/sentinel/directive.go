package sentinel

import (
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/front"
)

// config is what the file and the command line say beside the masters.
type config struct {
	front.Settings // about clients; the first address of bind is the source of dialled connections
	table          *front.Table
	port           int
	dir            string // absolute
	logFile        string // relative to dir, "" for standard output
	logLevel       node.LogLevel
	showLogo       bool

	announceIP   string
	announcePort int
	denyScripts  bool // refuse to change scripts at run time
}

func defaultConfig(dir string, table *front.Table) config {
	return config{Settings: front.DefaultSettings(), table: table, port: defaultPort, dir: dir, logLevel: node.LogNotice,
		denyScripts: true}
}

// source is the IP that I dial from, "" for any.
func (c *config) source() string {
	if len(c.Bind) == 0 || c.Bind[0] == "0.0.0.0" || c.Bind[0] == "::" {
		return ""
	}
	return c.Bind[0]
}

func (c *config) logPath() string {
	if c.logFile == "" || path.IsAbs(c.logFile) {
		return c.logFile
	}
	return path.Join(c.dir, c.logFile)
}

// scriptPath is a script that a line of the configuration names, to be checked.
type scriptPath struct {
	path   string
	line   conf.Line
	reason string
}

// configure takes the configuration; the error is a *[conf.Error].
func (s *Sentinel) configure(text string) error {
	for _, arg := range s.opts.Args {
		text = strings.TrimSuffix(text, "\n") + "\n" + arg
	}
	lines, err := conf.Parse(text)
	for _, l := range lines {
		if reason := s.directive(l); reason != "" {
			return l.Errorf("%s", reason)
		}
	}
	return err
}

// directive carries out one line and returns what is wrong with it.
func (s *Sentinel) directive(l conf.Line) (reason string) {
	args := l.Args
	if args[0] == "sentinel" {
		if len(args) == 1 {
			return "" // "be a Sentinel"
		}
		return s.sentinelDirective(l, strings.ToLower(args[1]), args[2:])
	}
	if handle := ownDirectives[args[0]]; handle != nil {
		return handle(&s.cfg, args[1:])
	}
	if conf.IsDirective(args[0]) {
		return ""
	}
	return conf.BadDirective
}

// ownDirectives are the redis.conf directives that mean something to a Sentinel.
var ownDirectives = map[string]func(*config, []string) string{
	"port": func(c *config, args []string) string {
		return one(args, func(v string) bool { return intInto(&c.port, v, 0, 65535) }, front.BadPort)
	},
	"bind": func(c *config, args []string) string { return c.ParseBind(args) },
	"dir": func(c *config, args []string) string {
		return one(args, func(v string) bool {
			if !path.IsAbs(v) {
				v = path.Join(c.dir, v)
			}
			c.dir = v
			return true
		}, "")
	},
	"logfile": func(c *config, args []string) string {
		return one(args, func(v string) bool { c.logFile = v; return true }, "")
	},
	"loglevel": func(c *config, args []string) string {
		return one(args, func(v string) (ok bool) { c.logLevel, ok = front.ParseLogLevel(v); return ok }, front.BadLogLevel)
	},
	"protected-mode": func(c *config, args []string) string {
		return one(args, func(v string) bool { return yesInto(&c.ProtectedMode, v) }, conf.NotYesOrNo)
	},
	"always-show-logo": func(c *config, args []string) string {
		return one(args, func(v string) bool { return yesInto(&c.showLogo, v) }, conf.NotYesOrNo)
	},
	"requirepass": func(c *config, args []string) string {
		if len(args) != 1 {
			return conf.BadDirective
		}
		c.RequirePass = args[0]
		return front.TooLongPassword(args[0])
	},
	"maxclients": func(c *config, args []string) string {
		return one(args, func(v string) bool { return intInto(&c.MaxClients, v, 1, math.MaxInt32) }, front.BadMaxClients)
	},
	"timeout": func(c *config, args []string) string {
		return one(args, func(v string) bool { return intInto(&c.Timeout, v, 0, math.MaxInt32) }, front.BadTimeout)
	},
	"client-query-buffer-limit": func(c *config, args []string) string {
		return one(args, func(v string) bool { return bytesInto(&c.QueryBufferLimit, v) }, conf.BadDirective)
	},
	"proto-max-bulk-len": func(c *config, args []string) string {
		return one(args, func(v string) bool { return bytesInto(&c.MaxBulkLen, v) }, conf.BadDirective)
	},
	"client-output-buffer-limit": func(c *config, args []string) (reason string) {
		if len(args) != 4 {
			return conf.BadDirective
		}
		c.OutputLimits, reason = front.ParseOutputLimits(c.OutputLimits, args)
		return reason
	},
	"rename-command": func(c *config, args []string) string {
		if len(args) != 2 {
			return conf.BadDirective
		}
		return c.table.Rename(args[0], args[1])
	},
}

func one(args []string, set func(string) bool, reason string) string {
	if len(args) != 1 {
		return conf.BadDirective
	}
	if !set(args[0]) {
		return reason
	}
	return ""
}

func intInto[T int | int64](to *T, v string, low, high int64) bool {
	n, ok := conf.ParseInt(v, low, high)
	if ok {
		*to = T(n)
	}
	return ok
}

// bytesInto takes a size, which may have a unit.
func bytesInto(to *int64, v string) bool {
	n, ok := conf.ParseBytes(v)
	if ok = ok && n >= 1; ok {
		*to = n
	}
	return ok
}

func yesInto(to *bool, v string) bool {
	yes, ok := conf.ParseYesNo(v)
	*to = yes
	return ok
}

const (
	noSuchMaster     = "No such master with specified name."
	badTime          = "negative or zero time parameter."
	badStatement     = "Unrecognized sentinel configuration statement."
	noNotifyScript   = "Notification script seems non existing or non executable."
	noReconfigScript = "Client reconfiguration script seems non existing or non executable."
)

// sentinelDirective carries out a line "sentinel name args…". Redis 4.0: sentinel.c, sentinelHandleConfiguration.
func (s *Sentinel) sentinelDirective(l conf.Line, name string, args []string) string {
	switch n := len(args); {
	case name == "monitor" && n == 4:
		return s.monitorDirective(args)
	case name == "current-epoch" && n == 1:
		s.currentEpoch = max(s.currentEpoch, lenient(args[0]))
	case name == "myid" && n == 1:
		if len(args[0]) != 40 {
			return "Malformed Sentinel id in myid option."
		}
		s.id = args[0]
	case name == "announce-ip" && n == 1:
		s.cfg.announceIP = args[0]
	case name == "announce-port" && n == 1:
		s.cfg.announcePort = int(lenient(args[0]))
	case name == "deny-scripts-reconfig" && n == 1:
		if !yesInto(&s.cfg.denyScripts, args[0]) {
			return "Please specify yes or no for the deny-scripts-reconfig options."
		}
	default:
		if set := masterDirectives[name]; set != nil && set.takes(n) {
			master := s.masterNamed([]byte(args[0]))
			if master == nil {
				return noSuchMaster
			}
			return set.set(s, l, master, args[1:])
		}
		return badStatement
	}
	return ""
}

func (s *Sentinel) monitorDirective(args []string) string {
	port, quorum := lenient(args[2]), lenient(args[3])
	if quorum <= 0 {
		return "Quorum must be 1 or greater."
	}
	ip := s.knownIP(args[1])
	if ip == "" {
		return "Can't resolve master instance hostname."
	}
	_, reason := s.addMaster(args[0], address{ip, int(port)}, quorum)
	return reason
}

// masterDirective is a directive about a master that a monitor line before it named.
type masterDirective struct {
	min, max int // arguments, the master's name included
	set      func(s *Sentinel, l conf.Line, master *instance, args []string) string
}

func (d *masterDirective) takes(n int) bool { return n >= d.min && n <= d.max }

var masterDirectives = map[string]*masterDirective{
	"down-after-milliseconds": {2, 2, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		ms := lenient(args[0])
		if ms <= 0 {
			return badTime
		}
		m.setDownAfter(millis(ms))
		return ""
	}},
	"failover-timeout": {2, 2, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		ms := lenient(args[0])
		if ms <= 0 {
			return badTime
		}
		m.failoverTimeout = millis(ms)
		return ""
	}},
	"parallel-syncs": {2, 2, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		m.parallelSyncs = lenient(args[0])
		return ""
	}},
	"notification-script": {2, 2, func(s *Sentinel, l conf.Line, m *instance, args []string) string {
		m.notifyScript = args[0]
		s.toCheck = append(s.toCheck, scriptPath{args[0], l, noNotifyScript})
		return ""
	}},
	"client-reconfig-script": {2, 2, func(s *Sentinel, l conf.Line, m *instance, args []string) string {
		m.reconfigScript = args[0]
		s.toCheck = append(s.toCheck, scriptPath{args[0], l, noReconfigScript})
		return ""
	}},
	"auth-pass": {2, 2, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		m.authPass = args[0]
		return ""
	}},
	"config-epoch": {2, 2, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		m.configEpoch = max(lenient(args[0]), 0)
		s.currentEpoch = max(s.currentEpoch, m.configEpoch)
		return ""
	}},
	"leader-epoch": {2, 2, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		m.leaderEpoch = max(lenient(args[0]), 0)
		return ""
	}},
	"known-slave": {3, 3, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		addr := address{s.knownIP(args[0]), int(lenient(args[1]))}
		if addr == m.addr {
			return "" // later versions leave such a line in the file; 4.0 makes the master a slave of itself
		}
		if s.addSlave(m, addr) == nil {
			return "Wrong hostname or port for slave."
		}
		return ""
	}},
	"known-sentinel": {3, 4, func(s *Sentinel, _ conf.Line, m *instance, args []string) string {
		if len(args) < 3 {
			return "" // the old form without an ID is of no use
		}
		addr := address{s.knownIP(args[0]), int(lenient(args[1]))}
		if !isIP(addr.ip) || addr.port < 0 || addr.port > 65535 || s.addSentinel(m, args[2], addr) == nil {
			return "Wrong hostname or port for sentinel."
		}
		return ""
	}},
}

// setDownAfter also tells master's replicas and Sentinels, which are judged by the same time.
func (master *instance) setDownAfter(d time.Duration) {
	master.downAfter = d
	for _, r := range master.slaves {
		r.downAfter = d
	}
	for _, r := range master.sentinels {
		r.downAfter = d
	}
}

func millis(ms int64) time.Duration { return time.Duration(min(ms, mostMS)) * time.Millisecond }

// mostMS bounds times in milliseconds: ten years.
const mostMS = 10 * 365 * 24 * 3600 * 1000

// lenient reads a number as C's atoi does, which Redis uses here: as many digits as there are, 0 for none.
func lenient(s string) int64 {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && s[0] == '-') {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err != nil && n == 0 {
		return 0
	}
	return min(max(n, -mostMS), maxEpoch)
}
