package keyspace

import (
	"math/rand/v2"
	"testing"

	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/value"
)

// drawnKeyspace has keys of all types and encodings.
func drawnKeyspace(keys, writes int) *Keyspace {
	ks := New(2)
	ks.Limits().HashEntries, ks.Limits().SetInts, ks.Limits().ZSetEntries = 30, 30, 30
	s := newScribe(ks, rand.New(rand.NewPCG(9, 9)))
	for range writes {
		s.step(keys)
	}
	return ks
}

// Whatever is in a file, it is refused, or read so that it can be written and read again.
func FuzzLoad(f *testing.F) {
	f.Add(EncodeRDB(drawnKeyspace(8, 60).Snapshot(), SaveOptions{NoChecksum: true}))
	f.Add(EncodeRDB(drawnKeyspace(3, 20).Snapshot(), SaveOptions{NoChecksum: true, NoCompression: true}))
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := Load(file, LoadOptions{Databases: 16, NoChecksum: true})
		byPiece, pieceErr := inPieces(file, 0, LoadOptions{Databases: 16, NoChecksum: true}, func(left int) int { return min(left, 5) })
		if err != nil {
			if pieceErr == nil || pieceErr.Error() != err.Error() {
				t.Fatalf("whole: %v; in pieces: %v", err, pieceErr)
			}
			return
		}
		if pieceErr != nil || byPiece.Keyspace.Digest() != l.Keyspace.Digest() {
			t.Fatalf("what is read in pieces is something else: %v", pieceErr)
		}
		again, err := Load(EncodeRDB(l.Keyspace.Snapshot(), SaveOptions{}), LoadOptions{Databases: 16})
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if again.Keyspace.Digest() != l.Keyspace.Digest() || again.Keyspace.Bytes() < 0 {
			t.Fatal("what was read is not what is read again")
		}
	})
}

// Strings that clients make up are HyperLogLogs, or an error, and never more.
func FuzzHyperLogLog(f *testing.F) {
	l := New(1).DB(0).Ledger()
	few, _, _ := l.HLLAdd(value.NewHLL(), [][]byte{[]byte("a"), []byte("b"), []byte("c")})
	f.Add(few.Bytes(), []byte("d"))
	f.Add(value.NewHLL().Bytes(), []byte(""))
	f.Add(append(few.Bytes()[:16:16], 0x7f, 0xff, 0x80, 0x40), []byte("e"))
	f.Fuzz(func(t *testing.T, made, element []byte) {
		v := value.NewString(made)
		w, changed, err := l.HLLAdd(v, [][]byte{element})
		if err == nil && changed {
			if _, again, err := l.HLLAdd(w, [][]byte{element}); err != nil || again {
				t.Fatalf("%q counted twice, %v", element, err)
			}
		}
		n, _, _, err := l.HLLCount(v)
		if sparse, err2 := value.HLLIsSparse(v); err == nil && err2 == nil && sparse && n > 1<<62 && made[15]&0x80 != 0 {
			t.Fatalf("an estimate of %d", n)
		}
		if _, err := value.HLLUnion(v, few); err == nil {
			if _, err := l.HLLMerge(few, v); err != nil {
				t.Fatalf("counted together but not merged: %v", err)
			}
			if _, err := value.HLLToDense(v); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Payloads that clients make up are refused, or restored so that they can be dumped again.
func FuzzRestore(f *testing.F) {
	ks := drawnKeyspace(8, 60)
	for i := range ks.Databases() {
		ks.DB(i).Keys(func(_ string, v value.Value) bool {
			payload := Dump(v)
			f.Add(payload[:len(payload)-10])
			return true
		})
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		db := New(1).DB(0)
		payload := append(append([]byte(nil), body...), byte(rdb.Version), 0)
		for crc, i := rdb.Checksum(0, payload), 0; i < 8; i++ {
			payload = append(payload, byte(crc>>(8*i)))
		}
		v, err := db.Restore(payload)
		if err != nil {
			return
		}
		db.Set([]byte("k"), v)
		if w, err := db.Restore(Dump(v)); err != nil || w.Kind() != v.Kind() || w.Elements() != v.Elements() {
			t.Fatalf("restored, but not from its own dump: %v", err)
		}
	})
}
