package pubsub

import (
	"maps"
	"slices"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/glob"
)

// Registry holds all subscriptions of a node. The zero value is empty and ready for use.
type Registry struct {
	channels  map[string][]node.ConnID // subscribers in the order of subscription; no empty lists
	patterns  []patternSubscription    // in the order of subscription
	members   map[node.ConnID]*member  // connections with at least one subscription
	receivers []Receiver               // Publish's result, used again
}

type patternSubscription struct {
	conn    node.ConnID
	pattern string
}

// member is one connection's own view: its channels and patterns in the order of subscription.
type member struct {
	channels, patterns []string
}

// Receiver is one delivery of a message. A connection gets the same message once for the channel and once more for
// each of its patterns that matches.
type Receiver struct {
	Conn      node.ConnID
	ByPattern bool
	Pattern   string // if ByPattern
}

// New returns an empty registry.
func New() *Registry { return new(Registry) }

// Subscribe adds a subscription of conn to channel and returns whether it is new.
func (r *Registry) Subscribe(conn node.ConnID, channel string) bool {
	m := r.member(conn)
	if slices.Contains(m.channels, channel) {
		return false
	}
	m.channels = append(m.channels, channel)
	if r.channels == nil {
		r.channels = make(map[string][]node.ConnID)
	}
	r.channels[channel] = append(r.channels[channel], conn)
	return true
}

// PSubscribe adds a subscription of conn to all channels that match pattern and returns whether it is new.
func (r *Registry) PSubscribe(conn node.ConnID, pattern string) bool {
	m := r.member(conn)
	if slices.Contains(m.patterns, pattern) {
		return false
	}
	m.patterns = append(m.patterns, pattern)
	r.patterns = append(r.patterns, patternSubscription{conn, pattern})
	return true
}

func (r *Registry) member(conn node.ConnID) *member {
	m := r.members[conn]
	if m == nil {
		m = new(member)
		if r.members == nil {
			r.members = make(map[node.ConnID]*member)
		}
		r.members[conn] = m
	}
	return m
}

// Unsubscribe ends conn's subscription to channel and returns whether there was one.
func (r *Registry) Unsubscribe(conn node.ConnID, channel string) bool {
	m := r.members[conn]
	if m == nil || !remove(&m.channels, channel) {
		return false
	}
	r.forgetChannel(conn, channel)
	r.forgetIfIdle(conn, m)
	return true
}

// PUnsubscribe ends conn's subscription to pattern and returns whether there was one.
func (r *Registry) PUnsubscribe(conn node.ConnID, pattern string) bool {
	m := r.members[conn]
	if m == nil || !remove(&m.patterns, pattern) {
		return false
	}
	remove(&r.patterns, patternSubscription{conn, pattern})
	r.forgetIfIdle(conn, m)
	return true
}

// Drop ends all subscriptions of a connection that is gone.
func (r *Registry) Drop(conn node.ConnID) {
	m := r.members[conn]
	if m == nil {
		return
	}
	for _, channel := range m.channels {
		r.forgetChannel(conn, channel)
	}
	if len(m.patterns) > 0 {
		r.patterns = slices.DeleteFunc(r.patterns, func(p patternSubscription) bool { return p.conn == conn })
	}
	delete(r.members, conn)
}

func (r *Registry) forgetChannel(conn node.ConnID, channel string) {
	subscribers := r.channels[channel]
	remove(&subscribers, conn)
	if len(subscribers) == 0 {
		delete(r.channels, channel)
		return
	}
	r.channels[channel] = subscribers
}

func (r *Registry) forgetIfIdle(conn node.ConnID, m *member) {
	if len(m.channels)+len(m.patterns) == 0 {
		delete(r.members, conn)
	}
}

// Count returns how many subscriptions conn has, channels and patterns together: the number in the replies to the
// four commands. A connection with a count above 0 is in the pub/sub context.
func (r *Registry) Count(conn node.ConnID) int {
	channels, patterns := r.Counts(conn)
	return channels + patterns
}

// Counts returns how many channels and how many patterns conn is subscribed to (sub= and psub= of CLIENT LIST).
func (r *Registry) Counts(conn node.ConnID) (channels, patterns int) {
	if m := r.members[conn]; m != nil {
		return len(m.channels), len(m.patterns)
	}
	return 0, 0
}

// Subscriptions returns conn's channels in the order of subscription.
func (r *Registry) Subscriptions(conn node.ConnID) []string {
	if m := r.members[conn]; m != nil {
		return slices.Clone(m.channels)
	}
	return nil
}

// PSubscriptions returns conn's patterns in the order of subscription.
func (r *Registry) PSubscriptions(conn node.ConnID) []string {
	if m := r.members[conn]; m != nil {
		return slices.Clone(m.patterns)
	}
	return nil
}

// Publish returns who gets a message on channel, in the order of delivery. The result is valid until the next call.
func (r *Registry) Publish(channel string) []Receiver {
	r.receivers = r.receivers[:0]
	for _, conn := range r.channels[channel] {
		r.receivers = append(r.receivers, Receiver{Conn: conn})
	}
	if len(r.patterns) > 0 {
		name := []byte(channel)
		for _, p := range r.patterns {
			if glob.Match([]byte(p.pattern), name, false) {
				r.receivers = append(r.receivers, Receiver{Conn: p.conn, ByPattern: true, Pattern: p.pattern})
			}
		}
	}
	return r.receivers
}

// Channels returns the channels that have a subscriber and match pattern ("*" for all), sorted (PUBSUB CHANNELS).
func (r *Registry) Channels(pattern string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.channels)) {
		if glob.Match([]byte(pattern), []byte(name), false) {
			names = append(names, name)
		}
	}
	return names
}

// NumSub returns how many connections are subscribed to channel itself (PUBSUB NUMSUB).
func (r *Registry) NumSub(channel string) int { return len(r.channels[channel]) }

// NumChannels returns how many channels have a subscriber (pubsub_channels of INFO).
func (r *Registry) NumChannels() int { return len(r.channels) }

// NumPat returns how many subscriptions to patterns there are, all connections together (PUBSUB NUMPAT,
// pubsub_patterns of INFO).
func (r *Registry) NumPat() int { return len(r.patterns) }

func remove[T comparable](list *[]T, v T) bool {
	i := slices.Index(*list, v)
	if i < 0 {
		return false
	}
	*list = slices.Delete(*list, i, i+1)
	return true
}
