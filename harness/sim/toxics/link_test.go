package toxics_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/harness/sim/toxics"
)

// change is a toxic that is added while a connection is open, and taken away.
type change struct {
	kind string
	pair pair
	from time.Duration
	to   time.Duration // 0: it stays
}

// source is a connection that sends chunks at given instants, one for each read.
type source struct {
	in    input
	began time.Time
	next  int
	done  chan struct{}
}

func (s *source) Read(p []byte) (int, error) {
	if s.next == len(s.in.chunks) {
		if s.in.end == 0 {
			<-s.done
			return 0, io.EOF
		}
		time.Sleep(s.in.end - time.Since(s.began))
		return 0, io.EOF
	}
	c := s.in.chunks[s.next]
	time.Sleep(c.at - time.Since(s.began))
	s.next++
	return copy(p, payload(s.next-1, c.size)), nil
}

// sink is the connection on the other side.
type sink struct {
	o      *outcome
	began  time.Time
	closed chan struct{}
}

func (s *sink) Write(p []byte) (int, error) {
	s.o.piece(time.Since(s.began), p)
	return len(p), nil
}

func (s *sink) Close() error {
	s.o.closed = time.Since(s.began).String()
	close(s.closed)
	return nil
}

// realLink runs one direction of a connection through toxiproxy's own ToxicLink, from reader to writer, while toxics
// come and go. What toxiproxy leaves behind of a connection that a toxic closed, it leaves for ever: the bubble says so,
// and that is none of this test's business.
func realLink(t *testing.T, changes []change, in input) (o outcome) {
	defer func() {
		if why := recover(); why != nil && !strings.Contains(why.(error).Error(), "blocked goroutines remain") {
			panic(why)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
		proxy := toxiproxy.NewProxy(server, "p", "", "")
		done, closed := make(chan struct{}), make(chan struct{})
		proxy.Toxics.StartLink(server, "up", &source{in: in, began: began, done: done}, &sink{&o, began, closed}, stream.Upstream)
		for i := range changes {
			go func() {
				c := &changes[i]
				time.Sleep(c.from)
				attributes, err := json.Marshal(c.pair.theirs)
				require.NoError(t, err)
				name := c.kind + c.from.String()
				_, err = proxy.Toxics.AddToxicJson(strings.NewReader(`{"name":"` + name + `","type":"` + c.kind + `","stream":"upstream","attributes":` + string(attributes) + `}`))
				require.NoError(t, err)
				if c.to > 0 {
					time.Sleep(c.to - c.from)
					require.NoError(t, proxy.Toxics.RemoveToxic(context.Background(), name))
				}
			}()
		}
		select {
		case <-closed:
		case <-time.After(limit):
			o.closed = "never"
		}
	})
	return o
}

// modelLink is the same with ours.
func modelLink(changes []change, in input) (o outcome) {
	c := toxics.NewChain(sure)
	fed := 0
	for now := int64(0); ; {
		out := func(b []byte) { o.piece(time.Duration(now), b) }
		open := true
		for i := range changes {
			switch ch := &changes[i]; now {
			case int64(ch.from):
				c.Add(now, i+1, ch.pair.ours, 1)
			case int64(ch.to):
				open = c.Remove(now, i+1)
			}
		}
		for progress := true; open && progress; {
			open = c.Run(now, out)
			progress = false
			switch {
			case !open || !c.Wants():
			case fed < len(in.chunks) && int64(in.chunks[fed].at) <= now:
				c.Feed(now, payload(fed, in.chunks[fed].size))
				fed++
				progress = true
			case fed == len(in.chunks) && in.end > 0 && int64(in.end) <= now:
				c.End()
				progress = true
			}
		}
		if !open {
			o.closed = time.Duration(now).String()
			return o
		}
		next, ok := c.Next()
		at := func(t time.Duration) {
			if int64(t) > now && (!ok || int64(t) < next) {
				next, ok = int64(t), true
			}
		}
		for _, ch := range changes {
			at(ch.from)
			at(ch.to)
		}
		if c.Wants() {
			at(in.end)
			if fed < len(in.chunks) {
				at(in.chunks[fed].at)
			}
		}
		if !ok || next > int64(limit) {
			o.closed = "never"
			return o
		}
		now = next
	}
}

// drawn is a span of whole microseconds. Toxics come and go between two of them, so that no chunk comes at that instant.
func drawn(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64Range(1, 900_000).Draw(t, label)) * time.Microsecond
}

// passing are the toxics that end no connection. Taking one of the others away while it does makes toxiproxy hang now and
// then, with its lock held, even in virtual time.
var passing = []string{"latency", "bandwidth", "slow_close", "slicer"}

// One toxic at a time: with several, which of two that are ready goes on first is for Go's scheduler to say.
func TestToxicsComeAndGoAsInToxiproxysLink(t *testing.T) {
	quietly(t)
	rapid.Check(t, func(rt *rapid.T) {
		var changes []change
		at := time.Duration(0)
		for more := true; more && len(changes) < 3; more = rapid.IntRange(0, 2).Draw(rt, "more") > 0 {
			kind := rapid.SampledFrom(passing).Draw(rt, "toxic")
			from := at.Truncate(time.Microsecond) + drawn(rt, "from") + 500*time.Nanosecond
			at = from + drawn(rt, "to")
			changes = append(changes, change{kind: kind, pair: kinds[kind](rt), from: from, to: at})
		}
		if rapid.Bool().Draw(rt, "the last one stays") {
			last := &changes[len(changes)-1]
			last.kind, last.to = rapid.SampledFrom(kindNames).Draw(rt, "last"), 0
			last.pair = kinds[last.kind](rt)
		}
		in := drawInput(rt)
		for i := range in.chunks {
			in.chunks[i].at = in.chunks[i].at.Truncate(time.Microsecond) + time.Duration(i+1)*time.Microsecond
		}
		if in.end > 0 {
			in.end = in.end.Truncate(time.Microsecond) + time.Duration(len(in.chunks)+1)*time.Microsecond
		}
		require.Equal(rt, realLink(t, changes, in), modelLink(changes, in))
	})
}
