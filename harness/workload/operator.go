package workload

import (
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// OrderTo is the message by which the harness has the observer give a command to a server, as an operator would with
// redis-cli: its words are the server's name and the command; {r1.host} and {r1.port} in it stand for r1's address.
func OrderTo(server string, words ...string) string {
	return orderPrefix + server + " " + strings.Join(words, " ")
}

const orderPrefix = "order "

// orderLimit is how long an operator tries to get a command to a server.
const orderLimit = 5 * time.Second

// order is a command on its way to a server, over a connection of its own.
type order struct {
	link
	words []string
	given node.Instant
}

// take begins an order.
func (o *Observer) take(message string) {
	words := strings.Fields(strings.TrimPrefix(message, orderPrefix))
	for _, p := range o.servers {
		if len(words) > 1 && p.Name == words[0] {
			ord := &order{link: link{peer: p, from: o.from}, words: o.addresses(words[1:]), given: o.now}
			ord.open(o.now, o.out, 0)
			o.orders = append(o.orders, ord)
		}
	}
}

// addresses puts addresses in the place of {r1.host} and {r1.port}.
func (o *Observer) addresses(words []string) []string {
	for i, w := range words {
		for _, p := range o.servers {
			host, port, _ := strings.Cut(p.Addr, ":")
			w = strings.ReplaceAll(w, "{"+p.Name+".host}", host)
			w = strings.ReplaceAll(w, "{"+p.Name+".port}", port)
		}
		words[i] = w
	}
	return words
}

// orderOf finds the order that goes over conn.
func (o *Observer) orderOf(conn node.ConnID) *order {
	for _, ord := range o.orders {
		if ord.state != linkDown && ord.conn == conn {
			return ord
		}
	}
	return nil
}

// deliver hears of an order's connection.
func (o *Observer) deliver(ord *order, ev *node.Event) {
	switch ev.Kind {
	case node.Dialled:
		ord.enter(linkUp, o.now)
		ord.send(o.out, ord.words...)
	case node.Received:
		ord.in.Feed(ev.Bytes)
		if r, ok, err := ord.in.Next(); ok || err != nil {
			o.delivered(ord, string(r.Kind)+string(r.Str))
		}
	case node.DialFailed:
		ord.enter(linkDown, o.now) // the next round tries again
	case node.Closed:
		o.delivered(ord, "the connection closed before an answer")
	}
}

// delivered ends an order, whatever came of it.
func (o *Observer) delivered(ord *order, result string) {
	ord.drop(o.now, o.out)
	for i, other := range o.orders {
		if other == ord {
			o.orders = append(o.orders[:i], o.orders[i+1:]...)
			break
		}
	}
	o.out.Note(node.Note{Kind: node.NoteOrder, About: ord.peer.Name, Text: strings.Join(ord.words, " "), Result: result})
}

// insist tries again to reach the servers of orders that did not get through, and gives up on old ones.
func (o *Observer) insist() {
	for i := len(o.orders) - 1; i >= 0; i-- {
		ord := o.orders[i]
		if o.now.Sub(ord.given) > orderLimit {
			o.delivered(ord, "given up: no answer")
			continue
		}
		ord.open(o.now, o.out, awaitPeriod)
	}
}
