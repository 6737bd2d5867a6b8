package toxic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"

	"github.com/ordeal-go/ordeal/nemesis"
)

// toxicPatience is how long a fault waits until toxiproxy has put a toxic into every connection, or taken it out. It
// interrupts the toxics beside it for that, and one that is in the middle of a slow piece is heard of later.
const toxicPatience = time.Second

// place is where a toxic stands: one direction of one link.
type place struct {
	link   *Link
	stream string
}

// places are where toxiproxy's toxic f stands. What A sends to B is the upstream of the connections that A opened, and
// the downstream of those that B opened; stream= picks one of the two.
func (n *Network) places(f nemesis.Fault) (places []place) {
	only := f.Text("stream")
	for _, p := range directions(f) {
		if l := n.links[p]; l != nil && only != "downstream" {
			places = append(places, place{l, "upstream"})
		}
		if l := n.links[Pair{p.To, p.From}]; l != nil && only != "upstream" {
			places = append(places, place{l, "downstream"})
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
		if _, err := p.link.proxy.Toxics.AddToxicJson(bytes.NewReader(text)); err != nil {
			return fmt.Errorf("%s: link %s: %w", f, p.link.Pair, err)
		}
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
		return p.link.proxy.Toxics.RemoveToxic(context.Background(), toxicName(id, f, p.stream))
	})
}

// atPlaces does something at every place at once, and waits for it, but not for long.
func (n *Network) atPlaces(places []place, do func(place) error) error {
	done := make(chan error, len(places))
	for _, p := range places {
		n.toxics.Go(func() { done <- do(p) })
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

// removeAllToxics leaves only the nemesis on the link. The last goes first: what it holds up is free then.
func (l *Link) removeAllToxics() {
	for _, t := range slices.Backward(l.proxy.Toxics.GetToxicArray()) {
		if w := t.(*toxics.ToxicWrapper); w.Type != toxicType {
			l.proxy.Toxics.RemoveToxic(context.Background(), w.Name)
		}
	}
}

// resetToxic stands in the place of toxiproxy's reset_peer, with its name and attribute: that one needs sockets that
// toxiproxy has opened by itself. Timeout ms after the first piece, which is lost, the connection is reset.
type resetToxic struct {
	Timeout int64 `json:"timeout"`
}

// Pipe implements toxics.Toxic. Who takes the toxic away resets those connections at once whose time runs.
func (t *resetToxic) Pipe(stub *toxics.ToxicStub) {
	select {
	case <-stub.Interrupt:
		return
	case <-stub.Input:
	}
	in := stub.Input
	timer := time.NewTimer(time.Duration(t.Timeout) * time.Millisecond)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			stub.Close()
			return
		case <-stub.Interrupt:
			stub.Close()
			return
		case c := <-in:
			if c == nil {
				in = nil // the sender's end changes nothing
			}
		}
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
