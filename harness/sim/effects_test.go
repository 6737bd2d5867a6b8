package sim_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/worldtest"
	"github.com/ordeal-go/ordeal/nemesis"
)

// stage is a stage whose puppets have names c1, c2, …
type stage struct {
	*worldtest.Stage
	t *testing.T
}

// effects has, for each verb that a world is given, what it does as seen at a socket, a file or a clock.
var effects = map[nemesis.Verb]func(s stage){
	nemesis.Cut: func(s stage) {
		s.Connect("c1", "c2")
		id := s.Inflict("cut c1 | c2")
		s.Tell("c1", "send 1 held")
		s.Silent("c2", "received")
		s.Lift(id)
		s.AwaitStream("c2", 2, "held")
	},
	nemesis.Drop: func(s stage) {
		s.Connect("c1", "c2")
		s.Tell("c1", "send 1 lost")
		id := s.Inflict("drop c1 | c2")
		s.Await("c1", "closed 1 Connection reset by peer")
		s.Await("c2", "closed 2 Connection reset by peer")
		require.Empty(s.t, s.Stream("c2", 2), "bytes on their way are lost")
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dial-failed 3 Connection refused")
		s.Lift(id)
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dialled 5")
	},
	nemesis.Isolate: func(s stage) {
		end := s.play("isolate c2")
		require.Equal(s.t, [][]bool{{true, false, true}, {false, true, false}, {true, false, true}}, s.reach("c1", "c2", "c3"))
		end()
		require.Equal(s.t, [][]bool{{true, true, true}, {true, true, true}, {true, true, true}}, s.reach("c1", "c2", "c3"))
	},
	nemesis.Halves: func(s stage) {
		end := s.play("halves c1 c2 c3 c4")
		require.Equal(s.t, [][]bool{{true, true, false, false}, {true, true, false, false}, {false, false, true, true}, {false, false, true, true}},
			s.reach("c1", "c2", "c3", "c4"))
		end()
		require.Equal(s.t, []bool{true, true, true, true}, s.reach("c1", "c2", "c3", "c4")[0])
	},
	nemesis.Bridge: func(s stage) {
		s.play("bridge c1 c2 c3")
		require.Equal(s.t, [][]bool{{true, true, false}, {true, true, true}, {false, true, true}}, s.reach("c1", "c2", "c3"))
	},
	nemesis.Ring: func(s stage) {
		s.play("ring c1 c2 c3 c4 c5")
		for i, row := range s.reach("c1", "c2", "c3", "c4", "c5") {
			for j, reached := range row {
				away := (j - i + 5) % 5
				require.Equal(s.t, away <= 1 || away == 4, reached, "c%d to c%d: it hears its neighbours", i+1, j+1)
			}
		}
	},
	nemesis.Clog: func(s stage) {
		s.Connect("c1", "c2")
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dialled 3")
		s.Await("c2", "accepted 4")
		id := s.Inflict("clog c1 -> c2")
		s.Tell("c1", "send 1 held; send 3 passes")
		s.Tell("c2", "send 2 back")
		s.AwaitStream("c2", 4, "passes")
		s.AwaitStream("c1", 1, "back")
		s.Silent("c2", "received 2")
		s.Lift(id)
		s.AwaitStream("c2", 2, "held")
	},
	nemesis.Unclog: func(s stage) {
		s.Connect("c1", "c2")
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c2", "accepted 4")
		s.Inflict("clog c1 -> c2 connections=2")
		s.Tell("c1", "send 1 one; send 3 two")
		s.Silent("c2", "received")
		s.Inflict("unclog c1 -> c2")
		s.AwaitStream("c2", 2, "one")
		s.Silent("c2", "received 4")
		s.Inflict("unclog c1 -> c2")
		s.AwaitStream("c2", 4, "two")
	},
	nemesis.Refuse: func(s stage) {
		s.Connect("c1", "c2")
		id := s.Inflict("refuse c1 -> c2")
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dial-failed 3 Connection refused")
		s.Tell("c1", "send 1 old")
		s.AwaitStream("c2", 2, "old")
		s.Lift(id)
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dialled 5")
	},
	nemesis.BlackHole: func(s stage) {
		s.Connect("c1", "c2")
		id := s.Inflict("blackhole c1 -> c2")
		s.Tell("c1", "dial %s; send 1 old", s.Addr("c2"))
		s.AwaitStream("c2", 2, "old")
		s.Pass(126 * time.Second)
		_, answered := s.Next("c1", "dial")
		require.False(s.t, answered, "no answer at all")
		s.Await("c1", "dial-failed 3 Connection timed out")
		s.Lift(id)
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dialled 5")
	},
	nemesis.HalfOpen: func(s stage) {
		s.Connect("c1", "c2")
		id := s.Inflict("half-open c1 | c2")
		s.Tell("c1", "send 1 lost")
		s.Tell("c2", "send 2 lost")
		s.Silent("c2", "received")
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c2", "accepted 4")
		s.Tell("c1", "send 3 new")
		s.AwaitStream("c2", 4, "new")
		s.Tell("c1", "close 1")
		s.Silent("c2", "closed")
		s.Lift(id)
		require.Equal(s.t, "closed 2 Connection reset by peer", s.Await("c2", "closed").Text, "c2 has sent, and is told")
	},
	nemesis.Flap: func(s stage) {
		s.Connect("c1", "c2")
		f, err := nemesis.Parse("flap c1 | c2 period=10s duty=30%")
		require.NoError(s.t, err)
		for n := range 3 {
			beat, ok := f.Beat(n, nemesis.View{})
			require.True(s.t, ok)
			require.Equal(s.t, time.Duration(n)*10*time.Second, beat.After)
			require.Equal(s.t, 3*time.Second, beat.For)
			id := s.Inflict(beat.Faults[0].String())
			s.Tell("c1", "send 1 x")
			s.Silent("c2", "received")
			s.Lift(id)
			s.AwaitStream("c2", 2, strings.Repeat("x", n+1))
			s.Forget("c2")
		}
	},

	nemesis.Latency: func(s stage) {
		s.Connect("c1", "c2")
		plain := s.trip("x")
		id := s.Inflict("latency c1 -> c2 delay=300ms")
		require.InDelta(s.t, 300, ms(s.trip("x")-plain), 1)
		s.Lift(id)
		id = s.Inflict("latency c1 -> c2 latency=250")
		require.InDelta(s.t, 250, ms(s.trip("x")-plain), 1)
		s.Inflict("latency c1 -> c2 latency=1000 stream=downstream") // c1 dialled: nothing that it sends is an answer
		require.InDelta(s.t, 250, ms(s.trip("x")-plain), 1)
		s.Inflict("latency c1 -> c2 latency=1000 toxicity=0")
		require.InDelta(s.t, 250, ms(s.trip("x")-plain), 1)
		s.Lift(id)
		require.InDelta(s.t, 0, ms(s.trip("x")-plain), 1)
	},
	nemesis.Bandwidth: func(s stage) {
		s.Connect("c1", "c2")
		s.Tell("c2", "count")
		id := s.Inflict("bandwidth c1 -> c2 rate=100")
		from := s.World.Elapsed()
		s.Tell("c1", "bulk 1 300000")
		s.Await("c2", "counted 2 300000 wrong=false")
		require.InDelta(s.t, 3000, ms(s.World.Elapsed()-from), 100)
		s.Lift(id)
		from = s.World.Elapsed()
		s.Tell("c1", "bulk 1 300000")
		s.Await("c2", "counted 2 600000")
		require.Less(s.t, s.World.Elapsed()-from, 100*time.Millisecond)
	},
	nemesis.SlowClose: func(s stage) {
		s.Connect("c1", "c2")
		s.Inflict("slow_close c1 -> c2 delay=2000")
		from := s.World.Elapsed()
		s.Tell("c1", "send 1 bye; flush 1")
		s.AwaitStream("c2", 2, "bye")
		require.InDelta(s.t, 2000, ms(s.Await("c2", "closed 2").At-from), 10)
	},
	nemesis.Timeout: func(s stage) {
		s.Connect("c1", "c2")
		s.Inflict("timeout c1 -> c2 timeout=3000")
		from := s.World.Elapsed()
		s.Pass(time.Second)
		s.Tell("c1", "send 1 lost")
		require.InDelta(s.t, 4000, ms(s.Await("c2", "closed 2").At-from), 10, "3 s after the last byte")
		s.Await("c1", "closed 1")
		require.Empty(s.t, s.Stream("c2", 2))

		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dialled 3")
		id := s.Inflict("timeout c1 -> c2 timeout=0")
		s.Lift(id)
		s.Await("c1", "closed 3")
	},
	nemesis.ResetPeer: func(s stage) {
		s.Connect("c1", "c2")
		id := s.Inflict("reset_peer c1 -> c2 timeout=500")
		from := s.World.Elapsed()
		s.Tell("c1", "send 1 lost")
		require.InDelta(s.t, 500, ms(s.Await("c1", "closed 1 Connection reset by peer").At-from), 2)
		s.Await("c2", "closed 2 Connection reset by peer")
		require.Empty(s.t, s.Stream("c2", 2))
		s.Lift(id)
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c2", "accepted 4")
		s.Tell("c1", "send 3 well")
		s.AwaitStream("c2", 4, "well")
	},
	nemesis.Slicer: func(s stage) {
		s.Connect("c1", "c2")
		s.Inflict("slicer c1 -> c2 average_size=10 delay=5000")
		s.Tell("c1", "send 1 %s", strings.Repeat("0123456789", 8))
		s.AwaitStream("c2", 2, strings.Repeat("0123456789", 8))
		var at []time.Duration
		s.Forget("c1")
		for _, text := range s.Texts("c2", 0) {
			if strings.HasPrefix(text, "received 2") {
				require.Len(s.t, text, len(`received 2 "0123456789"`), "slices of 10 bytes")
				at = append(at, 0)
			}
		}
		require.Len(s.t, at, 8)
		require.Greater(s.t, s.World.Elapsed(), 35*time.Millisecond)
	},
	nemesis.LimitData: func(s stage) {
		s.Connect("c1", "c2")
		s.Inflict("limit_data c1 -> c2 bytes=5")
		s.Tell("c1", "send 1 abc")
		s.AwaitStream("c2", 2, "abc")
		s.Tell("c1", "send 1 defg")
		s.Await("c2", "closed 2")
		s.Await("c1", "closed 1")
		require.Equal(s.t, "abcde", s.Stream("c2", 2))
	},

	nemesis.Kill: func(s stage) {
		s.Connect("c1", "c2")
		id := s.Inflict("kill c2")
		s.Await("c1", "closed 1")
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dial-failed 3 Connection refused")
		s.Lift(id)
		s.Await("c2", "started")
	},
	nemesis.Restart: func(s stage) {
		s.Inflict("kill c2")
		s.Inflict("powerloss c2")
		s.Inflict("restart c2")
		s.Await("c2", "started")
	},
	nemesis.Terminate: func(s stage) {
		id := s.Inflict("terminate c2")
		s.Await("c2", "stop-requested")
		s.Tell("c2", "write %s last; exit 0", s.File("c2", "words"))
		s.Pass(time.Second)
		require.ErrorContains(s.t, s.World.Tell("c2", "say x"), "down")
		s.Lift(id)
		s.Await("c2", "started")
		s.Tell("c2", "read %s", s.File("c2", "words"))
		s.Await("c2", `file-done 1 n=0 "last"`)

		s.Inflict("terminate c2") // and one that does not listen
		s.Pass(9900 * time.Millisecond)
		require.NoError(s.t, s.World.Tell("c2", "say alive"))
		s.Pass(200 * time.Millisecond)
		require.Error(s.t, s.World.Tell("c2", "say x"))
	},
	nemesis.PowerLoss: func(s stage) {
		s.Connect("c1", "c2")
		s.Tell("c2", "write %s kept; sync %s; append %s  lost", s.File("c2", "f"), s.File("c2", "f"), s.File("c2", "f"))
		s.Await("c2", "file-done 3")
		id := s.Inflict("powerloss c2")
		s.Tell("c1", "send 1 anybody?; dial %s", s.Addr("c2"))
		s.Silent("c1", "closed")
		_, answered := s.Next("c1", "dial")
		require.False(s.t, answered, "nothing answers, not even a kernel")
		s.Lift(id)
		s.Await("c2", "started")
		s.Tell("c2", "read %s", s.File("c2", "f"))
		s.Await("c2", `file-done 1 n=0 "kept"`)
		s.Await("c1", "closed 1 Connection reset by peer")
	},
	nemesis.Pause: func(s stage) {
		s.Connect("c1", "c2")
		id := s.Inflict("pause c2")
		s.Tell("c1", "send 1 waits; dial %s", s.Addr("c2"))
		s.Await("c1", "dialled 3") // the kernel goes on
		s.Silent("c2", "received")
		s.Lift(id)
		s.AwaitStream("c2", 2, "waits")
	},
	nemesis.Resume: func(s stage) {
		s.Connect("c1", "c2")
		s.Inflict("pause c2")
		s.Inflict("pause c2")
		s.Tell("c1", "send 1 waits")
		s.Silent("c2", "received")
		s.Inflict("resume c2")
		s.AwaitStream("c2", 2, "waits")
	},
	nemesis.Stall: func(s stage) {
		s.Connect("c1", "c2")
		s.Tell("c2", "timer 1 100ms; now")
		before := s.clock("c2")
		end := s.play("stall c2")
		s.Tell("c1", "send 1 waits; dial %s", s.Addr("c2"))
		s.Silent("c1", "dialled")
		s.Pass(4 * time.Second)
		end()
		s.Await("c2", "timer-fired 1")
		s.Tell("c2", "now")
		require.Greater(s.t, s.clock("c2")-before, 4*time.Second, "its clock has jumped: TILT")
		s.AwaitStream("c2", 2, "waits")
	},
	nemesis.SlowCPU: func(s stage) {
		s.Connect("c1", "c2")
		s.Tell("c2", "echo")
		round := func() time.Duration {
			from := s.World.Elapsed()
			s.Forget("c1")
			s.Tell("c1", "send 1 x")
			return s.Await("c1", "received 1").At - from
		}
		plain := round()
		id := s.Inflict("slow-cpu c2 factor=1000")
		require.InDelta(s.t, 20, ms(round()-plain), 1)
		s.Lift(id)
		require.InDelta(s.t, 0, ms(round()-plain), 1)
	},
	nemesis.RestoreRDB: func(s stage) {
		dump := s.File("c2", "dump.rdb")
		for _, text := range []string{"first", "second", "third"} {
			s.Tell("c2", "write %s.tmp %s; rename %s.tmp %s", dump, text, dump, dump)
			s.Pass(10 * time.Second)
		}
		for _, c := range []struct{ age, want string }{{"15s", "second"}, {"0s", "third"}, {"1h", "first"}} {
			id := s.Inflict("restore-rdb c2 age=" + c.age)
			require.Error(s.t, s.World.Tell("c2", "say x"), "it is down while the fault is in force")
			s.Lift(id)
			s.Await("c2", "started")
			s.Tell("c2", "read %s", dump)
			require.Equal(s.t, c.want, s.read("c2"))
		}
	},
	nemesis.RestoreConfig: func(s stage) {
		file := s.File("c2", "puppet.conf")
		s.Tell("c2", "write %s rewritten; sync %s", file, file)
		s.Await("c2", "file-done 2")
		id := s.Inflict("restore-config c2")
		s.Lift(id)
		s.Await("c2", "started")
		s.Tell("c2", "read %s", file)
		require.Equal(s.t, "as it began", s.read("c2"))
	},
	nemesis.RunAs: func(s stage) {
		f, err := nemesis.Parse("run-as c2 program=redis-server")
		require.NoError(s.t, err)
		require.ErrorContains(s.t, s.World.Inflict(context.Background(), 99, f), "the simulation runs cores, not programs")
	},
	nemesis.Storm: func(s stage) {
		f, err := nemesis.Parse("storm c2 times=3 every=4s")
		require.NoError(s.t, err)
		for n := range 3 {
			beat, ok := f.Beat(n, nemesis.View{})
			require.True(s.t, ok)
			require.Equal(s.t, time.Duration(n)*4*time.Second, beat.After)
			id := s.Inflict(beat.Faults[0].String())
			s.Pass(beat.For)
			require.Error(s.t, s.World.Tell("c2", "say x"))
			s.Lift(id)
			s.Await("c2", "started")
		}
		_, ok := f.Beat(3, nemesis.View{})
		require.False(s.t, ok)
	},
	nemesis.BounceAll: func(s stage) {
		f, err := nemesis.Parse("bounce-all")
		require.NoError(s.t, err)
		beat, ok := f.Beat(0, nemesis.View{Servers: []string{"c1", "c2"}, Sentinels: []string{"c3"}, Clients: []string{"c4"}})
		require.True(s.t, ok)
		id := s.Inflict(beat.Faults[0].String())
		for _, name := range []string{"c1", "c2", "c3"} {
			require.Error(s.t, s.World.Tell(name, "say x"))
		}
		require.NoError(s.t, s.World.Tell("c4", "say x"))
		s.Lift(id)
		for _, name := range []string{"c1", "c2", "c3"} {
			s.Await(name, "started")
		}
	},

	nemesis.LyingFsync: func(s stage) {
		file := s.File("c2", "f")
		s.Tell("c2", "write %s honest; sync %s", file, file)
		s.Await("c2", "file-done 2")
		id := s.Inflict("lying-fsync c2")
		s.Tell("c2", "write %s lie; sync %s", file, file)
		require.Equal(s.t, `file-done 4 n=0 ""`, s.Await("c2", "file-done 4").Text, "it says that all is well")
		require.Equal(s.t, "honest", s.afterPowerLoss("c2", file))
		s.Lift(id)
		s.Tell("c2", "write %s true; sync %s", file, file)
		s.Await("c2", "file-done 3")
		require.Equal(s.t, "true", s.afterPowerLoss("c2", file))
	},
	nemesis.TornTail: func(s stage) {
		file := s.File("c2", "f")
		s.Inflict("torn-tail c2")
		torn := false
		const tail = "0123456789abcdef"
		for range 20 {
			s.Tell("c2", "write %s kept-; sync %s; append %s %s", file, file, file, tail)
			s.Await("c2", "file-done 3")
			left, ok := strings.CutPrefix(s.afterPowerLoss("c2", file), "kept-")
			require.True(s.t, ok, "what was synced stays")
			require.True(s.t, strings.HasPrefix(tail, left))
			torn = torn || left != "" && left != tail
		}
		require.True(s.t, torn)
	},
	nemesis.EIORead: func(s stage) {
		s.fails("eio-read c2 file=f", "read", "Input/output error")
	},
	nemesis.EIOWrite: func(s stage) {
		s.fails("eio-write c2 file=f", "append", "Input/output error")
	},
	nemesis.EIOSync: func(s stage) {
		s.fails("eio-sync c2 file=f", "sync", "Input/output error")
	},
	nemesis.DiskFull: func(s stage) {
		s.fails("disk-full c2", "append", "No space left on device")
		id := s.Inflict("disk-full c2")
		s.Tell("c2", "write %s 0123456789; read %s", s.File("c2", "g"), s.File("c2", "g"))
		s.Await("c2", `file-done 5 n=0 "" No space`)
		require.True(s.t, strings.HasPrefix("0123456789", s.read("c2")), "a part may be there")
		s.Lift(id)
	},
	nemesis.SlowDisk: func(s stage) {
		write := func() time.Duration {
			from := s.World.Elapsed()
			s.Tell("c2", "write %s x", s.File("c2", "f"))
			return s.Await("c2", "file-done").At - from
		}
		plain := write()
		id := s.Inflict("slow-disk c2 delay=70ms")
		require.InDelta(s.t, 70, ms(write()-plain), 1)
		s.Lift(id)
		require.InDelta(s.t, 0, ms(write()-plain), 1)
	},
	nemesis.FileGone: func(s stage) {
		file := s.File("c2", "f")
		s.Tell("c2", "write %s old", file)
		s.Await("c2", "file-done 1")
		id := s.Inflict("file-gone c2 file=f")
		s.Tell("c2", "read %s", file)
		s.Await("c2", `file-done 2 n=0 "" No such file or directory`)
		s.Lift(id)
		s.Tell("c2", "read %s", file)
		require.Equal(s.t, "old", s.read("c2"))
		id = s.Inflict("file-gone c2 file=f")
		s.Tell("c2", "write %s new", file)
		s.Await("c2", "file-done 4")
		s.Lift(id)
		s.Tell("c2", "read %s", file)
		require.Equal(s.t, "new", s.read("c2"), "a new file stays")
	},

	nemesis.ClockJump: func(s stage) {
		for _, by := range []time.Duration{5 * time.Second, -7 * time.Second} {
			before := s.ahead("c2", "c1")
			s.Tell("c2", "timer 1 1s")
			s.Inflict("clock-jump c2 by=" + by.String())
			require.Equal(s.t, by, s.ahead("c2", "c1")-before)
			set := s.World.Elapsed()
			require.InDelta(s.t, 1000, ms(s.Await("c2", "timer-fired 1").At-set), 20, "timers do not follow it")
		}
	},
	nemesis.ClockDrift: func(s stage) {
		id := s.Inflict("clock-drift c2 ppm=-1000")
		before := s.ahead("c2", "c1")
		s.Pass(100 * time.Second)
		require.InDelta(s.t, -100, ms(s.ahead("c2", "c1")-before), 1)
		s.Lift(id)
		s.Pass(100 * time.Second)
		require.InDelta(s.t, -100, ms(s.ahead("c2", "c1")-before), 1, "what it lost it does not get back")
	},
	nemesis.ClockOffset: func(s stage) {
		before := s.ahead("c2", "c1")
		id := s.Inflict("clock-offset c2 by=-2s")
		last := s.clockNow("c2")
		for range 50 {
			s.Pass(100 * time.Millisecond)
			now := s.clockNow("c2")
			require.Greater(s.t, now, last, "it never goes back")
			last = now
		}
		require.Equal(s.t, -2*time.Second, s.ahead("c2", "c1")-before)
		s.Lift(id)
		s.Pass(5 * time.Second)
		require.Equal(s.t, time.Duration(0), s.ahead("c2", "c1")-before)
	},
	nemesis.Heal: func(s stage) {
		s.Connect("c1", "c2")
		for _, text := range []string{"cut c1 | c2", "clog c1 -> c2", "blackhole c1 -> c2", "latency c1 -> c2 latency=500", "pause c2",
			"slow-cpu c2 factor=1000", "disk-full c2", "slow-disk c2 delay=1s", "clock-drift c2 ppm=500", "kill c3", "powerloss c4"} {
			s.Inflict(text)
		}
		s.Tell("c1", "send 1 held")
		s.Silent("c2", "received")
		s.Inflict("heal")
		s.AwaitStream("c2", 2, "held")
		s.Await("c3", "started")
		s.Await("c4", "started")
		from := s.World.Elapsed()
		s.Tell("c2", "write %s x", s.File("c2", "f"))
		require.Equal(s.t, `file-done 1 n=0 ""`, s.Await("c2", "file-done").Text)
		s.Tell("c1", "dial %s", s.Addr("c2"))
		s.Await("c1", "dialled 3")
		require.Less(s.t, s.World.Elapsed()-from, 50*time.Millisecond)
	},
}

