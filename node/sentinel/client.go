package sentinel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// client is a connection that came in: an application, an operator or another Sentinel.
type client struct {
	stream
	number  int64
	addr    string
	name    string
	since   node.Instant
	active  node.Instant
	last    string // command
	in      resp.RequestParser
	waits   bool // for its last answer, which comes once the configuration is saved
	silent  bool // CLIENT REPLY OFF
	skip    bool // CLIENT REPLY SKIP: the next command is not answered
	skipNow bool
}

const protectedText = "DENIED Redis is running in protected mode: no bind address and no password are configured, so only " +
	"connections from the loopback interface are accepted. To accept others, set 'bind', or set 'protected-mode no' in the " +
	"configuration file and restart."

// subscriberMost is how much a subscriber may leave unread, in bytes (client-output-buffer-limit pubsub, the hard one).
const subscriberMost = 32 << 20

// queryMost is how much of an unfinished request is kept, in bytes (client-query-buffer-limit).
const queryMost = 1 << 30

func (s *Sentinel) accepted(ev *node.Event) {
	s.stats.connections++
	refuse := ""
	if ip, _ := splitAddr(ev.Remote); s.cfg.protectedMode && len(s.cfg.bind) == 0 && s.cfg.requirePass == "" && ip != "127.0.0.1" && ip != "::1" {
		refuse = protectedText
	}
	if len(s.clientList) >= s.cfg.maxClients {
		refuse = "ERR max number of clients reached"
		s.stats.rejected++
	}
	if refuse != "" {
		s.out.Send(ev.Conn, resp.AppendError(nil, refuse))
		s.out.CloseAfterFlush(ev.Conn)
		return
	}
	s.nextClientID++
	c := &client{number: s.nextClientID, addr: ev.Remote, since: s.now, active: s.now}
	c.conn = ev.Conn
	s.clients[c.conn] = c
	s.clientList = append(s.clientList, c)
}

func (s *Sentinel) forgetClient(c *client) {
	delete(s.clients, c.conn)
	s.subs.Drop(c.conn)
	if i := slices.Index(s.clientList, c); i >= 0 {
		s.clientList = slices.Delete(s.clientList, i, i+1)
	}
	c.conn = 0
}

// hangUp ends c once what was sent on it has left.
func (s *Sentinel) hangUp(c *client) {
	conn := c.conn
	s.forgetClient(c)
	c.conn, c.closing = conn, true
	s.send(&c.stream)
}

func (s *Sentinel) clientReceived(c *client, b []byte) {
	c.active = s.now
	c.in.Feed(b)
	for !c.closing && !c.waits && c.conn != 0 && s.phase == running {
		args, ok, err := c.in.Next()
		if err != nil {
			c.out = resp.AppendError(c.out, "ERR Protocol error: "+err.Error())
			s.hangUp(c)
			return
		}
		if !ok {
			if c.in.Buffered() > queryMost {
				s.hangUp(c)
			}
			return
		}
		if len(args) > 0 {
			s.execute(c, args)
		}
	}
}

// execute runs one request, and takes back what it answered if the client wants no answers.
func (s *Sentinel) execute(c *client, args [][]byte) {
	s.stats.commands++
	answered := len(c.out)
	c.skipNow, c.skip = c.skip, false
	s.dispatch(c, args)
	if (c.silent || c.skipNow) && !c.closing {
		c.out = c.out[:min(answered, len(c.out))]
	}
	s.send(&c.stream)
}

// flags are the letters of CLIENT LIST: P for a subscriber, N for none of the others.
func (s *Sentinel) clientFlags(c *client) string {
	if s.subs.Count(c.conn) > 0 {
		return "P"
	}
	return "N"
}

func (s *Sentinel) clientLine(c *client) string {
	channels, patterns := s.subs.Counts(c.conn)
	last := c.last
	if last == "" {
		last = "NULL"
	}
	return fmt.Sprintf("id=%d addr=%s fd=%d name=%s age=%d idle=%d flags=%s db=0 sub=%d psub=%d multi=-1 qbuf=%d qbuf-free=0 "+
		"obl=0 oll=0 omem=0 events=r cmd=%s\n", c.number, c.addr, c.conn, c.name, int64(s.since(c.since).Seconds()),
		int64(s.since(c.active).Seconds()), s.clientFlags(c), channels, patterns, c.in.Buffered(), last)
}

