package models_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// histories drawn for each way of drawing; make judges asks for 60,000.
var drawn = flag.Int("models.histories", 2000, "how many random histories each judge is compared on")

// object draws operations of a model and knows what a real one would answer.
type object struct {
	draw   func(r *rand.Rand, n int) (f string, arg histories.Value) // the n-th operation
	answer func(state any, f string, arg histories.Value) (result histories.Value, next any)
	lie    func(r *rand.Rand, f string, result histories.Value) histories.Value
	init   any
}

// small is a history of a few operations, each at a moment of its interval, as a real object would have answered them;
// then some have no answer, and some of the others are told something else.
func (o object) small(r *rand.Rand) []*histories.Operation {
	n := 1 + r.IntN(7)
	type drawnOp struct {
		op *histories.Operation
		at time.Duration
	}
	var all []drawnOp
	for i := range n {
		from := time.Duration(r.IntN(14))
		op := &histories.Operation{Process: fmt.Sprint("c", i), Key: "k", Invoked: from, Returned: from + time.Duration(r.IntN(7)), Outcome: histories.OK}
		op.Func, op.Arg = o.draw(r, i)
		all = append(all, drawnOp{op, from + time.Duration(r.IntN(int(op.Returned-from)+1))})
	}
	slices.SortStableFunc(all, func(a, b drawnOp) int { return int(a.at - b.at) })
	state := o.init
	var ops []*histories.Operation
	for _, d := range all {
		result, next := o.answer(state, d.op.Func, d.op.Arg)
		d.op.Result = result
		unknown := r.IntN(6) == 0
		if !unknown || r.IntN(2) == 0 {
			state = next
		}
		if unknown {
			d.op.Outcome, d.op.Result, d.op.Returned = histories.Info, histories.Value{}, histories.Forever
		}
		ops = append(ops, d.op)
	}
	if r.IntN(2) == 0 {
		op := ops[r.IntN(n)]
		if op.Outcome == histories.OK {
			op.Result = o.lie(r, op.Func, op.Result)
		}
	}
	if r.IntN(3) == 0 { // time is not as it was
		op := ops[r.IntN(n)]
		if op.Outcome == histories.OK {
			op.Invoked = time.Duration(r.IntN(20))
			op.Returned = op.Invoked + time.Duration(r.IntN(4))
		}
	}
	slices.SortStableFunc(ops, func(a, b *histories.Operation) int { return int(a.Invoked - b.Invoked) })
	return ops
}

// tried says whether some order of ops respects time and model, by trying every one. Operations without an answer may
// be left out.
func tried(m *models.Model, ops []*histories.Operation, done []bool, state any) bool {
	all := true
	for i, op := range ops {
		all = all && (done[i] || op.Outcome == histories.Info)
	}
	if all {
		return true
	}
	for i, op := range ops {
		if done[i] || early(ops, done, op) {
			continue
		}
		ok, next := m.Step(state, op)
		if !ok {
			continue
		}
		done[i] = true
		found := tried(m, ops, done, next)
		done[i] = false
		if found {
			return true
		}
	}
	return false
}

// early says whether something that is not done had returned before op was invoked.
func early(ops []*histories.Operation, done []bool, op *histories.Operation) bool {
	for j, other := range ops {
		if !done[j] && other.Outcome != histories.Info && other.Returned < op.Invoked {
			return true
		}
	}
	return false
}

func text(i int) histories.Value { return histories.Text(fmt.Sprint("v", i)) }

// oneOf draws a value that may have been written by one of the operations.
func oneOf(r *rand.Rand) histories.Value {
	if r.IntN(5) == 0 {
		return histories.Value{}
	}
	return text(r.IntN(7))
}

func elements(v histories.Value) []histories.Value { return slices.Clone(v.Elems()) }

// mangled is a list with an element more, less, or elsewhere.
func mangled(r *rand.Rand, v histories.Value) histories.Value {
	list := elements(v)
	switch n := len(list); {
	case n == 0 || r.IntN(3) == 0:
		list = append(list, text(r.IntN(7)))
	case r.IntN(2) == 0:
		at := r.IntN(n)
		list = slices.Delete(list, at, at+1)
	default:
		a, b := r.IntN(n), r.IntN(n)
		list[a], list[b] = list[b], list[a]
	}
	return histories.List(list...)
}

