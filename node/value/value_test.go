package value

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node"
)

func TestEncodingsFollowTheLimits(t *testing.T) {
	limits := DefaultLimits()
	l := NewLedger(&limits, 1)
	long := []byte(strings.Repeat("x", 65))
	for _, tt := range []struct {
		name      string
		k         Kind
		fill      func(v Value, i int)
		most      int
		was, then string
	}{
		{"few fields", KindHash, func(v Value, i int) { v.Hash().Set(fmt.Append(nil, i), []byte("v")) }, 512, "ziplist", "hashtable"},
		{"few members", KindZSet, func(v Value, i int) { v.ZSet().Set(fmt.Append(nil, i), 1) }, 128, "ziplist", "skiplist"},
		{"few integers", KindSet, func(v Value, i int) { v.Set().Add(fmt.Append(nil, i)) }, 512, "intset", "hashtable"},
		{"a long value", KindHash, func(v Value, i int) { v.Hash().Set([]byte("f"), long[:64+i/2]) }, 2, "ziplist", "hashtable"},
		{"a long field", KindHash, func(v Value, i int) { v.Hash().Set(long[:64+i], nil) }, 1, "ziplist", "hashtable"},
		{"a long member", KindZSet, func(v Value, i int) { v.ZSet().Set(long[:64+i], 1) }, 1, "ziplist", "skiplist"},
		{"no integer", KindSet, func(v Value, i int) { v.Set().Add([]byte("1.5")) }, 0, "intset", "hashtable"},
	} {
		v := New(l, tt.k)
		require.Equal(t, tt.was, v.Encoding(), tt.name)
		for i := range tt.most {
			tt.fill(v, i)
			require.Equal(t, tt.was, v.Encoding(), "%s, %d of them", tt.name, i+1)
		}
		tt.fill(v, tt.most)
		require.Equal(t, tt.then, v.Encoding(), tt.name)
	}
	require.Equal(t, "quicklist", New(l, KindList).Encoding())
}

func TestWhatIsFrozenCannotBeChanged(t *testing.T) {
	limits := DefaultLimits()
	l := NewLedger(&limits, 1)
	for k, change := range map[Kind]func(Value){
		KindList: func(v Value) { v.List().PushBack([]byte("x")) },
		KindSet:  func(v Value) { v.Set().Add([]byte("x")) },
		KindHash: func(v Value) { v.Hash().Set([]byte("x"), nil) },
		KindZSet: func(v Value) { v.ZSet().Set([]byte("x"), 1) },
	} {
		v := l.Hold(New(l, k))
		l.Freeze()
		require.PanicsWithError(t, "invariant broken: value of epoch 1 changed in epoch 2: it belongs to a snapshot",
			func() { change(v) }, "%v", k)
		change(l.Own(v))
		l.Reset()
		l = NewLedger(&limits, 1)
	}
	v := l.Hold(New(l, KindSet))
	require.Panics(t, func() { l.Hold(v) }, "one value for two keys")
	require.PanicsWithValue(t, node.Violation{Sentence: "a set used as a list"}, func() { v.List() })
}

// A write to a large value that a snapshot shares copies a part of it, whatever its type.
func TestFirstWritesAfterASnapshotCopyLittle(t *testing.T) {
	limits := DefaultLimits()
	l := NewLedger(&limits, 1)
	fill := func(k Kind, set func(v Value, i int)) Value {
		v := New(l, k)
		for i := range 50_000 {
			set(v, i)
		}
		return l.Hold(v)
	}
	element := func(i int) []byte { return fmt.Appendf(nil, "an element of some length %d", i) }
	for k, set := range map[Kind]func(v Value, i int){
		KindList: func(v Value, i int) { v.List().PushBack(element(i)) },
		KindSet:  func(v Value, i int) { v.Set().Add(element(i)) },
		KindHash: func(v Value, i int) { v.Hash().Set(element(i), element(i)) },
		KindZSet: func(v Value, i int) { v.ZSet().Set(element(i), float64(i)) },
	} {
		v := fill(k, set)
		const writes = 200
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range writes {
			l.Freeze()
			v = l.Own(v)
			set(v, 50_000+i%100)
		}
		runtime.ReadMemStats(&after)
		copied := int64(after.TotalAlloc-before.TotalAlloc) / writes
		require.Less(t, copied, v.Memory()/50, "%v of %d bytes", k, v.Memory())
		l.Release(v)
	}
}

