package onlooker

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Watching is one connection from a Sentinel to an instance that it watches.
type Watching struct {
	number         string // of the run's conversations, from 1
	sentinel, addr string // the Sentinel's name; the address that it dialled
	note           func(n *node.Note)

	asked   asker
	open    []string // the commands of the transaction under way; nil: none
	due     []string // what the answers to come are answers to, the oldest first
	answers resp.ReplyParser
	deaf    bool // answers are not listened to any more: messages come, or what is no answer
	closed  bool
}

// NewWatching begins to listen: sentinel dials addr. note takes what is to be noted.
func NewWatching(number int, sentinel, addr string, note func(n *node.Note)) *Watching {
	w := &Watching{number: strconv.Itoa(number), sentinel: sentinel, addr: addr, note: note}
	w.answers.MaxBulk = 16 << 20
	w.emit("dial", "")
	return w
}

func (w *Watching) emit(event, text string) {
	w.note(&node.Note{Kind: node.NoteWatching, About: w.sentinel, Peer: w.addr, Key: w.number, Event: event, Text: text})
}

// Sent takes what a side's process has said: dialler is the Sentinel.
func (w *Watching) Sent(dialler bool, b []byte) {
	if dialler {
		w.asked.take(b, w.said)
	}
}

// said is called with each command of the Sentinel's as it leaves.
func (w *Watching) said(words []string) {
	name := strings.ToUpper(words[0])
	what := ""
	switch {
	case name == "MULTI":
		w.open = []string{}
	case name == "EXEC":
		w.emit("orders", strings.Join(w.open, "; "))
		w.open = nil
	case w.open != nil:
		w.open = append(w.open, strings.Join(words, " "))
	default:
		what = w.alone(name, words)
	}
	w.due = append(w.due, what)
}

// alone is about a command outside of a transaction, and says what its answer is called, "" if it does not matter.
func (w *Watching) alone(name string, words []string) (what string) {
	sub := ""
	if len(words) > 1 {
		sub = strings.ToUpper(words[1])
	}
	switch {
	case name == "PING":
		w.emit("ping", "")
		return "ping"
	case name == "INFO":
		w.emit("info", "")
	case name == "PUBLISH" && len(words) == 3:
		w.emit("hello", words[2])
	case name == "SENTINEL" && sub == "IS-MASTER-DOWN-BY-ADDR":
		w.emit("ask", strings.Join(words[2:], " "))
		return "ask"
	case name == "CLIENT" && sub == "SETNAME" && len(words) == 3:
		w.emit("name", words[2])
	case name == "AUTH":
		w.emit("auth", "")
	case name == "SUBSCRIBE" && len(words) > 1:
		w.emit("subscribe", words[1])
		w.deaf = true
	default:
		w.emit("order", strings.Join(words, " "))
	}
	return ""
}

// Read takes what a side's process has been given of what the other said.
func (w *Watching) Read(_ time.Duration, dialler bool, b []byte) {
	if !dialler || w.deaf {
		return
	}
	w.answers.Feed(b)
	for {
		r, ok, err := w.answers.Next()
		if err != nil || ok && len(w.due) == 0 {
			w.deaf = true
			return
		}
		if !ok {
			return
		}
		w.answered(w.due[0], r)
		w.due = w.due[1:]
	}
}

// answered is called with what the instance answered as it reaches the Sentinel.
func (w *Watching) answered(to string, r resp.Reply) {
	switch {
	case to == "ping" && string(r.Str) != "PONG":
		word, _, _ := strings.Cut(string(r.Str), " ")
		w.emit("answer", word)
	case to == "ask" && len(r.Elems) == 3:
		w.emit("opinion", strconv.FormatInt(r.Elems[0].Int, 10)+" "+string(r.Elems[1].Str)+" "+strconv.FormatInt(r.Elems[2].Int, 10))
	}
}

// Closed is called when a side's process has closed the connection, has heard that the other side did, or has ended.
func (w *Watching) Closed(dialler bool) {
	if dialler && !w.closed {
		w.closed = true
		w.emit("closed", "")
	}
}
