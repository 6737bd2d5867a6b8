package rdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

const (
	maxIntText     = 11 // longest text that is tried as a number: -2147483648
	minCompress    = 21 // shortest string that is tried with LZF
	minCompressWin = 4  // bytes that LZF has to save
)

// Writer writes one RDB file. Redis 4.0: rdb.c, rdbSaveRio.
//
// The bytes pile up in memory until they are taken: by Take as often as is handy, or all at once by End.
type Writer struct {
	// NoCompression writes all strings as they are: rdbcompression no.
	NoCompression bool
	// NoChecksum writes 0 for the checksum, which readers do not check: rdbchecksum no.
	NoChecksum bool

	out    []byte
	crc    uint64 // of what has been taken
	dump   bool   // one value without a key
	lzf    *compressor
	packed []byte
}

// NewWriter starts a file. It writes into buf, which may be nil, from its start.
func NewWriter(buf []byte) *Writer {
	return &Writer{out: fmt.Appendf(buf[:0], "%s%04d", signature, Version)}
}

// Len returns how many bytes wait to be taken.
func (w *Writer) Len() int { return len(w.out) }

// Take returns the bytes that have been written and not been taken. They are the caller's.
func (w *Writer) Take() []byte {
	if !w.NoChecksum {
		w.crc = Checksum(w.crc, w.out)
	}
	out := w.out
	w.out = make([]byte, 0, cap(out))
	return out
}

// End ends the file and returns what has not been taken of it.
func (w *Writer) End() []byte {
	w.out = append(w.out, opEnd)
	crc := uint64(0)
	if !w.NoChecksum {
		crc = Checksum(w.crc, w.out)
	}
	return binary.LittleEndian.AppendUint64(w.out, crc)
}

// Aux writes a field of information about the file.
func (w *Writer) Aux(name, text string) {
	w.out = append(w.out, opAux)
	w.string([]byte(name))
	w.string([]byte(text))
}

// AuxInt writes a field of information about the file.
func (w *Writer) AuxInt(name string, n int64) { w.Aux(name, strconv.FormatInt(n, 10)) }

// SelectDB says that the following keys are in database db.
func (w *Writer) SelectDB(db int) {
	w.out = append(w.out, opSelectDB)
	w.length(uint64(db))
}

// ResizeDB says how many keys will follow in this database, and how many of them have an expiry time.
func (w *Writer) ResizeDB(keys, expires int) {
	w.out = append(w.out, opResizeDB)
	w.length(uint64(keys))
	w.length(uint64(expires))
}

// Expire says that the key that follows expires at ms, since the epoch.
func (w *Writer) Expire(ms int64) {
	w.out = append(w.out, opExpireMS)
	w.out = binary.LittleEndian.AppendUint64(w.out, uint64(ms))
}

// Begin writes the type of a value and its key. What the format description says of the type must follow, by Length,
// Text and Double.
func (w *Writer) Begin(t Type, key []byte) {
	w.out = append(w.out, byte(t))
	if !w.dump {
		w.string(key)
	}
}

// Length writes a number of elements.
func (w *Writer) Length(n int) { w.length(uint64(n)) }

// Text writes an element: a string, a ziplist, an intset.
func (w *Writer) Text(s []byte) { w.string(s) }

// Double writes the score of a member of a TypeZSet2.
func (w *Writer) Double(f float64) {
	w.out = binary.LittleEndian.AppendUint64(w.out, math.Float64bits(f))
}

// String writes a key whose value is a string.
func (w *Writer) String(key, value []byte) {
	w.Begin(TypeString, key)
	w.string(value)
}

// Int writes a key whose value is a string, the decimal text of n.
func (w *Writer) Int(key []byte, n int64) {
	w.Begin(TypeString, key)
	w.int(n)
}

func (w *Writer) int(n int64) {
	switch {
	case n == int64(int8(n)):
		w.out = append(w.out, special<<6|specialInt8, byte(n))
	case n == int64(int16(n)):
		w.out = append(w.out, special<<6|specialInt16)
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(n))
	case n == int64(int32(n)):
		w.out = append(w.out, special<<6|specialInt32)
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(n))
	default:
		var text [20]byte
		w.plain(strconv.AppendInt(text[:0], n, 10))
	}
}

// string writes s in its shortest form: a number, compressed, or as it is.
func (w *Writer) string(s []byte) {
	if n, ok := smallInt(s); ok {
		w.int(n)
		return
	}
	if len(s) >= minCompress && !w.NoCompression {
		if w.lzf == nil {
			w.lzf = new(compressor)
		}
		var ok bool
		if w.packed, ok = w.lzf.compress(w.packed[:0], s, len(s)-minCompressWin); ok {
			w.out = append(w.out, special<<6|specialLZF)
			w.length(uint64(len(w.packed)))
			w.length(uint64(len(s)))
			w.out = append(w.out, w.packed...)
			return
		}
	}
	w.plain(s)
}

func (w *Writer) plain(s []byte) {
	w.length(uint64(len(s)))
	w.out = append(w.out, s...)
}

func (w *Writer) length(n uint64) {
	switch {
	case n < 1<<6:
		w.out = append(w.out, length6<<6|byte(n))
	case n < 1<<14:
		w.out = append(w.out, length14<<6|byte(n>>8), byte(n))
	case n < 1<<32:
		w.out = append(w.out, length32)
		w.out = binary.BigEndian.AppendUint32(w.out, uint32(n))
	default:
		w.out = append(w.out, length64)
		w.out = binary.BigEndian.AppendUint64(w.out, n)
	}
}

// smallInt reads the canonical text of an int32: the numbers that have a form of their own.
func smallInt(s []byte) (n int64, ok bool) {
	if len(s) > maxIntText {
		return 0, false
	}
	n, ok = canonical(s)
	return n, ok && n == int64(int32(n))
}
