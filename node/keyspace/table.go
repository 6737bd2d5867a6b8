package keyspace

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
)

const (
	// shardLoad is how many keys a shard holds on average before the table grows: few enough that copying one is
	// nothing, enough that the directory, which a snapshot copies, stays small.
	shardLoad = 40
	// shardLoadLow is the average below which the table shrinks; far enough below that it does not go to and fro.
	shardLoadLow = 10
	// shardTags is how many tags lie in the shard itself. Few shards hold more keys: just before its turn to be split
	// comes, a shard holds twice the average.
	shardTags = 104
)

// table maps keys to values of type V by linear hashing: with 2^level ≤ len(shards) < 2^(level+1), a key belongs to
// the shard that the low level+1 bits of its hash name, or, where there is no such shard yet, the low level bits.
// So a table grows by splitting a single shard, always the next one, and shrinks by joining the last.
//
// The zero value, with a seed, is an empty table.
type table[V any] struct {
	seed    uint64
	level   uint
	shards  []*shard[V]
	count   int
	epoch   uint64 // a shard of an earlier epoch is shared with a snapshot
	fullest int    // no shard has held more keys since the table was last empty; see random
}

// shard holds its keys in no particular order, without gaps.
type shard[V any] struct {
	epoch   uint64
	entries []entry[V]
	// tags are the highest bytes of the entries' hashes: one glance rules most entries out. Those that find no room
	// here lie in more.
	tags [shardTags]byte
	more []byte
}

type entry[V any] struct {
	key   string
	hash  uint64
	value V
}

func (t *table[V]) shardOf(hash uint64) int {
	i := int(hash & (2<<t.level - 1))
	if i >= len(t.shards) {
		i &= 1<<t.level - 1
	}
	return i
}

func (s *shard[V]) find(key []byte, hash uint64) int {
	at := s.findIn(s.tags[:min(len(s.entries), shardTags)], s.entries, key, hash)
	if at < 0 && len(s.entries) > shardTags {
		if at = s.findIn(s.more, s.entries[shardTags:], key, hash); at >= 0 {
			at += shardTags
		}
	}
	return at
}

func (*shard[V]) findIn(tags []byte, entries []entry[V], key []byte, hash uint64) int {
	for i := 0; ; i++ {
		skip := bytes.IndexByte(tags[i:], byte(hash>>56))
		if skip < 0 {
			return -1
		}
		i += skip
		if entries[i].key == string(key) {
			return i
		}
	}
}

// add puts e behind the others.
func (s *shard[V]) add(e *entry[V]) {
	if i := len(s.entries); i < shardTags {
		s.tags[i] = byte(e.hash >> 56)
	} else {
		s.more = append(s.more, byte(e.hash>>56))
	}
	s.entries = append(s.entries, *e)
}

// remove puts the last entry in the place of entry i.
func (s *shard[V]) remove(i int) {
	last := len(s.entries) - 1
	s.entries[i] = s.entries[last]
	if tag := byte(s.entries[i].hash >> 56); i < shardTags {
		s.tags[i] = tag
	} else {
		s.more[i-shardTags] = tag
	}
	s.entries[last] = entry[V]{} // let go of its memory
	s.entries = s.entries[:last]
	if last >= shardTags {
		s.more = s.more[:last-shardTags]
	}
}

// get returns where the value of key is, for reading only, nil if there is none. It is good until the next change.
func (t *table[V]) get(key []byte) *entry[V] {
	if t.count == 0 {
		return nil
	}
	hash := hashKey(key, t.seed)
	s := t.shards[t.shardOf(hash)]
	if i := s.find(key, hash); i >= 0 {
		return &s.entries[i]
	}
	return nil
}

// own returns shard i for writing: a copy, if a snapshot has a share in it.
func (t *table[V]) own(i int) *shard[V] {
	s := t.shards[i]
	if s.epoch != t.epoch {
		s = s.copy(t.epoch)
		t.shards[i] = s
	}
	return s
}

func (s *shard[V]) copy(epoch uint64) *shard[V] {
	entries := make([]entry[V], len(s.entries), len(s.entries)+len(s.entries)/8+1)
	copy(entries, s.entries)
	return &shard[V]{epoch: epoch, entries: entries, tags: s.tags, more: slices.Clone(s.more)}
}