func register(unique bool) object {
	return object{init: histories.Value{},
		draw: func(r *rand.Rand, n int) (string, histories.Value) {
			v := text(n)
			if !unique {
				v = text(r.IntN(3))
			}
			switch w := r.IntN(8); {
			case w < 3:
				return histories.FuncWrite, v
			case w == 3 && !unique:
				return models.FuncCAS, histories.List(text(r.IntN(3)), v)
			}
			return histories.FuncRead, histories.Value{}
		},
		answer: func(state any, f string, arg histories.Value) (histories.Value, any) {
			switch f {
			case histories.FuncWrite:
				return histories.Value{}, arg
			case models.FuncCAS:
				if state.(histories.Value).Equal(arg.Elem(0)) {
					return histories.Bool(true), arg.Elem(1)
				}
				return histories.Bool(false), state
			}
			return state.(histories.Value), state
		},
		lie: func(r *rand.Rand, f string, v histories.Value) histories.Value {
			switch f {
			case histories.FuncWrite:
				return v
			case models.FuncCAS:
				return histories.Bool(!v.True())
			}
			if v := oneOf(r); unique || v.IsNothing() {
				return v
			}
			return text(r.IntN(4))
		}}
}

// counter draws adds of numbers up to most; told says whether they are told the new sum: 0 never, 1 always, 2 sometimes.
func counter(least, most, told int) object {
	return object{init: int64(0),
		draw: func(r *rand.Rand, n int) (string, histories.Value) {
			if r.IntN(3) == 0 {
				return histories.FuncRead, histories.Value{}
			}
			return models.FuncAdd, histories.Int(int64(least + r.IntN(most-least+1)))
		},
		answer: func(state any, f string, arg histories.Value) (histories.Value, any) {
			n, _ := arg.Int64()
			sum := state.(int64) + n
			if f == models.FuncAdd && (told == 0 || told == 2 && sum%2 == 0) {
				return histories.Value{}, sum
			}
			return histories.Int(sum), sum
		},
		lie: func(r *rand.Rand, f string, v histories.Value) histories.Value {
			n, ok := v.Int64()
			if !ok {
				return v
			}
			return histories.Int(n + int64(r.IntN(5)) - 2)
		}}
}

func list(v any) []histories.Value { return v.(histories.Value).Elems() }

func set(removes bool) object {
	return object{init: histories.List(),
		draw: func(r *rand.Rand, n int) (string, histories.Value) {
			switch w := r.IntN(8); {
			case removes && w == 0:
				return models.FuncRemove, text(r.IntN(7))
			case removes && w == 1:
				return models.FuncAdd, text(r.IntN(7))
			case w < 5:
				return models.FuncAdd, text(n)
			}
			return histories.FuncRead, histories.Value{}
		},
		answer: func(state any, f string, arg histories.Value) (histories.Value, any) {
			at := slices.IndexFunc(list(state), arg.Equal)
			switch {
			case f == models.FuncAdd && at < 0:
				return histories.Bool(true), histories.List(append(slices.Clone(list(state)), arg)...)
			case f == models.FuncRemove && at >= 0:
				return histories.Int(1), histories.List(slices.Delete(slices.Clone(list(state)), at, at+1)...)
			case f != histories.FuncRead:
				return histories.Bool(false), state
			}
			return state.(histories.Value), state
		},
		lie: func(r *rand.Rand, f string, v histories.Value) histories.Value {
			if f != histories.FuncRead {
				return []histories.Value{{}, histories.Bool(true), histories.Int(0)}[r.IntN(3)]
			}
			return mangled(r, v)
		}}
}

func container(put, take string, last bool) object {
	return object{init: histories.List(),
		draw: func(r *rand.Rand, n int) (string, histories.Value) {
			if r.IntN(2) == 0 {
				return take, histories.Value{}
			}
			return put, text(n)
		},
		answer: func(state any, f string, arg histories.Value) (histories.Value, any) {
			now := list(state)
			switch n := len(now); {
			case f == put:
				return histories.Value{}, histories.List(append(slices.Clone(now), arg)...)
			case n == 0:
				return histories.Value{}, state
			case last:
				return now[n-1], histories.List(slices.Clone(now[:n-1])...)
			}
			return now[0], histories.List(slices.Clone(now[1:])...)
		},
		lie: func(r *rand.Rand, f string, v histories.Value) histories.Value {
			if f == put {
				return v
			}
			return oneOf(r)
		}}
}

func lock() object {
	type state struct{ holder, last int64 }
	return object{init: state{},
		draw: func(r *rand.Rand, n int) (string, histories.Value) {
			if r.IntN(2) == 0 {
				return models.FuncAcquire, histories.Value{}
			}
			return models.FuncRelease, histories.Int(int64(1 + r.IntN(3)))
		},
		answer: func(s any, f string, arg histories.Value) (histories.Value, any) {
			now := s.(state)
			token, _ := arg.Int64()
			switch {
			case f == models.FuncAcquire && now.holder != 0:
				return histories.Value{}, now
			case f == models.FuncAcquire:
				return histories.Int(now.last + 1), state{now.last + 1, now.last + 1}
			case now.holder == token:
				return histories.Bool(true), state{0, now.last}
			}
			return histories.Bool(false), now
		},
		lie: func(r *rand.Rand, f string, v histories.Value) histories.Value {
			if f == models.FuncRelease {
				return histories.Bool(true)
			}
			return []histories.Value{{}, histories.Int(1), histories.Int(2), histories.Int(3)}[r.IntN(4)]
		}}
}