// What is pushed at one end and popped at the other for ever takes no more memory for it.
func TestQueuesDoNotGrow(t *testing.T) {
	for i := range 4 {
		front, limits := i&1 == 0, DefaultLimits()
		if i&2 == 0 {
			limits.ListSize = 2 // a chunk every other element
		}
		l := NewLedger(&limits, 1)
		v := l.Hold(New(l, KindList))
		var most int64
		for i := range 100_000 {
			v.List().Push(!front, []byte("job"))
			if i >= 100 {
				v.List().Pop(front)
			}
			if i == 1000 {
				most = v.Memory()
			}
		}
		require.Equal(t, 100, v.List().Len())
		require.LessOrEqual(t, v.Memory(), 2*most)
		require.Equal(t, v.Memory(), l.Bytes())
	}
}

// A member that is there from begin to end of a scan is returned, whatever comes and goes meanwhile.
func TestScansKeepTheirPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := DefaultLimits()
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		s := NewSet(NewLedger(&limits, 1))
		resting := map[string]bool{}
		for i := range rapid.IntRange(1, 2000).Draw(t, "members") {
			m := fmt.Sprint("rests ", i)
			resting[m] = true
			s.Add([]byte(m))
		}
		seen := map[string]bool{}
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			cursor = s.Scan(cursor, rapid.IntRange(1, 100).Draw(t, "count"), func(m []byte) { seen[string(m)] = true })
			for range rng.IntN(300) {
				m := fmt.Append(nil, "goes ", rng.IntN(2000))
				if rng.IntN(3) == 0 {
					s.Add(m)
				} else {
					s.Remove(m)
				}
			}
		}
		for m := range resting {
			require.True(t, seen[m], "%s was there all the time", m)
		}
	})
}

// Two values with the same operations behind them are walked in the same order.
func TestWalksFollowFromTheOperations(t *testing.T) {
	order := func() (walk []string) {
		limits := DefaultLimits()
		l, rng := NewLedger(&limits, 7), rand.New(rand.NewPCG(1, 2))
		s, h := NewSet(l), NewHash(l)
		for range 5000 {
			m := fmt.Append(nil, "member ", rng.IntN(2000))
			if rng.IntN(3) == 0 {
				s.Remove(m)
				h.Delete(m)
			} else {
				s.Add(m)
				h.Set(m, m)
			}
		}
		for m := range s.All() {
			walk = append(walk, string(m))
		}
		for f := range h.All() {
			walk = append(walk, string(f))
		}
		for range 100 {
			m, _ := s.Random(rng)
			walk = append(walk, string(m))
		}
		return walk
	}
	require.Equal(t, order(), order())
}

func TestStringsThatAreNoHyperLogLogs(t *testing.T) {
	limits := DefaultLimits()
	l := NewLedger(&limits, 1)
	sparse := string(NewHLL().Bytes())
	for text, want := range map[string]error{
		"":                           ErrNotHLL,
		"HYLL":                       ErrNotHLL,
		"HYLX" + sparse[4:]:          ErrNotHLL,
		"HYLL\x02" + sparse[5:]:      ErrNotHLL,
		"HYLL\x00" + sparse[5:]:      ErrNotHLL,
		sparse[:16] + "\x7f\xfe":     ErrBadHLL,
		sparse[:16]:                  ErrBadHLL,
		sparse[:16] + "\x7f\xff\x00": ErrBadHLL,
		sparse[:16] + strings.Repeat("\x83", 4096): nil,
	} {
		stale := []byte(text)
		if len(stale) > 15 {
			stale[15] |= 0x80
		}
		_, _, _, err := l.HLLCount(NewString(stale))
		require.Equal(t, want, err, "%.30q", text)
		_, err = HLLUnion(NewString(stale))
		require.Equal(t, want, err, "%.30q", text)
	}
	_, _, err := l.HLLAdd(New(l, KindSet), nil)
	require.Equal(t, ErrNotHLL, err)
}

