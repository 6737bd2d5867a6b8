package keyspace

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/value"
)

// newValue returns the value of e, a key that has just been read, as a free value. If it has elements, it is empty yet, and
// visit adds one. Its encoding follows from the limits, not from the form that it had in the file.
func newValue(l *value.Ledger, e *rdb.Entry) (v value.Value, visit func(rdb.Element) error) {
	switch e.Type.Family() {
	case rdb.StringFamily:
		if e.IsInt {
			return value.NewInt(e.Int), nil
		}
		return value.NewString(e.Str), nil
	case rdb.ListFamily:
		list := value.NewList(l)
		return list.Value(), func(el rdb.Element) error {
			list.PushBack(el.Bytes)
			return nil
		}
	case rdb.SetFamily:
		set := value.NewSet(l)
		return set.Value(), func(el rdb.Element) error { return once(set.Add(el.Bytes), e, el) }
	case rdb.HashFamily:
		hash := value.NewHash(l)
		return hash.Value(), func(el rdb.Element) error { return once(hash.Set(el.Bytes, el.Value), e, el) }
	}
	zset := value.NewZSet(l)
	return zset.Value(), func(el rdb.Element) error {
		added, changed := zset.Set(el.Bytes, el.Score)
		return once(added && !changed, e, el)
	}
}

// once makes an error of an element that is there already.
func once(added bool, e *rdb.Entry, el rdb.Element) error {
	if added {
		return nil
	}
	return &rdb.CorruptError{Offset: e.Offset,
		Reason: fmt.Sprintf("%v at key %q: element %q is in it twice", e.Type, e.Key, el.Bytes)}
}

// Dump returns v as DUMP replies it. Redis 4.0: cluster.c, createDumpPayload.
func Dump(v value.Value) []byte {
	w := rdb.NewDump(nil)
	e := encoder{w: w}
	e.write(nil, v)
	return w.EndDump()
}

// SerializedLength returns how many bytes v takes in an RDB file, without its type and its key: DEBUG OBJECT.
func SerializedLength(v value.Value) int {
	const typeAndFooter = 1 + 2 + 8
	return len(Dump(v)) - typeAndFooter
}

// Restore returns what a payload of DUMP holds, to be given to [DB.Set]. It fails with [rdb.ErrDumpFooter], or with
// another error of package rdb if the payload is none. Redis 4.0: cluster.c, restoreCommand.
func (db *DB) Restore(payload []byte) (v value.Value, err error) {
	r, err := rdb.NewDumpReader(payload, rdb.ReadOptions{})
	if err != nil {
		return v, err
	}
	e, err := r.Next()
	if err != nil {
		return v, err
	}
	v, visit := newValue(db.ledger, &e)
	if visit != nil {
		if err := r.Elements(visit); err != nil {
			return v, err
		}
	}
	if v.Elements() == 0 {
		return v, &rdb.CorruptError{Offset: r.Offset(), Reason: "a collection without elements"}
	}
	_, err = r.Next()
	return v, err
}
