package reference

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

var setCommands = map[string]func(*Data, []string, histories.Value) want{
	"SADD": sadd, "SREM": srem, "SMOVE": smove, "SISMEMBER": sismember, "SCARD": size(isSet), "SMEMBERS": smembers, "SPOP": spop,
	"SRANDMEMBER": srandmember, "SINTER": algebra, "SUNION": algebra, "SDIFF": algebra, "SINTERSTORE": algebra,
	"SUNIONSTORE": algebra, "SDIFFSTORE": algebra,
}

// refilled is a set or hash with other members.
func (it *item) refilled(fields map[string]string) *item {
	copied := *it
	copied.fields = fields
	return &copied
}

func (it *item) members() []string { return slices.Sorted(maps.Keys(it.fields)) }

func sadd(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isSet)
	if wrong {
		return wrongType
	}
	m := maps.Clone(it.fields)
	for _, v := range w[2:] {
		m[v] = ""
	}
	added := len(m) - len(it.fields)
	if added > 0 {
		d.changed(w[1], it.refilled(m))
	}
	return number(added)
}

func srem(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isSet)
	if wrong {
		return wrongType
	}
	return number(d.removeFields(w[1], it, w[2:]))
}

// removeFields takes members of a set or fields of a hash away, and says how many there were.
func (d *Data) removeFields(key string, it *item, names []string) int {
	m, removed := without(it.fields, names)
	if removed > 0 {
		d.changed(key, it.refilled(m))
	}
	return removed
}

func smove(d *Data, w []string, _ histories.Value) want {
	from, wrong := d.of(w[1], isSet)
	to, wrongTo := d.of(w[2], isSet)
	switch {
	case from == nil:
		return number(0)
	case wrong || wrongTo:
		return wrongType
	}
	_, there := from.fields[w[3]]
	if !there || w[1] == w[2] {
		return truth(there)
	}
	d.removeFields(w[1], from, w[3:4])
	if to == nil {
		to, _ = d.made(w[2], isSet)
	}
	m := maps.Clone(to.fields)
	m[w[3]] = ""
	d.changed(w[2], to.refilled(m))
	return number(1)
}

func sismember(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isSet)
	if wrong {
		return wrongType
	}
	_, there := it.fields[w[2]]
	return truth(there)
}

func smembers(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.made(w[1], isSet)
	if wrong {
		return wrongType
	}
	return want{how: inAnyRow, value: histories.Texts(it.members()...)}
}

// picks holds members picked by chance, each once, against the set; many says that a list was asked for.
func (it *item) picks(got histories.Value, count int, many bool) want {
	all := []histories.Value{got}
	if many {
		all = got.Elems()
	}
	expected := min(count, len(it.fields))
	if !many && len(it.fields) == 0 {
		return null
	}
	if _, failed := errorOf(got); failed || many && len(all) != expected {
		return want{how: judged, why: fmt.Sprintf("answered %s, and must answer %d of the members", short(got), expected)}
	}
	seen := map[string]bool{}
	for _, v := range all {
		if _, there := it.fields[v.Str()]; !there || seen[v.Str()] || v.IsNothing() {
			return want{how: judged, why: fmt.Sprintf("answered %s, of which %q is no member, or came twice", short(got), v.Str())}
		}
		seen[v.Str()] = true
	}
	return want{how: judged}
}

func spop(d *Data, w []string, got histories.Value) want {
	it, wrong := d.made(w[1], isSet)
	if wrong {
		return wrongType
	}
	count, many := 1, len(w) > 2
	if many {
		n, isInt := integer(w[2])
		switch {
		case !isInt:
			return notInt
		case n < 0:
			return badIndex
		}
		count = int(n)
	}
	result := it.picks(got, count, many)
	if result.why == "" && len(it.fields) > 0 && count > 0 {
		names := []string{got.Str()}
		if many {
			names = nil
			for _, v := range got.Elems() {
				names = append(names, v.Str())
			}
		}
		d.removeFields(w[1], it, names)
	}
	return result
}

func srandmember(d *Data, w []string, got histories.Value) want {
	it, wrong := d.made(w[1], isSet)
	if wrong {
		return wrongType
	}
	if len(w) == 2 {
		return it.picks(got, 1, false)
	}
	count, err := strconv.Atoi(w[2])
	if err != nil || count < 0 {
		d.Unsure = true
		return null
	}
	return it.picks(got, count, true)
}

func algebra(d *Data, w []string, _ histories.Value) want {
	name := strings.ToUpper(w[0])
	store := strings.HasSuffix(name, "STORE")
	keys := w[1:]
	if store {
		keys = w[2:]
	}
	var result map[string]string
	for i, key := range keys {
		it, wrong := d.made(key, isSet)
		if wrong {
			return wrongType
		}
		switch {
		case i == 0:
			result = maps.Clone(it.fields)
		case strings.HasPrefix(name, "SUNION"):
			maps.Copy(result, it.fields)
		default:
			maps.DeleteFunc(result, func(m, _ string) bool { // any order: each is asked for itself
				_, there := it.fields[m]
				return there == strings.HasPrefix(name, "SDIFF")
			})
		}
		if strings.HasPrefix(name, "SINTER") && len(it.fields) == 0 {
			break // of the rest not even the type is looked at
		}
	}
	if !store {
		return want{how: inAnyRow, value: histories.Texts(slices.Sorted(maps.Keys(result))...)}
	}
	d.get(w[1])
	if len(result) == 0 {
		d.drop(w[1])
	} else {
		d.put(w[1], &item{kind: isSet, fields: result})
	}
	return number(len(result))
}
