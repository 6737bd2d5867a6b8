package keyspace

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/value"
)

// scribe writes to keys of all types, as commands do.
type scribe struct {
	ks  *Keyspace
	rng *rand.Rand
	to  []func(db *DB, key []byte)
}

func newScribe(ks *Keyspace, rng *rand.Rand) *scribe {
	s := &scribe{ks: ks, rng: rng}
	for _, k := range []value.Kind{value.KindList, value.KindSet, value.KindHash, value.KindZSet} {
		s.to = append(s.to, func(db *DB, key []byte) { s.collect(db, key, k) })
	}
	s.to = append(s.to,
		func(db *DB, key []byte) { db.Set(key, value.NewString(fmt.Appendf(nil, "%d", rng.Uint64()))) },
		func(db *DB, key []byte) { s.write(db, key) },
		func(db *DB, key []byte) { db.Delete(key) },
		func(db *DB, key []byte) { db.SetExpire(key, rng.Int64()) },
		func(db *DB, key []byte) { db.Persist(key) },
		func(db *DB, key []byte) { s.rename(db, key) },
		func(db *DB, key []byte) { db.SetAccess(key, rng.Uint32()) })
	return s
}

// step writes something to one of n keys.
func (s *scribe) step(n int) {
	db := s.ks.DB(s.rng.IntN(s.ks.Databases()))
	s.to[s.rng.IntN(len(s.to))](db, fmt.Appendf(nil, "key:%d", s.rng.IntN(n)))
}

func (s *scribe) write(db *DB, key []byte) {
	if v, ok := db.Get(key); ok && v.Kind() != value.KindString {
		return
	}
	db.WriteAt(key, s.rng.IntN(40_000), []byte("written"))
	db.Append(key, []byte("appended"))
}

func (s *scribe) rename(db *DB, key []byte) {
	if t, ok := db.Take(key); ok {
		other := s.ks.DB(s.rng.IntN(s.ks.Databases()))
		key = append(key, '!')
		other.Delete(key)
		other.Set(key, t.Value)
		if t.Volatile {
			other.SetExpire(key, t.ExpireAt)
		}
	}
}

func (s *scribe) collect(db *DB, key []byte, k value.Kind) {
	v, _ := db.ChangeOrAdd(key, k)
	if v.Kind() != k {
		db.Delete(key)
		return
	}
	for range s.rng.IntN(40) + 1 {
		n := s.rng.IntN(2000)
		e := fmt.Appendf(nil, "element %d", n)
		if n%3 == 0 {
			e = fmt.Appendf(nil, "%d", n)
		}
		drop := s.rng.IntN(4) == 0 && v.Elements() > 1
		switch {
		case k == value.KindList && drop:
			v.List().Pop(s.rng.IntN(2) == 0)
		case k == value.KindList:
			v.List().Push(s.rng.IntN(2) == 0, e)
		case k == value.KindSet && drop:
			m, _ := v.Set().Random(s.rng)
			v.Set().Remove(m)
		case k == value.KindSet:
			v.Set().Add(e)
		case k == value.KindHash && drop:
			v.Hash().Delete(e)
		case k == value.KindHash:
			v.Hash().Set(e, fmt.Appendf(nil, "%d", s.rng.IntN(5)))
		case drop:
			v.ZSet().RemoveRange(0, 1)
		default:
			v.ZSet().Set(e, float64(s.rng.IntN(100))/8)
		}
	}
	if v.Elements() == 0 {
		db.Delete(key)
	}
}

// Under the race detector this also shows that readers of a snapshot and the writer share nothing that changes.
func TestSnapshotsOfAllTypesStayTheSameWhileOthersWrite(t *testing.T) {
	ks := New(2)
	ks.Limits().HashEntries, ks.Limits().SetInts, ks.Limits().ZSetEntries = 30, 30, 30
	s := newScribe(ks, rand.New(rand.NewPCG(1, 1)))
	for range 3000 {
		s.step(100)
	}
	var readers sync.WaitGroup
	for i := range 6 {
		snap, want := ks.Snapshot(), ks.Digest()
		require.Equal(t, want, snap.Digest())
		file := string(EncodeRDB(snap, SaveOptions{}))
		readers.Go(func() {
			for range 2 {
				if snap.Digest() != want || string(EncodeRDB(snap, SaveOptions{})) != file {
					t.Error("a snapshot has changed")
				}
			}
		})
		for range 600 {
			s.step(100 + i)
		}
	}
	readers.Wait()
	ks.FlushAll()
	require.Zero(t, ks.Bytes())
}

// The digest that is kept is the one that is found by looking at everything, and so are the books.
func TestDigestAndMemoryAreKeptTruly(t *testing.T) {
	for _, settle := range []bool{false, true} {
		ks := New(3)
		ks.Limits().HashEntries, ks.Limits().SetInts, ks.Limits().ZSetEntries = 10, 10, 10
		s := newScribe(ks, rand.New(rand.NewPCG(2, 2)))
		ks.KeepDigest()
		for i := range 20_000 {
			s.step(60)
			if settle {
				ks.Settle()
			}
			if i%1000 == 0 || i < 50 {
				require.Equal(t, ks.Snapshot().Digest(), ks.Digest(), "after %d writes", i)
			}
			if i%3000 == 0 {
				ks.Swap(0, 2)
			}
		}
		for i := range ks.Databases() {
			db := ks.DB(i)
			var want int64
			db.Keys(func(key string, _ value.Value) bool {
				n, ok := db.MemoryOf([]byte(key))
				require.True(t, ok)
				want += n
				return true
			})
			require.Equal(t, want, db.Bytes())
		}
	}
}

// Nobody asks for the digest any more: it is no longer kept, and right when somebody does.
func TestADigestThatNobodyAsksForIsGivenUp(t *testing.T) {
	ks := New(1)
	db := ks.DB(0)
	ks.KeepDigest()
	for i := range 200_000 {
		key := fmt.Appendf(nil, "%d", i%10)
		db.Set(key, value.NewInt(int64(i)))
		if i%2 == 0 {
			db.Delete(key)
		}
	}
	require.Nil(t, db.sums)
	require.Equal(t, ks.Snapshot().Digest(), ks.Digest())
	require.NotNil(t, db.sums)
}

func TestAccessWordsAreNoPartOfASnapshot(t *testing.T) {
	ks, key := New(1), []byte("k")
	db := ks.DB(0)
	ks.SetFresh(77)
	db.Set(key, value.NewInt(1))
	word, ok := db.Access(key)
	require.True(t, ok)
	require.Equal(t, uint32(77), word)
	ks.Snapshot()
	before := db.keys.Shards()
	require.Zero(t, testing.AllocsPerRun(100, func() { db.SetAccess(key, 1<<24+5) }), "no shard is copied")
	require.Equal(t, before, db.keys.Shards())
	word, _ = db.Access(key)
	require.Equal(t, uint32(5), word)
	require.False(t, db.SetAccess([]byte("none"), 1))
	ks.Digest()
	word, _ = db.Access(key)
	require.Equal(t, uint32(5), word, "the digest's marks are beside it")

	db.SetExpire(key, 123)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, volatile := range []bool{false, true} {
		n := 0
		db.Sample(rng, 5, volatile, func(c Candidate) {
			n++
			require.Equal(t, Candidate{Key: "k", Access: 5, ExpireAt: 123}, c)
		})
		require.Equal(t, 5, n)
	}
}
