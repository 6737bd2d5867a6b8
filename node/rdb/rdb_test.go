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
			if e.Type != TypeString {
				var all strings.Builder
				fmt.Fprintf(&all, "%d %s %v", e.DB, e.Key, e.Type)
				err := r.Elements(func(el Element) error {
					fmt.Fprintf(&all, " %s", el.Bytes)
					switch e.Type.Family() {
					case HashFamily:
						fmt.Fprintf(&all, "=%s", el.Value)
					case ZSetFamily:
						fmt.Fprintf(&all, ":%v", el.Score)
					}
					return nil
				})
				if err != nil {
					return lines, err
				}
				line = all.String()
			}
			if e.HasIdle {
				line += fmt.Sprintf(" idle %d", e.Idle)
			}
			if e.HasFreq {
				line += fmt.Sprintf(" freq %d", e.Freq)
			}
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
		"\xf7\x81\x00\x00\x00\x00\x00\x00\x00\x07\x02\x01"+ // a module's data: number, when
		"\x01\x05\x02\x42\x00\x03\x00\x00\x80\x3f\x04\x00\x00\x00\x00\x00\x00\xf0\x3f\x05\x02hi\x00"+
		"\xfe\x01\xf4\x01\x02\x03"+ // slot information
		"\xfb\x02\x01"+
		"\xfc\x01\x00\x00\x00\x00\x00\x00\x00\xf8\x43\xe8\x00\x01a\x01b"+
		"\xf9\x05\x00\x01c\x01d"+
		unchecked, ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"aux aof-base=0", "db 1", "resize 2 1", "1 a=b idle 1000 expires 1", "1 c=d freq 5", "end"}, got)
}

func TestReaderReadsOldFiles(t *testing.T) {
	got, err := read("REDIS0003\xfe\x00\xfd\x0a\x00\x00\x00\x00\x01k\x80\x00\x00\x00\x02hi\xff", ReadOptions{})
	require.NoError(t, err, "no checksum before version 5")
	require.Equal(t, []string{"db 0", "0 k=hi expires 10000", "end"}, got)
}

// moduleID is the number of the module type ReJSON-RL, version 3.
var moduleID = func() string {
	id := uint64(0)
	for _, c := range "ReJSON-RL" {
		id = id<<6 | uint64(strings.IndexRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", c))
	}
	return string(binary.BigEndian.AppendUint64(nil, id<<10|3))
}()

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
		{"REDIS0010\xfe\x00\x0f\x06stream\x01", 0,
			`value of type 15 (stream) at key "stream", at byte 11: not supported by this build`},
		{"REDIS0010\xf5\x0d#!lua name=l\n", 0, `function library "l", at byte 9: not supported by this build`},
		{"REDIS0008\x07\x01k\x81" + moduleID + "\x00", 0, `value of the module "ReJSON-RL" at key "k", at byte 9: not supported`},
		{"REDIS0010\x12\x01l\x01\x03", 0, `corrupt RDB: list quicklist2 at key "l": node of the unknown kind 3, at byte 13`},
		{"REDIS0008\x0d\x01h\x05short", 0, `corrupt RDB: hash ziplist at key "h": ziplist whose size is not the one it states, at byte 12`},
		{"REDIS0008\x0b\x01s\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x05\x00", 0,
			`corrupt RDB: set intset at key "s": intset out of order, at byte 12`},
		{"REDIS0008\x03\x01z\x01\x01m\xfd", 0, `corrupt RDB: zset at key "z": score of member "m" is no number, at byte 15`},
		{"REDIS0008\x02\x01s\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x01a", 0,
			`corrupt RDB: set at key "s": the file ends at byte 23 within the element, at byte 23`},
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
			"corrupt RDB: CRC error: the checksum is 0807060504030201, that of the bytes before it is "},
		{"REDIS0008\xfe\x00", 0, "corrupt RDB: the file ends at byte 11 within the list of entries, at byte 11"},
	} {
		_, err := read(tt.file, ReadOptions{MaxVersion: tt.max})
		require.ErrorContains(t, err, tt.want, "%q", tt.file)
	}
	_, err := read("REDIS0008\xff\x01\x02\x03\x04\x05\x06\x07\x08", ReadOptions{NoChecksum: true})
	require.NoError(t, err)
}

func ziplistOf(words ...string) []byte {
	var z Ziplist
	for _, word := range words {
		z.Append([]byte(word))
	}
	return z.Bytes()
}

