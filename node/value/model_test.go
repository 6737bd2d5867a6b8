package value

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// show is what v holds, in a form that can be compared. Sets and hashes are sorted.
func show(v Value) (all []string) {
	switch v.Kind() {
	case KindString:
		return []string{string(v.AppendTo(nil))}
	case KindList:
		for e := range v.List().Range(0, v.List().Len()) {
			all = append(all, string(e))
		}
	case KindSet:
		for m := range v.Set().All() {
			all = append(all, string(m))
		}
		slices.Sort(all)
	case KindHash:
		for field, value := range v.Hash().All() {
			all = append(all, fmt.Sprintf("%q=%q", field, value))
		}
		slices.Sort(all)
	case KindZSet:
		for member, score := range v.ZSet().Range(0, v.ZSet().Len()) {
			all = append(all, fmt.Sprintf("%s %q", AppendScore(nil, score), member))
		}
	}
	return all
}

func fresh(v Value) (d Digest) { v.AddTo(&d, false); return d }

// holder holds one value as a database does, and what it was at some moments.
type holder struct {
	l      *Ledger
	limits Limits
	v      Value
	then   []moment
}

type moment struct {
	v    Value
	want []string
	sum  Digest
}

func newHolder(k Kind) *holder {
	h := &holder{limits: Limits{HashEntries: 8, HashValue: 20, ListSize: -1, SetInts: 8, ZSetEntries: 8, ZSetValue: 20,
		HLLSparse: 3000}}
	h.l = NewLedger(&h.limits, 1)
	h.v = h.l.Hold(New(h.l, k))
	return h
}

func (h *holder) own() Value {
	h.v = h.l.Own(h.v)
	return h.v
}

func (h *holder) put(v Value) {
	if !v.Same(h.v) {
		h.l.Release(h.v)
		v = h.l.Hold(v)
	}
	h.v = v
}

func (h *holder) Freeze(t *rapid.T) {
	h.then = append(h.then, moment{h.v, show(h.v), fresh(h.v)})
	if len(h.then) > 3 {
		h.then = h.then[1:]
	}
	h.l.Freeze()
}

func (h *holder) SwitchSums(t *rapid.T) { h.l.KeepSums(rapid.Bool().Draw(t, "keep")) }

func (h *holder) Move(t *rapid.T) { // to another key
	h.l.Release(h.v)
	h.v = h.l.Hold(h.v)
}

func (h *holder) check(t *rapid.T, want []string) {
	require.Equal(t, want, show(h.v))
	require.Equal(t, h.v.Memory(), h.l.Bytes(), "the books")
	var live Digest
	h.v.AddTo(&live, true)
	require.Equal(t, fresh(h.v), live, "the sum that is kept")
	for _, m := range h.then {
		require.Equal(t, m.want, show(m.v), "what was frozen has changed")
	}
}

func (h *holder) actions(more map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	all := map[string]func(*rapid.T){"freeze": h.Freeze, "sums": h.SwitchSums, "move": h.Move}
	maps.Copy(all, more)
	return all
}

var (
	someText = rapid.OneOf(rapid.StringMatching(`[a-e]`), rapid.StringMatching(`-?[1-9][0-9]{0,3}`),
		rapid.StringMatching(`-?[1-9][0-9]{9,17}`), rapid.String(),
		rapid.Map(rapid.IntRange(0, 20_000), func(n int) string { return strings.Repeat("x", n) }))
	fewTexts = rapid.OneOf(rapid.StringMatching(`[a-f]`), rapid.StringMatching(`-?[1-9][0-9]?`),
		rapid.StringMatching(`m[0-9]{1,3}`), rapid.SampledFrom([]string{"", "70000", "5000000000",
			strings.Repeat("long ", 50)}))
)

