package script

import (
	"testing"

	"github.com/ordeal-go/ordeal/node/resp"
)

// tenLines is a rate limiter, as scripts are: a few commands, a loop, a condition, a reply.
const tenLines = `local limit = tonumber(ARGV[1])
local used = tonumber(redis.call('GET', KEYS[1]) or '0') or 0
local total = 0
for i = 1, 10 do
  total = total + i * 2
end
if used + 1 > limit then
  return {0, tostring(total)}
end
redis.call('INCR', KEYS[1])
return {1, used, total}`

// counter is a host with one integer.
type counter struct {
	noHost
	n int64
}

func (h *counter) Call(args [][]byte) (resp.Reply, string) {
	if len(args[0]) == 4 {
		h.n++
		return resp.Reply{Kind: ':', Int: h.n}, ""
	}
	return resp.Reply{Kind: '$', Str: []byte("5")}, ""
}

// BenchmarkEvalOfTenLines is what a script costs without a server around it.
func BenchmarkEvalOfTenLines(b *testing.B) {
	e := New(Options{})
	h := &counter{}
	keys, argv := [][]byte{[]byte("k")}, [][]byte{[]byte("1000000000")}
	sha, _, _ := e.Load([]byte(tenLines))
	b.ReportAllocs()
	for b.Loop() {
		if r, _ := e.EvalSHA(sha, keys, argv, h); r.Kind != '*' {
			b.Fatal(string(r.Str))
		}
	}
}

// BenchmarkEvalThatMayPause is the same with a stack of its own.
func BenchmarkEvalThatMayPause(b *testing.B) {
	e := New(Options{})
	h := &counter{}
	keys, argv := [][]byte{[]byte("k")}, [][]byte{[]byte("1000000000")}
	sha, _, _ := e.Load([]byte(tenLines))
	b.ReportAllocs()
	for b.Loop() {
		run, _ := e.Begin(sha, keys, argv, h)
		if r, done := run.Resume(); !done || r.Kind != '*' {
			b.Fatal(string(r.Str))
		}
	}
}

// BenchmarkRealEvalOfTenLines is the same in a real server, on its own clock: 1,000 scripts in one pipeline, so that
// the network hardly counts.
func BenchmarkRealEvalOfTenLines(b *testing.B) {
	s := startRedis(b)
	sha := string(s.do("SCRIPT", "LOAD", tenLines).Str)
	var batch []byte
	const pipeline = 1000
	for range pipeline {
		batch = resp.AppendCommand(batch, "EVALSHA", sha, "1", "k", "1000000000")
	}
	b.ResetTimer()
	for n := 0; n < b.N; n += pipeline {
		s.pipeline(batch, pipeline)
	}
}

// BenchmarkLoop is the language alone: a million turns.
func BenchmarkLoop(b *testing.B) {
	e := New(Options{})
	for b.Loop() {
		e.Eval([]byte("local t = {} for i = 1, 1000000 do t[i % 100 + 1] = i end return #t"), nil, nil, noHost{})
	}
}
