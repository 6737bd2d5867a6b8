package rdb

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestChecksumIsJones(t *testing.T) {
	require.Equal(t, uint64(0xe9c6d914c4b8d9ca), Checksum(0, []byte("123456789")))
	require.Equal(t, Checksum(0, []byte("123456789")), Checksum(Checksum(0, []byte("1234")), []byte("56789")))
}

// The bytes follow from the format's description, one by one.
func TestWriterWritesVersion8(t *testing.T) {
	w := NewWriter(nil)
	w.Aux("redis-ver", "4.0.14")
	w.AuxInt("redis-bits", 64)
	w.SelectDB(3)
	w.ResizeDB(70, 1)
	w.Expire(1700000000000)
	w.String([]byte("k"), []byte("hello"))
	w.Int([]byte("-129"), 65536)
	w.Int([]byte("n"), -1<<63)
	w.String([]byte("compressed"), []byte(strings.Repeat("z", 30)))
	got := w.End()
	want := "REDIS0008" +
		"\xfa\x09redis-ver\x064.0.14" +
		"\xfa\x0aredis-bits\xc0\x40" +
		"\xfe\x03" +
		"\xfb\x40\x46\x01" +
		"\xfc\x00\x68\xe5\xcf\x8b\x01\x00\x00\x00\x01k\x05hello" +
		"\x00\xc1\x7f\xff\xc2\x00\x00\x01\x00" +
		"\x00\x01n\x14-9223372036854775808" +
		"\x00\x0acompressed\xc3\x05\x1e\x00z\xe0\x14\x00" +
		"\xff"
	require.Equal(t, want, string(got[:len(got)-8]))
	require.Equal(t, Checksum(0, []byte(want)), binary.LittleEndian.Uint64(got[len(got)-8:]))
}

func TestNumbersAreWrittenShortOnlyIfTheyReadBackTheSame(t *testing.T) {
	for text, short := range map[string]bool{"0": true, "-1": true, "127": true, "-2147483648": true, "2147483647": true,
		"2147483648": false, "-2147483649": false, "-0": false, "007": false, "+1": false, "": false, "-": false,
		"1 ": false, "99999999999": false, "12345678901234567890": false, "1.0": false} {
		_, ok := smallInt([]byte(text))
		require.Equal(t, short, ok, "%q", text)
	}
}

type drawnKey struct {
	db         int
	key, value string
	ms         int64
	expires    bool
}

func drawString(t *rapid.T, name string) string {
	return rapid.OneOf(rapid.String(), rapid.StringMatching(`-?[0-9]{1,12}`), rapid.Map(rapid.IntRange(0, 20000),
		func(n int) string { return strings.Repeat("ab", n) })).Draw(t, name)
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := NewWriter(nil)
		w.NoCompression, w.NoChecksum = rapid.Bool().Draw(t, "plain"), rapid.Bool().Draw(t, "unchecked")
		var file []byte
		var want, got []drawnKey
		db := 0
		for range rapid.IntRange(0, 20).Draw(t, "keys") {
			if rapid.Bool().Draw(t, "select") {
				db = rapid.IntRange(0, 1<<31-1).Draw(t, "db")
				w.SelectDB(db)
			}
			k := drawnKey{db: db, key: drawString(t, "key"), value: drawString(t, "value")}
			if k.expires = rapid.Bool().Draw(t, "expires"); k.expires {
				k.ms = rapid.Int64().Draw(t, "ms")
				w.Expire(k.ms)
			}
			if n := rapid.Int64().Draw(t, "n"); rapid.Bool().Draw(t, "number") {
				k.value = fmt.Sprint(n)
				w.Int([]byte(k.key), n)
			} else {
				w.String([]byte(k.key), []byte(k.value))
			}
			want = append(want, k)
			if rapid.Bool().Draw(t, "take") {
				file = append(file, w.Take()...)
				require.Zero(t, w.Len())
			}
		}
		file = append(file, w.End()...)
		r, err := NewReader(append(file, "what follows"...), ReadOptions{MaxVersion: 8})
		require.NoError(t, err)
		for {
			e, err := r.Next()
			require.NoError(t, err)
			if e.Kind == End {
				break
			}
			if e.Kind == Key {
				got = append(got, drawnKey{e.DB, string(e.Key), string(e.Str), e.ExpireMS, e.HasExpire})
				if e.IsInt {
					require.Equal(t, fmt.Sprint(e.Int), string(e.Str))
				}
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, len(file), r.Offset())
	})
}

