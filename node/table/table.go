package table

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
)

const (
	// shardLoad is how many keys a shard holds on average before the table grows: few enough that copying one is
	// nothing, enough that the directory, which a frozen copy copies, stays small.
	shardLoad = 40
	// shardLoadLow is the average below which the table shrinks; far enough below that it does not go to and fro.
	shardLoadLow = 10
	// shardTags is how many tags lie in the shard itself. Few shards hold more keys: just before its turn to be split
	// comes, a shard holds twice the average.
	shardTags = 104
)

// Table maps keys to values of type V by linear hashing: with 2^level ≤ len(shards) < 2^(level+1), a key belongs to
// the shard that the low level+1 bits of its hash name, or, where there is no such shard yet, the low level bits.
// So a table grows by splitting a single shard, always the next one, and shrinks by joining the last.
//
// The zero value is an empty table without words.
type Table[V any] struct {
	seed    uint64
	level   uint
	shards  []*shard[V]
	words   [][]uint32 // of the entries of each shard, if worded
	worded  bool
	count   int
	epoch   uint32 // a shard of an earlier epoch is shared with a frozen copy
	fullest int    // no shard has held more keys since the table was last empty; see Random
}

// shard holds its keys in no particular order, without gaps.
type shard[V any] struct {
	epoch   uint32
	entries []Entry[V]
	// tags are the highest bytes of the entries' hashes: one glance rules most entries out. Those that find no room
	// here lie in more.
	tags [shardTags]byte
	more []byte
}

// Entry is a key and its value. The key never changes.
type Entry[V any] struct {
	Key   string
	Value V
}

// Place is where an entry is.
type Place struct{ shard, at int }

// New returns an empty table. With words it keeps a word beside each entry, 0 at first.
func New[V any](seed uint64, words bool) Table[V] { return Table[V]{seed: seed, worded: words} }

// Len returns the number of entries.
func (t *Table[V]) Len() int { return t.count }

// Shards returns how many shards there are: what a frozen copy copies, 8 bytes each.
func (t *Table[V]) Shards() int { return len(t.shards) }

func (t *Table[V]) shardOf(hash uint64) int {
	i := int(hash & (2<<t.level - 1))
	if i >= len(t.shards) {
		i &= 1<<t.level - 1
	}
	return i
}

func (s *shard[V]) find(key []byte, tag byte) int {
	at := findIn(s.tags[:min(len(s.entries), shardTags)], s.entries, key, tag)
	if at < 0 && len(s.entries) > shardTags {
		if at = findIn(s.more, s.entries[shardTags:], key, tag); at >= 0 {
			at += shardTags
		}
	}
	return at
}

func findIn[V any](tags []byte, entries []Entry[V], key []byte, tag byte) int {
	for i := 0; ; i++ {
		skip := bytes.IndexByte(tags[i:], tag)
		if skip < 0 {
			return -1
		}
		i += skip
		if entries[i].Key == string(key) {
			return i
		}
	}
}

func (s *shard[V]) tag(i int) byte {
	if i < shardTags {
		return s.tags[i]
	}
	return s.more[i-shardTags]
}

// add puts e behind the others.
func (s *shard[V]) add(e Entry[V], tag byte) {
	if i := len(s.entries); i < shardTags {
		s.tags[i] = tag
	} else {
		s.more = append(s.more, tag)
	}
	s.entries = append(s.entries, e)
}

// remove puts the last entry in the place of entry i.
func (s *shard[V]) remove(i int) {
	last := len(s.entries) - 1
	s.entries[i] = s.entries[last]
	if tag := s.tag(last); i < shardTags {
		s.tags[i] = tag
	} else {
		s.more[i-shardTags] = tag
	}
	s.entries[last] = Entry[V]{} // let go of its memory
	s.entries = s.entries[:last]
	if last >= shardTags {
		s.more = s.more[:last-shardTags]
	}
}

