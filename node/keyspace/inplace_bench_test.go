package keyspace

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/ordeal-go/ordeal/node/value"
)

// What it costs to change a little of something large, and the first time after a snapshot. The iterations with
// "snapshot" in their name take one before each change.

func benchChange(b *testing.B, ks *Keyspace, change func(i int)) {
	for _, snapshot := range []bool{false, true} {
		b.Run(map[bool]string{false: "owned", true: "snapshot"}[snapshot], func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if snapshot {
					ks.Snapshot()
				}
				change(i)
				i++
			}
		})
	}
}

func BenchmarkSetBit4MB(b *testing.B) {
	ks := New(1)
	db, key := ks.DB(0), []byte("bits")
	db.Set(key, value.NewRaw(make([]byte, 4<<20)))
	benchChange(b, ks, func(i int) {
		at := i * 12345 % (4 << 20)
		v, _ := db.Get(key)
		db.WriteAt(key, at, []byte{v.ByteAt(at) | 1})
	})
}

func BenchmarkZAddTo100k(b *testing.B) {
	ks := New(1)
	db, key := ks.DB(0), []byte("zset")
	v, _ := db.ChangeOrAdd(key, value.KindZSet)
	for i := range 100_000 {
		v.ZSet().Set(fmt.Appendf(nil, "member:%d", i), float64(i))
	}
	benchChange(b, ks, func(i int) {
		v, _ := db.Change(key)
		v.ZSet().Set(fmt.Appendf(nil, "member:%d", i*7919%100_000), float64(i))
	})
}

func BenchmarkHSetInto1M(b *testing.B) {
	ks := New(1)
	db, key := ks.DB(0), []byte("hash")
	v, _ := db.ChangeOrAdd(key, value.KindHash)
	for i := range 1_000_000 {
		v.Hash().Set(fmt.Appendf(nil, "field:%d", i), []byte("value"))
	}
	benchChange(b, ks, func(i int) {
		v, _ := db.Change(key)
		v.Hash().Set(fmt.Appendf(nil, "field:%d", i*7919%1_000_000), []byte("other"))
	})
}

func BenchmarkPushTo1M(b *testing.B) {
	ks := New(1)
	db, key := ks.DB(0), []byte("list")
	v, _ := db.ChangeOrAdd(key, value.KindList)
	for i := range 1_000_000 {
		v.List().PushBack(fmt.Appendf(nil, "element:%d", i))
	}
	benchChange(b, ks, func(i int) {
		v, _ := db.Change(key)
		v.List().Push(i%2 == 0, []byte("element"))
		v.List().Pop(i%2 == 0)
	})
}

// The digest of a million keys of which a few have changed: what a note costs.
func BenchmarkDigestOf1MAfterChanges(b *testing.B) {
	keys := benchKeys()
	ks := benchDB(keys)
	ks.KeepDigest()
	for _, changes := range []int{1, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(changes), func(b *testing.B) {
			var spent, longest time.Duration
			at := 0
			for b.Loop() {
				for range changes {
					ks.DB(0).Set(keys[at&(manyKeys-1)], value.NewInt(int64(at)))
					at += 12345
					ks.Settle()
				}
				start := time.Now()
				ks.Digest()
				took := time.Since(start)
				spent, longest = spent+took, max(longest, took)
			}
			b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "digest-µs")
			b.ReportMetric(float64(longest.Microseconds()), "longest-µs")
		})
	}
}

// Memory of what a Redis user has most of, per key or element, beside what is counted.
func BenchmarkMemory(b *testing.B) {
	shapes := map[string]func(db *DB, n int){
		"strings": func(db *DB, n int) {
			for i := range n {
				db.Set(fmt.Appendf(nil, "key:%012d", i), value.NewString([]byte("xxxxxxxx")))
			}
		},
		"hashes": func(db *DB, n int) {
			for i := range n {
				v, _ := db.ChangeOrAdd(fmt.Appendf(nil, "key:%012d", i), value.KindHash)
				for f := range 5 {
					v.Hash().Set(fmt.Appendf(nil, "field:%d", f), fmt.Appendf(nil, "value:%d", i))
				}
			}
		},
		"zset": func(db *DB, n int) {
			v, _ := db.ChangeOrAdd([]byte("zset"), value.KindZSet)
			rng := rand.New(rand.NewPCG(1, 1))
			for i := range n {
				v.ZSet().Set(fmt.Appendf(nil, "element:%012d", i), rng.Float64())
			}
		},
		"set": func(db *DB, n int) {
			v, _ := db.ChangeOrAdd([]byte("set"), value.KindSet)
			for i := range n {
				v.Set().Add(fmt.Appendf(nil, "element:%012d", i))
			}
		},
		"hash": func(db *DB, n int) {
			v, _ := db.ChangeOrAdd([]byte("hash"), value.KindHash)
			for i := range n {
				v.Hash().Set(fmt.Appendf(nil, "field:%012d", i), []byte("xxxxxxxx"))
			}
		},
		"list": func(db *DB, n int) {
			v, _ := db.ChangeOrAdd([]byte("list"), value.KindList)
			for i := range n {
				v.List().PushBack(fmt.Appendf(nil, "element:%012d", i))
			}
		},
	}
	for _, name := range []string{"strings", "hashes", "zset", "set", "hash", "list"} {
		b.Run(name, func(b *testing.B) {
			const n = 1_000_000
			var ks *Keyspace
			var before, after runtime.MemStats
			for b.Loop() {
				ks = nil
				runtime.GC()
				runtime.ReadMemStats(&before)
				ks = New(1)
				shapes[name](ks.DB(0), n)
				runtime.GC()
				runtime.ReadMemStats(&after)
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/element")
			b.ReportMetric(float64(ks.Bytes())/n, "counted-B/element")
		})
	}
}
