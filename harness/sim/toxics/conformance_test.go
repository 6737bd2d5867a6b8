//go:debug randseednop=0
package toxics_test

import (
	"fmt"
	"math/rand"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	toxiproxy "github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/harness/sim/toxics"
)

// pair is one toxic twice: toxiproxy's and ours.
type pair struct {
	theirs   toxiproxy.Toxic
	ours     toxics.Toxic
	toxicity float64 // 0 or 1
}

// input is what the source of a connection sends.
type input struct {
	chunks []chunk
	end    time.Duration // when it closes; 0: not
}

type chunk struct {
	at   time.Duration
	size int
}

// limit is how long a chain is watched.
const limit = 20 * time.Minute

// outcome is what comes out of a chain: each piece with its instant, and the close.
type outcome struct {
	pieces []string
	closed string
}

func (o *outcome) piece(at time.Duration, data []byte) {
	if len(data) > 0 {
		o.pieces = append(o.pieces, fmt.Sprintf("%v %d bytes from %d", at, len(data), data[0]))
	}
}

// payload numbers its bytes, so that a wrong order shows.
func payload(n, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(n + i)
	}
	return b
}

// realChain runs toxiproxy's own code in a bubble of virtual time, stubs and channels put together as its NewToxicLink
// does. Its random numbers come from seed.
func realChain(t *testing.T, chain []pair, in input, seed int64) (o outcome) {
	synctest.Test(t, func(t *testing.T) {
		//lint:ignore SA1019 toxiproxy draws from the global source
		rand.Seed(seed)
		began := time.Now()
		wrappers := []*toxiproxy.ToxicWrapper{{Toxic: new(toxiproxy.NoopToxic), Toxicity: 1}}
		for _, p := range chain {
			w := &toxiproxy.ToxicWrapper{Toxic: p.theirs, Toxicity: float32(p.toxicity)}
			if b, ok := p.theirs.(toxiproxy.BufferedToxic); ok {
				w.BufferSize = b.GetBufferSize()
			}
			wrappers = append(wrappers, w)
		}
		first := make(chan *stream.StreamChunk)
		last := first
		channels := []chan *stream.StreamChunk{first}
		var stubs []*toxiproxy.ToxicStub
		for i := range wrappers {
			size := 0
			if i+1 < len(wrappers) {
				size = wrappers[i+1].BufferSize
			}
			next := make(chan *stream.StreamChunk, size)
			s := toxiproxy.NewToxicStub(last, next)
			if stateful, ok := wrappers[i].Toxic.(toxiproxy.StatefulToxic); ok {
				s.State = stateful.NewState()
			}
			stubs = append(stubs, s)
			last = next
			channels = append(channels, next)
		}
		var running sync.WaitGroup // virtual time stands still once this function has returned
		defer running.Wait()
		for i, s := range stubs {
			running.Go(func() { s.Run(wrappers[i]) })
		}
		done := make(chan struct{})
		running.Go(func() {
			defer close(first)
			for i, c := range in.chunks {
				time.Sleep(c.at - time.Since(began))
				select {
				case first <- &stream.StreamChunk{Data: payload(i, c.size), Timestamp: time.Now()}:
				case <-done:
					return
				}
			}
			if in.end == 0 {
				<-done
			}
			time.Sleep(in.end - time.Since(began))
		})
		after := time.After(limit)
		for o.closed == "" {
			select {
			case c, ok := <-last:
				if !ok {
					o.closed = time.Since(began).String()
					break
				}
				o.piece(time.Since(began), c.Data)
			case <-after:
				o.closed = "never"
			}
		}
		close(done)
		for _, ch := range channels { // let go whoever stands before a toxic that takes nothing more
			running.Go(func() {
				for range ch {
				}
			})
		}
	})
	return o
}

// model runs ours.
func model(chain []pair, in input, draw toxics.Draw) (o outcome) {
	c := toxics.NewChain(draw)
	for i, p := range chain {
		c.Add(0, i+1, p.ours, p.toxicity)
	}
	fed := 0
	for now := int64(0); ; {
		for fed < len(in.chunks) && int64(in.chunks[fed].at) <= now && c.Wants() {
			c.Feed(now, payload(fed, in.chunks[fed].size))
			fed++
			c.Run(now, func(b []byte) { o.piece(time.Duration(now), b) })
		}
		if fed == len(in.chunks) && in.end > 0 && int64(in.end) <= now && c.Wants() {
			c.End()
		}
		if !c.Run(now, func(b []byte) { o.piece(time.Duration(now), b) }) {
			o.closed = time.Duration(now).String()
			return o
		}
		if c.Wants() && fed < len(in.chunks) && int64(in.chunks[fed].at) <= now {
			continue
		}
		next, ok := c.Next()
		if c.Wants() {
			at := int64(in.end)
			if fed < len(in.chunks) {
				at = int64(in.chunks[fed].at)
			}
			if at > now && (!ok || at < next) {
				next, ok = at, true
			}
		}
		if !ok || next > int64(limit) {
			o.closed = "never"
			return o
		}
		now = next
	}
}

// drawInput draws instants to the nanosecond, so that nothing happens at the same time as something else by accident:
// what toxiproxy does then, the Go scheduler decides.
func drawInput(t *rapid.T) input {
	var in input
	at := time.Duration(0)
	for range rapid.IntRange(0, 12).Draw(t, "chunks") {
		at += time.Duration(rapid.Int64Range(1, int64(400*time.Millisecond)).Draw(t, "later"))
		in.chunks = append(in.chunks, chunk{at, rapid.OneOf(rapid.IntRange(1, 64), rapid.IntRange(1, 32<<10)).Draw(t, "size")})
	}
	if rapid.IntRange(0, 3).Draw(t, "ends") > 0 {
		in.end = at + time.Duration(rapid.Int64Range(1, int64(2*time.Second)).Draw(t, "end"))
	}
	return in
}

