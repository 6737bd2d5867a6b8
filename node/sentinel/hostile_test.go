package sentinel

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// infoSeeds are what real servers say, and what #7443 was about.
var infoSeeds = []string{
	"# Server\r\nrun_id:0123456789012345678901234567890123456789\r\n# Replication\r\nrole:master\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\r\n",
	"role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:1553601600\r\nslave_priority:100\r\nslave_repl_offset:42\r\n",
	"role:master\nslave0:10.0.0.3,6379,online\n",
	"run_id:short\nrole:\nmaster_host\nmaster_host:\nmaster_port:-1\nslave0:\nslave1:ip=\nslave2:ip=1.2.3.4,port=\nslave3:,\n",
	"master_link_down_since_seconds:9223372036854775807\nslave_repl_offset:99999999999999999999\nslave_priority:+1\n",
}

func TestInfoIsUnderstood(t *testing.T) {
	var p report
	p.parse([]byte(infoSeeds[0]))
	require.Equal(t, kindMaster, p.role)
	require.Equal(t, "0123456789012345678901234567890123456789", string(p.runID))
	require.Equal(t, []endpoint{{[]byte("10.0.0.2"), 6379}}, p.slaves)
	p.parse([]byte(infoSeeds[1]))
	require.Equal(t, kindSlave, p.role)
	require.Empty(t, p.slaves)
	require.Equal(t, "10.0.0.1", string(p.masterHost))
	require.Equal(t, 6379, p.masterPort)
	require.False(t, p.linkUp)
	require.Equal(t, 1553601600*time.Second, p.linkDown)
	require.EqualValues(t, 100, p.priority)
	require.EqualValues(t, 42, p.offset)
	p.parse([]byte(infoSeeds[2]))
	require.Equal(t, []endpoint{{[]byte("10.0.0.3"), 6379}}, p.slaves, "the form of Redis 2.6")
	p.parse([]byte(infoSeeds[3]))
	require.Zero(t, p.role)
	require.Empty(t, p.slaves)
	require.Nil(t, p.runID)
	p.parse([]byte(infoSeeds[4]))
	require.False(t, p.hasSlaveOffset)
	require.False(t, p.hasPriority)
	require.Positive(t, p.linkDown)
}

// stranger is a running Sentinel whose only master has one replica, for bytes to be thrown at.
func stranger() (*Sentinel, *instance, *node.Effects) {
	s := New(Options{ConfigPath: "/s.conf", Rand: rand.New(rand.NewPCG(1, 1)), Notes: true})
	var out node.Effects
	step := func(ev node.Event) { s.Step(epoch, &ev, &out) }
	step(node.Event{Kind: node.Started})
	step(node.Event{Kind: node.FileDone, Bytes: []byte("sentinel monitor mymaster 10.0.0.1 6379 2\nsentinel known-slave mymaster 10.0.0.2 6379\n")})
	step(node.Event{Kind: node.Listened, Local: "127.0.0.1:26379"})
	s.now, s.out = epoch, &out
	return s, s.masters[0], &out
}

func FuzzInfo(f *testing.F) {
	for _, seed := range infoSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, info []byte) {
		s, master, _ := stranger()
		s.infoArrived(master, info)
		s.infoArrived(master.slaves[0], info)
		for _, r := range master.slaves {
			require.True(t, isIP(r.addr.ip))
			require.Positive(t, r.addr.port)
		}
		s.endOfStep()
		restarted(t, s.file)
	})
}

func FuzzHello(f *testing.F) {
	f.Add([]byte("10.0.1.2,26379," + id('a') + ",1,mymaster,10.0.0.1,6379,0"))
	f.Add([]byte("10.0.1.2,26379," + id('a') + ",7,mymaster,10.0.0.2,6379,7"))
	f.Add([]byte("10.0.1.2,26379,x y\"z,9223372036854775807,mymaster,10.0.0.1,6379,9223372036854775807"))
	f.Add([]byte(",,,,,,,"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, master, _ := stranger()
		epochBefore, configBefore := s.currentEpoch, master.configEpoch
		s.processHello(payload)
		s.processHello(payload)
		require.GreaterOrEqual(t, s.currentEpoch, epochBefore)
		require.GreaterOrEqual(t, master.configEpoch, configBefore)
		if master.addr != (address{"10.0.0.1", 6379}) {
			require.Greater(t, master.configEpoch, configBefore, "an address moves with a larger config epoch only")
		}
		s.endOfStep()
		restarted(t, s.file)
	})
}

// restarted fails unless a Sentinel starts with file, writes it, and from then on writes it unchanged. (The first
// time a line deny-scripts-reconfig may come in, as in Redis 4.0, where an old line would otherwise be left over.)
func restarted(t *testing.T, file string) {
	s := New(Options{ConfigPath: "/s.conf", Rand: rand.New(rand.NewPCG(1, 1))})
	require.NoError(t, s.configure(file), "%s", file)
	again := s.rewrite(file)
	require.Equal(t, again, s.rewrite(again))
	s = New(Options{ConfigPath: "/s.conf", Rand: rand.New(rand.NewPCG(1, 1))})
	require.NoError(t, s.configure(again), "%s", again)
	require.Equal(t, again, s.rewrite(again))
}

