package losses_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/losses"
	"github.com/ordeal-go/ordeal/histories"
)

// toy is a replicated register store of which everything is known: each server has the writes of its stream, a byte
// each, and a dataset that follows from them unless a bug is planted.
type toy struct {
	t       *rapid.T
	now     time.Duration
	r       *histories.Recorder
	servers []*toyServer
	master  int // the one that the survivors follow; an old master may go on beside it
	ids     int
	values  int
}

type toyServer struct {
	name    string
	master  bool
	peer    int // whom a replica follows, -1 nobody
	id, id2 string
	offset2 int64
	stream  []toyWrite   // all writes of its history, in order
	skipped map[int]bool // those of them that its data lacks
}

type toyWrite struct{ key, value string }

func (s *toyServer) read(key string) (string, bool) {
	for i := len(s.stream) - 1; i >= 0; i-- {
		if s.stream[i].key == key && !s.skipped[i] {
			return s.stream[i].value, true
		}
	}
	return "", false
}

func (y *toy) tick() time.Duration { y.now += time.Millisecond; return y.now }

func (y *toy) newID() string { y.ids++; return fmt.Sprintf("%040x", y.ids) }

func (y *toy) state(s *toyServer) {
	n := histories.Note{Time: y.now, Machine: s.name, Kind: "state", Role: "slave", ReplID: s.id, ReplID2: s.id2, Offset: int64(len(s.stream)), Offset2: s.offset2, Link: "down"}
	if s.master {
		n.Role, n.Link = "master", ""
	} else if s.peer >= 0 {
		n.Link, n.Peer = "up", y.servers[s.peer].name
	}
	y.r.Note(n)
}

// write lets a client write at server i, which replicates to nobody by itself.
func (y *toy) write(i int) {
	s := y.servers[i]
	process := fmt.Sprint("c", i)
	key := rapid.SampledFrom([]string{"a", "b"}).Draw(y.t, "key")
	y.values++
	value := fmt.Sprint("v", y.values)
	y.r.Invoke(y.tick(), histories.Operation{Process: process, Func: histories.FuncWrite, Key: key, Arg: histories.Text(value), Node: s.name})
	if !s.master {
		y.r.Fail(y.tick(), process, "READONLY")
		return
	}
	s.stream = append(s.stream, toyWrite{key, value})
	if rapid.IntRange(0, 4).Draw(y.t, "noted meanwhile") == 0 {
		y.tick()
		y.state(s)
	}
	if rapid.IntRange(0, 9).Draw(y.t, "answer lost") == 0 {
		y.r.Info(y.tick(), process, "timeout")
	} else {
		y.r.OK(y.tick(), process, histories.Value{})
	}
}

func (y *toy) readAt(i int) {
	s := y.servers[i]
	key := rapid.SampledFrom([]string{"a", "b"}).Draw(y.t, "key")
	process := fmt.Sprint("d", i)
	y.r.Invoke(y.tick(), histories.Operation{Process: process, Func: histories.FuncRead, Key: key, Node: s.name})
	value, found := s.read(key)
	y.r.OK(y.tick(), process, word(value, found))
}

// replicate brings some of its master's stream to replica i.
func (y *toy) replicate(i int) {
	s := y.servers[i]
	if s.master || s.peer < 0 {
		return
	}
	m := y.servers[s.peer]
	if behind := len(m.stream) - len(s.stream); behind > 0 {
		n := rapid.IntRange(1, behind).Draw(y.t, "bytes")
		for j := len(s.stream); j < len(s.stream)+n; j++ {
			if m.skipped[j] {
				s.skipped[j] = true
			}
		}
		s.stream = append(s.stream, m.stream[len(s.stream):len(s.stream)+n]...)
	}
}

// promote makes a master of replica i; the old master does not know yet.
func (y *toy) promote(i int) {
	s := y.servers[i]
	if s.master || s.id != y.servers[y.master].id {
		return
	}
	y.tick()
	s.id2, s.offset2, s.id = s.id, int64(len(s.stream))+1, y.newID()
	y.drop(i)
	s.master, s.peer = true, -1
	y.master = i
	y.r.Note(histories.Note{Time: y.now, Machine: s.name, Kind: "promoted", ReplID: s.id, ReplID2: s.id2, Offset: int64(len(s.stream)), Offset2: s.offset2})
	y.state(s)
}

// drop disconnects the replicas of server i, as a change of its own role does.
func (y *toy) drop(i int) {
	for _, s := range y.servers {
		if s.peer == i {
			s.peer = -1
		}
	}
}

