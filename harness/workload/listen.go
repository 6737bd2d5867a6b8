package workload

import (
	"github.com/ordeal-go/ordeal/node"
)

// ear is a subscription to everything that one Sentinel publishes: what happens to it, as it happens. Redis 4.0:
// sentinel.c, sentinelEvent.
type ear struct{ link }

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
		e.open(o.now, o.out, awaitPeriod)
	}
}

func (o *Observer) hear(e *ear, ev *node.Event) {
	switch ev.Kind {
	case node.Dialled:
		e.enter(linkUp, o.now)
		e.send(o.out, "PSUBSCRIBE", "*")
	case node.DialFailed, node.Closed:
		e.enter(linkDown, o.now)
	case node.Received:
		e.in.Feed(ev.Bytes)
		for {
			r, ok, err := e.in.Next()
			if err != nil {
				e.drop(o.now, o.out)
				return
			}
			if !ok {
				return
			}
			if len(r.Elems) == 4 && string(r.Elems[0].Str) == "pmessage" {
				o.heard(e, string(r.Elems[2].Str), string(r.Elems[3].Str))
			}
		}
	}
}

// heard notes an event. What else goes over a Sentinel's channels is not one.
func (o *Observer) heard(e *ear, channel, text string) {
	if len(channel) > 1 && (channel[0] == '+' || channel[0] == '-') {
		o.out.Note(node.Note{Kind: node.NoteEvent, About: e.peer.Name, Event: channel, Text: text})
	}
}
