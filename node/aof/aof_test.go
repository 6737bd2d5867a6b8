package aof

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

const now = 1_519_905_600_000 // ms

func split(line string) (args [][]byte) {
	for word := range strings.FieldsSeq(line) {
		args = append(args, []byte(word))
	}
	return args
}

// read is what a file holds: what happens as a whole on one line, with a bar between its commands.
func read(data []byte) (text string, valid int, err error) {
	r := NewReader(data, 0)
	var list [][][]byte
	for {
		if list, err = r.Next(list); err != nil {
			return text, r.Valid(), err
		}
		for i, args := range list {
			if i > 0 {
				text += " | "
			}
			for j, arg := range args {
				if j > 0 {
					text += " "
				}
				text += string(arg)
			}
		}
		text += "\n"
	}
}

func TestWhatCountsFromNowIsWrittenAsAMoment(t *testing.T) {
	for line, want := range map[string]string{
		"SET a 1":                    "SET a 1",
		"set a 1 nx":                 "set a 1 nx",
		"EXPIRE a 10":                "PEXPIREAT a 1519905610000",
		"pexpire a 10":               "PEXPIREAT a 1519905600010",
		"EXPIREAT a 1519905611":      "PEXPIREAT a 1519905611000",
		"PEXPIREAT a 1519905611007":  "PEXPIREAT a 1519905611007",
		"EXPIRE a -10":               "PEXPIREAT a 1519905590000",
		"EXPIRE a 9223372036854775":  "PEXPIREAT a 9223372036854775807",
		"EXPIRE a -9223372036854775": "PEXPIREAT a 0",
		"EXPIRE a x":                 "EXPIRE a x",
		"SETEX a 10 v":               "SET a v | PEXPIREAT a 1519905610000",
		"PSETEX a 10 v":              "SET a v | PEXPIREAT a 1519905600010",
		"SET a v EX 10 NX":           "SET a v | PEXPIREAT a 1519905610000",
		"SET a v xx px 10":           "SET a v | PEXPIREAT a 1519905600010",
		"SET a v PXAT 1519905600010": "SET a v | PEXPIREAT a 1519905600010",
		"SET EX PX EX":               "SET EX PX EX",
		"RESTORE a 0 v":              "RESTORE a 0 v",
		"RESTORE a 10 v REPLACE":     "RESTORE a 0 v REPLACE | PEXPIREAT a 1519905600010",
	} {
		var w Writer
		got, _, err := read(w.Append(nil, 3, split(line), now))
		require.Equal(t, io.EOF, err)
		require.Equal(t, "SELECT 3\n"+want+"\n", got, line)
	}
}

func TestSelectStandsWhereTheDatabaseChanges(t *testing.T) {
	var w Writer
	var b []byte
	for _, db := range []int{0, 0, 1, 1, 0} {
		b = w.Append(b, db, split("INCR a"), now)
	}
	got, _, _ := read(b)
	require.Equal(t, "SELECT 0\nINCR a\nINCR a\nSELECT 1\nINCR a\nINCR a\nSELECT 0\nINCR a\n", got)
}

func TestATransactionIsClosedOnceAndOnlyIfItWasOpened(t *testing.T) {
	var w Writer
	require.Empty(t, w.Close(nil), "its beginning is in another file")
	b := w.Open(nil, 0)
	require.True(t, w.InTransaction())
	b = w.Append(b, 0, split("SETEX a 1 v"), now)
	b = w.Append(b, 2, split("INCR b"), now)
	b = w.Close(w.Close(b))
	b = w.Append(b, 2, split("INCR c"), now)
	got, _, err := read(b)
	require.Equal(t, io.EOF, err)
	require.Equal(t, "SELECT 0\nSET a v | PEXPIREAT a 1519905601000 | SELECT 2 | INCR b\nINCR c\n", got)
}

