package models

import (
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// values is a list of values as one string, so that states can be compared and be keys: each as JSON, which has no bare
// newline, and a newline after it. Values that are the same word are the same, as they are to Redis: 1 and "1".
type values string

// canonical is the one value that stands for all that are the same word as v.
func canonical(v histories.Value) histories.Value {
	if v.IsNothing() || v.IsList() {
		return v
	}
	return histories.Text(v.Str())
}

// word is a key by which values that are the same word are found.
func word(v histories.Value) string {
	if v.IsNothing() || v.IsList() {
		return "\x00" + v.String()
	}
	return v.Str()
}

func sameWord(a, b histories.Value) bool { return word(a) == word(b) }

func valuesOf(list ...histories.Value) values {
	var b []byte
	for _, v := range list {
		b = append(canonical(v).AppendJSON(b), '\n')
	}
	return values(b)
}

func line(v histories.Value) string { return canonical(v).String() + "\n" }

// push puts v behind the others.
func (vs values) push(v histories.Value) values { return vs + values(line(v)) }

// first parts vs into its first value and the others; ok is false if there is none.
func (vs values) first() (head string, rest values, ok bool) {
	i := strings.IndexByte(string(vs), '\n')
	if i < 0 {
		return "", vs, false
	}
	return string(vs[:i]), vs[i+1:], true
}

// last parts vs into its last value and those before it; ok is false if there is none.
func (vs values) last() (tail string, rest values, ok bool) {
	if vs == "" {
		return "", vs, false
	}
	i := strings.LastIndexByte(string(vs[:len(vs)-1]), '\n') + 1
	return string(vs[i : len(vs)-1]), vs[:i], true
}

func (vs values) list() []histories.Value {
	var list []histories.Value
	for text := range strings.Lines(string(vs)) {
		v, err := histories.ParseValue(strings.TrimSuffix(text, "\n"))
		if err != nil {
			panic("models: a state has a value that is no JSON: " + err.Error()) // valuesOf and push made it
		}
		list = append(list, v)
	}
	return list
}

// with is the sorted list vs with v in its place; is says whether it was there.
func (vs values) with(v histories.Value) (next values, is bool) {
	list := vs.list()
	i, is := slices.BinarySearchFunc(list, canonical(v), histories.Value.Compare)
	if is {
		return vs, true
	}
	return valuesOf(slices.Insert(list, i, v)...), false
}

// without is the sorted list vs without v; was says whether it was there.
func (vs values) without(v histories.Value) (next values, was bool) {
	list := vs.list()
	i, was := slices.BinarySearchFunc(list, canonical(v), histories.Value.Compare)
	if !was {
		return vs, false
	}
	return valuesOf(slices.Delete(list, i, i+1)...), true
}

// show is a state that is a list of values, as a person reads it.
func show(state any) string { return histories.List(state.(values).list()...).String() }
