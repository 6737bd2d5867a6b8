package keyspace

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node/value"
)

// modelDB is a database as plain as can be.
type modelDB map[string]modelValue

type modelValue struct {
	text     string
	expireAt int64
	volatile bool
}

// scanModel is an iteration under way: keys that were there from its begin on, and keys that have been returned.
type scanModel struct {
	db      int
	cursor  uint64
	resting map[string]bool
	seen    map[string]int
}

// machine runs the same operations on a keyspace and on plain maps.
type machine struct {
	ks    *Keyspace
	model []modelDB

	snapshots []*Snapshot
	copies    [][]modelDB
	scan      *scanModel
}

const modelDBs = 3

func newMachine() *machine {
	m := &machine{ks: New(modelDBs), model: make([]modelDB, modelDBs)}
	for i := range m.model {
		m.model[i] = modelDB{}
	}
	return m
}

func drawKey(t *rapid.T) string {
	// A few keys that come up again and again, and many that make tables grow.
	return rapid.OneOf(rapid.StringMatching(`[a-e]`), rapid.StringMatching(`k[0-9]{1,3}`)).Draw(t, "key")
}

func drawText(t *rapid.T) string {
	return rapid.OneOf(rapid.String(), rapid.StringMatching(`-?[0-9]{1,20}`)).Draw(t, "text")
}

func drawDB(t *rapid.T) int { return rapid.IntRange(0, modelDBs-1).Draw(t, "db") }

func (m *machine) forget(db int, key string) {
	if m.scan != nil && m.scan.db == db {
		delete(m.scan.resting, key)
	}
}

func (m *machine) Set(t *rapid.T) {
	db, key, text := drawDB(t), drawKey(t), drawText(t)
	buf, val := []byte(key), []byte(text)
	m.ks.DB(db).Set(buf, value.NewString(val))
	clear(buf) // both were copied
	clear(val)
	v := m.model[db][key]
	v.text = text
	m.model[db][key] = v
}

func (m *machine) SetMany(t *rapid.T) {
	db, from, n := drawDB(t), rapid.IntRange(0, 999).Draw(t, "from"), rapid.IntRange(1, 500).Draw(t, "n")
	for i := from; i < from+n; i++ {
		key := fmt.Sprintf("k%d", i)
		m.ks.DB(db).Set([]byte(key), value.NewInt(int64(i)))
		v := m.model[db][key]
		v.text = fmt.Sprint(i)
		m.model[db][key] = v
	}
}

func (m *machine) DeleteMany(t *rapid.T) {
	db, from, n := drawDB(t), rapid.IntRange(0, 999).Draw(t, "from"), rapid.IntRange(1, 500).Draw(t, "n")
	for i := from; i < from+n; i++ {
		key := fmt.Sprintf("k%d", i)
		_, there := m.model[db][key]
		require.Equal(t, there, m.ks.DB(db).Delete([]byte(key)))
		delete(m.model[db], key)
		m.forget(db, key)
	}
}

func (m *machine) Append(t *rapid.T) {
	db, key, text := drawDB(t), drawKey(t), drawText(t)
	v := m.model[db][key]
	v.text += text
	m.model[db][key] = v
	require.Equal(t, len(v.text), m.ks.DB(db).Append([]byte(key), []byte(text)))
}

func (m *machine) Copy(t *rapid.T) {
	db, from, to := drawDB(t), drawKey(t), drawKey(t)
	v, ok := m.ks.DB(db).Get([]byte(from))
	old, there := m.model[db][from]
	require.Equal(t, there, ok)
	if ok {
		m.ks.DB(db).Set([]byte(to), value.NewString(v.Bytes()))
		new := m.model[db][to]
		new.text = old.text
		m.model[db][to] = new
	}
}

func (m *machine) Delete(t *rapid.T) {
	db, key := drawDB(t), drawKey(t)
	_, there := m.model[db][key]
	require.Equal(t, there, m.ks.DB(db).Delete([]byte(key)))
	delete(m.model[db], key)
	m.forget(db, key)
}

func (m *machine) SetExpire(t *rapid.T) {
	db, key, ms := drawDB(t), drawKey(t), rapid.Int64().Draw(t, "ms")
	v, there := m.model[db][key]
	require.Equal(t, there, m.ks.DB(db).SetExpire([]byte(key), ms))
	if there {
		v.expireAt, v.volatile = ms, true
		m.model[db][key] = v
	}
}

func (m *machine) Persist(t *rapid.T) {
	db, key := drawDB(t), drawKey(t)
	v, there := m.model[db][key]
	require.Equal(t, v.volatile, m.ks.DB(db).Persist([]byte(key)))
	if there {
		v.expireAt, v.volatile = 0, false
		m.model[db][key] = v
	}
}

func (m *machine) Flush(t *rapid.T) {
	if !rapid.Bool().Draw(t, "really") { // or no database would ever grow
		return
	}
	db := drawDB(t)
	require.Equal(t, len(m.model[db]), m.ks.DB(db).Flush())
	m.model[db] = modelDB{}
	if m.scan != nil && m.scan.db == db {
		clear(m.scan.resting)
	}
}

