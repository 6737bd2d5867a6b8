package server

import (
	"path"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/replication"
)

// The options with a syntax of their own.

var bindDirective = directive{
	name: "bind",
	read: func(c *config, words []string) string { return c.ParseBind(words[1:]) },
	get:  func(s *Server) string { return strings.Join(s.cfg.Bind, " ") },
	rewrite: func(s *Server, r *conf.Rewriter) {
		if len(s.cfg.Bind) == 0 {
			r.Absent("bind")
			return
		}
		line := "bind"
		for _, address := range s.cfg.Bind {
			line += " " + conf.Word(address)
		}
		r.Line("bind", line, true)
	},
}

func (c *config) setLogLevel(name string) bool {
	level, ok := front.ParseLogLevel(name)
	if ok {
		c.logLevel = level
	}
	return ok
}

var logLevelDirective = directive{
	name: "loglevel",
	read: word1(func(c *config, value string) string {
		if !c.setLogLevel(value) {
			return front.BadLogLevel
		}
		return ""
	}),
	get:       func(s *Server) string { return front.LogLevelName(s.cfg.logLevel) },
	set:       func(s *Server, value string) bool { return s.cfg.setLogLevel(value) },
	byDefault: func(c *config) { c.logLevel = node.LogNotice },
	rewrite:   func(s *Server, r *conf.Rewriter) { r.Word("loglevel", front.LogLevelName(s.cfg.logLevel), "notice") },
}

// savePointsOf reads "seconds changes" pairs; none is the wish for no snapshots.
func savePointsOf(words []string) ([]savePoint, bool) {
	if len(words)%2 != 0 {
		return nil, false
	}
	var points []savePoint
	for i := 0; i < len(words); i += 2 {
		seconds, ok1 := conf.ParseInt(words[i], 1, 1<<31-1)
		changes, ok2 := conf.ParseInt(words[i+1], 0, 1<<31-1)
		if !ok1 || !ok2 {
			return nil, false
		}
		points = append(points, savePoint{seconds, changes})
	}
	return points, true
}

var saveDirective = directive{
	name: "save",
	read: func(c *config, words []string) string {
		if len(words) == 2 && words[1] == "" {
			c.savePoints = nil
			return ""
		}
		if len(words) != 3 {
			return conf.BadDirective
		}
		points, ok := savePointsOf(words[1:])
		if !ok {
			return "Invalid save parameters"
		}
		c.savePoints = append(c.savePoints, points...)
		return ""
	},
	get: func(s *Server) string {
		var words []string
		for _, p := range s.cfg.savePoints {
			words = append(words, strconv.FormatInt(p.seconds, 10), strconv.FormatInt(p.changes, 10))
		}
		return strings.Join(words, " ")
	},
	set: func(s *Server, value string) bool {
		points, ok := savePointsOf(strings.Fields(value))
		if ok {
			s.cfg.savePoints = points
		}
		return ok
	},
	rewrite: func(s *Server, r *conf.Rewriter) {
		r.Absent("save")
		for _, p := range s.cfg.savePoints {
			r.Line("save", "save "+strconv.FormatInt(p.seconds, 10)+" "+strconv.FormatInt(p.changes, 10), true)
		}
	},
}

// enterDir is what changing the working directory does to it.
func (c *config) enterDir(dir string) { c.dir = c.inDir(dir) }

// inDir makes a path absolute.
func (c *config) inDir(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(c.dir, name)
}

// logPath is the absolute path of the log, "" for standard output.
func (c *config) logPath() string {
	if c.logFile == "" {
		return ""
	}
	return c.inDir(c.logFile)
}

// aofPath is the absolute path of the append only file.
func (c *config) aofPath() string { return c.inDir(c.appendFilename) }

// rdbPath is the absolute path of the snapshot.
func (c *config) rdbPath() string { return c.inDir(c.dbFilename) }

// appendOnlyDirective switches the append only file; configSet does that at run time, which takes its time.
var appendOnlyDirective = directive{
	name: "appendonly",
	read: word1(func(c *config, value string) string {
		yes, ok := conf.ParseYesNo(value)
		if !ok {
			return conf.NotYesOrNo
		}
		c.appendOnly = yes
		return ""
	}),
	get: func(s *Server) string { return conf.FormatYesNo(s.aof.state != aofOff) },
	set: func(_ *Server, value string) bool {
		_, ok := conf.ParseYesNo(value)
		return ok
	},
	byDefault: func(c *config) { c.appendOnly = false },
	rewrite:   func(s *Server, r *conf.Rewriter) { r.YesNo("appendonly", s.aof.state != aofOff, false) },
}

var dirDirective = directive{
	name: "dir",
	read: word1(func(c *config, value string) string {
		c.enterDir(value)
		c.dirGiven = true
		return ""
	}),
	get: func(s *Server) string { return s.cfg.dir },
	set: func(s *Server, value string) bool { // configSet has seen that it is there
		s.cfg.enterDir(value)
		return true
	},
	rewrite: func(s *Server, r *conf.Rewriter) { r.Line("dir", "dir "+conf.Quote(s.cfg.dir), true) },
}

