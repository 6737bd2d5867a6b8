package keyspace

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/value"
)

// contents returns what ks holds, in a form that can be compared.
func contents(ks *Keyspace) map[string]string {
	all := map[string]string{}
	for db, it := range ks.Snapshot().All() {
		all[fmt.Sprintf("%d %q", db, it.Key)] = fmt.Sprintf("%q %v %d %s", it.Value.Bytes(), it.Volatile, it.ExpireAt,
			strings.Replace(it.Value.Encoding(), "raw", "embstr", 1))
	}
	return all
}

func requireSame(t require.TestingT, want, got *Keyspace) {
	require.Equal(t, contents(want), contents(got))
	require.Equal(t, want.Digest(), got.Digest())
}

func drawKeyspace(t *rapid.T) *Keyspace {
	m := newMachine()
	for range rapid.IntRange(0, 30).Draw(t, "keys") {
		m.Set(t)
		m.SetExpire(t)
	}
	return m.ks
}

func TestSnapshotFilesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ks := drawKeyspace(t)
		opts := SaveOptions{RedisVersion: "4.0.14", CreatedAt: 1700000000, UsedMemory: 1234567,
			AOFPreamble: rapid.Bool().Draw(t, "preamble"), NoCompression: rapid.Bool().Draw(t, "plain")}
		want := []AuxText{{"redis-ver", "4.0.14"}, {"redis-bits", "64"}, {"ctime", "1700000000"}, {"used-mem", "1234567"}}
		if rapid.Bool().Draw(t, "repl") {
			opts.Repl = &ReplInfo{StreamDB: 2, ID: strings.Repeat("0f", 20), Offset: rapid.Int64Min(0).Draw(t, "offset")}
			want = append(want, AuxText{"repl-stream-db", "2"}, AuxText{"repl-id", opts.Repl.ID},
				AuxText{"repl-offset", fmt.Sprint(opts.Repl.Offset)})
		}
		want = append(want, AuxText{"aof-preamble", map[bool]string{false: "0", true: "1"}[opts.AOFPreamble]})
		l, err := Load(EncodeRDB(ks.Snapshot(), opts), LoadOptions{Databases: modelDBs, MaxVersion: 8})
		require.NoError(t, err)
		requireSame(t, ks, l.Keyspace)
		require.Equal(t, want, l.Aux)
		require.Equal(t, opts.Repl, l.Repl)
	})
}

// A replica keeps keys whose time has come: its master says when they go.
func TestOnlyMastersDropExpiredKeys(t *testing.T) {
	ks := New(2)
	for i, ms := range []int64{999, 1000, 1001} {
		key := fmt.Appendf(nil, "at %d", ms)
		ks.DB(1).Set(key, value.NewInt(int64(i)))
		ks.DB(1).SetExpire(key, ms)
	}
	ks.DB(0).Set([]byte("stays"), value.NewInt(3))
	file := EncodeRDB(ks.Snapshot(), SaveOptions{})
	replica, err := Load(file, LoadOptions{Databases: 2, Now: 1000})
	require.NoError(t, err)
	requireSame(t, ks, replica.Keyspace)
	require.Zero(t, replica.Expired)
	master, err := Load(file, LoadOptions{Databases: 2, Now: 1000, DropExpired: true})
	require.NoError(t, err)
	require.Equal(t, 1, master.Expired)
	require.False(t, master.Keyspace.DB(1).Exists([]byte("at 999")))
	require.True(t, master.Keyspace.DB(1).Exists([]byte("at 1000")), "expired is when now is later, not at the time itself")
	require.Equal(t, 3, master.Keyspace.Len())
}

func TestFilesThatDoNotFitAreRefused(t *testing.T) {
	ks := New(16)
	ks.DB(9).Set([]byte("k"), value.NewInt(1))
	_, err := Load(EncodeRDB(ks.Snapshot(), SaveOptions{}), LoadOptions{Databases: 9})
	require.ErrorContains(t, err, "the file selects database 9, at byte 72, but there are 9: raise 'databases' to at least 10")

	w := rdb.NewWriter(nil)
	w.Int([]byte("k"), 1)
	w.Int([]byte("k"), 2)
	_, err = Load(w.End(), LoadOptions{Databases: 1})
	require.ErrorContains(t, err, `key "k" is in database 0 twice, the second time at byte 14`)

	_, err = Load([]byte("REDIS0009"), LoadOptions{Databases: 1, MaxVersion: 8})
	require.EqualError(t, err, "Can't handle RDB format version 9")
}

func TestIncompleteReplicationPositionsAreNone(t *testing.T) {
	id := strings.Repeat("a", 40)
	for _, aux := range [][]string{
		{"repl-id", id, "repl-offset", "5"},
		{"repl-stream-db", "0", "repl-offset", "5"},
		{"repl-stream-db", "0", "repl-id", id},
		{"repl-stream-db", "-1", "repl-id", id, "repl-offset", "5"},
		{"repl-stream-db", "0", "repl-id", "short", "repl-offset", "5"},
		{"repl-stream-db", "0", "repl-id", id, "repl-offset", "five"},
	} {
		w := rdb.NewWriter(nil)
		for i := 0; i < len(aux); i += 2 {
			w.Aux(aux[i], aux[i+1])
		}
		l, err := Load(w.End(), LoadOptions{Databases: 1})
		require.NoError(t, err)
		require.Nil(t, l.Repl, "%q", aux)
	}
}
