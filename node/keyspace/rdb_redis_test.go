package keyspace

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/value"
)

func filledBoth(t *testing.T, seed uint64) *both {
	b := &both{r: startRedis(t, t.TempDir()), ks: New(16), rng: rand.New(rand.NewPCG(seed, 3))}
	for _, db := range []int{0, 5} {
		b.fillAll(db)
	}
	return b
}

// loadedBy starts a redis-server on file and returns its digest.
func loadedBy(t *testing.T, file []byte) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o666))
	return startRedis(t, dir).do("DEBUG", "DIGEST")
}

func TestRedisReadsOurSnapshotsOfAllTypes(t *testing.T) {
	b := filledBoth(t, 1)
	want := b.r.do("DEBUG", "DIGEST")
	for _, opts := range []SaveOptions{{}, {NoCompression: true, NoChecksum: true}} {
		file := EncodeRDB(b.ks.Snapshot(), opts)
		require.Equal(t, want, loadedBy(t, file))
		l, err := Load(file, LoadOptions{Databases: 16, MaxVersion: 8, KeepDigest: true})
		require.NoError(t, err)
		require.Equal(t, want, digestOf(l.Keyspace))
		requireSameEncodings(t, b.ks, l.Keyspace)
	}
}

func requireSameEncodings(t *testing.T, want, got *Keyspace) {
	for i := range want.Databases() {
		want.DB(i).Keys(func(key string, v value.Value) bool {
			w, ok := got.DB(i).Get([]byte(key))
			require.True(t, ok)
			if v.Kind() != value.KindString { // whether a string is raw is not in the file
				require.Equal(t, v.Encoding(), w.Encoding(), "encoding of %q", key)
			}
			return true
		})
	}
}

func TestWeReadSnapshotsOfRedisOfAllTypes(t *testing.T) {
	b := filledBoth(t, 2)
	for name, settings := range map[string][][]string{
		"by default":       {},
		"with frequencies": {{"CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"}},
		"with idle times": {{"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"},
			{"CONFIG", "SET", "rdbcompression", "no"}},
		"with long elements for alone": {{"DEBUG", "QUICKLIST-PACKED-THRESHOLD", "50b"}, {"DEBUG", "RELOAD"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range settings {
				b.r.do(args...)
			}
			b.r.do("SAVE")
			file, err := os.ReadFile(filepath.Join(b.r.dir, "dump.rdb"))
			require.NoError(t, err)
			l, err := Load(file, LoadOptions{Databases: 16})
			require.NoError(t, err)
			require.Equal(t, 10, l.Version)
			require.Equal(t, b.r.do("DEBUG", "DIGEST"), digestOf(l.Keyspace))
			require.Equal(t, len(file), l.Size)
		})
	}
	b.r.do("XADD", "events", "*", "a", "1")
	b.r.do("SAVE")
	file, err := os.ReadFile(filepath.Join(b.r.dir, "dump.rdb"))
	require.NoError(t, err)
	_, err = Load(file, LoadOptions{Databases: 16})
	require.ErrorContains(t, err, `value of type 19 (stream v2) at key "events"`)
	b.r.do("DEL", "events")
	b.r.do("FUNCTION", "LOAD", "#!lua name=mylib\nredis.register_function('f', function() return 1 end)")
	b.r.do("SAVE")
	file, err = os.ReadFile(filepath.Join(b.r.dir, "dump.rdb"))
	require.NoError(t, err)
	_, err = Load(file, LoadOptions{Databases: 16})
	require.ErrorContains(t, err, `function library "mylib"`)
}

// Forms that no Redis since 4.0 writes, but that all of them read.
func TestWeReadOldFormsAsRedisDoes(t *testing.T) {
	w := rdb.NewWriter(nil)
	var zip rdb.Ziplist
	for i := range 300 {
		zip.Append([]byte(strings.Repeat("e", i)))
		zip.Append([]byte(strconv.Itoa(i * i * i * i * i)))
	}
	blob := zip.Bytes()
	w.SelectDB(0)
	w.Begin(rdb.TypeListZiplist, []byte("list ziplist"))
	w.Text(blob)
	w.Begin(rdb.TypeHashZiplist, []byte("hash ziplist"))
	w.Text(blob)
	w.Begin(rdb.TypeList, []byte("list"))
	w.Length(2)
	w.Text([]byte("a"))
	w.Text([]byte("b"))
	w.Begin(rdb.TypeHashZipmap, []byte("hash zipmap"))
	w.Text([]byte("\x01\x01a\x02\x01bb!\xff"))
	// Scores as text: strings that are no numbers and too short to be compressed are a byte of length and themselves.
	w.Begin(rdb.TypeZSet, []byte("zset"))
	w.Length(2)
	w.Text([]byte("m"))
	w.Text([]byte("0.10000000000000001"))
	w.Text([]byte("n"))
	w.Text([]byte("-1.5e+200"))
	file := w.End()
	l, err := Load(file, LoadOptions{Databases: 1})
	require.NoError(t, err)
	require.Equal(t, loadedBy(t, file), digestOf(l.Keyspace))
	require.Equal(t, 5, l.Keyspace.Len())
}

func TestDumpAndRestoreWorkBothWays(t *testing.T) {
	b := filledBoth(t, 3)
	b.r.do("SELECT", "5")
	from := b.ks.DB(5)
	to := New(1).DB(0)
	from.Keys(func(key string, _ value.Value) bool {
		payload := b.r.do("DUMP", key)
		restored, err := to.Restore([]byte(payload))
		require.NoError(t, err)
		to.Set([]byte(key), restored)
		from.Persist([]byte(key))
		require.Equal(t, from.DigestOf([]byte(key)), to.DigestOf([]byte(key)), "%q of Redis restored by us", key)

		v, _ := from.Get([]byte(key))
		b.r.do("RESTORE", key, "0", string(Dump(v)), "REPLACE")
		require.Equal(t, len(Dump(v))-11, SerializedLength(v))
		return true
	})
	require.Equal(t, b.r.do("DEBUG", "DIGEST"), digestOf(b.ks), "ours restored by Redis")
	_, err := to.Restore([]byte("nonsense that is long enough"))
	require.ErrorIs(t, err, rdb.ErrDumpFooter)
	w := rdb.NewDump(nil)
	w.Begin(rdb.TypeList, nil)
	w.Length(0)
	_, err = to.Restore(w.EndDump())
	require.ErrorContains(t, err, "a collection without elements")
}

func TestWhatCannotBeOneCollectionIsRefused(t *testing.T) {
	w := rdb.NewWriter(nil)
	w.Begin(rdb.TypeSet, []byte("twins"))
	w.Length(2)
	w.Text([]byte("a"))
	w.Text([]byte("a"))
	_, err := Load(w.End(), LoadOptions{Databases: 1})
	require.EqualError(t, err, `corrupt RDB: set at key "twins": element "a" is in it twice, at byte 9`)
	w = rdb.NewWriter(nil)
	w.Begin(rdb.TypeHash, []byte("nothing"))
	w.Length(0)
	l, err := Load(w.End(), LoadOptions{Databases: 1})
	require.NoError(t, err)
	require.Equal(t, 1, l.Empty)
	require.Zero(t, l.Keyspace.Len())
}
