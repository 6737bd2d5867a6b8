package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/host"
)

func TestClockIsAFunctionOfTime(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	c := &host.Clock{Base: time.Hour, Rates: []host.Rate{
		{From: start.UnixNano(), PPM: 1_000_000},
		{From: at(10 * time.Second).UnixNano(), To: at(14 * time.Second).UnixNano(), PPM: -500_000},
	}}
	require.Equal(t, time.Hour, c.At(at(-time.Second)))
	require.Equal(t, time.Hour+3*time.Second, c.At(at(3*time.Second)))
	require.Equal(t, time.Hour+11*time.Second, c.At(at(12*time.Second)))
	require.Equal(t, time.Hour+18*time.Second, c.At(at(20*time.Second)))
}

func TestClockCanBeSetWhileItIsRead(t *testing.T) {
	var c host.SetClock
	require.Zero(t, c.Offset())
	c.Set(&host.Clock{Base: -time.Minute})
	require.Equal(t, -time.Minute, c.Offset())
}

func TestMessagesArriveInOrderAfterTheStart(t *testing.T) {
	const n = 1000
	var got []string
	whole := make(chan bool)
	h := host.Start(stepFunc(func(ev *node.Event, out *node.Effects) {
		switch ev.Kind {
		case node.Started:
			got = append(got, "started")
		case node.Told:
			if got = append(got, string(ev.Bytes)); len(got) == n+1 {
				close(whole)
			}
		}
	}), host.Config{})
	want := []string{"started"}
	for i := range n {
		text := string(rune('a' + i%26))
		want = append(want, text)
		h.Tell(text)
	}
	<-whole
	h.Kill()
	h.Tell("too late")
	h.Wait()
	require.Equal(t, want, got)
}
