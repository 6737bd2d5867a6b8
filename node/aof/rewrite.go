package aof

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// itemsPerCommand is how many elements one command of a rewritten file adds at most.
// Redis 4.0: server.h, AOF_REWRITE_ITEMS_PER_CMD.
const itemsPerCommand = 64

// Rewrite writes the shortest file that comes to what a snapshot holds, but for keys that have outlived their time at
// now, in ms since the epoch. It reads nothing but the snapshot and may run on any goroutine.
// Redis 4.0: aof.c, rewriteAppendOnlyFileRio.
func Rewrite(snap *keyspace.Snapshot, now int64) []byte {
	w := rewriter{b: make([]byte, 0, 256+snap.Bytes()/2)}
	for db, item := range snap.All() {
		if item.Volatile && item.ExpireAt < now {
			continue
		}
		if !w.selected || w.db != db {
			w.b = appendSelect(w.b, db)
			w.db, w.selected = db, true
		}
		w.key = append(w.key[:0], item.Key...)
		w.item(item.Value)
		if item.Volatile {
			w.b = appendExpiry(w.b, w.key, item.ExpireAt)
		}
	}
	return w.b
}

// rewriter is a file that is being rewritten.
type rewriter struct {
	b        []byte
	db       int
	selected bool
	key      []byte
	text     []byte
}

func (w *rewriter) item(v value.Value) {
	switch v.Kind() {
	case value.KindString:
		w.begin("SET", 1)
		w.b = resp.AppendBulk(w.b, v.Bytes())
	case value.KindList:
		l, i := v.List(), 0
		for s := range l.Range(0, l.Len()) {
			w.next("RPUSH", i, l.Len(), 1)
			w.b = resp.AppendBulk(w.b, s)
			i++
		}
	case value.KindSet:
		s, i := v.Set(), 0
		for member := range s.All() {
			w.next("SADD", i, s.Len(), 1)
			w.b = resp.AppendBulk(w.b, member)
			i++
		}
	case value.KindHash:
		h, i := v.Hash(), 0
		for field, val := range h.All() {
			w.next("HMSET", i, h.Len(), 2)
			w.b = resp.AppendBulk(resp.AppendBulk(w.b, field), val)
			i++
		}
	case value.KindZSet:
		z, i := v.ZSet(), 0
		for member, score := range z.Range(0, z.Len()) {
			w.next("ZADD", i, z.Len(), 2)
			w.text = value.AppendScore(w.text[:0], score)
			w.b = resp.AppendBulk(resp.AppendBulk(w.b, w.text), member)
			i++
		}
	}
}

// next begins a command before element i of n, of words words each, if a new one is due.
func (w *rewriter) next(name string, i, n, words int) {
	if i%itemsPerCommand == 0 {
		w.begin(name, words*min(n-i, itemsPerCommand))
	}
}

// begin begins a command on the key, with words more words to come.
func (w *rewriter) begin(name string, words int) {
	w.b = append(w.b, '*')
	w.b = strconv.AppendInt(w.b, int64(2+words), 10)
	w.b = append(w.b, "\r\n"...)
	w.b = resp.AppendBulkString(w.b, name)
	w.b = resp.AppendBulk(w.b, w.key)
}
