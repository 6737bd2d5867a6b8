package pubsub

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/glob"
)

func TestMessagesGoToChannelsThenPatternsInOrderOfSubscription(t *testing.T) {
	var r Registry
	r.PSubscribe(6, "news.*")
	r.Subscribe(8, "news.art")
	r.Subscribe(2, "news.art")
	r.PSubscribe(2, "*")
	require.Equal(t, []Receiver{
		{Conn: 8}, {Conn: 2},
		{Conn: 6, ByPattern: true, Pattern: "news.*"},
		{Conn: 2, ByPattern: true, Pattern: "*"},
	}, r.Publish("news.art"))
	require.Equal(t, []Receiver{{Conn: 2, ByPattern: true, Pattern: "*"}}, r.Publish("else"))
}

func TestSubscribingTwiceDeliversOnce(t *testing.T) {
	var r Registry
	require.True(t, r.Subscribe(2, "a"))
	require.False(t, r.Subscribe(2, "a"))
	require.True(t, r.PSubscribe(2, "b*"))
	require.False(t, r.PSubscribe(2, "b*"))
	require.Equal(t, 2, r.Count(2))
	require.Len(t, r.Publish("a"), 1)
	require.Len(t, r.Publish("b"), 1)
	require.Equal(t, 1, r.NumPat())
}

func TestDroppedConnectionGetsNothing(t *testing.T) {
	var r Registry
	for _, conn := range []node.ConnID{2, 4} {
		r.Subscribe(conn, "a")
		r.PSubscribe(conn, "*")
	}
	r.Drop(2)
	r.Drop(2)
	require.Equal(t, []Receiver{{Conn: 4}, {Conn: 4, ByPattern: true, Pattern: "*"}}, r.Publish("a"))
	require.Zero(t, r.Count(2))
	r.Drop(4)
	require.Empty(t, r.Publish("a"))
	require.Empty(t, r.Channels("*"))
	require.Zero(t, r.NumChannels())
}

func TestRepliesAreThoseOfRedis(t *testing.T) {
	var r Registry
	args := func(names ...string) [][]byte { return asBytes(names) }
	require.Equal(t, "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$0\r\n\r\n:2\r\n",
		string(r.AppendSubscribe(nil, 2, args("a", ""))))
	require.Equal(t, "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:3\r\n", string(r.AppendPSubscribe(nil, 2, args("*"))))
	require.Equal(t, "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:2\r\n*3\r\n$11\r\nunsubscribe\r\n$0\r\n\r\n:1\r\n",
		string(r.AppendUnsubscribe(nil, 2, nil)))
	require.Equal(t, "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:1\r\n", string(r.AppendUnsubscribe(nil, 2, nil)))
	require.Equal(t, "*3\r\n$11\r\nunsubscribe\r\n$1\r\nx\r\n:1\r\n", string(r.AppendUnsubscribe(nil, 2, args("x"))))
	require.Equal(t, "*3\r\n$12\r\npunsubscribe\r\n$1\r\n*\r\n:0\r\n", string(r.AppendPUnsubscribe(nil, 2, nil)))
	require.Equal(t, "*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:0\r\n", string(r.AppendPUnsubscribe(nil, 2, nil)))

	require.Equal(t, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n",
		string(AppendMessage(nil, Receiver{Conn: 2}, "c", []byte("hi"))))
	require.Equal(t, "*4\r\n$8\r\npmessage\r\n$0\r\n\r\n$1\r\nc\r\n$2\r\nhi\r\n",
		string(AppendMessage(nil, Receiver{Conn: 2, ByPattern: true}, "c", []byte("hi"))))
}

// plain is the registry as one list of subscriptions, which is obviously right.
type plain []struct {
	conn      node.ConnID
	byPattern bool
	name      string
}

func (p plain) publish(channel string) (receivers []Receiver) {
	for _, s := range p {
		if !s.byPattern && s.name == channel {
			receivers = append(receivers, Receiver{Conn: s.conn})
		}
	}
	for _, s := range p {
		if s.byPattern && glob.Match([]byte(s.name), []byte(channel), false) {
			receivers = append(receivers, Receiver{Conn: s.conn, ByPattern: true, Pattern: s.name})
		}
	}
	return receivers
}

func TestRegistryBehavesLikeOneList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Registry
		var p plain
		conns := rapid.SampledFrom([]node.ConnID{2, 4, 6})
		names := rapid.SampledFrom([]string{"a", "ab", "a*", "*", ""})
		find := func(conn node.ConnID, byPattern bool, name string) int {
			for i, s := range p {
				if s.conn == conn && s.byPattern == byPattern && s.name == name {
					return i
				}
			}
			return -1
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			conn, name, byPattern := conns.Draw(t, "conn"), names.Draw(t, "name"), rapid.Bool().Draw(t, "pattern")
			at := find(conn, byPattern, name)
			switch rapid.IntRange(0, 4).Draw(t, "op") {
			case 0, 1, 2:
				subscribe := r.Subscribe
				if byPattern {
					subscribe = r.PSubscribe
				}
				require.Equal(t, at < 0, subscribe(conn, name))
				if at < 0 {
					p = append(p, plain{{conn, byPattern, name}}...)
				}
			case 3:
				unsubscribe := r.Unsubscribe
				if byPattern {
					unsubscribe = r.PUnsubscribe
				}
				require.Equal(t, at >= 0, unsubscribe(conn, name))
				if at >= 0 {
					p = slices.Delete(p, at, at+1)
				}
			case 4:
				r.Drop(conn)
				kept := plain{}
				for _, s := range p {
					if s.conn != conn {
						kept = append(kept, s)
					}
				}
				p = kept
			}
			for _, channel := range []string{"a", "ab", "", "b"} {
				want := p.publish(channel)
				got := r.Publish(channel)
				require.Truef(t, slices.Equal(want, got), "%q: want %v, got %v", channel, want, got)
			}
			patterns, own := 0, 0
			for _, s := range p {
				if s.byPattern {
					patterns++
				}
				if s.conn == conn {
					own++
				}
			}
			require.Equal(t, patterns, r.NumPat())
			require.Equal(t, own, r.Count(conn))
		}
	})
}

func BenchmarkPublish(b *testing.B) {
	var r Registry
	for i := range 50 {
		r.Subscribe(node.ConnID(2+2*i), "news")
		r.PSubscribe(node.ConnID(2+2*i), "other"+strconv.Itoa(i)+"*")
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Publish("news")
	}
}