func FuzzConfiguration(f *testing.F) {
	f.Add("sentinel monitor m 10.0.0.1 6379 2\nsentinel known-slave m 10.0.0.2 1\nsentinel known-sentinel m ::1 1 abc\nsentinel auth-pass m 'x y'\nport 1\n")
	f.Add("sentinel monitor \"a b\" localhost 1 1\nsentinel down-after-milliseconds \"a b\" 99999999999999999999\nsentinel config-epoch \"a b\" -5\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := New(Options{ConfigPath: "/s.conf", Dir: "/", Rand: rand.New(rand.NewPCG(1, 1))})
		if s.configure(text) != nil {
			return
		}
		if s.id == "" {
			s.id = id('0')
		}
		restarted(t, s.rewrite(text))
	})
}

func FuzzClient(f *testing.F) {
	f.Add([]byte("PING\r\nSENTINEL masters\r\nSENTINEL is-master-down-by-addr 10.0.0.1 6379 3 x\r\nSENTINEL set mymaster quorum 1\r\nSUBSCRIBE a\r\n"))
	f.Add([]byte("CLIENT kill skipme no\r\nCLIENT reply off\r\nSENTINEL reset *\r\nSENTINEL remove mymaster\r\nROLE\r\nINFO\r\nSENTINEL info-cache\r\n"))
	f.Add([]byte("*3\r\n$7\r\nPUBLISH\r\n$18\r\n__sentinel__:hello\r\n$3\r\n,,,\r\n*1\r\n$-5\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _, out := stranger()
		s.Step(epoch, &node.Event{Kind: node.Accepted, Conn: 2, Remote: "127.0.0.1:5"}, out)
		out.Reset()
		s.Step(epoch, &node.Event{Kind: node.Received, Conn: 2, Bytes: b}, out)
		var p resp.ReplyParser
		for _, e := range out.List() {
			if e.Kind == node.EffectSend && e.Conn == 2 {
				p.Feed(e.Bytes)
			}
		}
		for {
			_, ok, err := p.Next()
			require.NoError(t, err)
			if !ok {
				break
			}
		}
		require.Zero(t, p.Buffered(), "whole replies only")
		s.Step(epoch.Add(time.Second), &node.Event{Kind: node.TimerFired, Timer: timerTick}, out)
	})
}

// TestHostileBytesCostOnlyTheirLink: garbage on any link drops that connection and changes nothing else.
func TestHostileBytesCostOnlyTheirLink(t *testing.T) {
	garbage := []string{"\x00\xff\x00", "HTTP/1.1 200 OK\r\n\r\n", "*1\r\n$-2\r\n", "$99999999999\r\n", ":abc\r\n", strings.Repeat("A", 1<<17),
		"*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n:1\r\n?"}
	for _, bad := range garbage {
		w := cluster(2, 3, 2, "")
		w.advance(15 * time.Second)
		r1 := w.byName["r1"].core.(*fakeRedis)
		r1.override["PING"] = bad
		w.advance(10 * time.Second)
		require.Equal(t, "1) \"10.0.0.1\"\n2) \"6379\"\n", show(w.ask("s1", words("SENTINEL get-master-addr-by-name mymaster"))))
		master := w.byName["s1"].sentinel().masters[0]
		require.False(t, master.sDown, "%q", bad)
		require.True(t, master.slaves[0].sDown, "%q: it answers no PING", bad)
		require.False(t, master.slaves[1].sDown)
		delete(r1.override, "PING")
		w.advance(5 * time.Second)
		require.False(t, master.slaves[0].sDown, "%q", bad)
	}
}

func TestReplyThatNobodyAskedForDropsTheConnection(t *testing.T) {
	w := cluster(1, 1, 1, "")
	w.advance(12 * time.Second)
	s := w.byName["s1"]
	c := &s.sentinel().masters[0].link.cmd
	before := c.conn
	require.NotZero(t, before)
	s.deliver(s.life, node.Event{Kind: node.Received, Conn: before, Bytes: []byte("+PONG\r\n")})
	require.Zero(t, c.conn)
	w.advance(2 * time.Second)
	require.NotZero(t, c.conn)
	require.NotEqual(t, before, c.conn)
	require.NotContains(t, strings.Join(s.events(), "\n"), "+sdown")
}

func TestEmptyAndOddAnswersToTheQuestionAreNoAnswer(t *testing.T) {
	s, master, _ := stranger()
	other := s.addSentinel(master, id('a'), address{"10.0.1.2", 1})
	for _, raw := range []string{"-ERR x\r\n", "*0\r\n", "*-1\r\n", "*3\r\n:1\r\n$-1\r\n:1\r\n", "*3\r\n:1\r\n:1\r\n:1\r\n", "*3\r\n:1\r\n$1\r\na\r\n:-1\r\n", "$1\r\na\r\n"} {
		var p resp.ReplyParser
		p.Feed([]byte(raw))
		r, ok, err := p.Next()
		require.True(t, ok && err == nil)
		before := other.lastDownAsk
		s.askAnswered(other, r)
		require.Equal(t, before, other.lastDownAsk, "%q", raw)
		if !r.Null && len(r.Elems) == 3 && r.Elems[1].Null {
			continue
		}
		require.Empty(t, other.leader)
	}
}