// Get returns the entry of key, for reading only, nil if there is none. It is good until the next change.
func (t *Table[V]) Get(key []byte) *Entry[V] {
	if t.count == 0 {
		return nil
	}
	h := hash(key, t.seed)
	s := t.shards[t.shardOf(h)]
	if i := s.find(key, byte(h>>56)); i >= 0 {
		return &s.entries[i]
	}
	return nil
}

// Find returns where the entry of key is.
func (t *Table[V]) Find(key []byte) (p Place, ok bool) {
	if t.count == 0 {
		return p, false
	}
	h := hash(key, t.seed)
	i := t.shardOf(h)
	at := t.shards[i].find(key, byte(h>>56))
	return Place{i, at}, at >= 0
}

// At returns the entry at p, for reading only.
func (t *Table[V]) At(p Place) *Entry[V] { return &t.shards[p.shard].entries[p.at] }

// Word returns the word beside the entry at p, of a table with words.
func (t *Table[V]) Word(p Place) *uint32 { return &t.words[p.shard][p.at] }

// Own returns the entry at p for writing: if a frozen copy has a share in its shard, the shard is copied first.
func (t *Table[V]) Own(p Place) *Entry[V] { return &t.own(p.shard).entries[p.at] }

func (t *Table[V]) own(i int) *shard[V] {
	s := t.shards[i]
	if s.epoch != t.epoch {
		s = s.copy(t.epoch)
		t.shards[i] = s
	}
	return s
}

func (s *shard[V]) copy(epoch uint32) *shard[V] {
	entries := make([]Entry[V], len(s.entries), len(s.entries)+len(s.entries)/8+1)
	copy(entries, s.entries)
	return &shard[V]{epoch: epoch, entries: entries, tags: s.tags, more: slices.Clone(s.more)}
}

func newShard[V any](epoch uint32, capacity int) *shard[V] {
	return &shard[V]{epoch: epoch, entries: make([]Entry[V], 0, capacity)}
}

// FindOrAdd returns where the entry of key is. Where there is none it adds one with the zero value and says so. The
// key of a new entry is share, or a copy of key if share is "".
func (t *Table[V]) FindOrAdd(key []byte, share string) (p Place, added bool) {
	if t.shards == nil {
		t.shards = []*shard[V]{newShard[V](t.epoch, 0)}
		t.level = 0
		if t.worded {
			t.words = make([][]uint32, 1)
		}
	}
	h := hash(key, t.seed)
	i := t.shardOf(h)
	if at := t.shards[i].find(key, byte(h>>56)); at >= 0 {
		return Place{i, at}, false
	}
	if t.count >= len(t.shards)*shardLoad {
		t.split()
		i = t.shardOf(h)
	}
	if share == "" {
		share = string(key)
	}
	s := t.own(i)
	s.add(Entry[V]{Key: share}, byte(h>>56))
	if t.worded {
		t.words[i] = append(t.words[i], 0)
	}
	t.count++
	t.fullest = max(t.fullest, len(s.entries))
	return Place{i, len(s.entries) - 1}, true
}

// RemoveAt deletes the entry at p and returns what it was.
func (t *Table[V]) RemoveAt(p Place) (old Entry[V]) {
	s := t.own(p.shard)
	old = s.entries[p.at]
	s.remove(p.at)
	if t.worded {
		w := t.words[p.shard]
		w[p.at] = w[len(w)-1]
		t.words[p.shard] = w[:len(w)-1]
	}
	t.count--
	if t.count < len(t.shards)*shardLoadLow && len(t.shards) > 1 {
		t.join()
	}
	return old
}

// Remove deletes the entry of key and returns what it was.
func (t *Table[V]) Remove(key []byte) (old Entry[V], ok bool) {
	p, ok := t.Find(key)
	if !ok {
		return old, false
	}
	return t.RemoveAt(p), true
}