func TestStringsBehaveLikeSlices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHolder(KindString)
		var model []byte
		t.Repeat(h.actions(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				model = []byte(someText.Draw(t, "text"))
				h.put(NewString(model))
			},
			"append": func(t *rapid.T) {
				text := someText.Draw(t, "text")
				model = append(model, text...)
				h.put(h.l.Append(h.own(), []byte(text)))
			},
			"write": func(t *rapid.T) {
				text, at := someText.Draw(t, "text"), rapid.IntRange(0, 40_000).Draw(t, "at")
				if grown := at + len(text) - len(model); grown > 0 {
					model = append(model, make([]byte, grown)...)
				}
				copy(model[at:], text)
				h.put(h.l.WriteAt(h.own(), at, []byte(text)))
			},
			"buffer": func(t *rapid.T) {
				if n := len(model); n > 0 && n <= chunkSize {
					v, b := h.l.Buffer(h.own())
					i := rapid.IntRange(0, n-1).Draw(t, "i")
					model[i] ^= 1
					b[i] ^= 1
					h.put(v)
				}
			},
			"read": func(t *rapid.T) {
				from := rapid.IntRange(0, len(model)).Draw(t, "from")
				to := rapid.IntRange(from, len(model)).Draw(t, "to")
				require.Equal(t, string(model[from:to]), string(h.v.Slice(from, to, nil)))
				require.Equal(t, string(model[from:to]), string(bytes.Join(slices.Collect(h.v.Pieces(from, to)), nil)))
				if from < len(model) {
					require.Equal(t, model[from], h.v.ByteAt(from))
				}
				require.Zero(t, h.v.ByteAt(len(model)))
			},
			"": func(t *rapid.T) {
				h.check(t, []string{string(model)})
				require.Equal(t, len(model), h.v.Len())
				require.Equal(t, string(model), string(h.v.Bytes()))
			},
		}))
	})
}

func TestListsBehaveLikeSlices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHolder(KindList)
		h.limits.ListSize = rapid.SampledFrom([]int{-1, -2, -5, 1, 2, 7, 100}).Draw(t, "size")
		var model []string
		place := func(t *rapid.T, end int) int { return rapid.IntRange(0, end).Draw(t, "i") }
		push := func(t *rapid.T, front bool, text string) {
			h.own().List().Push(front, []byte(text))
			if front {
				model = slices.Insert(model, 0, text)
			} else {
				model = append(model, text)
			}
		}
		t.Repeat(h.actions(map[string]func(*rapid.T){
			"push": func(t *rapid.T) { push(t, rapid.Bool().Draw(t, "front"), someText.Draw(t, "text")) },
			"push many": func(t *rapid.T) {
				front := rapid.Bool().Draw(t, "front")
				for i := range rapid.IntRange(1, 300).Draw(t, "n") {
					push(t, front, fmt.Sprintf("element %d", i%7))
				}
			},
			"pop": func(t *rapid.T) {
				front := rapid.Bool().Draw(t, "front")
				for range rapid.IntRange(1, 50).Draw(t, "n") {
					got, ok := h.own().List().Pop(front)
					require.Equal(t, len(model) > 0, ok)
					if !ok {
						return
					}
					i := 0
					if !front {
						i = len(model) - 1
					}
					require.Equal(t, model[i], string(got))
					model = slices.Delete(model, i, i+1)
				}
			},
			"insert": func(t *rapid.T) {
				i, text := place(t, len(model)), someText.Draw(t, "text")
				h.own().List().Insert(i, []byte(text))
				model = slices.Insert(model, i, text)
			},
			"set": func(t *rapid.T) {
				if len(model) > 0 {
					i, text := place(t, len(model)-1), someText.Draw(t, "text")
					h.own().List().Set(i, []byte(text))
					model[i] = text
				}
			},
			"delete": func(t *rapid.T) {
				from := place(t, len(model))
				to := from + place(t, len(model)-from)
				h.own().List().Delete(from, to)
				model = slices.Delete(model, from, to)
			},
			"remove": func(t *rapid.T) {
				count, text := rapid.IntRange(-3, 3).Draw(t, "count"), "element 3"
				if len(model) > 0 && rapid.Bool().Draw(t, "there") {
					text = model[place(t, len(model)-1)]
				}
				var want int
				model, want = removeFrom(model, count, text)
				require.Equal(t, want, h.own().List().Remove(count, []byte(text)))
			},
			"": func(t *rapid.T) {
				l := h.v.List()
				h.check(t, slices.Clip(append([]string(nil), model...)))
				require.Equal(t, len(model), l.Len())
				var back []string
				for e := range l.Backward() {
					back = append(back, string(e))
				}
				slices.Reverse(back)
				require.Equal(t, len(model), len(back))
				require.True(t, slices.Equal(model, back))
				for _, i := range []int{-1, 0, len(model) / 3, len(model) - 1, len(model)} {
					got, ok := l.At(i)
					require.Equal(t, i >= 0 && i < len(model), ok)
					if ok {
						require.Equal(t, model[i], string(got))
						at, ok := l.Index([]byte(model[i]))
						require.True(t, ok)
						require.Equal(t, slices.Index(model, model[i]), at)
					}
				}
				for _, c := range l.chunks() {
					require.True(t, l.fits(int(c.n), c.size()), "a chunk beyond the limits")
				}
			},
		}))
	})
}

