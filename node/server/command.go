package server

import (
	"bytes"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// commandFlags are what a command is, by the letters of Redis's command table.
type commandFlags uint32

const (
	flagWrite     commandFlags = 1 << iota // w: may change the dataset
	flagReadOnly                           // r: reads keys and never changes them
	flagDenyOOM                            // m
	flagAdmin                              // a
	flagPubSubCmd                          // p
	flagNoScript                           // s
	flagRandom                             // R
	flagSort                               // S
	flagLoading                            // l: allowed while the dataset is being loaded
	flagStale                              // t: allowed on a replica without its master, whatever slave-serve-stale-data says
	flagNoMonitor                          // M
	flagFast                               // F
)

// command is one row of the command table.
type command struct {
	name  string
	run   func(*Server, *client)
	arity int // number of words with the name; negative: at least that many
	flags commandFlags
	// The arguments that are keys: from first to last (negative: from the end) every step; 0 for none.
	first, last, step int

	// For INFO commandstats. A core has no clock within a Step: usec counts what the command kept the server waiting
	// for (files, DEBUG SLEEP).
	calls, usec int64
}

// dispatch checks the command in c.args in Redis's order and runs, queues or refuses it.
// Redis 4.0: server.c, processCommand.
func (s *Server) dispatch(c *client) {
	// QUIT is no command: it has no row, and nothing keeps it from being obeyed.
	if bytes.EqualFold(c.args[0], []byte("quit")) {
		s.replySimple(c, "OK")
		s.closeAfterReply(c)
		return
	}
	cmd := s.lookup(c.args[0])
	c.cmd, c.last = cmd, cmd
	if refusal, poison := s.refuse(c, cmd); refusal != "" {
		if poison {
			s.poison(c)
		}
		s.replyError(c, refusal)
		return
	}
	if c.is(flagMulti) && !cmd.runsInMulti() {
		s.queue(c)
		return
	}
	s.call(c)
}

// refuse returns the error with which a command is turned away, without its leading '-', or "". poison says that it
// also spoils the transaction that the client has open.
func (s *Server) refuse(c *client, cmd *command) (refusal string, poison bool) {
	switch {
	case cmd == nil:
		return unknownCommand(c.args), true
	case (cmd.arity > 0 && len(c.args) != cmd.arity) || len(c.args) < -cmd.arity:
		return "ERR wrong number of arguments for '" + cmd.name + "' command", true
	case s.cfg.requirePass != "" && !c.authenticated && cmd.name != "auth" && !c.is(flagMaster):
		return "NOAUTH Authentication required.", true
	}
	if s.cfg.maxMemory > 0 && cmd.flags&flagDenyOOM != 0 && s.usedMemory() > s.cfg.maxMemory {
		return "OOM command not allowed when used memory > 'maxmemory'.", true
	}
	if cmd.flags&flagWrite != 0 || cmd.name == "ping" {
		if s.saveFailedStopsWrites() && s.repl.isMaster() {
			return misconfRDB, true
		}
	}
	if cmd.flags&flagWrite != 0 {
		if s.repl.tooFewGoodReplicas(s) {
			s.noteRefused(c, "noreplicas")
			return "NOREPLICAS Not enough good slaves to write.", true
		}
		if !s.repl.isMaster() && s.cfg.slaveReadOnly && !c.is(flagMaster) {
			s.noteRefused(c, "readonly")
			return "READONLY You can't write against a read only slave.", false
		}
	}
	if c.is(flagPubSub) && !cmd.inPubSub() {
		return "ERR only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT allowed in this context", false
	}
	if !s.repl.isMaster() && s.repl.state != linkConnected && !s.cfg.slaveServeStale && cmd.flags&flagStale == 0 {
		return "MASTERDOWN Link with MASTER is down and slave-serve-stale-data is set to 'no'.", true
	}
	if s.loading && cmd.flags&flagLoading == 0 {
		return "LOADING Redis is loading the dataset in memory", false
	}
	return "", false
}

// unknownCommand quotes what no command has the name of, and the beginning of its arguments.
// Redis 4.0: server.c, processCommand.
func unknownCommand(args [][]byte) string {
	const most = 128
	b := append([]byte("ERR unknown command `"), args[0][:min(len(args[0]), most)]...)
	b = append(b, "`, with args beginning with: "...)
	quoted := 0
	for _, arg := range args[1:] {
		if quoted >= most {
			break
		}
		before := len(b)
		b = append(b, '`')
		b = append(b, arg[:min(len(arg), most-quoted)]...)
		b = append(b, "`, "...)
		quoted += len(b) - before
	}
	return string(b)
}

// runsInMulti tells the commands that are not queued inside MULTI.
func (cmd *command) runsInMulti() bool {
	switch cmd.name {
	case "exec", "discard", "multi", "watch":
		return true
	}
	return false
}

// inPubSub tells the commands that a subscribed client may send.
func (cmd *command) inPubSub() bool {
	switch cmd.name {
	case "ping", "subscribe", "unsubscribe", "psubscribe", "punsubscribe":
		return true
	}
	return false
}

// call runs the command in c.args and puts its effect into the replication stream if it changed the dataset.
// Redis 4.0: server.c, call.
func (s *Server) call(c *client) {
	cmd, db, dirty, outer := c.cmd, c.db, s.dirty, s.current
	s.current = c
	s.rewritten, s.forced = nil, false
	s.stats.commands++
	cmd.calls++
	if len(s.monitors) > 0 {
		s.feedMonitors(c)
	}
	cmd.run(s, c)
	s.current = outer
	if s.busy != 0 {
		s.tookTime(c, cmd, s.busy)
		s.busy = 0
	} else if s.cfg.slowlogSlowerThan == 0 && cmd.name != "exec" {
		s.logSlow(c, c.args, 0)
	}
	if (s.dirty != dirty || s.forced) && cmd.name != "exec" { // EXEC closes its transaction itself
		s.propagate(db, c.args)
	}
	c.wrote = s.repl.offset
}

// tookTime counts the time for which a command kept the whole server.
func (s *Server) tookTime(c *client, cmd *command, d time.Duration) {
	cmd.usec += d.Microseconds()
	if limit := s.cfg.slowlogSlowerThan; limit >= 0 && d.Microseconds() > limit {
		s.logSlow(c, c.args, d)
	}
}

// propagate hands an executed change to the replicas, as the client sent it unless the command put other words in
// its place (s.rewritten).
func (s *Server) propagate(db int, args [][]byte) {
	if s.rewritten != nil {
		args, s.rewritten = s.rewritten, nil
	}
	s.forced = false
	s.repl.feed(s, db, args)
}

// wordBytes turns words into what propagate and the replication stream take.
func wordBytes(words ...string) [][]byte {
	list := make([][]byte, len(words))
	for i, w := range words {
		list[i] = []byte(w)
	}
	return list
}

// noteRefused observes a refused write.
func (s *Server) noteRefused(c *client, reason string) {
	if !s.opts.Notes {
		return
	}
	key := ""
	if c.cmd.first > 0 && c.cmd.first < len(c.args) {
		key = string(c.args[c.cmd.first])
	}
	s.note(node.Note{Kind: node.NoteRefused, Reason: reason, Key: key, N: int64(s.repl.goodReplicas), M: s.cfg.minSlavesToWrite})
}

// option returns an argument in upper case, for keywords such as NX.
func option(arg []byte) string { return strings.ToUpper(string(arg)) }
