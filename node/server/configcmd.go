package server

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/glob"
	"github.com/ordeal-go/ordeal/node/replication"
)

// CONFIG. Redis 4.0: config.c, configCommand.

func (s *Server) configCommand(c *front.Call) {
	sub := c.Option(1)
	if s.loading && sub != "GET" {
		c.Error("ERR Only CONFIG GET is allowed during loading")
		return
	}
	words, run := 0, (func(*front.Call))(nil)
	switch sub {
	case "SET":
		words, run = 4, s.configSet
	case "GET":
		words, run = 3, s.configGet
	case "RESETSTAT":
		words, run = 2, s.configResetStat
	case "REWRITE":
		words, run = 2, s.configRewrite
	default:
		c.Error("ERR CONFIG subcommand must be one of GET, SET, RESETSTAT, REWRITE")
		return
	}
	if len(c.Args) != words {
		c.Error("ERR Wrong number of arguments for CONFIG " + string(c.Args[1]))
		return
	}
	run(c)
}

func (s *Server) configGet(c *front.Call) {
	pattern := c.Args[2]
	var found []string
	for i := range s.directives {
		if d := &s.directives[i]; d.get != nil && glob.Match(pattern, []byte(d.name), true) {
			found = append(found, d.name, d.get(s))
		}
	}
	c.Texts(found)
}

func (s *Server) configSet(c *front.Call) {
	name, value := string(c.Args[2]), string(c.Args[3])
	d := s.directiveNamed(name)
	switch {
	case d == nil || d.set == nil:
		c.Error("ERR Unsupported CONFIG parameter: " + name)
		return
	case d.name == "dbfilename" && noPath("")(value) != "":
		c.Error("ERR dbfilename can't be a path, just a filename")
		return
	case d.name == "dir":
		s.changeDir(c, value)
		return
	case !d.set(s, value):
		s.refuseSetting(c, d, value)
		return
	case d.name == "appendonly":
		s.switchAOF(c, value)
		return
	}
	if d.changed != nil {
		d.changed(s)
	}
	c.OK()
}

// refuseSetting says why an option cannot have a value.
func (s *Server) refuseSetting(c *front.Call, d *directive, value string) {
	if d.why != "" {
		c.Error("ERR " + d.why)
		return
	}
	c.Error("ERR Invalid argument '" + value + "' for CONFIG SET '" + string(c.Args[2]) + "'")
}

// switchAOF switches the append only file on or off.
func (s *Server) switchAOF(c *front.Call, value string) {
	yes, _ := conf.ParseYesNo(value)
	switch {
	case yes == (s.aof.state != aofOff):
		c.OK()
	case yes:
		s.startAOF()
		c.OK()
	default:
		s.stopAOF(c.OK)
	}
}

// changeDir enters a directory if there is one.
func (s *Server) changeDir(c *front.Call, dir string) {
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			c.Error("ERR Changing directory: " + string(ev.Err))
			return
		}
		s.cfg.enterDir(dir)
		c.OK()
	}, node.FileStep{Kind: node.EnterDir, Path: s.cfg.inDir(dir)})
}

func (s *Server) configResetStat(c *front.Call) {
	s.data.Stats, s.repl.Stats = commands.Stats{}, replication.Stats{}
	s.front.ResetStats()
	c.OK()
}

// configRewrite makes the file say what is configured now. The whole server waits: a Sentinel that sent it has to
// know that it is done. Redis 4.0: config.c, rewriteConfig.
func (s *Server) configRewrite(c *front.Call) {
	if s.opts.ConfigPath == "" {
		c.Error("ERR The server is running without a config file")
		return
	}
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone && ev.Err != node.ErrNotFound {
			s.rewriteDone(c, ev.Err)
			return
		}
		s.writeConfig(c, string(ev.Bytes))
	}, node.FileStep{Kind: node.ReadFile, Path: s.opts.ConfigPath})
}

func (s *Server) writeConfig(c *front.Call, old string) {
	r := conf.NewRewriter(old)
	for i := range s.directives {
		if d := &s.directives[i]; d.rewrite != nil {
			d.rewrite(s, r)
		}
	}
	s.foreground(func(ev *node.Event) { s.rewriteDone(c, ev.Err) },
		node.FileStep{Kind: node.ReplaceFile, Path: s.opts.ConfigPath, Data: []byte(r.Text())})
}

func (s *Server) rewriteDone(c *front.Call, err node.Errno) {
	if err != node.ErrNone {
		s.log(node.LogWarning, "CONFIG REWRITE failed: "+string(err))
		c.Error("ERR Rewriting config file: " + string(err))
		return
	}
	s.log(node.LogWarning, "CONFIG REWRITE executed with success.")
	c.OK()
}

// bulkLimitChanged tells the clients' parsers.
func (s *Server) bulkLimitChanged() {
	for _, c := range s.front.Clients() {
		c.In.MaxBulk = s.cfg.MaxBulkLen
	}
}
