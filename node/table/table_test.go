package table

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func put(t *Table[int], key []byte, v int) {
	p, _ := t.FindOrAdd(key, "")
	t.Own(p).Value = v
}

func TestTablesGrowAndShrinkByOneShard(t *testing.T) {
	tab := New[int](1, true)
	shards, most := 0, 0
	check := func() {
		n := len(tab.shards)
		require.LessOrEqual(t, max(n-shards, shards-n), 1)
		require.Len(t, tab.words, n)
		shards, most = n, max(most, n)
	}
	for i := range 20_000 {
		put(&tab, fmt.Appendf(nil, "key %d", i), i)
		check()
	}
	require.LessOrEqual(t, tab.fullest, 4*shardLoad, "keys spread over the shards")
	for i := range 20_000 {
		_, ok := tab.Remove(fmt.Appendf(nil, "key %d", i))
		require.True(t, ok)
		check()
	}
	require.GreaterOrEqual(t, most, 20_000/shardLoad)
	require.Equal(t, 1, shards)
}

// Keys chosen so that all of them fall into one shard are found, scanned and removed like any others.
func TestCrowdedShardsLoseNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	tab, want := New[int](1, false), map[string]bool{}
	var keys []string
	for i := 0; len(keys) < 4*shardTags; i++ {
		key := fmt.Sprintf("key %d", i)
		if hash([]byte(key), 1)&1023 == 0 {
			keys = append(keys, key)
		}
	}
	for range 20_000 {
		key := keys[rng.IntN(len(keys))]
		if rng.IntN(2) == 0 || len(want) < 3*shardTags {
			put(&tab, []byte(key), 1)
			want[key] = true
		} else {
			_, ok := tab.Remove([]byte(key))
			require.Equal(t, want[key], ok)
			delete(want, key)
		}
		if rng.IntN(100) == 0 {
			tab.Freeze()
		}
	}
	require.GreaterOrEqual(t, tab.fullest, 3*shardTags)
	seen := map[string]bool{}
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		var page []Entry[int]
		page, cursor = tab.Scan(cursor, 10, nil)
		for _, e := range page {
			seen[e.Key] = true
		}
	}
	require.Equal(t, want, seen)
	for _, key := range keys {
		require.Equal(t, want[key], tab.Get([]byte(key)) != nil)
		_, ok := tab.Remove([]byte(key))
		require.Equal(t, want[key], ok)
	}
	require.Zero(t, tab.Len())
}

// Words go with their entries, whatever becomes of the shards, and are no part of what is frozen.
func TestWordsGoWithTheirEntries(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	tab, want := New[int](1, true), map[string]uint32{}
	for range 100_000 {
		key := fmt.Sprint(rng.IntN(5000))
		if rng.IntN(5) < 2 {
			tab.Remove([]byte(key))
			delete(want, key)
			continue
		}
		p, added := tab.FindOrAdd([]byte(key), "")
		require.Equal(t, want[key], *tab.Word(p))
		if added {
			require.Zero(t, *tab.Word(p))
		}
		want[key] = rng.Uint32()
		*tab.Word(p) = want[key]
		if rng.IntN(1000) == 0 {
			tab.Freeze()
		}
	}
	n := 0
	tab.Places(func(p Place) {
		n++
		require.Equal(t, want[tab.At(p).Key], *tab.Word(p))
	})
	require.Equal(t, len(want), n)
}
