package server

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/glob"
)

// CONFIG. Redis 4.0: config.c, configCommand.

func (s *Server) configCommand(c *client) {
	sub := option(c.args[1])
	if s.loading && sub != "GET" {
		s.replyError(c, "ERR Only CONFIG GET is allowed during loading")
		return
	}
	words, run := 0, (func(*client))(nil)
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
		s.replyError(c, "ERR CONFIG subcommand must be one of GET, SET, RESETSTAT, REWRITE")
		return
	}
	if len(c.args) != words {
		s.replyError(c, "ERR Wrong number of arguments for CONFIG "+string(c.args[1]))
		return
	}
	run(c)
}

func (s *Server) configGet(c *client) {
	pattern := c.args[2]
	var found []string
	for i := range s.directives {
		if d := &s.directives[i]; d.get != nil && glob.Match(pattern, []byte(d.name), true) {
			found = append(found, d.name, d.get(s))
		}
	}
	s.replyStrings(c, found)
}

func (s *Server) configSet(c *client) {
	name, value := string(c.args[2]), string(c.args[3])
	d := s.directiveNamed(name)
	switch {
	case d == nil || d.set == nil:
		s.replyError(c, "ERR Unsupported CONFIG parameter: "+name)
		return
	case d.name == "dbfilename" && noPath("")(value) != "":
		s.replyError(c, "ERR dbfilename can't be a path, just a filename")
		return
	case d.name == "appendonly" && !d.set(s, value):
		s.replyError(c, "ERR this server writes no append only file")
		return
	case !d.set(s, value):
		s.replyError(c, "ERR Invalid argument '"+value+"' for CONFIG SET '"+name+"'")
		return
	}
	if d.changed != nil {
		d.changed(s)
	}
	s.replySimple(c, "OK")
}

func (s *Server) configResetStat(c *client) {
	now := s.stats
	s.stats = stats{}
	// Rates go on from the counters, which start again.
	s.stats.ops.at, s.stats.in.at, s.stats.out.at = now.ops.at, now.in.at, now.out.at
	for _, cmd := range s.commands {
		cmd.calls, cmd.usec = 0, 0
	}
	s.replySimple(c, "OK")
}

// configRewrite makes the file say what is configured now. The whole server waits: a Sentinel that sent it has to
// know that it is done. Redis 4.0: config.c, rewriteConfig.
func (s *Server) configRewrite(c *client) {
	if s.opts.ConfigPath == "" {
		s.replyError(c, "ERR The server is running without a config file")
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

func (s *Server) writeConfig(c *client, old string) {
	r := conf.NewRewriter(old)
	for i := range s.directives {
		if d := &s.directives[i]; d.rewrite != nil {
			d.rewrite(s, r)
		}
	}
	// Written beside it and put in its place: whatever happens in between, one of the two is whole.
	temp := s.opts.ConfigPath + ".rewrite"
	s.foreground(func(ev *node.Event) { s.rewriteDone(c, ev.Err) },
		node.FileStep{Kind: node.WriteFile, Path: temp, Data: []byte(r.Text())},
		node.FileStep{Kind: node.SyncFile, Path: temp},
		node.FileStep{Kind: node.RenameFile, Path: temp, To: s.opts.ConfigPath})
}

func (s *Server) rewriteDone(c *client, err node.Errno) {
	if err != node.ErrNone {
		s.log(node.LogWarning, "CONFIG REWRITE failed: "+string(err))
		s.replyError(c, "ERR Rewriting config file: "+string(err))
		return
	}
	s.log(node.LogWarning, "CONFIG REWRITE executed with success.")
	s.replySimple(c, "OK")
}

// bulkLimitChanged tells the clients' parsers.
func (s *Server) bulkLimitChanged() {
	for _, c := range s.byID {
		c.in.MaxBulk = s.cfg.maxBulkLen
	}
}
