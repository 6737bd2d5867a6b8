package onlooker

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Conversation is one connection from a server, which would be a replica, to another one.
type Conversation struct {
	number           string // of the run's conversations, from 1
	replica, replied string // the replica's name; the address that it dialled
	note             func(n *node.Note)

	asked, heardAsk asker    // what the replica said; what of it has reached the master
	said, heard     answerer // what the master said; what of it has reached the replica
	lastHeard       time.Duration
	silent          bool    // it is no replication, or not in words that are known here: nothing more is noted
	closed          [2]bool // by the master, by the replica
}

// heardEvery is how often it is noted that bytes of the master's reach the replica.
const heardEvery = 500 * time.Millisecond

// New begins to listen: replica dials the address master. note takes what is to be noted.
func New(number int, replica, master string, note func(n *node.Note)) *Conversation {
	c := &Conversation{number: strconv.Itoa(number), replica: replica, replied: master, note: note}
	c.emit(node.Note{Event: "dial"})
	return c
}

func (c *Conversation) emit(n node.Note) {
	if c.silent {
		return
	}
	n.Kind, n.About, n.Peer, n.Key = node.NoteWire, c.replica, c.replied, c.number
	c.note(&n)
}

// Sent takes what a side's process has said: dialler is the replica.
func (c *Conversation) Sent(dialler bool, b []byte) {
	switch {
	case c.silent:
	case dialler:
		c.asked.take(b, func(words []string) { c.replicaSaid(words) })
	default:
		c.said.take(b, c.masterSaid)
	}
	c.silent = c.silent || c.asked.lost || c.said.lost
}

// Read takes what a side's process has been given of what the other said.
func (c *Conversation) Read(now time.Duration, dialler bool, b []byte) {
	switch {
	case c.silent:
	case !dialler:
		c.heardAsk.take(b, func(words []string) { c.masterHeard(words) })
	default:
		c.heard.take(b, c.replicaHeard)
		if now-c.lastHeard >= heardEvery || c.lastHeard == 0 {
			c.lastHeard = now
			c.emit(node.Note{Event: "heard", Offset: c.heard.offset})
		}
	}
}

// Closed is called when a side's process has closed the connection, has heard that the other side did, or has ended.
func (c *Conversation) Closed(dialler bool) {
	side, i := "master", 0
	if dialler {
		side, i = "replica", 1
	}
	if !c.closed[i] {
		c.closed[i] = true
		c.emit(node.Note{Event: "closed", Result: side, Offset: c.heard.offset})
	}
}

// replicaSaid is called with each command of the replica's as it leaves.
func (c *Conversation) replicaSaid(words []string) {
	switch strings.ToUpper(words[0]) {
	case "SYNC":
		c.silent = true // without a place in the history
	case "REPLCONF":
		if len(words) == 3 && strings.EqualFold(words[1], "ack") {
			n, _ := strconv.ParseInt(words[2], 10, 64) // its own digits
			c.emit(node.Note{Event: "ack", Offset: n, N: c.heard.whole, M: c.heard.offset})
		}
	}
}

// masterHeard is called with each command of the replica's as it reaches the master.
func (c *Conversation) masterHeard(words []string) {
	switch strings.ToUpper(words[0]) {
	case "":
		c.emit(node.Note{Event: "alive"})
	case "PSYNC":
		if len(words) == 3 {
			n, _ := strconv.ParseInt(words[2], 10, 64)
			c.emit(node.Note{Event: "psync", AskedID: words[1], AskedOffset: n})
		}
	case "REPLCONF":
		if len(words) == 3 && strings.EqualFold(words[1], "ack") {
			n, _ := strconv.ParseInt(words[2], 10, 64)
			c.emit(node.Note{Event: "acked", Offset: n})
		}
	}
}

// masterSaid is called with what the master says as it leaves.
func (c *Conversation) masterSaid(what part, _ *answerer) {
	switch what {
	case newline:
		c.emit(node.Note{Event: "newline"})
	case payload:
		c.emit(node.Note{Event: "payload"})
	case payloadEnd:
		c.emit(node.Note{Event: "sent"})
	case ping:
		c.emit(node.Note{Event: "ping"})
	}
}

// replicaHeard is called with what the master said as it reaches the replica.
func (c *Conversation) replicaHeard(what part, a *answerer) {
	switch what {
	case fullResync:
		c.emit(node.Note{Event: "fullresync", ReplID: a.id, Offset: a.offset})
	case goOn:
		a.offset = c.askedOffset() - 1
		a.whole = a.offset
		c.emit(node.Note{Event: "continue", ReplID: a.id, Offset: a.offset})
	case payloadEnd:
		c.emit(node.Note{Event: "received"})
	}
}

// askedOffset is what the replica's PSYNC asked for.
func (c *Conversation) askedOffset() int64 { return c.asked.psync }