// split grows the table by one shard: half of the keys of the next shard in turn.
func (t *Table[V]) split() {
	from := len(t.shards) - 1<<t.level
	moved := uint64(1) << t.level
	old := t.shards[from]
	stays := newShard[V](t.epoch, len(old.entries)/2+shardLoad/4)
	goes := newShard[V](t.epoch, len(old.entries)/2+shardLoad/4)
	var words [2][]uint32
	for i, e := range old.entries {
		to, side := stays, 0
		if hashString(e.Key, t.seed)&moved != 0 {
			to, side = goes, 1
		}
		to.add(e, old.tag(i))
		if t.worded {
			words[side] = append(words[side], t.words[from][i])
		}
	}
	t.shards[from] = stays
	t.shards = append(t.shards, goes)
	if t.worded {
		t.words[from] = words[0]
		t.words = append(t.words, words[1])
	}
	if len(t.shards) == 2<<t.level {
		t.level++
	}
}

// join is the opposite of split: the last shard goes back to where it came from.
func (t *Table[V]) join() {
	last := len(t.shards) - 1
	t.level = uint(bits.Len(uint(last))) - 1
	i := last - 1<<t.level
	into, gone := t.own(i), t.shards[last]
	for at, e := range gone.entries {
		into.add(e, gone.tag(at))
	}
	t.fullest = max(t.fullest, len(into.entries))
	t.shards[last] = nil
	t.shards = t.shards[:last]
	if t.worded {
		t.words[i] = append(t.words[i], t.words[last]...)
		t.words[last] = nil
		t.words = t.words[:last]
	}
}

// Freeze returns a copy that does not change any more, and which any number of goroutines may read. It has no words.
func (t *Table[V]) Freeze() Table[V] {
	frozen := *t
	frozen.words, frozen.worded = nil, false
	t.shards = slices.Clone(t.shards)
	t.epoch++
	return frozen
}

// Fork returns a table to go on with in the place of t, which from then on must not change any more.
func (t *Table[V]) Fork() Table[V] {
	fork := *t
	fork.shards = slices.Clone(t.shards)
	fork.epoch++
	return fork
}

// Reset empties the table at once and returns how many entries there were; the memory goes when no frozen copy needs
// it.
func (t *Table[V]) Reset() (removed int) {
	removed = t.count
	*t = Table[V]{seed: t.seed, epoch: t.epoch, worded: t.worded}
	return removed
}

// Random returns where an entry is, each with the same probability; ok is false if the table is empty.
func (t *Table[V]) Random(rng *rand.Rand) (p Place, ok bool) {
	if t.count == 0 {
		return p, false
	}
	// A dart that misses the keys of its shard is thrown again, or keys of small shards would come up more often.
	depth := min(t.fullest, t.count)
	for {
		s := rng.IntN(len(t.shards))
		if i := rng.IntN(depth); i < len(t.shards[s].entries) {
			return Place{s, i}, true
		}
	}
}

// Walk calls visit with each entry until it says false. The table must not change meanwhile.
func (t *Table[V]) Walk(visit func(*Entry[V]) bool) bool {
	for _, s := range t.shards {
		for i := range s.entries {
			if !visit(&s.entries[i]) {
				return false
			}
		}
	}
	return true
}

// WalkFrom calls visit with each entry from the place from on, in the order of Walk, until it says false, and returns the
// place after the last one; more is false if there is none. Walks begin at the zero Place. The table must not change
// from the first call to the last.
func (t *Table[V]) WalkFrom(from Place, visit func(*Entry[V]) bool) (next Place, more bool) {
	for ; from.shard < len(t.shards); from = (Place{shard: from.shard + 1}) {
		for entries := t.shards[from.shard].entries; from.at < len(entries); {
			from.at++
			if !visit(&entries[from.at-1]) {
				return from, true
			}
		}
	}
	return from, false
}

// Places calls visit with the place of each entry. Words may change meanwhile, the table must not.
func (t *Table[V]) Places(visit func(Place)) {
	for i, s := range t.shards {
		for at := range s.entries {
			visit(Place{i, at})
		}
	}
}
