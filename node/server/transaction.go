package server

// transaction is what MULTI opened.
type transaction struct {
	queue   []queuedCommand
	running bool // EXEC is under way: next is the command to run
	next    int
	// hasWritten says that a MULTI has gone into the stream, so that an EXEC has to follow.
	hasWritten bool
	wasMaster  bool // at EXEC
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
