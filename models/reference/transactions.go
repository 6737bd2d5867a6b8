package reference

import (
	"fmt"
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
