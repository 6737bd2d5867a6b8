package front

import (
	"bytes"
	"slices"

	"github.com/ordeal-go/ordeal/node"
)

// From the bytes of a client to calls. Redis 4.0: networking.c, processInputBuffer; server.c, processCommand.

// Received takes what a client sent.
func (f *Front) Received(ev *node.Event) {
	c := f.clients[ev.Conn]
	if c == nil {
		return // closed by an earlier event's command; the world was not told in time
	}
	c.LastActive = f.Now
	f.Stats.NetIn += int64(len(ev.Bytes))
	f.Feed(c, ev.Bytes)
	if int64(c.In.Buffered()) > f.Set.QueryBufferLimit && !c.Is(Master) { // what a master has taken, its replicas must take
		f.overQueryLimit(c)
		return
	}
	f.Process(c)
}

// Feed adds bytes to what c has sent, and looks at none of them.
func (f *Front) Feed(c *Client, b []byte) {
	c.In.Feed(b)
	f.Host.Fed(c, len(b))
}

// Process runs the commands that have arrived whole, until the client has to wait or is to be closed.
func (f *Front) Process(c *Client) {
	for !c.Is(Blocked|CloseAfterReply|CloseASAP|Freed) && f.Host.Listens(c) && (!f.Paused || c.Is(Replica)) {
		args, ok, err := c.In.Next()
		if err != nil {
			f.protocolError(c, err)
			return
		}
		if !ok {
			return
		}
		if len(args) == 0 {
			f.Host.EmptyLine(c)
			continue
		}
		c.call = f.NewCall(c, nil, args)
		f.dispatch(&c.call)
		if f.Host.Waits(c) {
			return // goes on in Resume
		}
		f.afterCommand(c)
	}
}

// Resume goes on with a client whose command waited for a file.
func (f *Front) Resume(c *Client) {
	f.Host.Resumed(c)
	if f.Host.Waits(c) {
		return
	}
	f.afterCommand(c)
	f.Process(c)
}

// ServeHeld runs what clients sent while nobody would listen.
func (f *Front) ServeHeld() {
	for _, c := range slices.Clone(f.byID) {
		if c.In.Buffered() > 0 {
			f.Process(c)
		}
	}
}

// PauseOver is the end of CLIENT PAUSE.
func (f *Front) PauseOver() {
	f.Paused = false
	f.ServeHeld()
}

func (f *Front) afterCommand(c *Client) {
	c.call.Args = nil
	c.State &^= ReplySkip
	if c.Is(ReplySkipNext) {
		c.State = c.State&^ReplySkipNext | ReplySkip
	}
	f.Host.Executed(c)
}

// dispatch checks a call in Redis's order and runs, queues or refuses it.
func (f *Front) dispatch(c *Call) {
	// QUIT is no command: it has no row, and nothing keeps it from being obeyed.
	if bytes.EqualFold(c.Args[0], []byte("quit")) {
		c.OK()
		f.CloseAfterReply(c.Client)
		return
	}
	c.Cmd = f.Table.Lookup(c.Args[0])
	c.Client.Last = c.Cmd
	if refusal, poison := f.refuse(c); refusal != "" {
		if poison && c.Is(InMulti) {
			c.Client.State |= DirtyExec // EXEC is to fail: a command of the transaction was refused
		}
		c.Error(refusal)
		return
	}
	if c.Is(InMulti) && !c.Cmd.Is(NotQueued) {
		t := c.Client.Multi
		t.Queue = append(t.Queue, Queued{c.Cmd, CloneArgs(c.Args)})
		c.Simple("QUEUED")
		return
	}
	f.Host.Execute(c)
}

// refuse returns the error with which a call is turned away, without its leading '-', or "". poison says that it also
// spoils the transaction that the client has open.
func (f *Front) refuse(c *Call) (refusal string, poison bool) {
	switch cmd := c.Cmd; {
	case cmd == nil:
		return unknownCommand(c.Args), true
	case !cmd.TakesArgs(len(c.Args)):
		return "ERR wrong number of arguments for '" + cmd.Name + "' command", true
	case f.Set.RequirePass != "" && !c.Client.Authenticated && !cmd.Is(WithoutAuth) && !c.Is(Master):
		return "NOAUTH Authentication required.", true
	}
	return f.Host.Refuse(c)
}

// NotInPubSub refuses what a subscribed client may not send.
func NotInPubSub(c *Call) string {
	if c.Is(Subscribed) && !c.Cmd.Is(InPubSub) {
		return "ERR only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT allowed in this context"
	}
	return ""
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

// CloneArgs copies arguments for the time after the next request.
func CloneArgs(args [][]byte) [][]byte {
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

// protocolError answers what is no request and closes. Redis 4.0: networking.c, setProtocolError.
func (f *Front) protocolError(c *Client, err error) {
	f.logf(node.LogVerbose, func() string {
		return "Protocol error (" + err.Error() + ") from client: " + f.Line(c) + ". Query buffer during protocol error: '" +
			quoteStart(c.In.Rest()) + "'"
	})
	f.Answer(c).Error("ERR Protocol error: " + err.Error())
	f.CloseAfterReply(c)
}

func (f *Front) overQueryLimit(c *Client) {
	f.logf(node.LogWarning, func() string {
		return "Closing client that reached max query buffer length: " + f.Line(c) + " (qbuf initial bytes: \"" +
			quoteStart(c.In.Rest()) + "\")"
	})
	f.Free(c)
}

// quoteStart is the beginning of b in a form fit for the log.
func quoteStart(b []byte) string {
	const most = 64
	text := make([]byte, 0, most)
	for _, x := range b[:min(len(b), most)] {
		if x < ' ' || x > '~' {
			x = '.'
		}
		text = append(text, x)
	}
	return string(text)
}