// removeFrom is LREM on a slice.
func removeFrom(model []string, count int, text string) (rest []string, removed int) {
	back, most := count < 0, max(count, -count)
	if most == 0 {
		most = len(model)
	}
	if back {
		slices.Reverse(model)
	}
	rest = slices.DeleteFunc(model, func(s string) bool {
		if s != text || removed == most {
			return false
		}
		removed++
		return true
	})
	if back {
		slices.Reverse(rest)
	}
	return rest, removed
}

func TestSetsBehaveLikeMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHolder(KindSet)
		h.limits.SetInts = rapid.SampledFrom([]int{0, 8, 300}).Draw(t, "ints")
		model := map[string]bool{}
		t.Repeat(h.actions(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				m := fewTexts.Draw(t, "member")
				require.Equal(t, !model[m], h.own().Set().Add([]byte(m)))
				model[m] = true
			},
			"add many": func(t *rapid.T) {
				from := rapid.IntRange(0, 500).Draw(t, "from")
				for i := range rapid.IntRange(1, 200).Draw(t, "n") {
					m := fmt.Sprint(from + i)
					require.Equal(t, !model[m], h.own().Set().Add([]byte(m)))
					model[m] = true
				}
			},
			"remove": func(t *rapid.T) {
				m := fewTexts.Draw(t, "member")
				require.Equal(t, model[m], h.own().Set().Remove([]byte(m)))
				delete(model, m)
			},
			"pop": func(t *rapid.T) {
				m, ok := h.own().Set().Random(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
				require.Equal(t, len(model) > 0, ok)
				if ok {
					require.True(t, model[string(m)])
					require.True(t, h.v.Set().Remove(m))
					delete(model, string(m))
				}
			},
			"": func(t *rapid.T) {
				s := h.v.Set()
				h.check(t, slices.Sorted(maps.Keys(model)))
				require.Equal(t, len(model), s.Len())
				for m := range model {
					require.True(t, s.Has([]byte(m)))
				}
				require.False(t, s.Has([]byte("never")))
				scanned := map[string]bool{}
				for cursor, first := uint64(0), true; first || cursor != 0; first = false {
					cursor = s.Scan(cursor, 10, func(m []byte) { scanned[string(m)] = true })
				}
				require.Equal(t, model, scanned)
			},
		}))
	})
}

func TestHashesBehaveLikeMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHolder(KindHash)
		h.limits.HashEntries = rapid.SampledFrom([]int{0, 8, 300}).Draw(t, "entries")
		model := map[string]string{}
		set := func(t *rapid.T, field, value string) {
			_, there := model[field]
			require.Equal(t, !there, h.own().Hash().Set([]byte(field), []byte(value)))
			model[field] = value
		}
		t.Repeat(h.actions(map[string]func(*rapid.T){
			"set": func(t *rapid.T) { set(t, fewTexts.Draw(t, "field"), someText.Draw(t, "value")) },
			"set many": func(t *rapid.T) {
				for i := range rapid.IntRange(1, 200).Draw(t, "n") {
					set(t, fmt.Sprint("m", i), fmt.Sprint(len(model)))
				}
			},
			"delete": func(t *rapid.T) {
				field := fewTexts.Draw(t, "field")
				_, there := model[field]
				require.Equal(t, there, h.own().Hash().Delete([]byte(field)))
				delete(model, field)
			},
			"": func(t *rapid.T) {
				var want []string
				scanned := map[string]string{}
				for field, value := range model {
					want = append(want, fmt.Sprintf("%q=%q", field, value))
					got, ok := h.v.Hash().Get([]byte(field))
					require.True(t, ok)
					require.Equal(t, value, string(got))
				}
				slices.Sort(want)
				h.check(t, want)
				require.Equal(t, len(model), h.v.Hash().Len())
				_, ok := h.v.Hash().Get([]byte("never"))
				require.False(t, ok)
				for cursor, first := uint64(0), true; first || cursor != 0; first = false {
					cursor = h.v.Hash().Scan(cursor, 10, func(f, v []byte) { scanned[string(f)] = string(v) })
				}
				require.Equal(t, model, scanned)
			},
		}))
	})
}

type scored struct {
	score  float64
	member string
}

func sortedModel(model map[string]float64) (all []scored) {
	for m, s := range model {
		all = append(all, scored{s, m})
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.member, b.member))
	})
	return all
}

