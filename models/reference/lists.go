package reference

import (
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

var listCommands = map[string]func(*Data, []string, histories.Value) want{
	"LPUSH": push, "RPUSH": push, "LPUSHX": push, "RPUSHX": push, "LPOP": pop, "RPOP": pop, "LLEN": size(isList), "LINDEX": lindex,
	"LSET": lset, "LRANGE": lrange, "LTRIM": ltrim, "LREM": lrem, "LINSERT": linsert, "RPOPLPUSH": rpoplpush,
	"BLPOP": blockingPop, "BRPOP": blockingPop, "BRPOPLPUSH": rpoplpush,
}

// relisted is a list with other elements: values are never changed in place, since MOVE and SWAPDB share them.
func (it *item) relisted(list []string) *item {
	copied := *it
	copied.list = list
	return &copied
}

func push(d *Data, w []string, _ histories.Value) want {
	name := strings.ToUpper(w[0])
	it, wrong := d.made(w[1], isList)
	switch {
	case wrong:
		return wrongType
	case strings.HasSuffix(name, "X") && len(it.list) == 0:
		return number(0)
	}
	list := slices.Clone(it.list)
	for _, v := range w[2:] {
		if name[0] == 'L' {
			list = slices.Insert(list, 0, v)
		} else {
			list = append(list, v)
		}
	}
	d.changed(w[1], it.relisted(list))
	return number(len(list))
}

func pop(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.of(w[1], isList)
	switch {
	case wrong:
		return wrongType
	case it == nil:
		return null
	}
	v := d.takeEnd(w[1], it, strings.ToUpper(w[0])[0] == 'L')
	return text(v)
}

// takeEnd takes the first or the last element.
func (d *Data) takeEnd(key string, it *item, first bool) string {
	list := slices.Clone(it.list)
	v := list[len(list)-1]
	if first {
		v = list[0]
		list = list[1:]
	} else {
		list = list[:len(list)-1]
	}
	d.changed(key, it.relisted(list))
	return v
}

// blockingPop is BLPOP and BRPOP where one of the keys has an element, or within a transaction.
func blockingPop(d *Data, w []string, _ histories.Value) want {
	for _, key := range w[1 : len(w)-1] {
		it, wrong := d.of(key, isList)
		if wrong {
			return wrongType
		}
		if it != nil {
			v := d.takeEnd(key, it, strings.ToUpper(w[0])[1] == 'L')
			return texts([]string{key, v})
		}
	}
	return null
}

func rpoplpush(d *Data, w []string, _ histories.Value) want {
	from, wrong := d.of(w[1], isList)
	if wrong {
		return wrongType
	}
	if from == nil {
		return null
	}
	if _, wrong := d.of(w[2], isList); wrong {
		return wrongType
	}
	v := d.takeEnd(w[1], from, false)
	if w[1] == w[2] && len(from.list) == 1 {
		d.changed(w[1], from) // it never went away
		return text(v)
	}
	to, _ := d.made(w[2], isList)
	d.changed(w[2], to.relisted(slices.Insert(slices.Clone(to.list), 0, v)))
	return text(v)
}

// place is which element an index stands for.
func place(index int64, n int) (i int, there bool) {
	if index < 0 {
		index += int64(n)
	}
	return int(index), 0 <= index && index < int64(n)
}

func lindex(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.of(w[1], isList)
	switch {
	case wrong:
		return wrongType
	case it == nil:
		return null
	}
	index, isInt := integer(w[2])
	if !isInt {
		return notInt
	}
	if i, there := place(index, len(it.list)); there {
		return text(it.list[i])
	}
	return null
}

func lset(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.of(w[1], isList)
	switch {
	case wrong:
		return wrongType
	case it == nil:
		return noKey
	}
	index, isInt := integer(w[2])
	if !isInt {
		return notInt
	}
	i, there := place(index, len(it.list))
	if !there {
		return badIndex
	}
	list := slices.Clone(it.list)
	list[i] = w[3]
	d.changed(w[1], it.relisted(list))
	return ok
}

// within is the part of n elements that a range stands for; from and to count them as indices do in Go.
func within(w []string, n int) (from, to int, isInt bool) {
	a, ok1 := integer(w[0])
	b, ok2 := integer(w[1])
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	if a < 0 {
		a = max(0, a+int64(n))
	}
	if b < 0 {
		b += int64(n)
	}
	if a > b || a >= int64(n) {
		return 0, 0, true
	}
	return int(a), int(min(b, int64(n-1))) + 1, true
}

func lrange(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isList)
	from, to, isInt := within(w[2:], len(it.list))
	switch {
	case !isInt:
		return notInt
	case wrong:
		return wrongType
	}
	return texts(it.list[from:to])
}

func ltrim(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isList)
	from, to, isInt := within(w[2:], len(it.list))
	switch {
	case !isInt:
		return notInt
	case wrong:
		return wrongType
	case len(it.list) > 0:
		d.changed(w[1], it.relisted(slices.Clone(it.list[from:to])))
	}
	return ok
}

func lrem(d *Data, w []string, _ histories.Value) want {
	count, isInt := integer(w[2])
	it, wrong := d.made(w[1], isList)
	switch {
	case !isInt:
		return notInt
	case wrong:
		return wrongType
	}
	var kept []string
	removed := 0
	list := slices.Clone(it.list)
	if count < 0 {
		slices.Reverse(list)
	}
	for _, v := range list {
		if v == w[3] && (count == 0 || int64(removed) < max(count, -count)) {
			removed++
		} else {
			kept = append(kept, v)
		}
	}
	if count < 0 {
		slices.Reverse(kept)
	}
	if removed > 0 {
		d.changed(w[1], it.relisted(kept))
	}
	return number(removed)
}

func linsert(d *Data, w []string, _ histories.Value) want {
	after := strings.EqualFold(w[2], "AFTER")
	it, wrong := d.of(w[1], isList)
	switch {
	case wrong:
		return wrongType
	case it == nil:
		return number(0)
	}
	i := slices.Index(it.list, w[3])
	if i < 0 {
		return number(-1)
	}
	if after {
		i++
	}
	list := slices.Insert(slices.Clone(it.list), i, w[4])
	d.changed(w[1], it.relisted(list))
	return number(len(list))
}
