package callers

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// ear is a subscription: to everything that one Sentinel publishes, what happens to it, as it happens (Redis 4.0:
// sentinel.c, sentinelEvent); or to the channels of a workload at one server.
type ear struct {
	link
	channels []string // of a server; none of a Sentinel: all
	listens  bool     // the server said that it is subscribed to the last of the channels
}

func (o *Observer) earOf(conn node.ConnID) *ear {
	for _, e := range o.ears {
		if conn != 0 && e.state != linkDown && e.conn == conn {
			return e
		}
	}
	return nil
}

// listen sees to it that every subscription stands or is on its way. There is no limit on silence: a Sentinel to which
// nothing happens says nothing.
func (o *Observer) listen() {
	for _, e := range o.ears {
		if e.state == linkDialling && o.now.Sub(e.since) > observeLimit {
			e.drop(o.now, o.out)
		}
		if !o.viewOf(e.peer.Name).spare {
			e.open(o.now, o.out, awaitPeriod)
		}
	}
}

func (o *Observer) hear(e *ear, ev *node.Event) {
	switch ev.Kind {
	case node.Dialled:
		e.up(o.now, o.out)
		if e.channels == nil {
			e.send(o.out, "PSUBSCRIBE", "*")
		} else {
			e.send(o.out, append([]string{"SUBSCRIBE"}, e.channels...)...)
		}
	case node.DialFailed, node.Closed:
		e.enter(linkDown, o.now)
		o.deaf(e)
	case node.Received:
		e.in.Feed(ev.Bytes)
		for {
			r, ok, err := e.next()
			if err != nil {
				e.drop(o.now, o.out)
				o.deaf(e)
				return
			}
			if !ok {
				return
			}
			o.message(e, r)
		}
	}
}

// message takes one message of a subscription.
func (o *Observer) message(e *ear, r resp.Reply) {
	word := func(i int) string { return string(r.Elems[i].Str) }
	switch {
	case len(r.Elems) == 4 && word(0) == "pmessage":
		o.heard(e, word(2), word(3))
	case len(r.Elems) == 3 && word(0) == "message":
		o.out.Note(node.Note{Kind: node.NoteHeard, About: e.peer.Name, Key: word(1), Text: word(2)})
	case len(r.Elems) == 3 && word(0) == "psubscribe":
		e.listens = true
		o.out.Note(node.Note{Kind: node.NoteListens, About: e.peer.Name})
	case len(r.Elems) == 3 && word(0) == "subscribe" && r.Elems[2].Int == int64(len(e.channels)):
		e.listens = true
		o.out.Note(node.Note{Kind: node.NoteListens, About: e.peer.Name})
	}
}

// deaf notes that a subscription ended.
func (o *Observer) deaf(e *ear) {
	if e.listens {
		e.listens = false
		o.out.Note(node.Note{Kind: node.NoteDeaf, About: e.peer.Name})
	}
}

// heard notes an event, and of a Sentinel that notes its own, that it was published. What else goes over a Sentinel's
// channels is not one.
func (o *Observer) heard(e *ear, channel, text string) {
	switch {
	case len(channel) < 2 || channel[0] != '+' && channel[0] != '-':
	case o.watch.Foreign:
		o.out.Note(node.Note{Kind: node.NoteEvent, About: e.peer.Name, Event: channel, Text: text})
	default:
		o.out.Note(node.Note{Kind: node.NoteHeard, About: e.peer.Name, Key: channel, Text: text})
	}
}