func TestSortedSetsBehaveLikeSortedMaps(t *testing.T) {
	score := rapid.OneOf(rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }),
		rapid.Float64(), rapid.SampledFrom([]float64{math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0, 0.1, 1e20}))
	rapid.Check(t, func(t *rapid.T) {
		h := newHolder(KindZSet)
		h.limits.ZSetEntries = rapid.SampledFrom([]int{0, 8, 300}).Draw(t, "entries")
		model := map[string]float64{}
		set := func(t *rapid.T, m string, s float64) {
			old, there := model[m]
			added, changed := h.own().ZSet().Set([]byte(m), s)
			require.Equal(t, !there, added)
			require.Equal(t, there && old != s, changed)
			if added || changed {
				model[m] = s
			}
		}
		t.Repeat(h.actions(map[string]func(*rapid.T){
			"set": func(t *rapid.T) { set(t, fewTexts.Draw(t, "member"), score.Draw(t, "score")) },
			"set many": func(t *rapid.T) {
				seed := rapid.IntRange(1, 1000).Draw(t, "seed")
				for i := range rapid.IntRange(1, 400).Draw(t, "n") {
					set(t, fmt.Sprint("m", i), float64(i*seed%97))
				}
			},
			"remove": func(t *rapid.T) {
				m := fewTexts.Draw(t, "member")
				_, there := model[m]
				require.Equal(t, there, h.own().ZSet().Remove([]byte(m)))
				delete(model, m)
			},
			"remove range": func(t *rapid.T) {
				from := rapid.IntRange(0, len(model)).Draw(t, "from")
				to := rapid.IntRange(from, len(model)).Draw(t, "to")
				for _, it := range sortedModel(model)[from:to] {
					delete(model, it.member)
				}
				h.own().ZSet().RemoveRange(from, to)
			},
			"score range": func(t *rapid.T) {
				low := ScoreBound{score.Draw(t, "min"), rapid.Bool().Draw(t, "open")}
				high := ScoreBound{score.Draw(t, "max"), rapid.Bool().Draw(t, "open")}
				var want, got []string
				for _, it := range sortedModel(model) {
					if (it.score > low.Score || (!low.Open && it.score == low.Score)) &&
						(it.score < high.Score || (!high.Open && it.score == high.Score)) {
						want = append(want, it.member)
					}
				}
				from, to := h.v.ZSet().ScoreRange(low, high)
				for m := range h.v.ZSet().Backward(from, to) {
					got = append(got, string(m))
				}
				slices.Reverse(got)
				require.Equal(t, want, got)
			},
			"": func(t *rapid.T) {
				z := h.v.ZSet()
				var want []string
				for rank, it := range sortedModel(model) {
					want = append(want, fmt.Sprintf("%s %q", AppendScore(nil, it.score), it.member))
					if rank%7 == 0 {
						got, ok := z.Rank([]byte(it.member))
						require.True(t, ok)
						require.Equal(t, rank, got)
						s, ok := z.Score([]byte(it.member))
						require.True(t, ok)
						require.Equal(t, it.score, s)
					}
				}
				h.check(t, want)
				_, ok := z.Rank([]byte("never"))
				require.False(t, ok)
				scanned := map[string]float64{}
				for cursor, first := uint64(0), true; first || cursor != 0; first = false {
					cursor = z.Scan(cursor, 10, func(m []byte, s float64) { scanned[string(m)] = s })
				}
				require.Equal(t, model, scanned)
			},
		}))
	})
}

func TestLexRanges(t *testing.T) {
	for _, entries := range []int{0, 128} {
		limits := DefaultLimits()
		limits.ZSetEntries = entries
		z := NewZSet(NewLedger(&limits, 1))
		for c := 'a'; c <= 'j'; c++ {
			z.Set([]byte(string(c)), 0)
		}
		m := func(s string, open bool) LexBound { return LexBound{Member: []byte(s), Open: open} }
		low, high := LexBound{Infinite: -1}, LexBound{Infinite: 1}
		for _, tt := range []struct {
			min, max LexBound
			from, to int
		}{
			{low, high, 0, 10}, {high, low, 10, 10}, {m("b", false), m("d", false), 1, 4}, {m("b", true), m("d", true), 2, 3},
			{m("bb", false), high, 2, 10}, {low, m("", false), 0, 0}, {m("d", false), m("b", false), 3, 3},
			{low, m("a", true), 0, 0}, {m("z", false), high, 10, 10},
		} {
			from, to := z.LexRange(tt.min, tt.max)
			require.Equal(t, []int{tt.from, tt.to}, []int{from, to}, "%v", tt)
		}
	}
}