// lists draws appends and reads of one list, or transactions over two.
func lists(txns, lengths bool) object {
	at := func(state any, key string) int {
		return slices.IndexFunc(list(state), func(pair histories.Value) bool { return pair.Elem(0).Str() == key })
	}
	read := func(state any, key string) histories.Value {
		if i := at(state, key); i >= 0 {
			return list(state)[i].Elem(1)
		}
		return histories.List()
	}
	push := func(state any, key string, v histories.Value) any {
		pair := histories.List(histories.Text(key), histories.List(append(elements(read(state, key)), v)...))
		all := slices.Clone(list(state))
		if i := at(state, key); i >= 0 {
			all[i] = pair
		} else {
			all = append(all, pair)
		}
		return histories.List(all...)
	}
	return object{init: histories.List(),
		draw: func(r *rand.Rand, n int) (string, histories.Value) {
			if !txns || r.IntN(4) == 0 {
				if r.IntN(2) == 0 {
					return histories.FuncRead, histories.Value{}
				}
				return models.FuncAppend, text(n)
			}
			var micros []histories.Value
			for i := range 1 + r.IntN(3) {
				key := histories.Text([]string{"k", "l"}[r.IntN(2)])
				if r.IntN(2) == 0 {
					micros = append(micros, histories.List(histories.Text("r"), key, histories.Value{}))
				} else {
					micros = append(micros, histories.List(histories.Text("append"), key, text(10*i+n)))
				}
			}
			return models.FuncTxn, histories.List(micros...)
		},
		answer: func(state any, f string, arg histories.Value) (histories.Value, any) {
			switch f {
			case histories.FuncRead:
				return read(state, "k"), state
			case models.FuncAppend:
				next, result := push(state, "k", arg), histories.Value{}
				if lengths {
					result = histories.Int(int64(len(read(next, "k").Elems())))
				}
				return result, next
			}
			var results []histories.Value
			for _, m := range arg.Elems() {
				if m.Elem(0).Str() == "r" {
					m = histories.List(m.Elem(0), m.Elem(1), read(state, m.Elem(1).Str()))
				} else {
					state = push(state, m.Elem(1).Str(), m.Elem(2))
				}
				results = append(results, m)
			}
			return histories.List(results...), state
		},
		lie: func(r *rand.Rand, f string, v histories.Value) histories.Value {
			switch f {
			case histories.FuncRead:
				return mangled(r, v)
			case models.FuncAppend:
				if n, told := v.Int64(); told {
					return histories.Int(max(1, n+int64(r.IntN(3))-1))
				}
				return v
			}
			all := elements(v)
			if m := all[0]; m.Elem(0).Str() == "r" {
				all[0] = histories.List(m.Elem(0), m.Elem(1), mangled(r, m.Elem(2)))
			}
			return histories.List(all...)
		}}
}

func bank() object {
	opened := histories.List(histories.Int(3), histories.Int(3), histories.Int(0))
	return object{init: opened,
		draw: func(r *rand.Rand, n int) (string, histories.Value) {
			switch r.IntN(3) {
			case 0:
				return histories.FuncRead, histories.Value{}
			default:
				return models.FuncTransfer, histories.List(histories.Int(int64(r.IntN(3))), histories.Int(int64(r.IntN(3))), histories.Int(int64(r.IntN(4))))
			}
		},
		answer: func(state any, f string, arg histories.Value) (histories.Value, any) {
			if f == histories.FuncRead {
				return state.(histories.Value), state
			}
			from, _ := arg.Elem(0).Int64()
			to, _ := arg.Elem(1).Int64()
			amount, _ := arg.Elem(2).Int64()
			all := elements(state.(histories.Value))
			has, _ := all[from].Int64()
			if has < amount {
				return histories.Bool(false), state
			}
			all[from] = histories.Int(has - amount)
			gets, _ := all[to].Int64()
			all[to] = histories.Int(gets + amount)
			return histories.Bool(true), histories.List(all...)
		},
		lie: func(r *rand.Rand, f string, v histories.Value) histories.Value {
			if f != histories.FuncRead {
				return histories.Bool(!v.True())
			}
			all := elements(v)
			n, _ := all[0].Int64()
			all[0] = histories.Int(n + 1)
			return histories.List(all...)
		}}
}

