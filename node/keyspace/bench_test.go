package keyspace

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/ordeal-go/ordeal/node/value"
)

const manyKeys = 1 << 20

func benchKeys() [][]byte {
	keys := make([][]byte, manyKeys)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "key:%012d", i)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

func benchDB(keys [][]byte) *Keyspace {
	ks := New(1)
	for _, key := range keys {
		ks.DB(0).Set(key, value.NewString([]byte("xxxxxxxx")))
	}
	return ks
}

func BenchmarkGet(b *testing.B) {
	keys := benchKeys()
	db := benchDB(keys).DB(0)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, _, _, ok := db.Lookup(keys[i&(manyKeys-1)]); !ok {
			b.Fatal("missing")
		}
		i += 12345
	}
}

func BenchmarkSet(b *testing.B) {
	keys, text := benchKeys(), []byte("xxxxxxxx")
	db := benchDB(keys).DB(0)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		db.Set(keys[i&(manyKeys-1)], value.NewString(text))
		i += 12345
	}
}

// The longest call, of the snapshot itself and of any write after it, is what clients of a server would wait for. Of
// all iterations the quietest counts: the others tell about the machine and its other work.
func BenchmarkSnapshotThenWrites(b *testing.B) {
	keys := benchKeys()
	ks := benchDB(keys)
	runtime.GC()
	takes, stalls := time.Hour, time.Hour
	var snap *Snapshot
	at := 0
	for b.Loop() {
		start := time.Now()
		snap = ks.Snapshot()
		takes = min(takes, time.Since(start))
		var longest time.Duration
		for range 50_000 {
			start := time.Now()
			ks.DB(0).Set(keys[at&(manyKeys-1)], value.NewInt(int64(at)))
			longest = max(longest, time.Since(start))
			at += 12345
		}
		stalls = min(stalls, longest)
	}
	runtime.KeepAlive(snap)
	b.ReportMetric(float64(takes.Microseconds()), "snapshot-µs")
	b.ReportMetric(float64(stalls.Microseconds()), "longest-write-µs")
}

// How long the longest single insert takes while a table grows from nothing.
func BenchmarkGrow(b *testing.B) {
	keys := benchKeys()
	stalls := time.Hour
	var ks *Keyspace
	for b.Loop() {
		ks = New(1)
		var longest time.Duration
		for _, key := range keys {
			start := time.Now()
			ks.DB(0).Set(key, value.NewInt(1))
			longest = max(longest, time.Since(start))
		}
		stalls = min(stalls, longest)
	}
	var m runtime.MemStats
	keys = nil
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/manyKeys, "B/key")
	runtime.KeepAlive(ks)
	b.ReportMetric(float64(stalls.Microseconds()), "longest-insert-µs")
}

func BenchmarkDigest(b *testing.B) {
	ks := benchDB(benchKeys())
	for b.Loop() {
		ks.Digest()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/manyKeys, "ns/key")
}

func BenchmarkEncodeRDB(b *testing.B) {
	snap := benchDB(benchKeys()).Snapshot()
	for b.Loop() {
		b.SetBytes(int64(len(EncodeRDB(snap, SaveOptions{}))))
	}
}

func BenchmarkLoad(b *testing.B) {
	file := EncodeRDB(benchDB(benchKeys()).Snapshot(), SaveOptions{})
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Load(file, LoadOptions{Databases: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