func (m *machine) Swap(t *rapid.T) {
	i, j := drawDB(t), drawDB(t)
	m.ks.Swap(i, j)
	m.model[i], m.model[j] = m.model[j], m.model[i]
	if m.scan != nil && i != j && (m.scan.db == i || m.scan.db == j) {
		m.scan.db = i + j - m.scan.db
	}
}

func (m *machine) Random(t *rapid.T) {
	db, rng := drawDB(t), rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	key, ok := m.ks.DB(db).Random(rng)
	_, there := m.model[db][key]
	require.Equal(t, len(m.model[db]) > 0, ok)
	require.Equal(t, ok, there)
	key, ms, ok := m.ks.DB(db).RandomVolatile(rng)
	require.Equal(t, m.ks.DB(db).Volatile() > 0, ok)
	if ok {
		require.True(t, m.model[db][key].volatile)
		require.Equal(t, m.model[db][key].expireAt, ms)
	}
}

func (m *machine) Snapshot(t *rapid.T) {
	if len(m.snapshots) == 3 {
		m.snapshots, m.copies = m.snapshots[1:], m.copies[1:]
	}
	m.snapshots = append(m.snapshots, m.ks.Snapshot())
	var dbs []modelDB
	for _, db := range m.model {
		dbs = append(dbs, maps.Clone(db))
	}
	m.copies = append(m.copies, dbs)
}

func (m *machine) CheckSnapshots(t *rapid.T) {
	for i, snap := range m.snapshots {
		got := make([]modelDB, modelDBs)
		for db := range got {
			got[db] = modelDB{}
		}
		last := 0
		for db, it := range snap.All() {
			require.GreaterOrEqual(t, db, last)
			last = db
			got[db][it.Key] = modelValue{string(it.Value.Bytes()), it.ExpireAt, it.Volatile}
		}
		require.Equal(t, m.copies[i], got)
		for db := range got {
			require.Equal(t, len(m.copies[i][db]), snap.Len(db))
		}
	}
}

func (m *machine) Scan(t *rapid.T) {
	if m.scan == nil {
		db := drawDB(t)
		m.scan = &scanModel{db: db, resting: map[string]bool{}, seen: map[string]int{}}
		for key := range m.model[db] {
			m.scan.resting[key] = true
		}
	}
	s := m.scan
	s.cursor = m.ks.DB(s.db).Scan(s.cursor, rapid.IntRange(1, 300).Draw(t, "count"), func(key string, v value.Value) {
		s.seen[key]++
		require.Equal(t, m.model[s.db][key].text, string(v.Bytes()))
	})
	if s.cursor == 0 {
		for key := range s.resting {
			require.Equal(t, 1, s.seen[key], "key %q was there all the time", key)
		}
		m.scan = nil
	}
}

func (m *machine) Check(t *rapid.T) {
	for i, model := range m.model {
		db := m.ks.DB(i)
		require.Equal(t, len(model), db.Len())
		volatile := 0
		var bytes int64
		for key, want := range model {
			v, ms, isVolatile, ok := db.Lookup([]byte(key))
			require.True(t, ok, "key %q", key)
			require.Equal(t, want, modelValue{string(v.Bytes()), ms, isVolatile})
			require.Equal(t, len(want.text), v.Len())
			if want.volatile {
				volatile++
			}
			bytes += keyMemory(len(key)) + v.Memory()
			if want.volatile {
				bytes += perExpiry
			}
		}
		require.Equal(t, volatile, db.Volatile())
		require.Equal(t, bytes, db.Bytes())
		_, ok := db.Get([]byte("never set"))
		require.False(t, ok)
	}
}

func TestKeyspaceBehavesLikeMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		t.Repeat(map[string]func(*rapid.T){
			"set": m.Set, "set many": m.SetMany, "delete": m.Delete, "delete many": m.DeleteMany, "append": m.Append,
			"copy": m.Copy, "expire": m.SetExpire, "persist": m.Persist, "flush": m.Flush, "swap": m.Swap,
			"random": m.Random, "snapshot": m.Snapshot, "check snapshots": m.CheckSnapshots, "scan": m.Scan,
			"": m.Check,
		})
		m.CheckSnapshots(t)
	})
}

func TestKeysVisitsWhatWasThereAtTheCall(t *testing.T) {
	ks := New(1)
	db := ks.DB(0)
	var want []string
	for i := range 5000 {
		want = append(want, fmt.Sprintf("key:%04d", i))
		db.Set([]byte(want[i]), value.NewInt(int64(i)))
	}
	var got []string
	db.Keys(func(key string, v value.Value) bool {
		got = append(got, key)
		db.Delete([]byte(key))
		db.Set([]byte("new:"+key), v)
		return true
	})
	slices.Sort(got)
	require.Equal(t, want, got)
	require.Equal(t, 5000, db.Len())
}