// read returns all entries of a file, one line each, and the error that ended it.
func read(file string, opts ReadOptions) (lines []string, err error) {
	r, err := NewReader([]byte(file), opts)
	if err != nil {
		return nil, err
	}
	for {
		e, err := r.Next()
		if err != nil {
			again, err2 := r.Next()
			if err2 != err || again.Kind != 0 {
				return lines, fmt.Errorf("an error is not repeated: %v, then %v", err, err2)
			}
			return lines, err
		}
		switch e.Kind {
		case Aux:
			lines = append(lines, fmt.Sprintf("aux %s=%s", e.Key, e.Str))
		case SelectDB:
			lines = append(lines, fmt.Sprintf("db %d", e.DB))
		case ResizeDB:
			lines = append(lines, fmt.Sprintf("resize %d %d", e.Keys, e.Expires))
		case Key:
			line := fmt.Sprintf("%d %s=%s", e.DB, e.Key, e.Str)
			if e.HasExpire {
				line += fmt.Sprintf(" expires %d", e.ExpireMS)
			}
			lines = append(lines, line)
		case End:
			return append(lines, "end"), nil
		}
	}
}

const unchecked = "\xff\x00\x00\x00\x00\x00\x00\x00\x00"

func TestReaderPassesOverWhatNewerMastersAdd(t *testing.T) {
	got, err := read("REDIS0012"+
		"\xfa\x08aof-base\xc0\x00"+
		"\xf5\x0d#!lua name=l\n"+ // a function library
		"\xf7\x81\x00\x00\x00\x00\x00\x00\x00\x07\x02\x01"+ // a module's data: number, when
		"\x01\x05\x02\x42\x00\x03\x00\x00\x80\x3f\x04\x00\x00\x00\x00\x00\x00\xf0\x3f\x05\x02hi\x00"+
		"\xfe\x01\xf4\x01\x02\x03"+ // slot information
		"\xfb\x02\x01"+
		"\xfc\x01\x00\x00\x00\x00\x00\x00\x00\xf8\x43\xe8\x00\x01a\x01b"+
		"\xf9\x05\x00\x01c\x01d"+
		unchecked, ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"aux aof-base=0", "db 1", "resize 2 1", "1 a=b expires 1", "1 c=d", "end"}, got)
}

func TestReaderReadsOldFiles(t *testing.T) {
	got, err := read("REDIS0003\xfe\x00\xfd\x0a\x00\x00\x00\x00\x01k\x80\x00\x00\x00\x02hi\xff", ReadOptions{})
	require.NoError(t, err, "no checksum before version 5")
	require.Equal(t, []string{"db 0", "0 k=hi expires 10000", "end"}, got)
}

