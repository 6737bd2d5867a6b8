package callers

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// OrderTo is the message by which the harness has the observer give commands to a server or Sentinel, one after the
// other over one connection, as an operator would with redis-cli. {r1.host} and {r1.port} in a word stand for r1's
// address, and {bytes:N} for N bytes.
func OrderTo(machine string, commands ...[]string) string {
	lines := []string{orderPrefix + machine}
	for _, words := range commands {
		lines = append(lines, strings.Join(words, wordEnd))
	}
	return strings.Join(lines, "\n")
}

const (
	orderPrefix = "order "
	wordEnd     = "\x1f" // between the words of a command, which may have blanks
)

// orderLimit is how long an operator tries to get a command to a server.
const orderLimit = 5 * time.Second

// order is a list of commands on its way to a server or Sentinel, over a connection of its own.
type order struct {
	link
	commands [][]string
	results  []string
	given    node.Instant
}

// take begins an order.
func (o *Observer) take(message string) {
	lines := strings.Split(strings.TrimPrefix(message, orderPrefix), "\n")
	v := o.viewOf(lines[0])
	if v == nil || len(lines) < 2 {
		return
	}
	ord := &order{link: link{peer: v.peer, from: o.from}, given: o.now}
	for _, line := range lines[1:] {
		ord.commands = append(ord.commands, o.addresses(strings.Split(line, wordEnd)))
	}
	ord.open(o.now, o.out, 0)
	o.orders = append(o.orders, ord)
}

// viewOf finds a machine by its name.
func (o *Observer) viewOf(machine string) *view {
	for _, v := range o.views {
		if v.peer.Name == machine {
			return v
		}
	}
	return nil
}

// addresses puts addresses in the place of {r1.host} and {r1.port}, and bytes in the place of {bytes:N}.
func (o *Observer) addresses(words []string) []string {
	for i, w := range words {
		w = withAddresses(w, o.servers)
		if size, ok := strings.CutPrefix(w, "{bytes:"); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(size, "}")) // the harness writes no other
			w = strings.Repeat("x", n)
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
		ord.up(o.now, o.out)
		ord.results = nil // what an earlier connection brought is done again
		ord.send(o.out, ord.commands[0]...)
	case node.Received:
		ord.in.Feed(ev.Bytes)
		if r, ok, err := ord.next(); ok || err != nil {
			o.answeredOrder(ord, r, err)
		}
	case node.DialFailed:
		ord.enter(linkDown, o.now) // the next round tries again
	case node.Closed:
		o.delivered(ord, "the connection closed before an answer")
	}
}

// answeredOrder takes the reply to a command and gives the next one.
func (o *Observer) answeredOrder(ord *order, r resp.Reply, err error) {
	result := string(r.Kind) + string(r.Str)
	if r.Kind == ':' {
		result = ":" + strconv.FormatInt(r.Int, 10)
	}
	ord.results = append(ord.results, result)
	if next := len(ord.results); err == nil && next < len(ord.commands) {
		ord.send(o.out, ord.commands[next]...)
		return
	}
	o.delivered(ord, strings.Join(ord.results, " "))
}

// withAddresses puts addresses in the place of {r1.host} and {r1.port}.
func withAddresses(word string, servers []Peer) string {
	if !strings.Contains(word, "{") {
		return word
	}
	for _, p := range servers {
		host, port, _ := strings.Cut(p.Addr, ":")
		word = strings.ReplaceAll(word, "{"+p.Name+".host}", host)
		word = strings.ReplaceAll(word, "{"+p.Name+".port}", port)
	}
	return word
}

// text is the order as a person would type it; long words are cut short.
func (ord *order) text() string {
	var lines []string
	for _, words := range ord.commands {
		var short []string
		for _, w := range words {
			if len(w) > 64 {
				w = w[:16] + "…"
			}
			short = append(short, w)
		}
		lines = append(lines, strings.Join(short, " "))
	}
	return strings.Join(lines, "; ")
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
	o.out.Note(node.Note{Kind: node.NoteOrder, About: ord.peer.Name, Text: ord.text(), Result: result})
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
