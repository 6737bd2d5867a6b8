package toxic

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/ordeal-go/ordeal/nemesis"
)

// Link is how one machine calls another.
type Link struct {
	Pair
	network  *Network
	proxy    *toxiproxy.Proxy
	door     door
	there    *route // what the caller sends
	back     *route // what it is sent
	up, down *side
	resets   resets
}

func (n *Network) addLink(p Pair) error {
	if n.links[p] != nil || p.From == p.To {
		return fmt.Errorf("link %s is listed twice, or leads a machine to itself", p)
	}
	// Listen and Upstream are only shown: the connections come from Carry.
	l := &Link{Pair: p, network: n, proxy: toxiproxy.NewProxy(n.api, p.String(), p.From, p.To),
		there: n.routes[p], back: n.routes[Pair{p.To, p.From}], door: door{state: doorState{changed: make(chan struct{})}}}
	l.proxy.Enabled = true
	var err error
	if l.up, err = l.newSide("upstream", l.there); err != nil {
		return err
	}
	if l.down, err = l.newSide("downstream", l.back); err != nil {
		return err
	}
	if err := n.api.Collection.Add(l.proxy, false); err != nil {
		return fmt.Errorf("link %s: %w", p, err)
	}
	n.links[p] = l
	return nil
}

// newSide makes one direction of the link, with the nemesis on it, which toxiproxy is told of to show it.
func (l *Link) newSide(stream string, r *route) (*side, error) {
	text, err := json.Marshal(map[string]any{"type": toxicType, "name": toxicType + "_" + stream, "stream": stream})
	if err != nil {
		return nil, err
	}
	wrapper, err := l.proxy.Toxics.AddToxicJson(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("link %s: %w", l.Pair, err)
	}
	t := wrapper.Toxic.(*holdToxic)
	t.route = r
	return &side{link: l, stream: stream, nemesis: t, chains: map[*chain]struct{}{}}, nil
}

// door is what new connections of a link meet. Those that are up have passed it.
type door struct {
	mu      sync.Mutex
	inForce map[int]nemesis.Verb // Drop, Refuse or BlackHole
	state   doorState
}

type doorState struct {
	shut    bool          // new connections are reset
	silent  bool          // they get no answer
	changed chan struct{} // closed when this is no longer so
}

func (d *door) now() doorState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

func (d *door) change(what func(inForce map[int]nemesis.Verb)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inForce == nil {
		d.inForce = map[int]nemesis.Verb{}
	}
	what(d.inForce)
	old := d.state.changed
	d.state = doorState{changed: make(chan struct{})}
	for _, v := range d.inForce {
		d.state.shut = d.state.shut || v != nemesis.BlackHole
		d.state.silent = d.state.silent || v == nemesis.BlackHole
	}
	close(old)
}

// turnAway shuts the doors of the links that f is about: those that A opens, and with | those that B opens. A drop
// also resets what is open there.
func (n *Network) turnAway(id int, f nemesis.Fault) {
	for _, p := range directions(f) {
		l := n.links[p]
		if l == nil {
			continue
		}
		l.door.change(func(inForce map[int]nemesis.Verb) { inForce[id] = f.Verb })
		if f.Verb == nemesis.Drop {
			for _, c := range n.open(func(c *connection) bool { return c.link == l }) {
				c.reset()
			}
		}
	}
}

func (n *Network) letIn(id int, f nemesis.Fault) {
	for _, p := range directions(f) {
		if l := n.links[p]; l != nil {
			l.door.change(func(inForce map[int]nemesis.Verb) { delete(inForce, id) })
		}
	}
}

// open returns the connections that which tells, the oldest first.
func (n *Network) open(which func(*connection) bool) []*connection {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []*connection
	for c := range n.conns {
		if which(c) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *connection) int { return cmp.Compare(a.number, b.number) })
	return found
}