// openBank is a bank that is open already.
func openBank() models.Model {
	m := models.Bank()
	_, open := m.Step(m.Init(), &histories.Operation{Func: models.FuncOpen, Arg: bank().init.(histories.Value)})
	m.Init = func() any { return open }
	return m
}

// compared are the ways of drawing histories, and for how many of a hundred the fast judge has to have an answer.
var compared = []struct {
	name   string
	model  models.Model
	object object
	judged int
}{
	{"register, each value once", models.Register(), register(true), 100},
	{"register, values repeat", models.Register(), register(false), 10},
	{"counter, told the sums", models.Counter(), counter(1, 1, 1), 100},
	{"counter, told the sums, several numbers", models.Counter(), counter(1, 3, 1), 80},
	{"counter, told the sum sometimes", models.Counter(), counter(1, 1, 2), 100},
	{"counter, told nothing", models.Counter(), counter(1, 1, 0), 100},
	{"counter, told nothing, several numbers", models.Counter(), counter(1, 2, 0), 10},
	{"counter, told sometimes, also less than 0", models.Counter(), counter(-2, 2, 2), 5},
	{"set, adds only", models.Set(), set(false), 90},
	{"set, with removes", models.Set(), set(true), 10},
	{"queue", models.Queue(), container(models.FuncEnqueue, models.FuncDequeue, false), 90},
	{"stack", models.Stack(), container(models.FuncPush, models.FuncPop, true), 90},
	{"lock", models.Lock(), lock(), 30},
	{"append", models.Append(), lists(false, false), 100},
	{"append, told the length", models.Append(), lists(false, true), 80},
	{"append, transactions", models.Append(), lists(true, false), 100},
	{"bank", openBank(), bank(), 0},
}

// Every judge is held to what trying every order says, and to porcupine, on histories that are about half wrong and of
// which one operation in six has no answer.
func TestJudgesAgreeWithEveryOrderTriedAndWithPorcupine(t *testing.T) {
	for _, c := range compared {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, 11))
			judged, right := 0, 0
			for range *drawn {
				ops := counted(&c.model, c.object.small(r))
				want := tried(&c.model, ops, make([]bool, len(ops)), c.model.Init())
				if want {
					right++
				}
				require.Equal(t, want, porcupine.CheckOperations(c.model.Porcupine(), c.model.Operations(values(ops))), "porcupine: %v", show(ops))
				if c.model.Judge != nil {
					if a, ok := c.model.Judge(ops); ok {
						judged++
						require.Equal(t, want, len(a.Causes) == 0, "judge: %v %v", a.Causes, show(ops))
					}
				}
				for _, a := range []models.Answer{c.model.Search(ops, models.Limits{}), c.model.Judged(ops, models.Limits{})} {
					require.Equal(t, want, len(a.Causes) == 0, "search: %+v %v", a, show(ops))
					require.Empty(t, a.Limit)
					require.True(t, len(a.Causes) > 0 || a.Judged == len(ops), "%+v %v", a, show(ops))
					explained(t, &c.model, ops, a)
				}
			}
			t.Logf("%d histories, %d of them right; the fast judge had an answer to %d", *drawn, right, judged)
			require.Greater(t, right, *drawn/5)
			require.Less(t, right, *drawn*9/10)
			require.GreaterOrEqual(t, judged*100, c.judged**drawn)
		})
	}
}

// explained holds the causes to naming operations of the history, each once.
func explained(t *testing.T, m *models.Model, ops []*histories.Operation, a models.Answer) {
	for _, c := range a.Causes {
		require.NotEmpty(t, c.Ops, c.Text)
		require.NotEmpty(t, c.Text)
		for _, i := range c.Ops {
			require.Less(t, i, len(ops))
			require.GreaterOrEqual(t, i, 0, "%v", c)
		}
		seen := slices.Clone(c.Ops)
		slices.Sort(seen)
		require.Len(t, slices.Compact(seen), len(c.Ops), "%v", c)
	}
}

func counted(m *models.Model, ops []*histories.Operation) (all []*histories.Operation) {
	for _, op := range ops {
		if m.Counts(op) {
			all = append(all, op)
		}
	}
	return all
}

func values(ops []*histories.Operation) (all []histories.Operation) {
	for _, op := range ops {
		all = append(all, *op)
	}
	return all
}

func show(ops []*histories.Operation) (text string) {
	for _, op := range ops {
		text += fmt.Sprintf("\n%d-%d %s", op.Invoked, op.Returned, models.Describe(op))
	}
	return text
}
