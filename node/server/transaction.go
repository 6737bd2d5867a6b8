package server

import "slices"

// MULTI, EXEC, DISCARD, WATCH. Redis 4.0: multi.c.

func transactionCommands() []command {
	return []command{
		row("multi", 1, "sF", 0, 0, 0, (*Server).multiCommand),
		row("exec", 1, "sM", 0, 0, 0, (*Server).execCommand),
		row("discard", 1, "sF", 0, 0, 0, (*Server).discardCommand),
		row("watch", -2, "sF", 1, -1, 1, (*Server).watchCommand),
		row("unwatch", 1, "sF", 0, 0, 0, (*Server).unwatchCommand),
	}
}

// transaction is what MULTI opened.
type transaction struct {
	queue []queuedCommand

	// While EXEC is under way. It may have to wait for a file between two commands.
	running    bool
	next       int      // the command to run
	exec       [][]byte // EXEC as the client sent it
	propagated bool     // MULTI has gone into the stream, so that EXEC has to follow
}

type queuedCommand struct {
	cmd  *command
	args [][]byte
}

// watchedKey is a key that EXEC of its watcher depends on.
type watchedKey struct {
	db  int
	key string
}

func (s *Server) multiCommand(c *client) {
	if c.is(flagMulti) {
		s.replyError(c, "ERR MULTI calls can not be nested")
		return
	}
	c.flags |= flagMulti
	c.multi = new(transaction)
	s.replySimple(c, "OK")
}

// queue keeps the command in c.args for EXEC.
func (s *Server) queue(c *client) {
	c.multi.queue = append(c.multi.queue, queuedCommand{c.cmd, cloneArgs(c.args)})
	s.replySimple(c, "QUEUED")
}

// cloneArgs copies arguments for the time after the next request.
func cloneArgs(args [][]byte) [][]byte {
	size := 0
	for _, arg := range args {
		size += len(arg)
	}
	all, list := make([]byte, 0, size), make([][]byte, len(args))
	for i, arg := range args {
		from := len(all)
		all = append(all, arg...)
		list[i] = all[from:len(all):len(all)]
	}
	return list
}

// poison makes EXEC fail because a command of the transaction was refused.
func (s *Server) poison(c *client) {
	if c.is(flagMulti) {
		c.flags |= flagDirtyExec
	}
}

// endTransaction forgets the transaction and what it watched.
func (s *Server) endTransaction(c *client) {
	c.multi = nil
	c.flags &^= flagMulti | flagDirtyCAS | flagDirtyExec
	s.unwatchAll(c)
}

func (s *Server) discardCommand(c *client) {
	if !c.is(flagMulti) {
		s.replyError(c, "ERR DISCARD without MULTI")
		return
	}
	s.endTransaction(c)
	s.replySimple(c, "OK")
}

func (s *Server) watchCommand(c *client) {
	if c.is(flagMulti) {
		s.replyError(c, "ERR WATCH inside MULTI is not allowed")
		return
	}
	for _, key := range c.args[1:] {
		w := watchedKey{c.db, string(key)}
		if !slices.Contains(c.watched, w) {
			c.watched = append(c.watched, w)
			s.watchers[w] = append(s.watchers[w], c)
		}
	}
	s.replySimple(c, "OK")
}

func (s *Server) unwatchCommand(c *client) {
	s.unwatchAll(c)
	c.flags &^= flagDirtyCAS
	s.replySimple(c, "OK")
}

func (s *Server) execCommand(c *client) {
	switch {
	case !c.is(flagMulti):
		s.replyError(c, "ERR EXEC without MULTI")
		return
	case c.is(flagDirtyExec):
		s.showExec(c)
		s.endTransaction(c)
		s.replyError(c, "EXECABORT Transaction discarded because of previous errors.")
		return
	case c.is(flagDirtyCAS):
		s.showExec(c)
		s.endTransaction(c)
		s.replyNullArray(c)
		return
	}
	s.unwatchAll(c) // its own commands must not spoil it
	t := c.multi
	t.running, t.exec = true, c.args
	s.replyArray(c, len(t.queue))
	s.execRest(c)
}

// execRest runs what has not been run of c's transaction, until a command has to wait for a file.
func (s *Server) execRest(c *client) {
	t := c.multi
	for t.next < len(t.queue) {
		if c.is(flagFreed) {
			return
		}
		q := &t.queue[t.next]
		t.next++
		if !t.propagated && s.repl.isMaster() && q.cmd.flags&(flagReadOnly|flagAdmin) == 0 {
			t.propagated = true
			s.repl.feed(s, c.db, wordBytes("MULTI"))
		}
		c.cmd, c.args = q.cmd, q.args
		s.call(c)
		if s.resuming == c {
			return // goes on in resume
		}
	}
	c.args = t.exec
	c.cmd = s.lookup(t.exec[0])
	s.showExec(c)
	s.endTransaction(c)
	if !t.propagated {
		return
	}
	s.dirty++
	s.repl.feed(s, c.db, t.exec)
}

// showExec shows EXEC to monitors after the commands that it ran.
func (s *Server) showExec(c *client) {
	if len(s.monitors) > 0 {
		s.showMonitors(c)
	}
}
