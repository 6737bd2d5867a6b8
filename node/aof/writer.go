package aof

import (
	"math"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/resp"
)

// Writer turns commands into the text of a file, and knows which database the text has selected so far. The zero value
// begins a text of which nothing is known: SELECT comes first.
type Writer struct {
	db    int
	known bool // db is what the text has selected
	open  bool // MULTI stands in the text, and EXEC is to come
}

// Append appends a command that ran in database db at now, in ms since the epoch. What counts from now is written as the
// moment that it means. Redis 4.0: aof.c, feedAppendOnlyFile.
func (w *Writer) Append(b []byte, db int, args [][]byte, now int64) []byte {
	if !w.known || w.db != db {
		b = appendSelect(b, db)
		w.db, w.known = db, true
	}
	first, at := absolute(args, now)
	if at < 0 {
		return resp.AppendCommandBytes(b, args)
	}
	if first == nil {
		return appendExpiry(b, args[1], at)
	}
	// A tail that is torn between the two would leave a key that stays for ever. Redis 4.0 writes them bare.
	wrap := !w.open
	if wrap {
		b = resp.AppendCommand(b, "MULTI")
	}
	b = resp.AppendCommandBytes(b, first)
	b = appendExpiry(b, args[1], at)
	if wrap {
		b = resp.AppendCommand(b, "EXEC")
	}
	return b
}

// Open appends the beginning of a transaction in database db.
func (w *Writer) Open(b []byte, db int) []byte {
	b = w.Append(b, db, [][]byte{[]byte("MULTI")}, 0)
	w.open = true
	return b
}

// Close appends the end of a transaction, unless none was opened: its beginning is in another text then.
func (w *Writer) Close(b []byte) []byte {
	if !w.open {
		return b
	}
	w.open = false
	return resp.AppendCommand(b, "EXEC")
}

// InTransaction says whether MULTI stands in the text and EXEC is still to come.
func (w *Writer) InTransaction() bool { return w.open }

func appendSelect(b []byte, db int) []byte {
	b = resp.AppendArray(b, 2)
	b = resp.AppendBulkString(b, "SELECT")
	return resp.AppendBulkInt(b, int64(db))
}

func appendExpiry(b []byte, key []byte, at int64) []byte {
	b = resp.AppendArray(b, 3)
	b = resp.AppendBulkString(b, "PEXPIREAT")
	b = resp.AppendBulk(b, key)
	return resp.AppendBulkInt(b, at)
}

const secondsMS = 1000

// absolute takes a command apart that gives a key a time to live: at is when that ends, in ms since the epoch, negative
// for a command that gives none; first is what remains of the command, nil if nothing does.
func absolute(args [][]byte, now int64) (first [][]byte, at int64) {
	const none = -1
	if len(args) < 3 || len(args[0]) < len("SET") || len(args[0]) > len("EXPIREAT") {
		return nil, none // most commands by far, and PEXPIREAT
	}
	switch {
	case is(args[0], "EXPIRE"):
		return nil, moment(args[2], secondsMS, now)
	case is(args[0], "PEXPIRE"):
		return nil, moment(args[2], 1, now)
	case is(args[0], "EXPIREAT"):
		return nil, moment(args[2], secondsMS, 0)
	case is(args[0], "SETEX") && len(args) == 4:
		return [][]byte{wordSet, args[1], args[3]}, moment(args[2], secondsMS, now)
	case is(args[0], "PSETEX") && len(args) == 4:
		return [][]byte{wordSet, args[1], args[3]}, moment(args[2], 1, now)
	case is(args[0], "SET"):
		return absoluteSet(args, now)
	case is(args[0], "RESTORE") && len(args) >= 4 && string(args[2]) != "0":
		first = append([][]byte{args[0], args[1], wordZero}, args[3:]...)
		return first, moment(args[2], 1, now)
	}
	return nil, none
}

var wordSet, wordZero = []byte("SET"), []byte("0")

// absoluteSet is absolute of SET. Its conditions held, or it would not be written: they are left out.
func absoluteSet(args [][]byte, now int64) (first [][]byte, at int64) {
	for i := 3; i+1 < len(args); i++ {
		switch {
		case is(args[i], "EX"):
			return args[:3:3], moment(args[i+1], secondsMS, now)
		case is(args[i], "PX"):
			return args[:3:3], moment(args[i+1], 1, now)
		case is(args[i], "PXAT"): // of a newer master
			return args[:3:3], moment(args[i+1], 1, 0)
		}
	}
	return nil, -1
}

// moment is from + n units, at least 0: whatever lies before the epoch has passed all the same.
func moment(n []byte, unit, from int64) int64 {
	v, err := strconv.ParseInt(string(n), 10, 64)
	switch {
	case err != nil:
		return -1 // the command was run, so this cannot be: it stays as it is
	case v > (math.MaxInt64-from)/unit:
		return math.MaxInt64
	case v < (math.MinInt64+from)/unit:
		return 0
	}
	return max(from+v*unit, 0)
}

func is(word []byte, name string) bool {
	return len(word) == len(name) && strings.EqualFold(string(word), name)
}