// clientCommand is CLIENT. Redis 4.0: networking.c, clientCommand.
func (s *Sentinel) clientCommand(c *client, args [][]byte) {
	switch sub := strings.ToLower(string(args[1])); {
	case sub == "list" && len(args) == 2:
		var b strings.Builder
		for _, other := range s.clientList {
			b.WriteString(s.clientLine(other))
		}
		c.out = resp.AppendBulkString(c.out, b.String())
	case sub == "getname" && len(args) == 2:
		if c.name == "" {
			c.out = resp.AppendNull(c.out)
		} else {
			c.out = resp.AppendBulkString(c.out, c.name)
		}
	case sub == "setname" && len(args) == 3:
		for _, ch := range args[2] {
			if ch < '!' || ch > '~' {
				c.fail("ERR Client names cannot contain spaces, newlines or special characters.")
				return
			}
		}
		c.name = string(args[2])
		c.ok()
	case sub == "reply" && len(args) == 3:
		s.clientReply(c, strings.ToLower(string(args[2])))
	case sub == "kill" && len(args) == 3:
		s.clientKillAddr(c, string(args[2]))
	case sub == "kill" && len(args) > 3:
		s.clientKill(c, args[2:])
	case sub == "pause" && len(args) == 3:
		if ms, ok := resp.ParseInt(args[2]); !ok || ms < 0 {
			c.fail("ERR timeout is not an integer or out of range")
			return
		}
		c.ok() // Sentinel's own clients are not worth pausing: nothing they do must wait
	default:
		c.fail("ERR Syntax error, try CLIENT (LIST | KILL | GETNAME | SETNAME | PAUSE | REPLY)")
	}
}

func (s *Sentinel) clientReply(c *client, mode string) {
	switch mode {
	case "on":
		c.silent, c.skipNow = false, false
		c.ok()
	case "off":
		c.silent = true
	case "skip":
		c.skip = !c.silent
		c.skipNow = true
	default:
		c.fail("ERR syntax error")
	}
}

func (s *Sentinel) clientKillAddr(c *client, addr string) {
	for _, other := range s.clientList {
		if other.addr == addr {
			c.ok()
			s.kill(other, c)
			return
		}
	}
	c.fail("ERR No such client")
}

// kill ends a client at once, or the one that asks for it after its answer.
func (s *Sentinel) kill(c, asker *client) {
	if c == asker {
		s.hangUp(c)
		return
	}
	s.out.Close(c.conn)
	s.forgetClient(c)
}

// killFilter is what CLIENT KILL's options ask for.
type killFilter struct {
	id     int64 // 0: any
	addr   string
	kind   string
	skipMe bool
}

func (s *Sentinel) clientKill(c *client, options [][]byte) {
	f, problem := parseKillFilter(options)
	if problem != "" {
		c.fail(problem)
		return
	}
	var matching []*client
	for _, other := range s.clientList {
		if (f.id == 0 || other.number == f.id) && (f.addr == "" || other.addr == f.addr) && (!f.skipMe || other != c) &&
			(f.kind == "" || f.kind == s.clientKind(other)) {
			matching = append(matching, other)
		}
	}
	c.out = resp.AppendInt(c.out, int64(len(matching)))
	for _, other := range matching {
		s.kill(other, c)
	}
}

func parseKillFilter(options [][]byte) (f killFilter, problem string) {
	f.skipMe = true
	if len(options)%2 != 0 {
		return f, "ERR syntax error"
	}
	for i := 0; i < len(options); i += 2 {
		value := strings.ToLower(string(options[i+1]))
		switch strings.ToLower(string(options[i])) {
		case "id":
			n, ok := resp.ParseInt(options[i+1])
			if !ok {
				return f, "ERR value is not an integer or out of range"
			}
			f.id = n
		case "addr":
			f.addr = string(options[i+1])
		case "type":
			if !slices.Contains([]string{"normal", "slave", "pubsub", "master"}, value) {
				return f, "ERR Unknown client type '" + string(options[i+1]) + "'"
			}
			f.kind = value
		case "skipme":
			if value != "yes" && value != "no" {
				return f, "ERR syntax error"
			}
			f.skipMe = value == "yes"
		default:
			return f, "ERR syntax error"
		}
	}
	return f, ""
}

func (s *Sentinel) clientKind(c *client) string {
	if s.subs.Count(c.conn) > 0 {
		return "pubsub"
	}
	return "normal"
}

func (c *client) ok() { c.out = append(c.out, "+OK\r\n"...) }

// fail answers with an error; text begins with its code.
func (c *client) fail(text string) { c.out = resp.AppendError(c.out, text) }
