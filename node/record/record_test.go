package record_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/record"
)

// life leads a server through a life of some events and returns its recording.
func life(t *testing.T, more ...node.Event) []byte {
	t.Helper()
	var tape bytes.Buffer
	c := record.New(record.Birth{ConfigText: "port 6379\nsave \"\"\n", Dir: "/d", PID: 7, Seed: [32]byte{1}}, &tape, func(err error) { t.Error(err) })
	now := node.Instant(1e18)
	var out node.Effects
	queue := append([]node.Event{{Kind: node.Started}}, more...)
	for len(queue) > 0 {
		ev := queue[0]
		queue = queue[1:]
		out.Reset()
		c.Step(now, &ev, &out)
		queue = append(answers(&out), queue...)
		now = now.Add(time.Millisecond)
	}
	return tape.Bytes()
}

// answers are a world's answers to effects: no file is there, everything else succeeds.
func answers(out *node.Effects) []node.Event {
	var events []node.Event
	for _, e := range out.List() {
		switch e.Kind {
		case node.EffectListen:
			events = append(events, node.Event{Kind: node.Listened, Local: e.Addr})
		case node.EffectFile:
			events = append(events, node.Event{Kind: node.FileDone, Op: e.Op, Err: node.ErrNotFound})
		case node.EffectWork:
			events = append(events, node.Event{Kind: node.WorkDone, Op: e.Op, Result: e.Work()})
		}
	}
	return events
}

func session() []node.Event {
	return []node.Event{
		{Kind: node.Accepted, Conn: 2, Local: "127.0.0.1:6379", Remote: "127.0.0.1:50000"},
		{Kind: node.Received, Conn: 2, Bytes: []byte("SET k v\r\nGET k\r\nINFO\r\n\xff\x00")},
		{Kind: node.Closed, Conn: 2, Err: node.ErrReset},
	}
}

func TestReplayedLifeDoesTheSame(t *testing.T) {
	tape := life(t, session()...)
	var sent string
	report, err := record.Replay(bytes.NewReader(tape), func(s record.Step) {
		for _, e := range s.Effects {
			if e.Kind == node.EffectSend {
				sent += string(e.Bytes)
			}
		}
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, report.Steps, 4)
	require.Contains(t, sent, "+OK\r\n$1\r\nv\r\n")
	require.Equal(t, 7, report.Birth.PID)
	require.False(t, report.Torn)
}

func TestReplayNamesTheFirstEventThatDiffers(t *testing.T) {
	tape := strings.Split(string(life(t, session()...)), "\n")
	for i, l := range tape {
		if strings.Contains(l, `"event":"received"`) {
			tape[i+1] = `{"effects":1,"digest":"0000000000000000"}`
		}
	}
	_, err := record.Replay(strings.NewReader(strings.Join(tape, "\n")), nil)
	var d *record.DivergedError
	require.ErrorAs(t, err, &d)
	require.Equal(t, "received", d.Event)
	require.NotEmpty(t, d.Effects)
}

func TestTornRecordingIsReplayedAsFarAsItGoes(t *testing.T) {
	tape := life(t, session()...)
	whole, err := record.Replay(bytes.NewReader(tape), nil)
	require.NoError(t, err)
	for cut := range tape {
		report, err := record.Replay(bytes.NewReader(tape[:cut]), nil)
		if err != nil {
			require.Less(t, cut, bytes.IndexByte(tape, '\n')+1, "only without its header it is nothing")
			continue
		}
		require.LessOrEqual(t, report.Steps, whole.Steps)
		require.Equal(t, cut > 0 && tape[cut-1] != '\n', report.Torn, "cut at %d", cut)
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(`{"ordeal_recording":1,"birth":{"dir":"/","executable":"x","pid":1,"seed":[]}}` + "\n" + `{"t":1,"event":"started"}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, tape []byte) {
		_, _ = record.Replay(bytes.NewReader(tape), nil)
	})
}
