package script

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// pauser has its script pause each time it is asked.
type pauser struct {
	noHost
	asked  int
	paused bool
}

func (p *pauser) Counted(int) error {
	p.asked++
	if p.paused = !p.paused; p.paused {
		return Pause
	}
	return nil
}

// Wherever a script is when it pauses, it goes on from there.
func TestAScriptPausesAnywhereAndComesToTheSame(t *testing.T) {
	for name, source := range map[string]string{
		"a loop":         "local n = 0 for i = 1, 500000 do n = n + i end return n",
		"pcall":          "local ok, n = pcall(function() local n = 0 for i = 1, 500000 do n = n + i end return n end) return n",
		"a comparison":   "local t = {} for i = 1, 5000 do t[i] = i * 7919 % 5003 end table.sort(t, function(a, b) return a < b end) return t[77]",
		"a coroutine":    "local f = coroutine.wrap(function() local n = 0 for i = 1, 500000 do n = n + i end coroutine.yield(n) end) return f()",
		"a metamethod":   "local t = setmetatable({}, {__index = function(t, k) local n = 0 for i = 1, k do n = n + i end return n end}) return t[500000]",
		"a substitution": "local n = 0 string.gsub(string.rep('ab', 50000), 'a', function() n = n + 1 end) return n",
	} {
		t.Run(name, func(t *testing.T) {
			e := New(Options{CountEvery: 10_000})
			want := e.Eval([]byte(source), nil, nil, noHost{})
			h := new(pauser)
			run, ok := e.Begin(SHA1([]byte(source)), nil, nil, h)
			require.True(t, ok)
			pauses := 0
			reply, done := run.Resume()
			for ; !done; reply, done = run.Resume() {
				pauses++
			}
			require.Greater(t, pauses, 10)
			require.Equal(t, 2*pauses, h.asked, "it is asked again after each pause")
			require.Equal(t, want, reply)
			require.Equal(t, int64(1), e.Eval([]byte("return 1"), nil, nil, noHost{}).Int, "the engine is free again")
		})
	}
}

func TestAScriptThatIsAbandonedIsOverPastAnyPcall(t *testing.T) {
	e := New(Options{CountEvery: 1000})
	source := []byte("while true do pcall(function() while true do end end) end")
	sha, _, ok := e.Load(source)
	require.True(t, ok)
	h := new(pauser)
	run, ok := e.Begin(sha, nil, nil, h)
	require.True(t, ok)
	_, done := run.Resume()
	require.False(t, done)
	run.Abandon()
	require.Equal(t, 1, h.asked)
	require.Equal(t, int64(1), e.Eval([]byte("return 1"), nil, nil, noHost{}).Int, "the engine is free again")
	_, ok = e.Begin(SHA1([]byte("never loaded")), nil, nil, h)
	require.False(t, ok)
}