// follow makes server i a replica of the master, by a continue if it may and by a full sync if not.
func (y *toy) follow(i int) {
	s, m := y.servers[i], y.servers[y.master]
	if i == y.master || s.peer == y.master {
		return
	}
	y.tick()
	end := int64(len(s.stream)) + 1
	result := "continue"
	if s.id == m.id && end <= int64(len(m.stream))+1 || s.id == m.id2 && end <= m.offset2 {
		if s.id != m.id {
			s.id2, s.offset2, s.id = s.id, end, m.id
		}
	} else {
		result = "fullresync"
		s.id, s.id2, s.offset2 = m.id, "", -1
		s.stream = append([]toyWrite(nil), m.stream...)
		s.skipped = map[int]bool{}
		for j := range m.skipped {
			s.skipped[j] = true
		}
	}
	y.drop(i)
	s.master, s.peer = false, y.master
	y.r.Note(histories.Note{Time: y.now, Machine: s.name, Kind: "resync", Result: result, ReplID: s.id, Offset: int64(len(s.stream)), Peer: m.name})
	y.state(s)
}

func newToy(t *rapid.T) *toy {
	y := &toy{t: t, r: histories.NewRecorder(histories.Header{World: "sim"}, nil)}
	for i, name := range []string{"m1", "r1", "r2"} {
		y.servers = append(y.servers, &toyServer{name: name, master: i == 0, skipped: map[int]bool{}, id: fmt.Sprintf("%040x", 999)})
		if i == 0 {
			y.servers[0].peer = -1
		} else {
			y.servers[i].peer = 0
		}
		y.state(y.servers[i])
	}
	return y
}

// play does n random things.
func (y *toy) play(n int) {
	for range n {
		i := rapid.IntRange(0, 2).Draw(y.t, "server")
		switch rapid.IntRange(0, 15).Draw(y.t, "step") {
		case 0:
			y.promote(i)
		case 1:
			y.follow(i)
		case 2, 3, 4:
			y.replicate(i)
		case 5, 6:
			y.tick()
			y.state(y.servers[i])
		case 7, 8:
			y.readAt(i)
		default:
			y.write(y.master)
			if y.servers[i].master && i != y.master {
				y.write(i)
			}
		}
	}
}

// finish lets everybody follow the master and reads what survived.
func (y *toy) finish() *histories.History {
	for i := range y.servers {
		y.follow(i)
		y.tick()
		y.state(y.servers[i])
	}
	for _, key := range []string{"a", "b"} {
		y.r.Invoke(y.tick(), histories.Operation{Process: "f", Func: histories.FuncRead, Key: key, Node: y.servers[y.master].name, Final: true})
		value, found := y.servers[y.master].read(key)
		y.r.OK(y.tick(), "f", word(value, found))
	}
	y.tick()
	if err := y.r.Finish(histories.Footer{End: y.now}); err != nil {
		y.t.Fatal(err)
	}
	return y.r.History()
}

func TestLostWritesNeverAccusesTheInnocent(t *testing.T) {
	lost := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		y := newToy(t)
		y.play(rapid.IntRange(5, 60).Draw(t, "steps"))
		v := losses.LostWrites{}.Check(checkers.NewRecord(y.finish()))
		require.NotEqual(t, checkers.Invalid, v.Result, "%v\n%v", v, v.Findings)
		lost += v.Saw("lost")
	})
	require.NotZero(t, lost, "the toy lost nothing: the test proves nothing")
}

// The planted bug: a replica counts the bytes of a write and does not apply it. Then it is promoted, and nobody writes
// the key again.
func TestLostWritesFindsEveryPlantedLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := newToy(t)
		y.play(rapid.IntRange(0, 40).Draw(t, "steps before"))
		for i := range y.servers {
			y.follow(i)
		}
		victim := (y.master + 1) % 3
		m, s := y.servers[y.master], y.servers[victim]
		write := func(key, value string) {
			y.r.Invoke(y.tick(), histories.Operation{Process: "p", Func: histories.FuncWrite, Key: key, Arg: histories.Text(value), Node: m.name})
			m.stream = append(m.stream, toyWrite{key, value})
			y.r.OK(y.tick(), "p", histories.Value{})
		}
		catchUp := func() {
			for len(s.stream) < len(m.stream) {
				y.replicate(victim)
			}
		}
		write("a", "before")
		catchUp()
		write("a", "planted")
		y.tick()
		y.state(m)
		s.skipped[len(s.stream)] = true
		for i := range rapid.IntRange(0, 3).Draw(t, "others after it") {
			write("b", fmt.Sprint("after", i))
		}
		catchUp()
		y.promote(victim)
		v := losses.LostWrites{}.Check(checkers.NewRecord(y.finish()))
		require.Equal(t, checkers.Invalid, v.Result, "%v", v)
		require.Len(t, v.Findings, 1, "%v", v.Findings)
		require.Contains(t, v.Findings[0].Text, "a=planted")
	})
}

// word is what a read found.
func word(value string, found bool) histories.Value {
	if !found {
		return histories.Value{}
	}
	return histories.Text(value)
}
