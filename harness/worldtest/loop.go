package worldtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func timersFire(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	// What the second message changes is far off until then: a busy computer may deliver it late.
	s.Tell("c1", "timer 1 80ms; timer 2 40ms; timer 3 1h; timer 4 10ms; timer 4 1h; timer 1000000 60ms") // 4 is moved later
	s.Tell("c1", "stop 3; timer 4 120ms; stop 99; stop 1000001")                                         // moved earlier, and stopped what is not set
	start := s.Await("c1", "told timer").At
	fires(s, start, map[string]time.Duration{"timer-fired 2": 40, "timer-fired 1000000": 60, "timer-fired 1": 80, "timer-fired 4": 120})
	s.Silent("c1", "timer-fired")

	s.Tell("c1", "timer 1 20s; timer 1 10ms; timer 5 0s") // moved earlier, and at once
	start = s.Await("c1", "told timer").At
	fires(s, start, map[string]time.Duration{"timer-fired 5": 0, "timer-fired 1": 10})
}

// fires wants each of the timers to fire once, none before so many milliseconds after start. Which of two comes first is
// not promised to a core that stood still until both were due.
func fires(s *Stage, start time.Duration, timers map[string]time.Duration) {
	s.t.Helper()
	for len(timers) > 0 {
		r := s.Await("c1", "timer-fired")
		after, awaited := timers[r.Text]
		require.True(s.t, awaited, "%s, while these are awaited: %v", r.Text, timers)
		require.GreaterOrEqual(s.t, r.At-start, after*time.Millisecond, r.Text)
		delete(timers, r.Text)
	}
}

func foregroundIsNext(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	from := len(s.Texts("c1", 0))
	s.Tell("c1", "timer 1 0s; write %s vote; sync %s; say after", s.File("c1", "f"), s.File("c1", "f"))
	s.Tell("c1", "say second")
	s.Await("c1", "second")
	s.Until("the timer", func() bool {
		_, ok := s.Next("c1", "timer-fired 1")
		return ok || contains(s.Texts("c1", from), "timer-fired 1")
	})
	texts := s.Texts("c1", from)
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
	s := Puppets(t, open, "c1")
	s.Tell("c1", "background %s data; say meanwhile", s.File("c1", "f"))
	s.Await("c1", "meanwhile")
	require.Equal(t, `file-done 1 n=0 ""`, s.Await("c1", "file-done").Text)
	s.Tell("c1", "read %s", s.File("c1", "f"))
	require.Equal(t, `file-done 2 n=0 "data"`, s.Await("c1", "file-done").Text)
}

func filesKeep(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	f, g := s.File("c1", "f"), s.File("c1", "g")
	do := func(want, format string, args ...any) {
		t.Helper()
		s.Tell("c1", format, args...)
		got := s.Await("c1", "file-done").Text
		require.Contains(t, got, " n=0 "+want)
	}
	do(`"" No such file or directory`, "read %s", f)
	do(`""`, "write %s one", f)
	do(`""`, "append %s -two", f)
	do(`"one-two"`, "read %s", f)
	do(`""`, "truncate %s 9", f)
	do(`"one-two"`, "read %s", f)
	do(`""`, "truncate %s 3", f)
	do(`""`, "append %s -two", f)
	do(`"one-two"`, "read %s", f)
	do(`""`, "truncate %s 0", g)
	do(`"" No such file or directory`, "read %s", g)
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

func openFileStays(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	f, g := s.File("c1", "f"), s.File("c1", "g")
	do := func(want, format string, args ...any) {
		t.Helper()
		s.Tell("c1", format, args...)
		require.Regexp(t, `^file-done \d+ `+want+"$", s.Await("c1", "file-done").Text)
	}
	do(`n=0 "" No such file or directory`, "open 1 %s", f)
	do(`n=0 "" Bad file descriptor`, "part 1 0 10")
	do(`n=0 ""`, "write %s 0123456789", f)
	do(`n=10 ""`, "open 1 %s", f)
	do(`n=0 "012"`, "part 1 0 3")
	do(`n=0 ""`, "write %s other", g)
	do(`n=0 ""`, "rename %s %s", g, f)
	do(`n=0 "3456789"`, "part 1 3 100")
	do(`n=0 ""`, "remove %s", f)
	do(`n=0 "9"`, "part 1 9 1")
	do(`n=0 ""`, "part 1 10 1")
	do(`n=0 ""`, "shut 1")
	do(`n=0 ""`, "shut 1")
	do(`n=0 "" Bad file descriptor`, "part 1 0 1")
}

func jobStops(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	s.Tell("c1", "missing %s", s.File("c1", "f"))
	require.Equal(t, `file-done 1 n=1 "" No such file or directory`, s.Await("c1", "file-done").Text)
	s.Tell("c1", "read %s.log", s.File("c1", "f"))
	require.Equal(t, `file-done 2 n=0 "x"`, s.Await("c1", "file-done").Text, "the step after the failed one was not tried")
}

func busyHolds(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	s.Tell("c1", "say before; busy 150ms; say after")
	s.Tell("c1", "say event")
	before := s.Await("c1", "before").At
	require.GreaterOrEqual(t, s.Await("c1", "after").At-before, 150*time.Millisecond)
	s.Await("c1", "event")
}

func workDone(t *testing.T, open Open) {
	s := Puppets(t, open, "c1")
	s.Tell("c1", "work 1000")
	require.Equal(t, "work-done 1 499500", s.Await("c1", "work-done").Text)
}