var slaveofDirective = directive{
	name: "slaveof",
	read: func(c *config, words []string) string {
		if len(words) != 3 {
			return conf.BadDirective
		}
		if strings.EqualFold(words[1], "no") && strings.EqualFold(words[2], "one") {
			c.repl.MasterHost, c.repl.MasterPort = "", 0
			return ""
		}
		port, ok := conf.ParseInt(words[2], 0, 65535)
		if !ok {
			return "Invalid master port"
		}
		c.repl.MasterHost, c.repl.MasterPort = words[1], port
		return ""
	},
	get: func(s *Server) string {
		host, port := s.repl.Master()
		if host == "" {
			return ""
		}
		return host + " " + strconv.Itoa(port)
	},
	rewrite: func(s *Server, r *conf.Rewriter) {
		host, port := s.repl.Master()
		if host == "" {
			r.Absent("slaveof")
			return
		}
		r.Line("slaveof", "slaveof "+conf.Word(host)+" "+strconv.Itoa(port), true)
	},
}

func (c *config) setBacklogSize(value string) bool {
	n, ok := conf.ParseBytes(value)
	if !ok || n < 1 {
		return false
	}
	c.repl.BacklogSize = max(n, replication.MinBacklog)
	return true
}

var backlogSizeDirective = directive{
	name: "repl-backlog-size",
	read: word1(func(c *config, value string) string {
		if !c.setBacklogSize(value) {
			return "repl-backlog-size must be 1 or greater."
		}
		return ""
	}),
	get:       func(s *Server) string { return strconv.FormatInt(s.cfg.repl.BacklogSize, 10) },
	set:       func(s *Server, value string) bool { return s.cfg.setBacklogSize(value) },
	byDefault: func(c *config) { c.repl.BacklogSize = 1 << 20 },
	rewrite:   func(s *Server, r *conf.Rewriter) { r.Bytes("repl-backlog-size", s.cfg.repl.BacklogSize, 1<<20) },
}

var notifyDirective = directive{
	name: "notify-keyspace-events",
	read: word1(func(c *config, value string) string {
		events, ok := commands.ParseEvents(value)
		if !ok {
			return "Invalid event class character. Use 'g$lshzxeA'."
		}
		c.data.Notify = events
		return ""
	}),
	get: func(s *Server) string { return s.cfg.data.Notify.String() },
	set: func(s *Server, value string) bool {
		events, ok := commands.ParseEvents(value)
		if ok {
			s.cfg.data.Notify = events
		}
		return ok
	},
	rewrite: func(s *Server, r *conf.Rewriter) { r.String("notify-keyspace-events", s.cfg.data.Notify.String(), "") },
}

var outputLimitDirective = directive{
	name: "client-output-buffer-limit",
	read: func(c *config, words []string) (reason string) {
		if len(words) != 5 {
			return conf.BadDirective
		}
		c.OutputLimits, reason = front.ParseOutputLimits(c.OutputLimits, words[1:])
		return reason
	},
	get: func(s *Server) string {
		var words []string
		for class, name := range front.OutputClasses {
			l := s.cfg.OutputLimits[class]
			words = append(words, name, strconv.FormatInt(l.Hard, 10), strconv.FormatInt(l.Soft, 10), strconv.FormatInt(l.Seconds, 10))
		}
		return strings.Join(words, " ")
	},
	set: func(s *Server, value string) bool {
		limits, reason := front.ParseOutputLimits(s.cfg.OutputLimits, strings.Fields(value))
		if reason == "" {
			s.cfg.OutputLimits = limits
		}
		return reason == ""
	},
	byDefault: func(c *config) { c.OutputLimits = front.DefaultOutputLimits },
	rewrite: func(s *Server, r *conf.Rewriter) {
		for class, name := range front.OutputClasses {
			l := s.cfg.OutputLimits[class]
			line := "client-output-buffer-limit " + name + " " + conf.FormatBytes(l.Hard) + " " + conf.FormatBytes(l.Soft) + " " +
				strconv.FormatInt(l.Seconds, 10)
			r.Line("client-output-buffer-limit", line, l != front.DefaultOutputLimits[class])
		}
	},
}

// hzDirective brings any number into 1..500.
var hzDirective = func() directive {
	const low, high = 1, 500
	d := number("hz", func(c *config) *int64 { return &c.hz }, 10, 0, 1<<31-1, "")
	read, set := d.read, d.set
	clamp := func(c *config) { c.hz = min(max(c.hz, low), high) }
	d.read = func(c *config, words []string) string {
		reason := read(c, words)
		clamp(c)
		return reason
	}
	d.set = func(s *Server, value string) bool {
		ok := set(s, value)
		clamp(&s.cfg)
		return ok
	}
	return d
}()

// renameDirective changes the table of commands.
var renameDirective = directive{
	name: "rename-command",
	read: func(c *config, words []string) string {
		if len(words) != 3 {
			return conf.BadDirective
		}
		return c.table.Rename(words[1], words[2])
	},
}

var clusterDirective = directive{
	name: "cluster-enabled",
	why:  noCluster,
	read: word1(func(_ *config, value string) string {
		yes, ok := conf.ParseYesNo(value)
		switch {
		case !ok:
			return conf.NotYesOrNo
		case yes:
			return noCluster
		}
		return ""
	}),
}

// unixSocketPermDirective is an octal number, as chmod takes it.
var unixSocketPermDirective = directive{
	name: "unixsocketperm",
	read: word1(func(c *config, value string) string {
		perm, err := strconv.ParseUint(value, 8, 32)
		if err != nil || perm > 0o777 {
			return "Invalid socket file permissions"
		}
		c.unixSocketPerm = int64(perm)
		return ""
	}),
	get:       func(s *Server) string { return strconv.FormatInt(s.cfg.unixSocketPerm, 8) },
	byDefault: func(c *config) { c.unixSocketPerm = 0 },
	rewrite: func(s *Server, r *conf.Rewriter) {
		r.Word("unixsocketperm", strconv.FormatInt(s.cfg.unixSocketPerm, 8), "0")
	},
}
