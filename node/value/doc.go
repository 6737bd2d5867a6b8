// Package value holds what keys hold: strings, lists, sets, hashes and sorted sets, with the encodings of Redis 4.0.
//
// # One value
//
// A [Value] is small, says its [Kind], and leads to the type: v.List(), v.Set(), v.Hash(), v.ZSet(); a string is read
// from the Value itself (Len, AppendTo, Bytes, Slice, Pieces, ByteAt, Int). Each type has a file of its own:
//
//	string       text.go   int, embstr, raw; long strings that are changed lie in chunks of 16 KB
//	list         list.go   quicklist: a row of compact chunks
//	set          set.go    intset, hashtable
//	hash         hash.go   ziplist, hashtable
//	sorted set   zset.go   ziplist, skiplist (here: a tree that counts); zrange.go for ranges of scores and members
//	HyperLogLog  hll.go    a string
//
// # Who may change it
//
// Values are changed in place by their owner, and a snapshot costs nobody a copy of a whole value. A [Ledger] is the
// books of a database: it holds values, counts their memory, and knows the epoch. A snapshot ends the epoch
// ([Ledger.Freeze]): all that is held then will never change. [Ledger.Own] gives the owner a value to go on with,
// which shares all its parts with what is frozen; each part (a chunk of 16 KB, a shard of some dozens of fields, a
// path in a tree) is copied when it is first written to. To change a frozen value is a broken invariant and panics.
//
// A value is free while nobody holds it: right after [NewHash], or after it was taken out of a database. Free values
// may be changed at will. So a command that builds a result builds it free and then stores it.
//
// Commands meet this through package keyspace:
//
//	v, ok := db.Get(key)                   // to read
//	v, ok := db.Change(key)                // to change in place, until the next snapshot
//	v, added := db.ChangeOrAdd(key, k)     // the same, or an empty one of type k, to be filled
//	h := value.NewHash(db.Ledger())        // to build, then db.Set(key, h.Value())
//
// For example HSET and HDEL:
//
//	v, _ := db.ChangeOrAdd(key, value.KindHash)
//	if v.Kind() != value.KindHash { … WRONGTYPE … } // nothing has been changed
//	added := v.Hash().Set(field, val)
//
//	v, ok := db.Change(key)
//	v.Hash().Delete(field)
//	if v.Hash().Len() == 0 {
//		db.Delete(key) // a key never holds an empty collection
//	}
//
// Strings are changed by Append, WriteAt, Buffer and the HLL functions of the Ledger, which return what to store:
// short strings are replaced, long ones changed where they are. db.Append and db.WriteAt do all of it.
//
// What is returned as []byte belongs to the value: it is for reading only, and until the value is changed. Do not
// change a value while walking it; collect first. [Set.Scan] and its like may be changed under way.
//
// # Order
//
// All walks follow from the operations alone, never from Go's maps or addresses: compact collections keep the order
// of Redis (fields as they came, integers ascending); hash tables walk by shard. Random picks take their source as an
// argument. SCAN's promise holds: what is there from begin to end is returned.
//
// # Ranges
//
// Indices here are plain: 0 ≤ from ≤ to ≤ Len, to is outside. Negative indices, clamping and LIMIT are the command's.
// For sorted sets everything is a range of ranks:
//
//	from, to := z.ScoreRange(value.ScoreBound{Score: 1, Open: true}, value.ScoreBound{Score: 5}) // (1 5
//	for member, score := range z.Range(from, to) { … }      // ZRANGEBYSCORE; Backward for ZREVRANGEBYSCORE
//	n := to - from                                          // ZCOUNT
//	z.RemoveRange(from, to)                                 // ZREMRANGEBYSCORE
//
// # Limits
//
// [Limits] are the thresholds of the compact forms, one for all values of a keyspace; CONFIG SET changes them where
// they are (keyspace.Limits).
package value
