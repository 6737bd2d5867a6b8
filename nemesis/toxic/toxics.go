package toxic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"

	"github.com/ordeal-go/ordeal/nemesis"
)

// toxicPatience is how long a fault waits until a toxic stands in every connection, or is gone from it. The toxics beside
// it are interrupted for that, and one that is in the middle of a slow piece hears of it later.
const toxicPatience = time.Second

// place is where a toxic stands: one direction of one link.
type place struct {
	link *Link
	*side
}

// places are where toxiproxy's toxic f stands. What A sends to B is the upstream of the connections that A opened, and
// the downstream of those that B opened; stream= picks one of the two.
func (n *Network) places(f nemesis.Fault) (places []place) {
	only := f.Text("stream")
	for _, p := range directions(f) {
		if l := n.links[p]; l != nil && only != "downstream" {
			places = append(places, place{l, l.up})
		}
		if l := n.links[Pair{p.To, p.From}]; l != nil && only != "upstream" {
			places = append(places, place{l, l.down})
		}
	}
	return places
}

func toxicName(id int, f nemesis.Fault, stream string) string {
	return fmt.Sprintf("%s_%s_%d", f.Verb, stream, id)
}

// attributes are f's, by toxiproxy's names and in its units.
func attributes(f nemesis.Fault) map[string]any {
	switch f.Verb {
	case nemesis.Latency:
		return map[string]any{"latency": f.Int("latency"), "jitter": f.Duration("jitter").Milliseconds()}
	case nemesis.Bandwidth:
		return map[string]any{"rate": f.Int("rate")}
	case nemesis.SlowClose:
		return map[string]any{"delay": f.Duration("delay").Milliseconds()}
	case nemesis.Timeout, nemesis.ResetPeer:
		return map[string]any{"timeout": f.Duration("timeout").Milliseconds()}
	case nemesis.Slicer:
		return map[string]any{"average_size": f.Int("average_size"), "size_variation": f.Int("size_variation"), "delay": f.Int("delay")}
	case nemesis.LimitData:
		return map[string]any{"bytes": f.Int("bytes")}
	}
	return nil
}

func (n *Network) addToxics(id int, f nemesis.Fault) error {
	attributes := attributes(f)
	if attributes == nil {
		return fmt.Errorf("%s: links know no such fault", f)
	}
	return n.atPlaces(n.places(f), func(p place) error {
		text, err := json.Marshal(map[string]any{"name": toxicName(id, f, p.stream), "type": f.Verb, "stream": p.stream,
			"toxicity": f.Number("toxicity"), "attributes": attributes})
		if err != nil {
			return err
		}
		n.registry.Lock()
		_, err = p.link.proxy.Toxics.AddToxicJson(bytes.NewReader(text))
		n.registry.Unlock()
		if err != nil {
			return fmt.Errorf("%s: link %s: %w", f, p.link.Pair, err)
		}
		p.side.settle()
		return nil
	})
}

// removeToxics takes the toxics of a fault away. Somebody may have done so by hand.
func (n *Network) removeToxics(id int, f nemesis.Fault) {
	if attributes(f) == nil || f.Has("delay") && f.Verb == nemesis.Latency {
		return
	}
	n.atPlaces(n.places(f), func(p place) error {
		if f.Verb == nemesis.ResetPeer {
			p.link.resets.stay(p.stream)
		}
		n.registry.Lock()
		err := p.link.proxy.Toxics.RemoveToxic(context.Background(), toxicName(id, f, p.stream))
		n.registry.Unlock()
		p.side.settle()
		return err
	})
}

// atPlaces does something at every place at once, and waits for it, but not for long.
func (n *Network) atPlaces(places []place, do func(place) error) error {
	done := make(chan error, len(places))
	for _, p := range places {
		n.spawn(func() { done <- do(p) }, func() { done <- net.ErrClosed })
	}
	var errs []error
	limit := time.After(toxicPatience)
	for range places {
		select {
		case err := <-done:
			errs = append(errs, err)
		case <-limit:
			return errors.Join(errs...)
		}
	}
	return errors.Join(errs...)
}

// spawn calls do in a goroutine that Close waits for. Once the network is closed, it calls closed instead.
func (n *Network) spawn(do, closed func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		closed()
		return
	}
	n.toxics.Go(do)
}

// removeAllToxics leaves only the nemesis on the link.
func (l *Link) removeAllToxics() {
	l.network.registry.Lock()
	for _, t := range l.proxy.Toxics.GetToxicArray() {
		if w := t.(*toxics.ToxicWrapper); w.Type != toxicType {
			l.proxy.Toxics.RemoveToxic(context.Background(), w.Name)
		}
	}
	l.network.registry.Unlock()
	l.up.settle()
	l.down.settle()
}

// resetToxic stands in the place of toxiproxy's reset_peer, with its name and attribute: that one needs sockets that
// toxiproxy has opened by itself. Timeout ms after the first piece, which is lost, the connection is reset.
type resetToxic struct {
	Timeout int64 `json:"timeout"`
}

// NewState implements toxics.StatefulToxic: the moment of the reset, zero until something was sent.
func (t *resetToxic) NewState() any { return new(time.Time) }

// Pipe implements toxics.Toxic. An interrupt alone ends nothing: a neighbour comes or goes.
func (t *resetToxic) Pipe(stub *toxics.ToxicStub) {
	at := stub.State.(*time.Time)
	if at.IsZero() {
		select {
		case <-stub.Interrupt:
			return
		case <-stub.Input:
		}
		*at = time.Now().Add(time.Duration(t.Timeout) * time.Millisecond)
	}
	in := stub.Input
	timer := time.NewTimer(time.Until(*at))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			stub.Close()
			return
		case <-stub.Interrupt:
			return
		case c := <-in:
			if c == nil {
				in = nil // the sender's end changes nothing
			}
		}
	}
}

// Cleanup implements toxics.CleanupToxic: who takes the toxic away resets those connections at once whose time runs.
func (t *resetToxic) Cleanup(stub *toxics.ToxicStub) {
	if !stub.State.(*time.Time).IsZero() {
		stub.Close()
	}
}

// resets says for which streams of a link an end that a toxic brought about is a reset.
type resets struct {
	mu    sync.Mutex
	until map[string]time.Time // by stream: of a toxic that was taken away
}

// stay has what the toxic has begun end as it would have.
func (r *resets) stay(stream string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.until == nil {
		r.until = map[string]time.Time{}
	}
	r.until[stream] = time.Now().Add(2 * toxicPatience)
}

// resetsNow says whether an end that a toxic brings about in a stream of the link is a reset.
func (l *Link) resetsNow(upstream bool) bool {
	stream := "downstream"
	if upstream {
		stream = "upstream"
	}
	l.resets.mu.Lock()
	until := l.resets.until[stream]
	l.resets.mu.Unlock()
	if time.Now().Before(until) {
		return true
	}
	return slices.ContainsFunc(l.proxy.Toxics.GetToxicArray(), func(t toxics.Toxic) bool {
		w := t.(*toxics.ToxicWrapper)
		_, resets := w.Toxic.(*resetToxic)
		return resets && w.Stream == stream
	})
}
