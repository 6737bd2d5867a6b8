package explore

import (
	"bytes"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
)

// msgID is what one step sent on one connection. Two that mean the same have the same.
type msgID int32

// message is what a search has to know of it.
type message struct {
	bytes string // of the first one that meant this
	short string // for people
	alive bool   // it only says "I am still here": nothing, or an answer that nobody reads
	hello bool   // it is nothing but a hello, or several
	info  bool   // it is an INFO
	reads bool   // as requests to a server, it changes nothing there

	subscribes bool // a Sentinel does, to hellos
	ask        bool // it asks another Sentinel, and perhaps for its vote
	vote       bool // it is the answer to that
	master     bool // it is an INFO of a master
}

// messages are all that were ever sent.
type messages struct {
	list []message
	byID map[string]msgID // by what they mean
}

func newMessages() *messages { return &messages{byID: map[string]msgID{}} }

func (m *messages) of(id msgID) *message { return &m.list[id] }

// intern finds the message that means what bytes mean, or adds it.
func (m *messages) intern(stream string) msgID {
	is := classify(stream)
	key := stream
	if is.info {
		key = is.short
	}
	id, known := m.byID[key]
	if !known {
		id = msgID(len(m.list))
		is.bytes = stream
		m.list = append(m.list, is)
		m.byID[key] = id
	}
	return id
}

// classify reads requests or replies. What is neither, as an RDB is not, is a stream between servers.
func classify(stream string) message {
	if strings.HasPrefix(stream, "*") && !strings.HasPrefix(stream, "*3\r\n$7\r\nmessage") && !strings.HasPrefix(stream, "*3\r\n$9\r\nsubscribe") &&
		!strings.HasPrefix(stream, "*3\r\n:") && !strings.HasPrefix(stream, "*5\r\n+") {
		return classifyRequests(stream)
	}
	return classifyReplies(stream)
}

func classifyRequests(stream string) message {
	var p resp.RequestParser
	p.Feed([]byte(stream))
	is := message{alive: true, hello: true, reads: true}
	var shorts []string
	for {
		args, ok, err := p.Next()
		if err != nil || !ok {
			break
		}
		switch name := strings.ToUpper(string(args[0])); name {
		case "PING":
			is.hello = false
		case "INFO":
			is.hello = false
		case "CLIENT", "SUBSCRIBE":
			is.hello = false
			is.subscribes = is.subscribes || name == "SUBSCRIBE"
			is.reads = is.reads && name == "CLIENT"
		case "PUBLISH":
			is.alive = false
			shorts = append(shorts, "hello "+helloText(args[2]))
			continue
		case "REPLCONF", "PSYNC": // between servers
			is.reads, is.hello = false, false
		default:
			is.ask = is.ask || name == "SENTINEL"
			is.alive, is.hello, is.reads = false, false, false
		}
		shorts = append(shorts, string(bytes.Join(args, []byte(" "))))
	}
	is.short = strings.Join(shorts, ", ")
	return is
}

// helloText is a hello without who sends it from where: its current epoch, and the master's address and epoch.
func helloText(payload []byte) string {
	f := strings.Split(string(payload), ",")
	if len(f) != 8 {
		return string(payload)
	}
	return "of " + f[2] + " in epoch " + f[3] + ": " + f[5] + ":" + f[6] + " by epoch " + f[7]
}

func classifyReplies(stream string) message {
	var p resp.ReplyParser
	p.Feed([]byte(stream))
	is := message{alive: true, hello: true}
	var shorts []string
	for {
		r, ok, err := p.Next()
		if err != nil || !ok {
			break
		}
		switch {
		case r.Kind == '$' && !r.Null:
			is.alive, is.hello, is.info = false, false, true
			is.master = strings.Contains(string(r.Str), "role:master")
			shorts = append(shorts, infoText(r.Str))
		case r.Kind == '*' && len(r.Elems) == 3 && r.Elems[0].Kind == ':':
			is.alive, is.hello, is.vote = false, false, true
			shorts = append(shorts, voteText(r.Elems))
		case r.Kind == '*' && len(r.Elems) == 3 && string(r.Elems[0].Str) == "message":
			is.alive = false
			shorts = append(shorts, "hello "+helloText(r.Elems[2].Str))
		default:
			is.hello = false
			shorts = append(shorts, strings.TrimSpace(string(r.Kind)+string(r.Str)))
		}
	}
	is.short = strings.Join(shorts, ", ")
	return is
}

func voteText(e []resp.Reply) string {
	down := "up"
	if e[0].Int == 1 {
		down = "down"
	}
	if string(e[1].Str) == "*" {
		return down
	}
	return down + ", vote for " + string(e[1].Str) + " in epoch " + string(resp.AppendInt(nil, e[2].Int)[1:2])
}

// infoRead are the lines of an INFO that a Sentinel reads.
var infoRead = []string{"run_id", "role", "master_host", "master_port", "master_link_status", "master_link_down_since_seconds",
	"slave_priority", "slave_repl_offset", "master_replid", "master_replid2", "second_repl_offset", "master_repl_offset"}

// infoText is of an INFO what a Sentinel reads: the rest of it differs with everything that was ever asked.
func infoText(info []byte) string {
	var read []string
	for line := range strings.SplitSeq(string(info), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if slices.Contains(infoRead, name) {
			read = append(read, line)
		} else if rest, ok := strings.CutPrefix(name, "slave"); ok && rest != "" && rest[0] <= '9' {
			address, _, _ := strings.Cut(value, ",state=")
			read = append(read, name+":"+address)
		}
	}
	return "INFO " + strings.Join(read, " ")
}
