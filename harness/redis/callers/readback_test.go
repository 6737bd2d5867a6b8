package callers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// told is what a Sentinel answers to everything, its master having the flags.
func told(flags string) (b []byte) {
	master := func() {
		b = resp.AppendCommand(b, "name", MasterName, "ip", "10.0.0.1", "port", "6379", "flags", flags, "last-ping-sent", "17")
	}
	master()
	b = resp.AppendArray(b, 1)
	master()
	b = resp.AppendArray(b, 1)
	b = resp.AppendCommand(b, "name", "10.0.0.2:6379", "slave-priority", "100", "slave-repl-offset", "4711")
	b = resp.AppendArray(b, 0)
	b = resp.AppendCommand(b, "10.0.0.1", "6379")
	b = resp.AppendError(b, "NOQUORUM 1 usable Sentinels.")
	b = resp.AppendBulkString(b, "# Sentinel\r\nsentinel_masters:1\r\n")
	b = resp.AppendArray(b, 1)
	b = resp.AppendArray(b, 10)
	b = resp.AppendCommand(resp.AppendBulkString(b, "argv"), "/s1/notify.sh", "+sdown", "master x")
	for _, w := range []string{"flags", "running", "pid", "1", "run-time", "20", "retry-num", "2"} {
		b = resp.AppendBulkString(b, w)
	}
	return b
}

func TestWhatASentinelTellsIsNotedWhenItChanges(t *testing.T) {
	o, v := observerOf(workload.Watch{})
	v.sentinel = true
	for _, flags := range []string{"master", "master", "s_down,master"} {
		o.now = o.now.Add(readBackPeriod)
		o.ask(v)
		o.received(v, told(flags))
		require.Zero(t, v.asked, "it was answered")
	}
	var noted []string
	for _, e := range o.out.List() {
		if e.Kind == node.EffectNote && e.Note.Kind == node.NoteReadBack {
			noted = append(noted, e.Note.Event+e.Note.Text)
		}
	}
	text := func(flags string) string {
		return "master\tname=mymaster\tip=10.0.0.1\tport=6379\tflags=" + flags + "\nslave\tname=10.0.0.2:6379\tslave-priority=100\naddress\t10.0.0.1:6379\n" +
			"status\tckquorum\t-NOQUORUM 1 usable Sentinels.\ninfo\tsentinel_masters:1\nscript\trunning\t2\t/s1/notify.sh\t+sdown\tmaster x\n"
	}
	require.Equal(t, []string{text("master"), "same", text("s_down,master")}, noted)
}

func TestASentinelIsNotAskedForEverythingEachTime(t *testing.T) {
	o, v := observerOf(workload.Watch{})
	v.sentinel = true
	o.ask(v)
	require.Equal(t, 1+len(readbackCommands), v.questions)
	v.asked = 0
	o.now = o.now.Add(awaitPeriod)
	o.ask(v)
	require.Equal(t, 1, v.questions)
	o.received(v, []byte("-ERR No such master with that name\r\n"))
	require.Zero(t, v.asked)
	require.NotEmpty(t, v.refusal)
}