// The bytes follow from the formats' descriptions, one by one.
func TestReaderReadsAllForms(t *testing.T) {
	text := func(s string) string { return string(byte(len(s))) + s }
	zip := func(words ...string) string { return text(string(ziplistOf(words...))) }
	listpack := "\x1b\x00\x00\x00\x06\x00" + "\x05\x01" + "\x82hi\x03" + "\xdf\xff\x02" + "\xe0\x01a\x03" +
		"\xf1\xe8\x03\x03" + "\xf0\x00\x00\x00\x00\x05" + "\xff"
	listpack = string(byte(len(listpack))) + listpack[1:]
	got, err := read("REDIS0012"+
		"\x01\x02l1\x02\x01a\xc0\x05"+
		"\x02\x02s1\x01\x01m"+
		"\x03\x02z1\x04\x01a\x033.5\x01b\xfe\x01c\xff\x01d\x02-0"+
		"\x04\x02h1\x01\x01f\x01v"+
		"\x05\x02z2\x01\x01a\x00\x00\x00\x00\x00\x00\xf8\x3f"+
		"\x09\x02h2"+text("\x02\x01a\x02\x01bb!\x01c\x00\x00\xff")+
		"\x0a\x02l2"+zip("", "0", "12", "13", "-1", "1000", "-8388608", "100000000", "9223372036854775807", "01")+
		"\x0b\x02s2"+text("\x04\x00\x00\x00\x02\x00\x00\x00\xff\xff\xff\xff\x00\x00\x01\x00")+
		"\x0c\x02z3"+zip("a", "1.5", "b", "2")+
		"\x0d\x02h3"+zip("f", "v", "1", "2")+
		"\x0e\x02l3\x02"+zip("a")+zip("b", "c")+
		"\x10\x02h4"+text(listpack)+
		"\x11\x02z4"+text("\x0c\x00\x00\x00\x02\x00\x81m\x02\x07\x01\xff")+
		"\x12\x02l4\x02\x01\x03big\x02"+text(listpack)+
		"\x14\x02s3"+text(listpack)+
		unchecked, ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{
		"0 l1 list a 5", "0 s1 set m", "0 z1 zset a:3.5 b:+Inf c:-Inf d:-0", "0 h1 hash f=v", "0 z2 zset2 a:1.5",
		"0 h2 hash zipmap a=bb c=", "0 l2 list ziplist  0 12 13 -1 1000 -8388608 100000000 9223372036854775807 01",
		"0 s2 set intset -1 65536", "0 z3 zset ziplist a:1.5 b:2", "0 h3 hash ziplist f=v 1=2", "0 l3 list quicklist a b c",
		"0 h4 hash listpack 5=hi -1=a 1000=", "0 z4 zset listpack m:7", "0 l4 list quicklist2 big 5 hi -1 a 1000 ",
		"0 s3 set listpack 5 hi -1 a 1000 ", "end"}, got)
}

func TestDumpsReadBack(t *testing.T) {
	w := NewDump(nil)
	w.Begin(TypeList, []byte("not written"))
	w.Length(2)
	w.Text([]byte("a"))
	w.Text([]byte("12"))
	dump := w.EndDump()
	require.Equal(t, "\x01\x02\x01a\xc0\x0c\x08\x00", string(dump[:len(dump)-8]))
	r, err := NewDumpReader(dump, ReadOptions{MaxVersion: 8})
	require.NoError(t, err)
	e, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, TypeList, e.Type)
	n := 0
	require.NoError(t, r.Elements(func(Element) error { n++; return nil }))
	require.Equal(t, 2, n)
	e, err = r.Next()
	require.NoError(t, err)
	require.Equal(t, End, e.Kind)
	for i := range dump {
		dump[i] ^= 0x40
		_, err := NewDumpReader(dump, ReadOptions{})
		require.ErrorIs(t, err, ErrDumpFooter, "byte %d", i)
		dump[i] ^= 0x40
	}
	_, err = NewDumpReader(dump, ReadOptions{MaxVersion: 7})
	require.ErrorIs(t, err, ErrDumpFooter)
	_, err = NewDumpReader([]byte("short"), ReadOptions{})
	require.ErrorIs(t, err, ErrDumpFooter)
	w = NewDump(nil)
	w.String(nil, []byte("a"))
	w.Text([]byte("too much"))
	r, err = NewDumpReader(w.EndDump(), ReadOptions{})
	require.NoError(t, err)
	_, err = r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.ErrorContains(t, err, "9 bytes follow the value")
}

// sample is a file with an entry of each kind, and strings and collections in each form that is written.
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
	w.Begin(TypeHashZiplist, []byte("hash"))
	w.Text(ziplistOf("a", "1", "b", "1000000", "c", strings.Repeat("l", 70)))
	w.Begin(TypeListQuicklist, []byte("list"))
	w.Length(1)
	w.Text(ziplistOf("x", "y"))
	w.Begin(TypeSetIntset, []byte("ints"))
	w.Text(Intset(nil, []int64{-5, 7, 70_000}))
	w.Begin(TypeZSet2, []byte("zset"))
	w.Length(1)
	w.Text([]byte("m"))
	w.Double(1.5)
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
	f.Add([]byte("REDIS0012\x10\x01h\x0c\x0c\x00\x00\x00\x02\x00\x81m\x02\x07\x01\xff\x09\x01z\x06\x01\x01a\x00\x00\xff" + unchecked))
	f.Add([]byte("REDIS0012\xf7\x01\x02\x01\x05\x00\xf4\x01\x02\x03\xf8\x01\xf9\x01\x00\x01k\x01v" + unchecked))
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
