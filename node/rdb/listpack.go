package rdb

import (
	"encoding/binary"
	"strconv"
)

// A listpack is a run of strings and integers, since 7.0 in the place of the ziplist:
//
//	bytes(4) count(2)  entry…  0xFF      little endian; a count of 65535 stands for "many"
//	entry: encoding, data, and how long both are, in 7 bits each from the last byte to the first
//	0nnnnnnn                      n
//	10llllll                      string of 6 bits of length
//	110nnnnn nnnnnnnn             signed integer of 13 bits
//	1110llll llllllll             string of 12 bits of length
//	F0 and 4 bytes                string of 32 bits of length, little endian
//	F1 F2 F3 F4                   signed integer of 2, 3, 4, 8 bytes, little endian
//
// Redis 7.0: listpack.c.
const (
	listpackHead = 6
	listpackEnd  = 0xff
	listpackMany = 0xffff
)

// walkListpack calls visit with each entry of the listpack b; see walkZiplist.
func walkListpack(b []byte, visit func(s []byte)) (problem string) {
	if len(b) < listpackHead+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) || b[len(b)-1] != listpackEnd {
		return "listpack whose size is not the one it states"
	}
	var text [20]byte
	at, count := listpackHead, 0
	for b[at] != listpackEnd {
		rest := b[at : len(b)-1]
		s, size := listpackEntry(rest, &text)
		if size == 0 {
			return "listpack that ends within an entry"
		}
		back, ok := backLength(rest[size:], size)
		if !ok {
			return "listpack entry that does not know its own length"
		}
		visit(s)
		at += size + back
		count++
	}
	if at != len(b)-1 {
		return "listpack with an end before its end"
	}
	if stated := int(binary.LittleEndian.Uint16(b[4:])); stated != listpackMany && stated != count {
		return "listpack with another number of entries than it states"
	}
	return ""
}

// listpackEntry reads encoding and data of an entry, and returns how many bytes they take, 0 if b is too short or the
// encoding is none.
func listpackEntry(b []byte, text *[20]byte) (s []byte, size int) {
	head, length := 0, uint64(0)
	switch enc := b[0]; {
	case enc < 0x80:
		return strconv.AppendInt(text[:0], int64(enc), 10), 1
	case enc < 0xc0:
		head, length = 1, uint64(enc&63)
	case enc < 0xe0:
		if len(b) < 2 {
			return nil, 0
		}
		n := int64(enc&31)<<8 | int64(b[1])
		return strconv.AppendInt(text[:0], n<<51>>51, 10), 2
	case enc < 0xf0:
		if len(b) >= 2 {
			head, length = 2, uint64(enc&15)<<8|uint64(b[1])
		}
	case enc == 0xf0:
		if len(b) >= 5 {
			head, length = 5, uint64(binary.LittleEndian.Uint32(b[1:]))
		}
	case enc <= 0xf4:
		width := [...]int{2, 3, 4, 8}[enc-0xf1]
		if len(b) <= width {
			return nil, 0
		}
		return strconv.AppendInt(text[:0], littleInt(b[1:1+width]), 10), 1 + width
	}
	if head == 0 || length > uint64(len(b)-head) {
		return nil, 0
	}
	size = head + int(length)
	return b[head:size:size], size
}

// backLength says whether b begins with the length size, as it is written behind an entry, and in how many bytes.
func backLength(b []byte, size int) (bytes int, ok bool) {
	switch { // Redis takes one byte more than needed for the highest number of each
	case size <= 127:
		bytes = 1
	case size < 1<<14-1:
		bytes = 2
	case size < 1<<21-1:
		bytes = 3
	case size < 1<<28-1:
		bytes = 4
	default:
		bytes = 5
	}
	if len(b) < bytes {
		return 0, false
	}
	for i := bytes - 1; i >= 0; i-- {
		want := byte(size & 127)
		if i > 0 {
			want |= 0x80 // more of it lies before
		}
		if b[i] != want {
			return 0, false
		}
		size >>= 7
	}
	return bytes, true
}

// A zipmap is a run of fields and values, until 2.6 the form of small hashes: count(1), then for each field its length,
// its bytes, the length of its value, a number of unused bytes (1), the value, the unused bytes; then 0xFF. A length is
// one byte below 254, or 254 and 4 bytes, little endian. A count of 254 stands for "many". Redis 4.0: zipmap.c.
const (
	zipmapLong = 254
	zipmapEnd  = 0xff
)

// walkZipmap calls visit with each field and each value of the zipmap b; see walkZiplist.
func walkZipmap(b []byte, visit func(s []byte)) (problem string) {
	const short = "zipmap that ends within a field"
	if len(b) < 2 {
		return short
	}
	at, count := 1, 0
	for {
		if at >= len(b) {
			return short
		}
		if b[at] == zipmapEnd {
			break
		}
		field, next, ok := zipmapString(b, at, false)
		if !ok {
			return short
		}
		value, after, ok := zipmapString(b, next, true)
		if !ok {
			return short
		}
		visit(field)
		visit(value)
		at = after
		count++
	}
	if at != len(b)-1 {
		return "zipmap with an end before its end"
	}
	if b[0] < zipmapLong && int(b[0]) != count {
		return "zipmap with another number of fields than it states"
	}
	return ""
}

// zipmapString reads the string at at, which a number of unused bytes belongs to if it is a value.
func zipmapString(b []byte, at int, value bool) (s []byte, next int, ok bool) {
	if at >= len(b) || b[at] > zipmapLong {
		return nil, 0, false
	}
	length := uint64(b[at])
	at++
	if length == zipmapLong {
		if len(b)-at < 4 {
			return nil, 0, false
		}
		length = uint64(binary.LittleEndian.Uint32(b[at:]))
		at += 4
	}
	unused := uint64(0)
	if value {
		if at >= len(b) {
			return nil, 0, false
		}
		unused = uint64(b[at])
		at++
	}
	if length+unused > uint64(len(b)-at) {
		return nil, 0, false
	}
	end := at + int(length)
	return b[at:end:end], end + int(unused), true
}