func newShard[V any](epoch uint64, capacity int) *shard[V] {
	return &shard[V]{epoch: epoch, entries: make([]entry[V], 0, capacity)}
}

// change returns the entry of key for writing, nil if there is none. It is good until the next change.
func (t *table[V]) change(key []byte) *entry[V] {
	if t.count == 0 {
		return nil
	}
	hash := hashKey(key, t.seed)
	i := t.shardOf(hash)
	at := t.shards[i].find(key, hash)
	if at < 0 {
		return nil
	}
	return &t.own(i).entries[at]
}

// changeOrAdd is change, and adds key, with the zero value, where there is none. It says whether it did. The key of
// a new entry is share, or a copy of key if share is "".
func (t *table[V]) changeOrAdd(key []byte, share string) (e *entry[V], added bool) {
	if t.shards == nil {
		t.shards = []*shard[V]{newShard[V](t.epoch, 0)}
		t.level = 0
	}
	hash := hashKey(key, t.seed)
	i := t.shardOf(hash)
	if at := t.shards[i].find(key, hash); at >= 0 {
		return &t.own(i).entries[at], false
	}
	if t.count >= len(t.shards)*shardLoad {
		t.split()
		i = t.shardOf(hash)
	}
	if share == "" {
		share = string(key)
	}
	s := t.own(i)
	s.add(&entry[V]{key: share, hash: hash})
	t.count++
	t.fullest = max(t.fullest, len(s.entries))
	return &s.entries[len(s.entries)-1], true
}

// remove deletes key and returns what it was.
func (t *table[V]) remove(key []byte) (old entry[V], ok bool) {
	if t.count == 0 {
		return old, false
	}
	hash := hashKey(key, t.seed)
	i := t.shardOf(hash)
	at := t.shards[i].find(key, hash)
	if at < 0 {
		return old, false
	}
	s := t.own(i)
	old = s.entries[at]
	s.remove(at)
	t.count--
	if t.count < len(t.shards)*shardLoadLow && len(t.shards) > 1 {
		t.join()
	}
	return old, true
}

// split grows the table by one shard: half of the keys of the next shard in turn.
func (t *table[V]) split() {
	from := len(t.shards) - 1<<t.level
	moved := uint64(1) << t.level
	old := t.shards[from]
	stays := newShard[V](t.epoch, len(old.entries)/2+shardLoad/4)
	goes := newShard[V](t.epoch, len(old.entries)/2+shardLoad/4)
	for i := range old.entries {
		if e := &old.entries[i]; e.hash&moved == 0 {
			stays.add(e)
		} else {
			goes.add(e)
		}
	}
	t.shards[from] = stays
	t.shards = append(t.shards, goes)
	if len(t.shards) == 2<<t.level {
		t.level++
	}
}

// join is the opposite of split: the last shard goes back to where it came from.
func (t *table[V]) join() {
	last := len(t.shards) - 1
	t.level = uint(bits.Len(uint(last))) - 1
	into, gone := t.own(last-1<<t.level), t.shards[last]
	for i := range gone.entries {
		into.add(&gone.entries[i])
	}
	t.fullest = max(t.fullest, len(into.entries))
	t.shards[last] = nil
	t.shards = t.shards[:last]
}

// freeze returns a copy that does not change any more.
func (t *table[V]) freeze() table[V] {
	frozen := *t
	frozen.shards = slices.Clone(t.shards)
	t.epoch++
	return frozen
}

// reset empties the table at once; the memory goes when no snapshot needs it.
func (t *table[V]) reset() (removed int) {
	removed = t.count
	*t = table[V]{seed: t.seed, epoch: t.epoch}
	return removed
}

// random returns an entry, each with the same probability, nil if the table is empty.
func (t *table[V]) random(rng *rand.Rand) *entry[V] {
	if t.count == 0 {
		return nil
	}
	// A dart that misses the keys of its shard is thrown again, or keys of small shards would come up more often.
	depth := min(t.fullest, t.count)
	for {
		s := t.shards[rng.IntN(len(t.shards))]
		if i := rng.IntN(depth); i < len(s.entries) {
			return &s.entries[i]
		}
	}
}

// walk calls visit with each entry until it says false. The table must not change meanwhile.
func (t *table[V]) walk(visit func(*entry[V]) bool) bool {
	for _, s := range t.shards {
		for i := range s.entries {
			if !visit(&s.entries[i]) {
				return false
			}
		}
	}
	return true
}
