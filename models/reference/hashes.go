package reference

import (
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

var hashCommands = map[string]func(*Data, []string, histories.Value) want{
	"HSET": hset, "HMSET": hset, "HSETNX": hset, "HGET": hget, "HMGET": hmget, "HDEL": hdel, "HLEN": size(isHash), "HSTRLEN": hget,
	"HEXISTS": hget, "HKEYS": hall, "HVALS": hall, "HGETALL": hall, "HINCRBY": hincrby, "HINCRBYFLOAT": hincrby,
}

func hset(d *Data, w []string, _ histories.Value) want {
	name := strings.ToUpper(w[0])
	it, wrong := d.made(w[1], isHash)
	if wrong {
		return wrongType
	}
	if _, there := it.fields[w[2]]; there && name == "HSETNX" {
		return number(0)
	}
	m := maps.Clone(it.fields)
	for i := 2; i < len(w); i += 2 {
		m[w[i]] = w[i+1]
	}
	d.changed(w[1], it.refilled(m))
	if name == "HMSET" {
		return ok
	}
	return number(len(m) - len(it.fields))
}

func hget(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isHash)
	if wrong {
		return wrongType
	}
	v, there := it.fields[w[2]]
	switch name := strings.ToUpper(w[0]); {
	case name == "HEXISTS":
		return truth(there)
	case name == "HSTRLEN":
		return number(len(v))
	case !there:
		return null
	}
	return text(v)
}

func hmget(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isHash)
	if wrong {
		return wrongType
	}
	var all []histories.Value
	for _, f := range w[2:] {
		if v, there := it.fields[f]; there {
			all = append(all, histories.Text(v))
		} else {
			all = append(all, histories.Value{})
		}
	}
	return exact(histories.List(all...))
}

func hdel(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isHash)
	if wrong {
		return wrongType
	}
	return number(d.removeFields(w[1], it, w[2:]))
}

func hall(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isHash)
	if wrong {
		return wrongType
	}
	var all []string
	name := strings.ToUpper(w[0])
	for f, v := range it.fields { // any order: whoever compares does not look at it
		if name != "HVALS" {
			all = append(all, f)
		}
		if name != "HKEYS" {
			all = append(all, v)
		}
	}
	if name == "HGETALL" {
		return want{how: inPairs, value: histories.Texts(all...)}
	}
	return want{how: inAnyRow, value: histories.Texts(all...)}
}

func hincrby(d *Data, w []string, got histories.Value) want {
	if strings.EqualFold(w[0], "HINCRBYFLOAT") {
		return hincrbyfloat(d, w, got)
	}
	by, isInt := integer(w[3])
	if !isInt {
		return notInt
	}
	it, wrong := d.made(w[1], isHash)
	if wrong {
		return wrongType
	}
	var n int64
	if s, there := it.fields[w[2]]; there {
		if n, isInt = integer(s); !isInt {
			return fails("ERR hash value is not an integer")
		}
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		return fails("ERR increment or decrement would overflow")
	}
	m := maps.Clone(it.fields)
	m[w[2]] = strconv.FormatInt(n+by, 10)
	d.changed(w[1], it.refilled(m))
	return exact(histories.Int(n + by))
}

func hincrbyfloat(d *Data, w []string, got histories.Value) want {
	by, err := strconv.ParseFloat(w[3], 64)
	if err != nil {
		return fails("ERR value is not a valid float")
	}
	it, wrong := d.made(w[1], isHash)
	if wrong {
		return wrongType
	}
	n := 0.0
	if s, there := it.fields[w[2]]; there {
		if n, err = strconv.ParseFloat(s, 64); err != nil {
			return fails("ERR hash value is not a float")
		}
	}
	m := maps.Clone(it.fields)
	m[w[2]] = got.Str()
	d.changed(w[1], it.refilled(m))
	return want{how: asNumbers, value: histories.Text(strconv.FormatFloat(n+by, 'f', -1, 64))}
}
