package server

import (
	"strings"
)

// The table of commands. Each subject's file has its own rows; the letters of flags and the keys are those of
// Redis 4.0: server.c, redisCommandTable.

// commandTable returns the rows of all commands, in the order in which COMMAND lists them.
func commandTable() []command {
	var rows []command
	rows = append(rows, stringCommands()...)
	rows = append(rows, bitCommands()...)
	rows = append(rows, keyCommands()...)
	rows = append(rows, expireCommands()...)
	rows = append(rows, databaseCommands()...)
	rows = append(rows, transactionCommands()...)
	rows = append(rows, pubsubCommands()...)
	rows = append(rows, connectionCommands()...)
	rows = append(rows, persistenceCommands()...)
	rows = append(rows, serverCommands()...)
	rows = append(rows, replicationCommands()...)
	return rows
}

// letters turns a row's flags into what they mean.
func letters(text string) (flags commandFlags) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case 'w':
			flags |= flagWrite
		case 'r':
			flags |= flagReadOnly
		case 'm':
			flags |= flagDenyOOM
		case 'a':
			flags |= flagAdmin
		case 'p':
			flags |= flagPubSubCmd
		case 's':
			flags |= flagNoScript
		case 'R':
			flags |= flagRandom
		case 'S':
			flags |= flagSort
		case 'l':
			flags |= flagLoading
		case 't':
			flags |= flagStale
		case 'M':
			flags |= flagNoMonitor
		case 'F':
			flags |= flagFast
		}
	}
	return flags
}

// flagNames are what COMMAND replies for the flags, in Redis's order.
var flagNames = [...]struct {
	flag commandFlags
	name string
}{
	{flagWrite, "write"}, {flagReadOnly, "readonly"}, {flagDenyOOM, "denyoom"}, {flagAdmin, "admin"},
	{flagPubSubCmd, "pubsub"}, {flagNoScript, "noscript"}, {flagRandom, "random"}, {flagSort, "sort_for_script"},
	{flagLoading, "loading"}, {flagStale, "stale"}, {flagNoMonitor, "skip_monitor"}, {flagFast, "fast"},
}

// row makes a line of the table: name, arity, flags by their letters, first key, last key, step.
func row(name string, arity int, flags string, first, last, step int, run func(*Server, *client)) command {
	return command{name: name, run: run, arity: arity, flags: letters(flags), first: first, last: last, step: step}
}

// makeTable builds the table of a server that has not been configured yet.
func (s *Server) makeTable() {
	rows := commandTable()
	s.table = make(map[string]*command, len(rows))
	s.commands = make([]*command, len(rows))
	for i := range rows {
		s.commands[i] = &rows[i]
		s.table[rows[i].name] = &rows[i]
	}
	s.cfg.renames = renames{table: s.table}
}

// renames are the effect of rename-command: the table under other names.
type renames struct{ table map[string]*command }

// add renames a command; an empty new name takes it away. It returns the reason why not, or "".
func (r renames) add(from, to string) string {
	cmd := r.table[from]
	if cmd == nil {
		return "No such command in rename-command"
	}
	if to != "" && r.table[to] != nil {
		return "Target command name already exists"
	}
	delete(r.table, from)
	if to != "" {
		r.table[to] = cmd
	}
	return ""
}

// maxName is the longest name of a command that is looked up without an allocation, in bytes.
const maxName = 32

// lookup returns the command of that name in any case, or nil.
func (s *Server) lookup(name []byte) *command {
	if len(name) > maxName {
		return s.table[strings.ToLower(string(name))]
	}
	var lower [maxName]byte
	for i, x := range name {
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		lower[i] = x
	}
	return s.table[string(lower[:len(name)])]
}
