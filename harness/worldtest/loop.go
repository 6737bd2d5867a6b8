package worldtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func timersFire(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	s.tell("c1", "timer 1 80ms; timer 2 40ms; timer 3 20ms; timer 4 10ms; timer 1000000 60ms")
	s.tell("c1", "stop 3; timer 4 120ms; stop 99; stop 1000001") // moved later, and stopped what is not set
	start := s.await("c1", "told timer").at
	for _, want := range []struct {
		text  string
		after time.Duration
	}{{"timer-fired 2", 40}, {"timer-fired 1000000", 60}, {"timer-fired 1", 80}, {"timer-fired 4", 120}} {
		r := s.await("c1", "timer-fired")
		require.Equal(t, want.text, r.text)
		require.GreaterOrEqual(t, r.at-start, want.after*time.Millisecond)
	}
	s.silent("c1", "timer-fired")

	s.tell("c1", "timer 1 20s; timer 1 10ms; timer 5 0s") // moved earlier, and at once
	require.Equal(t, "timer-fired 5", s.await("c1", "timer-fired").text)
	require.Equal(t, "timer-fired 1", s.await("c1", "timer-fired").text)
}

func foregroundIsNext(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	from := len(s.texts("c1", 0))
	s.tell("c1", "timer 1 0s; write %s vote; sync %s; say after", s.file("c1", "f"), s.file("c1", "f"))
	s.tell("c1", "say second")
	s.await("c1", "second")
	s.until("the timer", func() bool {
		_, ok := s.next("c1", "timer-fired 1")
		return ok || contains(s.texts("c1", from), "timer-fired 1")
	})
	texts := s.texts("c1", from)
	require.Equal(t, "told timer", texts[0][:10])
	// The effects behind the jobs wait for them, and nothing comes before their ends.
	require.Equal(t, []string{"after", `file-done 1 n=0 ""`, `file-done 2 n=0 ""`}, texts[1:4])
}

func contains(list []string, text string) bool {
	for _, l := range list {
		if l == text {
			return true
		}
	}
	return false
}

func backgroundEnds(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	s.tell("c1", "background %s data; say meanwhile", s.file("c1", "f"))
	s.await("c1", "meanwhile")
	require.Equal(t, `file-done 1 n=0 ""`, s.await("c1", "file-done").text)
	s.tell("c1", "read %s", s.file("c1", "f"))
	require.Equal(t, `file-done 2 n=0 "data"`, s.await("c1", "file-done").text)
}

func filesKeep(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	f, g := s.file("c1", "f"), s.file("c1", "g")
	do := func(want, format string, args ...any) {
		t.Helper()
		s.tell("c1", format, args...)
		got := s.await("c1", "file-done").text
		require.Contains(t, got, " n=0 "+want)
	}
	do(`"" No such file or directory`, "read %s", f)
	do(`""`, "write %s one", f)
	do(`""`, "append %s -two", f)
	do(`"one-two"`, "read %s", f)
	do(`""`, "rename %s %s", f, g)
	do(`"" No such file or directory`, "read %s", f)
	do(`"one-two"`, "read %s", g)
	do(`""`, "append %s new", f)
	do(`""`, "rename %s %s", f, g)
	do(`"new"`, "read %s", g)
	do(`""`, "write %s x", g)
	do(`"x"`, "read %s", g)
	do(`""`, "remove %s", g)
	do(`""`, "remove %s", g)
	do(`"" No such file or directory`, "rename %s %s", g, f)
}

func jobStops(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	s.tell("c1", "missing %s", s.file("c1", "f"))
	require.Equal(t, `file-done 1 n=1 "" No such file or directory`, s.await("c1", "file-done").text)
	s.tell("c1", "read %s.log", s.file("c1", "f"))
	require.Equal(t, `file-done 2 n=0 "x"`, s.await("c1", "file-done").text, "the step after the failed one was not tried")
}

func busyHolds(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	s.tell("c1", "say before; busy 150ms; say after")
	s.tell("c1", "say event")
	before := s.await("c1", "before").at
	require.GreaterOrEqual(t, s.await("c1", "after").at-before, 150*time.Millisecond)
	s.await("c1", "event")
}

func workDone(t *testing.T, open Open) {
	s := puppets(t, open, "c1")
	s.tell("c1", "work 1000")
	require.Equal(t, "work-done 1 499500", s.await("c1", "work-done").text)
}
