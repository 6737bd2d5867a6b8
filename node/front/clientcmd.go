package front

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node/resp"
)

// CLIENT. Redis 4.0: networking.c, clientCommand.

func (f *Front) clientCommand(c *Call) {
	sub, words := c.Option(1), len(c.Args)
	switch {
	case sub == "LIST" && words == 2:
		var b []byte
		for _, other := range f.byID {
			b = append(append(b, f.Line(other)...), '\n')
		}
		c.Bulk(b)
	case sub == "REPLY" && words == 3:
		f.clientReply(c)
	case sub == "KILL":
		f.clientKill(c)
	case sub == "SETNAME" && words == 3:
		f.clientSetName(c)
	case sub == "GETNAME" && words == 2:
		if c.Client.Name == "" {
			c.Null()
		} else {
			c.Text(c.Client.Name)
		}
	case sub == "PAUSE" && words == 3:
		f.clientPause(c)
	default:
		c.Error("ERR Syntax error, try CLIENT (LIST | KILL | GETNAME | SETNAME | PAUSE | REPLY)")
	}
}

func (f *Front) clientReply(c *Call) {
	switch c.Option(2) {
	case "ON":
		c.Client.State &^= ReplySkip | ReplyOff
		c.OK()
	case "OFF":
		c.Client.State |= ReplyOff
	case "SKIP":
		if !c.Is(ReplyOff) {
			c.Client.State |= ReplySkipNext
		}
	default:
		c.Error(ErrSyntax)
	}
}

func (f *Front) clientSetName(c *Call) {
	name := string(c.Args[2])
	if i := strings.IndexFunc(name, func(r rune) bool { return r < '!' || r > '~' }); i >= 0 {
		c.Error("ERR Client names cannot contain spaces, newlines or special characters.")
		return
	}
	c.Client.Name = name
	c.OK()
}

func (f *Front) clientPause(c *Call) {
	ms, ok := resp.ParseInt(c.Args[2])
	switch {
	case !ok:
		c.Error("ERR timeout is not an integer or out of range")
		return
	case ms < 0:
		c.Error("ERR timeout is negative")
		return
	}
	end := f.Now.Add(time.Duration(ms) * time.Millisecond)
	if !f.Paused || end > f.pauseEnd { // a pause is never made shorter
		f.Paused, f.pauseEnd = true, end
		f.Out.SetTimer(f.PauseTimer, time.Duration(ms)*time.Millisecond)
	}
	c.OK()
}

// killFilter says which clients CLIENT KILL means.
type killFilter struct {
	addr     string
	class    int // -1: any
	id       uint64
	hasID    bool
	skipSelf bool
}

func (k *killFilter) matches(other, self *Client) bool {
	return (k.addr == "" || other.Addr == k.addr) &&
		(k.class < 0 || other.Class() == k.class) &&
		(!k.hasID || other.ID == k.id) &&
		!(k.skipSelf && other == self)
}

func (f *Front) clientKill(c *Call) {
	k := killFilter{class: -1, skipSelf: true}
	oldForm := len(c.Args) == 3
	switch {
	case oldForm:
		k.addr, k.skipSelf = string(c.Args[2]), false
	case len(c.Args) < 3 || len(c.Args)%2 != 0:
		c.Error(ErrSyntax)
		return
	default:
		for i := 2; i < len(c.Args); i += 2 {
			if reason := k.parse(c.Option(i), c.Args[i+1]); reason != "" {
				c.Error(reason)
				return
			}
		}
	}
	killed := int64(0)
	for _, other := range slices.Clone(f.byID) {
		if other.Is(Freed) || !k.matches(other, c.Client) {
			continue
		}
		killed++
		if other == c.Client {
			f.CloseAfterReply(other) // it is to hear of its own death
		} else {
			f.Free(other)
		}
	}
	switch {
	case !oldForm:
		c.Int(killed)
	case killed == 0:
		c.Error("ERR No such client")
	default:
		c.OK()
	}
}

// parse takes one option of CLIENT KILL, and returns the error to reply or "".
func (k *killFilter) parse(name string, value []byte) string {
	switch name {
	case "ID":
		n, ok := resp.ParseInt(value)
		if !ok {
			return ErrNotInt
		}
		k.id, k.hasID = uint64(n), true
	case "TYPE":
		kind := strings.ToUpper(string(value))
		k.class = slices.Index([]string{"NORMAL", "SLAVE", "PUBSUB", "MASTER"}, kind)
		if kind == "REPLICA" {
			k.class = ClassSlave
		}
		if k.class < 0 {
			return "ERR Unknown client type '" + string(value) + "'"
		}
	case "ADDR":
		k.addr = string(value)
	case "SKIPME":
		switch {
		case bytes.EqualFold(value, []byte("yes")):
			k.skipSelf = true
		case bytes.EqualFold(value, []byte("no")):
			k.skipSelf = false
		default:
			return ErrSyntax
		}
	default:
		return ErrSyntax
	}
	return ""
}

// stateLetters are what CLIENT LIST has for a client's states.
var stateLetters = [...]struct {
	state  State
	letter string
}{{Replica, "S"}, {Monitor, "O"}, {Master, "M"}, {InMulti, "x"}, {Blocked, "b"}, {DirtyCAS, "d"}, {CloseAfterReply, "c"},
	{CloseASAP, "A"}, {UnixSocket, "U"}}

// Line is how CLIENT LIST and log lines show a client. Redis 4.0: networking.c, catClientInfoString.
func (f *Front) Line(c *Client) string {
	flags := ""
	for _, s := range stateLetters {
		// A monitor is a replica of a kind to Redis, which prints one letter for it.
		if c.Is(s.state) && !(s.state == Replica && c.Is(Monitor)) {
			flags += s.letter
		}
	}
	if flags == "" {
		flags = "N"
	}
	channels, patterns := f.PubSub.Counts(c.Conn)
	multi := -1
	if c.Multi != nil {
		multi = len(c.Multi.Queue)
	}
	events := "r"
	if c.HasUnsent() {
		events = "rw"
	}
	cmd := "NULL"
	if c.Last != nil {
		cmd = c.Last.Name
	}
	return fmt.Sprintf("id=%d addr=%s fd=%d name=%s age=%d idle=%d flags=%s db=%d sub=%d psub=%d multi=%d qbuf=%d qbuf-free=%d "+
		"obl=%d oll=%d omem=%d events=%s cmd=%s", c.ID, c.Addr, c.Conn, c.Name, int64(f.Now.Sub(c.Created)/time.Second),
		int64(f.Now.Sub(c.LastActive)/time.Second), flags, c.DB, channels, patterns, multi, c.In.Buffered(), 0,
		len(c.reply), 0, c.Waiting(), events, cmd)
}
