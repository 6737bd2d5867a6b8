package sentinel

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// idleSentinel watches a master with two replicas and two other Sentinels, all of which answer at once.
type idleSentinel struct {
	s       *Sentinel
	now     node.Instant
	out     node.Effects
	due     time.Duration
	answers []node.Event
	info    map[node.ConnID][]byte
	bytes   []byte
}

func newIdle(tb testing.TB) *idleSentinel {
	i := &idleSentinel{now: epoch, info: map[node.ConnID][]byte{}}
	i.s = New(Options{ConfigPath: "/s.conf", Rand: rand.New(rand.NewPCG(1, 1)), Notes: true})
	i.step(node.Event{Kind: node.Started})
	i.step(node.Event{Kind: node.FileDone, Bytes: []byte("port 26379\nbind 10.0.1.1\nsentinel monitor mymaster 10.0.0.1 6379 2\n" +
		"sentinel down-after-milliseconds mymaster 1000\nsentinel known-slave mymaster 10.0.0.2 6379\n" +
		"sentinel known-slave mymaster 10.0.0.3 6379\nsentinel known-sentinel mymaster 10.0.1.2 26379 " + id('a') +
		"\nsentinel known-sentinel mymaster 10.0.1.3 26379 " + id('b') + "\n")})
	i.step(node.Event{Kind: node.Listened, Local: "10.0.1.1:26379"})
	for range 300 {
		i.tick()
	}
	for _, r := range append(i.s.masters[0].slaves, i.s.masters[0]) {
		require.False(tb, r.isDown())
		require.NotZero(tb, r.infoRefresh)
	}
	return i
}

func (i *idleSentinel) step(ev node.Event) {
	i.s.Step(i.now, &ev, &i.out)
	i.carryOut()
}

// carryOut answers everything that was sent, from prepared bytes.
func (i *idleSentinel) carryOut() {
	i.answers = i.answers[:0]
	i.bytes = i.bytes[:0]
	list := i.out.List()
	for k := range list {
		switch e := &list[k]; e.Kind {
		case node.EffectDial:
			info := "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:5\r\nslave_priority:100\r\n"
			if e.Addr == "10.0.0.1:6379" {
				info = "role:master\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=5,lag=0\r\nslave1:ip=10.0.0.3,port=6379,state=online,offset=5,lag=0\r\n"
			}
			i.info[e.Conn] = resp.AppendBulkString(nil, info)
			i.answers = append(i.answers, node.Event{Kind: node.Dialled, Conn: e.Conn, Local: "10.0.1.1:5555"})
		case node.EffectSend:
			from := len(i.bytes)
			var p = i.parse(e.Conn, e.Bytes)
			i.answers = append(i.answers, node.Event{Kind: node.Received, Conn: e.Conn, Bytes: p[from:]})
		case node.EffectSetTimer:
			i.due = e.After
		}
	}
	i.out.Reset()
	for k := range i.answers {
		if ev := &i.answers[k]; ev.Kind != node.Received || len(ev.Bytes) > 0 {
			i.s.Step(i.now, ev, &i.out)
		}
	}
	if len(i.out.List()) > 0 {
		i.carryOut()
	}
}

var (
	pong = []byte("+PONG\r\n")
	fine = []byte("+OK\r\n")
	one1 = []byte(":1\r\n")
)

// parse counts what was asked by the first letters of the commands, which is all that it takes here.
func (i *idleSentinel) parse(conn node.ConnID, b []byte) []byte {
	for k := 0; k+1 < len(b); k++ {
		if b[k] != '\n' {
			continue
		}
		switch rest := b[k+1:]; {
		case len(rest) >= 4 && string(rest[:4]) == "PING":
			i.bytes = append(i.bytes, pong...)
		case len(rest) >= 4 && string(rest[:4]) == "INFO":
			i.bytes = append(i.bytes, i.info[conn]...)
		case len(rest) >= 7 && string(rest[:7]) == "PUBLISH":
			i.bytes = append(i.bytes, one1...)
		case len(rest) >= 6 && string(rest[:6]) == "CLIENT":
			i.bytes = append(i.bytes, fine...)
		}
	}
	return i.bytes
}

var tickEvent = node.Event{Kind: node.TimerFired, Timer: timerTick}

func (i *idleSentinel) tick() {
	i.now = i.now.Add(i.due)
	i.s.Step(i.now, &tickEvent, &i.out)
	i.carryOut()
}

// TestIdleTicksMakeNoGarbage holds for everything that happens in ten seconds of peace: PING, hello and INFO.
func TestIdleTicksMakeNoGarbage(t *testing.T) {
	i := newIdle(t)
	require.Less(t, testing.AllocsPerRun(1000, i.tick), 1.0)
}

// BenchmarkIdleTick is one tick of a Sentinel in peace and the answers to it.
func BenchmarkIdleTick(b *testing.B) {
	i := newIdle(b)
	b.ReportAllocs()
	start := i.now
	for b.Loop() {
		i.tick()
	}
	b.ReportMetric(i.now.Sub(start).Seconds()/b.Elapsed().Seconds(), "virtual-s/s")
}
