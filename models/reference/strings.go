package reference

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

var stringCommands = map[string]func(*Data, []string, histories.Value) want{
	"SET": set, "SETNX": setNX, "SETEX": setEX, "PSETEX": setEX, "GET": get, "GETSET": getSet, "MGET": mget, "MSET": mset,
	"MSETNX": mset, "APPEND": appendTo, "STRLEN": strlen, "SETRANGE": setRange, "GETRANGE": getRange,
	"INCR": incr, "DECR": incr, "INCRBY": incr, "DECRBY": incr, "INCRBYFLOAT": incrByFloat,
}

func word(s string) *item { return &item{kind: isString, text: s} }

// rewritten is a string whose key keeps its time to live.
func (d *Data) rewritten(key, s string) {
	it := word(s)
	if old := d.get(key); old != nil {
		it.mortal, it.dies = old.mortal, old.dies
	}
	d.put(key, it)
}

func set(d *Data, w []string, _ histories.Value) want {
	it, nx, xx := word(w[2]), false, false
	for i := 3; i < len(w); i++ {
		switch option := strings.ToUpper(w[i]); option {
		case "NX":
			nx = true
		case "XX":
			xx = true
		case "EX", "PX":
			n, isInt := integer(w[i+1])
			i++
			switch {
			case !isInt:
				return notInt
			case n <= 0:
				return fails("ERR invalid expire time in set")
			}
			unit := time.Second
			if option == "PX" {
				unit = time.Millisecond
			}
			it = it.mortalFor(d.clock, time.Duration(n)*unit)
		default:
			return syntax
		}
	}
	if nx && xx {
		return syntax
	}
	there := d.get(w[1]) != nil
	if nx && there || xx && !there {
		return null
	}
	d.put(w[1], it)
	return ok
}

func setNX(d *Data, w []string, _ histories.Value) want {
	if d.get(w[1]) != nil {
		return number(0)
	}
	d.put(w[1], word(w[2]))
	return number(1)
}

func setEX(d *Data, w []string, _ histories.Value) want {
	n, isInt := integer(w[2])
	switch {
	case !isInt:
		return notInt
	case n <= 0:
		return fails("ERR invalid expire time in")
	}
	unit := time.Second
	if strings.EqualFold(w[0], "PSETEX") {
		unit = time.Millisecond
	}
	d.get(w[1])
	d.put(w[1], word(w[3]).mortalFor(d.clock, time.Duration(n)*unit))
	return ok
}

func get(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.of(w[1], isString)
	switch {
	case wrong:
		return wrongType
	case it == nil:
		return null
	}
	return text(it.text)
}

func getSet(d *Data, w []string, got histories.Value) want {
	was := get(d, w, got)
	if was.how != anError {
		d.put(w[1], word(w[2]))
	}
	return was
}

func mget(d *Data, w []string, _ histories.Value) want {
	var all []histories.Value
	for _, key := range w[1:] {
		if it := d.shown(key); it != nil && it.kind == isString {
			all = append(all, histories.Text(it.text))
		} else {
			all = append(all, histories.Value{})
		}
	}
	return exact(histories.List(all...))
}

func mset(d *Data, w []string, _ histories.Value) want {
	nx := strings.EqualFold(w[0], "MSETNX")
	for i := 1; i < len(w); i += 2 {
		if d.get(w[i]) != nil && nx {
			return number(0)
		}
	}
	for i := 1; i < len(w); i += 2 {
		d.put(w[i], word(w[i+1]))
	}
	if nx {
		return number(1)
	}
	return ok
}

// held is the string at key, "" if there is none.
func (d *Data) held(key string) (s string, wrong bool) {
	it, wrong := d.of(key, isString)
	if it == nil || wrong {
		return "", wrong
	}
	return it.text, false
}

func appendTo(d *Data, w []string, _ histories.Value) want {
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	d.rewritten(w[1], s+w[2])
	return number(len(s) + len(w[2]))
}

func strlen(d *Data, w []string, _ histories.Value) want {
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	return number(len(s))
}

func setRange(d *Data, w []string, _ histories.Value) want {
	at, isInt := integer(w[2])
	switch {
	case !isInt:
		return notInt
	case at < 0:
		return fails("ERR offset is out of range")
	}
	s, wrong := d.held(w[1])
	switch {
	case wrong:
		return wrongType
	case w[3] == "":
		return number(len(s))
	}
	d.rewritten(w[1], overwrite(s, int(at), w[3]))
	return number(max(len(s), int(at)+len(w[3])))
}

// overwrite puts part into s from at on, with zero bytes where there is nothing before it.
func overwrite(s string, at int, part string) string {
	b := []byte(s)
	for len(b) < at+len(part) {
		b = append(b, 0)
	}
	copy(b[at:], part)
	return string(b)
}

func getRange(d *Data, w []string, _ histories.Value) want {
	from, ok1 := integer(w[2])
	to, ok2 := integer(w[3])
	if !ok1 || !ok2 {
		return notInt
	}
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	n := int64(len(s))
	if from < 0 && to < 0 && from > to {
		return text("")
	}
	if from < 0 {
		from = max(0, from+n)
	}
	if to < 0 {
		to = max(0, to+n)
	}
	if to = min(to, n-1); from > to || n == 0 {
		return text("")
	}
	return text(s[from : to+1])
}

func incr(d *Data, w []string, _ histories.Value) want {
	by := int64(1)
	if len(w) > 2 {
		var isInt bool
		if by, isInt = integer(w[2]); !isInt {
			return notInt
		}
	}
	if strings.HasPrefix(strings.ToUpper(w[0]), "DECR") {
		by = -by
	}
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	var n int64
	if d.get(w[1]) != nil {
		var isInt bool
		if n, isInt = integer(s); !isInt {
			return notInt
		}
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		return fails("ERR increment or decrement would overflow")
	}
	d.rewritten(w[1], strconv.FormatInt(n+by, 10))
	return exact(histories.Int(n + by))
}

func incrByFloat(d *Data, w []string, got histories.Value) want {
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	n := 0.0
	if d.get(w[1]) != nil {
		var err error
		if n, err = strconv.ParseFloat(s, 64); err != nil || strings.TrimSpace(s) != s {
			return fails("ERR value is not a valid float")
		}
	}
	by, err := strconv.ParseFloat(w[2], 64)
	if err != nil {
		return fails("ERR value is not a valid float")
	}
	d.rewritten(w[1], got.Str()) // its digits are the server's; whether they are right is seen at once
	return want{how: asNumbers, value: histories.Text(strconv.FormatFloat(n+by, 'f', -1, 64))}
}
