package reference

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

func multi(d *Data, w []string, _ histories.Value) want {
	if d.queue != nil {
		return fails("ERR MULTI calls can not be nested")
	}
	d.queue = [][]string{}
	return ok
}

// enqueue takes a command of an open transaction.
func (d *Data) enqueue(words []string, got histories.Value) string {
	if text, failed := errorOf(got); failed {
		if !strings.HasPrefix(text, "ERR unknown command") && !strings.HasPrefix(text, "ERR wrong number of arguments") {
			return "failed: " + text + ", and must be queued"
		}
		d.poisoned = true
		return ""
	}
	d.queue = append(d.queue, words)
	return text("QUEUED").mismatch(got)
}

// over ends a transaction and what it watched.
func (d *Data) over() {
	d.queue, d.poisoned = nil, false
	d.forget()
}

func (d *Data) forget() { d.watched, d.touched = map[watch]bool{}, false }

func discard(d *Data, w []string, _ histories.Value) want {
	if d.queue == nil {
		return fails("ERR DISCARD without MULTI")
	}
	d.over()
	return ok
}

func watchKeys(d *Data, w []string, _ histories.Value) want {
	if d.queue != nil {
		return fails("ERR WATCH inside MULTI is not allowed")
	}
	for _, key := range w[1:] {
		d.watched[watch{d.db, key}] = true
	}
	return ok
}

func unwatch(d *Data, w []string, _ histories.Value) want {
	d.forget()
	return ok
}

func exec(d *Data, w []string, got histories.Value) want {
	queue, poisoned, touched := d.queue, d.poisoned, d.touched
	d.over()
	switch {
	case queue == nil:
		return fails("ERR EXEC without MULTI")
	case poisoned:
		return fails("EXECABORT")
	case touched:
		return null
	}
	replies := got.Elems()
	if text, failed := errorOf(got); failed || len(replies) != len(queue) || got.IsNothing() && len(queue) > 0 {
		return want{how: judged, why: fmt.Sprintf("answered %s %s, and must answer the replies to %d commands", short(got), text, len(queue))}
	}
	for i, words := range queue {
		result := d.do(strings.ToUpper(words[0]), words, replies[i])
		if d.Unsure {
			return want{how: judged}
		}
		if why := result.mismatch(replies[i]); why != "" {
			return want{how: judged, why: fmt.Sprintf("command %d of the transaction, %s, %s", i+1, Line(words), why)}
		}
	}
	return want{how: judged}
}

// CopyScript is the script that copies what is at its first key to its second, by way of a dump.
const CopyScript = "return(redis.call('RESTORE',KEYS[2],0,redis.call('DUMP',KEYS[1])))"

// CallScript is the script whose arguments are a command.
const CallScript = "return(redis.call(unpack(ARGV)))"

// eval is EVAL of one of the scripts above.
func eval(d *Data, w []string, got histories.Value) want {
	n, _ := integer(w[2])
	keys, args := w[3:3+n], w[3+n:]
	switch w[1] {
	case CallScript:
		return d.do(strings.ToUpper(args[0]), args, got)
	case CopyScript:
		it := d.get(keys[0])
		switch {
		case it == nil:
			return fails("command arguments must be strings or integers") // 4.0 says ERR Error running script before it, 7.0 does not
		case d.get(keys[1]) != nil:
			return fails("BUSYKEY")
		}
		copied := *it
		copied.mortal = false
		d.put(keys[1], &copied)
		return ok
	}
	d.Unsure = true
	return null
}

// Line is a command as a person would type it, cut to what fits a line.
func Line(words []string) string {
	var all []string
	for _, w := range words {
		if len(w) > 40 {
			w = fmt.Sprintf("%s…(%d bytes)", w[:30], len(w))
		}
		if w == "" || strings.ContainsAny(w, " \x00\n") {
			w = strconv.Quote(w)
		}
		all = append(all, w)
	}
	return strings.Join(all, " ")
}

// sortKey is SORT of a list, set or sorted set by its own elements, with LIMIT, ASC, DESC, ALPHA and STORE.
func sortKey(d *Data, w []string, _ histories.Value) want {
	it := d.get(w[1])
	var all []string
	switch {
	case it == nil:
	case it.kind == isList:
		all = slices.Clone(it.list)
	case it.kind == isSet:
		all = it.members()
	case it.kind == isZSet:
		all = slices.Sorted(maps.Keys(it.scores))
	default:
		return wrongType
	}
	var alpha, desc bool
	var limit []string
	store := ""
	for i := 2; i < len(w); i++ {
		switch strings.ToUpper(w[i]) {
		case "ALPHA":
			alpha = true
		case "DESC":
			desc = true
		case "LIMIT":
			limit = w[i+1 : i+3]
			i += 2
		case "STORE":
			store = w[i+1]
			i++
		}
	}
	numbers := map[string]float64{}
	for _, v := range all {
		f, err := strconv.ParseFloat(v, 64)
		if err != nil && v != "" && !alpha {
			return fails("ERR One or more scores can't be converted into double")
		}
		numbers[v] = f
	}
	slices.SortFunc(all, func(a, b string) int {
		order := strings.Compare(a, b)
		if !alpha {
			order = cmp.Or(cmp.Compare(numbers[a], numbers[b]), order)
		}
		if desc {
			return -order
		}
		return order
	})
	if limit != nil {
		all = cut(all, limit[0], limit[1])
	}
	if store == "" {
		return texts(all)
	}
	d.get(store)
	if len(all) == 0 {
		d.drop(store)
	} else {
		d.put(store, &item{kind: isList, list: all})
	}
	return number(len(all))
}