func TestReaderSaysWhatItCannotRead(t *testing.T) {
	for _, tt := range []struct {
		file string
		max  int
		want string
	}{
		{"", 0, "corrupt RDB: the file ends within its head, at byte 0"},
		{"REDIS000", 0, "corrupt RDB: the file ends within its head, at byte 8"},
		{"RADIS0008", 0, `not an RDB file: it begins with "RADIS0008", not with "REDIS"`},
		{"REDIS0009", 8, "Can't handle RDB format version 9"},
		{"REDIS0013", 0, "Can't handle RDB format version 13"},
		{"REDIS0000", 0, "Can't handle RDB format version 0"},
		{"REDIS00x8", 0, "Can't handle RDB format version 0"},
		{"REDIS0010\xfe\x00\x12\x06mylist\x01", 0,
			`value of type 18 (list quicklist2) at key "mylist", at byte 11: not supported by this build`},
		{"REDIS0012\x19\x01h\x01", 0,
			`value of type 25 (hash listpack with field expiry) at key "h", at byte 9: not supported by this build`},
		{"REDIS0008\x63\x01k", 0, "corrupt RDB: 99 is neither a type of values nor an opcode, at byte 9"},
		{"REDIS0008\x00\x05abc", 0, "corrupt RDB: the file ends at byte 14 within the key, at byte 11"},
		{"REDIS0008\x00\x81\xff\xff\xff\xff\xff\xff\xff\xffabc", 0, "corrupt RDB: the file ends at byte 22 within the key, at byte 19"},
		{"REDIS0008\x00\x82", 0, "corrupt RDB: length of the key begins with 0x82, as no length does, at byte 10"},
		{"REDIS0008\x00\xc4", 0, "corrupt RDB: key in the unknown form 0xc4, at byte 10"},
		{"REDIS0008\x00\xc3\x02\x05\x00ab", 0, "corrupt RDB: key: compressed string is shorter than announced, at byte 10"},
		{"REDIS0008\xfe\x80\xff\xff\xff\xff", 0, "corrupt RDB: database 4294967295 selected, at byte 9"},
		{"REDIS0009\xf7\x01\x06", 0, "corrupt RDB: module's field of type 6, at byte 11"},
		{"REDIS0008\xff\x01\x02\x03\x04\x05\x06\x07\x08", 0,
			"corrupt RDB: checksum is 0807060504030201, that of the bytes before it is "},
		{"REDIS0008\xfe\x00", 0, "corrupt RDB: the file ends at byte 11 within the list of entries, at byte 11"},
	} {
		_, err := read(tt.file, ReadOptions{MaxVersion: tt.max})
		require.ErrorContains(t, err, tt.want, "%q", tt.file)
	}
	_, err := read("REDIS0008\xff\x01\x02\x03\x04\x05\x06\x07\x08", ReadOptions{NoChecksum: true})
	require.NoError(t, err)
}

// sample is a file with an entry of each kind and a string in each form.
func sample() []byte {
	w := NewWriter(nil)
	w.Aux("redis-ver", "4.0.14")
	w.SelectDB(1)
	w.ResizeDB(3, 1)
	w.String([]byte("small"), []byte("-100"))
	w.Expire(12345)
	w.String([]byte("packed"), []byte(strings.Repeat("pack ", 100)))
	w.String([]byte("long"), noise(1, 300))
	w.Int([]byte("number"), 1<<40)
	return w.End()
}

func TestTruncationAnywhereIsAnError(t *testing.T) {
	file := sample()
	for n := range file {
		_, err := read(string(file[:n]), ReadOptions{})
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, "cut at %d", n)
		require.True(t, corrupt.Short)
		require.LessOrEqual(t, corrupt.Offset, n)
	}
}

func TestAnyFlippedBitIsAnError(t *testing.T) {
	file := sample()
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			_, err := read(string(file), ReadOptions{})
			require.Error(t, err, "bit %d of byte %d", bit, i)
			file[i] ^= 1 << bit
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(sample())
	f.Add([]byte("REDIS0012\xf5\x01l\xf7\x01\x02\x01\x05\x00\xf4\x01\x02\x03\xf8\x01\xf9\x01\x00\x01k\x01v" + unchecked))
	f.Add([]byte("REDIS0008\x00\x01k\xc3\x04\x81\x00\x00\x00\x7f\xff\xff\xff\xff\x00a\xe0\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		lines, err := read(string(file), ReadOptions{NoChecksum: true})
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20+uint64(len(file))*4*lzfMaxGrowth {
			t.Fatalf("%d bytes set aside for a file of %d", spent, len(file))
		}
		if err == nil && lines[len(lines)-1] != "end" {
			t.Fatal("ended without an end")
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	key, value := []byte("key:000000001234"), []byte("a value of an ordinary length, 48 bytes or about")
	b.SetBytes(int64(len(key) + len(value)))
	w := NewWriter(nil)
	for b.Loop() {
		if w.Len() > 1<<20 {
			w.out = w.out[:0]
		}
		w.String(key, value)
	}
}