func TestATornTailIsToldFromABrokenMiddle(t *testing.T) {
	var w Writer
	b := w.Append(nil, 0, split("SET a 1"), now)
	whole := len(b)
	b = w.Open(b, 0)
	b = w.Append(b, 0, split("SET a 12345678901234567890"), now)
	b = w.Close(b)
	for n := whole; n < len(b); n++ {
		_, valid, err := read(b[:n])
		if n == whole {
			require.Equal(t, io.EOF, err)
		} else {
			require.Equal(t, ErrTruncated, err, "%q", b[whole:n])
		}
		require.Equal(t, whole, valid)
	}
	for i := range b { // one byte is another one: never a crash, never more than what is there
		c := append([]byte(nil), b...)
		c[i] ^= 0x55
		_, valid, err := read(c)
		require.Error(t, err)
		require.LessOrEqual(t, valid, len(c))
	}
	for _, text := range []string{"x", "*0\r\n", "*-1\r\n", "*1\n$4\r\nPING\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*1\r\n$1\r\nab\r\n",
		"*1\r\n$4\r\nEXEC\r\n", "*99999999\r\n", "*1\r\n$99999999999999\r\n", "*11111111111111111111111111111111111", "*1x", "*1\r\n$1\r\nx\n\n",
		string(w.Open(w.Open(nil, 0), 0))} {
		_, valid, err := read([]byte(text))
		var format *FormatError
		require.ErrorAs(t, err, &format, "%q", text)
		require.LessOrEqual(t, valid, format.Offset)
	}
}

func TestARewrittenFileIsTheShortest(t *testing.T) {
	ks := keyspace.New(2)
	set := func(db int, key string, v value.Value, expireAt int64) {
		ks.DB(db).Set([]byte(key), v)
		if expireAt != 0 {
			ks.DB(db).SetExpire([]byte(key), expireAt)
		}
	}
	set(0, "gone", value.NewString([]byte("x")), now-1)
	set(0, "n", value.NewString([]byte("17")), 0)
	set(1, "soon", value.NewString([]byte("x")), now+1)
	list, _ := ks.DB(1).ChangeOrAdd([]byte("list"), value.KindList)
	for i := range 130 {
		list.List().PushBack(fmt.Append(nil, i))
	}
	got, _, err := read(Rewrite(ks.Snapshot(), now))
	require.Equal(t, io.EOF, err)
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	require.Equal(t, []string{"SELECT 0", "SET n 17", "SELECT 1"}, lines[:3])
	require.Contains(t, got, "SET soon x\nPEXPIREAT soon 1519905600001\n")
	require.Regexp(t, `RPUSH list 0 1 .* 63\nRPUSH list 64 .* 127\nRPUSH list 128 129\n`, got)
	require.NotContains(t, got, "gone")
}

// Whatever a file holds, the reader ends, and what it calls valid reads again as the same and is whole.
func FuzzReader(f *testing.F) {
	var w Writer
	b := w.Append(nil, 0, split("SET a 1"), now)
	b = w.Open(b, 1)
	b = w.Append(b, 1, split("SETEX a 10 1"), now)
	b = w.Close(b)
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add([]byte("*2\r\n$1\r\na\r\n$99999\r\nx"))
	f.Add([]byte("*1\r\n$4\r\nEXEC\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, valid, err := read(data)
		require.Error(t, err)
		again, same, err := read(data[:valid])
		require.Equal(t, io.EOF, err)
		require.Equal(t, text, again)
		require.Equal(t, valid, same)
	})
}

// What is written is read as it was, in whatever database and whatever the words.
func FuzzWriter(f *testing.F) {
	f.Add(0, []byte("SET"), []byte("a"), []byte("1"), []byte("EX"), []byte("7"))
	f.Add(1, []byte("SETEX"), []byte("a"), []byte("7"), []byte("v"), []byte(""))
	f.Add(2, []byte("\r\n*1"), []byte("$1\r\n"), []byte(""), []byte("EX"), []byte("-7"))
	f.Fuzz(func(t *testing.T, db int, a, b, c, d, e []byte) {
		args := [][]byte{a, b, c, d, e}
		if is(a, "MULTI") || is(a, "EXEC") {
			t.Skip("the writer's own")
		}
		var w Writer
		text := w.Append(nil, db, args, now)
		r := NewReader(text, 0)
		sel, err := r.Next(nil)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(db), string(sel[0][1]))
		list, err := r.Next(nil)
		require.NoError(t, err)
		require.Equal(t, len(text), r.Valid())
		if len(list) == 1 && !is(list[0][0], "PEXPIREAT") {
			require.Equal(t, string(resp.AppendCommandBytes(nil, args)), string(resp.AppendCommandBytes(nil, list[0])))
		} else {
			require.Equal(t, "PEXPIREAT", string(list[len(list)-1][0]))
		}
	})
}