// kinds draw the attributes of each toxic.
var kinds = map[string]func(t *rapid.T) pair{
	"latency": func(t *rapid.T) pair {
		ms := rapid.Int64Range(0, 1500).Draw(t, "latency")
		return pair{&toxiproxy.LatencyToxic{Latency: ms}, toxics.Latency{Latency: ms}, 1}
	},
	"bandwidth": func(t *rapid.T) pair {
		rate := rapid.OneOf(rapid.Int64Range(1, 60), rapid.Int64Range(1, 2000)).Draw(t, "rate")
		return pair{&toxiproxy.BandwidthToxic{Rate: rate}, toxics.Bandwidth{Rate: rate}, 1}
	},
	"slow_close": func(t *rapid.T) pair {
		ms := rapid.Int64Range(0, 3000).Draw(t, "delay")
		return pair{&toxiproxy.SlowCloseToxic{Delay: ms}, toxics.SlowClose{Delay: ms}, 1}
	},
	"timeout": func(t *rapid.T) pair {
		ms := rapid.Int64Range(0, 600).Draw(t, "timeout")
		return pair{&toxiproxy.TimeoutToxic{Timeout: ms}, toxics.Timeout{Timeout: ms}, 1}
	},
	"reset_peer": func(t *rapid.T) pair {
		ms := rapid.Int64Range(0, 3000).Draw(t, "timeout")
		return pair{&toxiproxy.ResetToxic{Timeout: ms}, toxics.ResetPeer{Timeout: ms}, 1}
	},
	"slicer": func(t *rapid.T) pair {
		size, delay := rapid.IntRange(200, 5000).Draw(t, "average_size"), rapid.IntRange(0, 20000).Draw(t, "delay")
		return pair{&toxiproxy.SlicerToxic{AverageSize: size, Delay: delay}, toxics.Slicer{AverageSize: size, Delay: delay}, 1}
	},
	"limit_data": func(t *rapid.T) pair {
		n := rapid.Int64Range(0, 100_000).Draw(t, "bytes")
		return pair{&toxiproxy.LimitDataToxic{Bytes: n}, toxics.LimitData{Bytes: n}, 1}
	},
}

var kindNames = []string{"latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data"}

// sure is for toxics that draw nothing but their toxicity.
func sure(n int64) int64 { return 0 }

// quietly keeps toxiproxy from logging that it was interrupted.
func quietly(t *testing.T) {
	level := zerolog.GlobalLevel()
	zerolog.SetGlobalLevel(zerolog.Disabled)
	t.Cleanup(func() { zerolog.SetGlobalLevel(level) })
}

func TestEachToxicDoesWhatToxiproxysDoes(t *testing.T) {
	quietly(t)
	for _, name := range kindNames {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				p := kinds[name](rt)
				if rapid.IntRange(0, 9).Draw(rt, "toxicity") == 0 {
					p.toxicity = 0
				}
				in := drawInput(rt)
				require.Equal(rt, realChain(t, []pair{p}, in, 1), model([]pair{p}, in, sure))
			})
		})
	}
}

func TestToxicsInAChainDoWhatToxiproxysDo(t *testing.T) {
	quietly(t)
	rapid.Check(t, func(rt *rapid.T) {
		var chain []pair
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(kindNames), 2, 4).Draw(rt, "toxics") {
			chain = append(chain, kinds[name](rt))
		}
		in := drawInput(rt)
		require.Equal(rt, realChain(t, chain, in, 1), model(chain, in, sure))
	})
}

// The same random numbers give the same delays and the same slices.
func TestJitterAndVariationAreDrawnAsToxiproxyDrawsThem(t *testing.T) {
	quietly(t)
	rapid.Check(t, func(rt *rapid.T) {
		in := drawInput(rt)
		seed := rapid.Int64().Draw(rt, "seed")
		source := rand.New(rand.NewSource(seed))
		source.Float32() // the stage before
		source.Float32() // this one's toxicity
		if rapid.Bool().Draw(rt, "latency or slicer") {
			ms := rapid.Int64Range(0, 500).Draw(rt, "latency")
			jitter := rapid.Int64Range(1, ms+1).Draw(rt, "jitter")
			p := pair{&toxiproxy.LatencyToxic{Latency: ms, Jitter: jitter}, toxics.Latency{Latency: ms, Jitter: jitter}, 1}
			require.Equal(rt, realChain(t, []pair{p}, in, seed), model([]pair{p}, in, afterToxicity(source.Int63n)))
			return
		}
		size := rapid.IntRange(300, 5000).Draw(rt, "average_size")
		variation := rapid.IntRange(1, size-1).Draw(rt, "size_variation")
		p := pair{&toxiproxy.SlicerToxic{AverageSize: size, SizeVariation: variation, Delay: 10}, toxics.Slicer{AverageSize: size, SizeVariation: variation, Delay: 10}, 1}
		draw := afterToxicity(func(n int64) int64 { return int64(source.Intn(int(n))) })
		require.Equal(rt, realChain(t, []pair{p}, in, seed), model([]pair{p}, in, draw))
	})
}

// afterToxicity answers the first draw, which is about the toxicity, with 0.
func afterToxicity(draw toxics.Draw) toxics.Draw {
	first := true
	return func(n int64) int64 {
		if first {
			first = false
			return 0
		}
		return draw(n)
	}
}