func TestScoresPrintAsC(t *testing.T) {
	for text, want := range map[string]string{"0": "0", "-0": "-0", "0.1": "0.10000000000000001", "3": "3", "1e20": "1e+20",
		"1e15": "1000000000000000", "1e17": "1e+17", "12345678901234567": "12345678901234568", "1e-5": "1.0000000000000001e-05",
		"0.0001": "0.0001", "inf": "inf", "-inf": "-inf", "-1.5": "-1.5", "1e300": "1.0000000000000001e+300"} {
		var f float64
		_, err := fmt.Sscan(text, &f)
		require.NoError(t, err)
		require.Equal(t, want, string(AppendScore(nil, f)), text)
	}
}

func Example() {
	limits := DefaultLimits()
	l := NewLedger(&limits, 1)
	z := NewZSet(l)
	for i, name := range []string{"three", "one", "two"} {
		z.Set([]byte(name), float64([]int{3, 1, 2}[i]))
	}
	v := l.Hold(z.Value()) // as a database does

	snapshot := v
	l.Freeze()
	v = l.Own(v) // from here on v shares its parts with the snapshot
	v.ZSet().Set([]byte("four"), 4)

	from, to := v.ZSet().ScoreRange(ScoreBound{Score: 1, Open: true}, ScoreBound{Score: 4})
	for member, score := range v.ZSet().Backward(from, to) {
		fmt.Printf("%s %v\n", member, score)
	}
	fmt.Println(v.Kind(), v.Encoding(), v.Elements(), snapshot.Elements())
	// Output:
	// four 4
	// three 3
	// two 2
	// zset ziplist 4 3
}

func ExampleList() {
	limits := DefaultLimits()
	l := NewList(NewLedger(&limits, 1))
	for _, e := range []string{"a", "b", "c", "b"} {
		l.PushBack([]byte(e))
	}
	l.Remove(-1, []byte("b")) // LREM -1 b
	l.PushFront([]byte("first"))
	for e := range l.Range(1, l.Len()) { // LRANGE 1 -1
		fmt.Printf("%s ", e)
	}
	at, _ := l.Index([]byte("c"))
	fmt.Println(at)
	// Output: a b c 3
}

func ExampleLedger_HLLAdd() {
	limits := DefaultLimits()
	l := NewLedger(&limits, 1)
	v, changed, _ := l.HLLAdd(NewHLL(), [][]byte{[]byte("a"), []byte("b"), []byte("a")})
	n, v, _, _ := l.HLLCount(v)
	sparse, _ := HLLIsSparse(v)
	fmt.Println(changed, n, sparse, slices.Max(v.Bytes()[:4]) == 'Y')
	// Output: true 2 true true
}

// TestLexRangesDependOnTheMembersAlone: where scores differ a range of members means nothing, yet a replica that loaded
// the sorted set must remove what its master, which built it up, removes.
func TestLexRangesDependOnTheMembersAlone(t *testing.T) {
	limits := DefaultLimits()
	limits.ZSetEntries = 0
	l := NewLedger(&limits, 1)
	rapid.Check(t, func(t *rapid.T) {
		built, loaded := NewZSet(l), NewZSet(l)
		for range rapid.IntRange(1, 400).Draw(t, "changes") {
			member := []byte(strconv.Itoa(rapid.IntRange(0, 200).Draw(t, "member")))
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				built.Remove(member)
			} else {
				built.Set(member, float64(rapid.IntRange(0, 3).Draw(t, "score")))
			}
		}
		for member, score := range built.Backward(0, built.Len()) {
			loaded.Set(member, score)
		}
		bound := func() LexBound {
			return LexBound{Member: []byte(strconv.Itoa(rapid.IntRange(0, 200).Draw(t, "bound"))), Open: rapid.Bool().Draw(t, "open")}
		}
		min, max := bound(), bound()
		from, to := built.LexRange(min, max)
		from2, to2 := loaded.LexRange(min, max)
		require.Equal(t, []int{from, to}, []int{from2, to2})
	})
}