func TestEveryFaultHasAnEffect(t *testing.T) {
	for _, verb := range nemesis.Verbs() {
		if (nemesis.Fault{Verb: verb}).Order() {
			continue // an operator's commands: package harness shows theirs
		}
		t.Run(string(verb), func(t *testing.T) {
			check := effects[verb]
			require.NotNil(t, check, "%s has no test that shows what it does", verb)
			s := worldtest.Puppets(t, configured, "c1", "c2", "c3", "c4", "c5")
			check(stage{s, t})
		})
	}
}

// configured opens a world whose machines have a configuration file each.
func configured(t *testing.T, machines []cluster.Machine, sink cluster.Sink) harness.World {
	for i := range machines {
		m := &machines[i]
		m.ConfigPath = "/" + m.Name + "/puppet.conf"
		m.Files = map[string]string{m.ConfigPath: "as it began"}
	}
	return opener(11)(t, machines, sink)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// play puts the parts of a compound fault that only lasts in force; end lifts them.
func (s stage) play(text string) (end func()) {
	f, err := nemesis.Parse(text)
	require.NoError(s.t, err)
	view := nemesis.View{Clients: []string{"c1", "c2", "c3", "c4", "c5"}}
	beat, ok := f.Beat(0, view)
	require.True(s.t, ok)
	_, more := f.Beat(1, view)
	require.False(s.t, more)
	var ids []int
	for _, part := range beat.Faults {
		ids = append(ids, s.Inflict(part.String()))
	}
	return func() {
		for _, id := range ids {
			s.Lift(id)
		}
	}
}

// reach says who can connect to whom.
func (s stage) reach(names ...string) (rows [][]bool) {
	for _, to := range names {
		s.Tell(to, "listen")
		s.Await(to, "listened")
	}
	for _, from := range names {
		var row []bool
		for _, to := range names {
			if from == to {
				row = append(row, true)
				continue
			}
			s.Forget(from)
			s.Tell(from, "dial %s", s.Addr(to))
			s.Pass(50 * time.Millisecond)
			_, ok := s.Next(from, "dialled")
			row = append(row, ok)
		}
		rows = append(rows, row)
	}
	return rows
}

// trip is how long text takes from c1 to c2 on their first connection.
func (s stage) trip(text string) time.Duration {
	s.Forget("c2")
	from := s.World.Elapsed()
	s.Tell("c1", "send 1 %s", text)
	return s.Await("c2", "received 2").At - from
}

// clock is what a machine that was told "now" says.
func (s stage) clock(name string) time.Duration {
	var ns int64
	_, err := fmt.Sscanf(s.Await(name, "now").Text, "now %d", &ns)
	require.NoError(s.t, err)
	return time.Duration(ns)
}

func (s stage) clockNow(name string) time.Duration {
	s.Tell(name, "now")
	return s.clock(name)
}

// ahead is how far one machine's clock is ahead of another's.
func (s stage) ahead(one, other string) time.Duration {
	s.Tell(one, "now")
	s.Tell(other, "now")
	return s.clock(one) - s.clock(other)
}

// read is the content that the next file job of a machine has read.
func (s stage) read(name string) string {
	var op, n int
	var content string
	_, err := fmt.Sscanf(s.Await(name, "file-done").Text, "file-done %d n=%d %q", &op, &n, &content)
	require.NoError(s.t, err)
	return content
}

// afterPowerLoss is what a file holds once the machine has lost power.
func (s stage) afterPowerLoss(name, file string) string {
	s.Lift(s.Inflict("powerloss " + name))
	s.Await(name, "started")
	s.Tell(name, "read %s", file)
	return s.read(name)
}

// fails shows that an operation on f fails while a fault is in force, and neither before nor afterwards.
func (s stage) fails(fault, operation, why string) {
	file := s.File("c2", "f")
	s.Tell("c2", "write %s x", file)
	s.Await("c2", `file-done 1 n=0 ""`)
	s.Tell("c2", "%s %s y", operation, file)
	require.NotContains(s.t, s.Await("c2", "file-done 2").Text, why)
	id := s.Inflict(fault)
	s.Tell("c2", "%s %s y", operation, file)
	require.Equal(s.t, `file-done 3 n=0 "" `+why, s.Await("c2", "file-done 3").Text)
	s.Lift(id)
	s.Tell("c2", "%s %s y", operation, file)
	require.NotContains(s.t, s.Await("c2", "file-done 4").Text, why)
}

func TestProcessThatExitsForItsDisksSakeIsNoFinding(t *testing.T) {
	s := stage{worldtest.Puppets(t, configured, "c1", "c2"), t}
	id := s.Inflict("eio-read c2")
	s.Tell("c2", "exit 1")
	s.Await("c2", "started") // an operator starts it again
	s.Lift(id)
	s.Tell("c2", "exit 1")
	require.ErrorContains(t, s.World.Advance(context.Background(), time.Hour), "went down by itself")
}

// Where the table of faults says no, the simulation refuses; everywhere else it does not.
func TestSimRefusesWhatTheTableSaysAndNothingElse(t *testing.T) {
	table, err := os.ReadFile("../../nemesis/FAULTS.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `([a-z_-]+)` \\| (?:`([^`]+)`.*?) \\| (.*?) \\| (.*?) \\|$").FindAllStringSubmatch(string(table), -1)
	require.Len(t, rows, len(nemesis.Verbs()))
	for _, row := range rows {
		step, err := nemesis.ParseStep("at 0s " + strings.NewReplacer(`\|`, "|", " A", " c1", " B", " c2", " C", " c3", " D", " c4", " E", " c5", "=dump.rdb", "=puppet.conf").Replace(row[2]))
		require.NoError(t, err)
		if f := step.Fault; !f.Order() && !f.Compound() {
			s := worldtest.Puppets(t, configured, "c1", "c2", "c3", "c4", "c5")
			s.Connect("c1", "c2")
			refused := s.World.Inflict(context.Background(), 1, f) != nil
			require.Equal(t, strings.HasPrefix(row[3], "no:"), refused, "%v: %s", f, row[3])
		}
	}
}
