package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// A ziplist is a run of strings and integers:
//
//	bytes(4) tail(4) count(2)  entry…  0xFF        all little endian; a count of 65535 stands for "many"
//	entry: length of the one before (1 byte below 254, or 0xFE and 4 bytes), encoding, data
//	00llllll                        string of 6 bits of length
//	01llllll llllllll               of 14 bits
//	10______ and 4 bytes, big end   of 32 bits
//	C0 D0 E0 F0 FE                  integer of 2, 4, 8, 3, 1 bytes
//	1111nnnn                        n-1, for n from 1 to 13
//
// Redis 4.0: ziplist.c.
const (
	ziplistHead  = 10
	ziplistEnd   = 0xff
	ziplistMany  = 0xffff
	prevLong     = 0xfe
	zipInt16     = 0xc0
	zipInt32     = 0xd0
	zipInt64     = 0xe0
	zipInt24     = 0xf0
	zipInt8      = 0xfe
	zipSmall     = 0xf1 // 0, up to 0xfd for 12
	zipSmallMost = 12
)

// Ziplist builds a ziplist. The zero value is an empty one.
type Ziplist struct {
	b     []byte
	tail  int // where the last entry begins
	count int
}

// Reset empties z, for another one in the same memory.
func (z *Ziplist) Reset() { *z = Ziplist{b: z.b[:0]} }

// Len returns how many entries there are.
func (z *Ziplist) Len() int { return z.count }

// Size returns how many bytes the ziplist takes.
func (z *Ziplist) Size() int { return max(len(z.b), ziplistHead) + 1 }

// Append adds an entry: an integer, if s is the canonical text of one.
func (z *Ziplist) Append(s []byte) {
	if len(z.b) == 0 {
		z.b = append(z.b, make([]byte, ziplistHead)...)
	}
	at := len(z.b)
	if before := at - z.tail; z.count == 0 {
		z.b = append(z.b, 0)
	} else if before < prevLong {
		z.b = append(z.b, byte(before))
	} else {
		z.b = binary.LittleEndian.AppendUint32(append(z.b, prevLong), uint32(before))
	}
	z.tail = at
	z.count++
	if n, ok := canonical(s); ok {
		z.int(n)
		return
	}
	switch n := len(s); {
	case n < 1<<6:
		z.b = append(z.b, byte(n))
	case n < 1<<14:
		z.b = append(z.b, 0x40|byte(n>>8), byte(n))
	default:
		z.b = binary.BigEndian.AppendUint32(append(z.b, 0x80), uint32(n))
	}
	z.b = append(z.b, s...)
}

func (z *Ziplist) int(n int64) {
	switch {
	case n >= 0 && n <= zipSmallMost:
		z.b = append(z.b, zipSmall+byte(n))
	case n == int64(int8(n)):
		z.b = append(z.b, zipInt8, byte(n))
	case n == int64(int16(n)):
		z.b = binary.LittleEndian.AppendUint16(append(z.b, zipInt16), uint16(n))
	case n == n<<40>>40:
		z.b = append(z.b, zipInt24, byte(n), byte(n>>8), byte(n>>16))
	case n == int64(int32(n)):
		z.b = binary.LittleEndian.AppendUint32(append(z.b, zipInt32), uint32(n))
	default:
		z.b = binary.LittleEndian.AppendUint64(append(z.b, zipInt64), uint64(n))
	}
}

// Bytes ends the ziplist and returns it. It is valid until Reset.
func (z *Ziplist) Bytes() []byte {
	if len(z.b) == 0 {
		z.b, z.tail = append(z.b, make([]byte, ziplistHead)...), ziplistHead
	}
	z.b = append(z.b, ziplistEnd)
	binary.LittleEndian.PutUint32(z.b, uint32(len(z.b)))
	binary.LittleEndian.PutUint32(z.b[4:], uint32(z.tail))
	binary.LittleEndian.PutUint16(z.b[8:], uint16(min(z.count, ziplistMany)))
	return z.b
}

// canonical reads s as an int64 if it is the text that AppendInt writes for it.
func canonical(s []byte) (int64, bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > len("9223372036854775807") {
		return 0, false
	}
	if digits[0] == '0' {
		return 0, len(s) == 1
	}
	var u uint64 // 19 digits cannot overflow it
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	if len(digits) < len(s) {
		return -int64(u), u <= -math.MinInt64
	}
	return int64(u), u <= math.MaxInt64
}

// walkZiplist calls visit with each entry of the ziplist b. problem says what is wrong with it, "" if nothing is.
func walkZiplist(b []byte, visit func(s []byte)) (problem string) {
	if len(b) < ziplistHead+1 || uint64(binary.LittleEndian.Uint32(b)) != uint64(len(b)) || b[len(b)-1] != ziplistEnd {
		return "ziplist whose size is not the one it states"
	}
	var text [20]byte
	at, before, last, count := ziplistHead, 0, ziplistHead, 0
	for b[at] != ziplistEnd {
		from := at
		prev, size := int(b[at]), 1
		if prev == prevLong {
			if len(b)-at < 6 {
				return "ziplist that ends within an entry"
			}
			prev, size = int(binary.LittleEndian.Uint32(b[at+1:])), 5
		}
		if prev != before {
			return "ziplist entry that does not know the one before it"
		}
		s, n := zipEntry(b[at+size:len(b)-1], &text)
		if n == 0 {
			return "ziplist that ends within an entry"
		}
		visit(s)
		at += size + n
		before, last = at-from, from
		count++
	}
	if at != len(b)-1 {
		return "ziplist with an end before its end"
	}
	if tail := binary.LittleEndian.Uint32(b[4:]); int(tail) != last {
		return "ziplist whose last entry is not where it states"
	}
	if stated := int(binary.LittleEndian.Uint16(b[8:])); stated != ziplistMany && stated != count {
		return "ziplist with another number of entries than it states"
	}
	return ""
}

// zipEntry reads an entry from its encoding on, and returns how many bytes it takes, 0 if b is too short or the
// encoding is none. text is memory for integers.
func zipEntry(b []byte, text *[20]byte) (s []byte, size int) {
	if len(b) == 0 {
		return nil, 0
	}
	head, length := 0, uint64(0)
	switch enc := b[0]; enc >> 6 {
	case 0:
		head, length = 1, uint64(enc&63)
	case 1:
		if len(b) >= 2 {
			head, length = 2, uint64(enc&63)<<8|uint64(b[1])
		}
	case 2:
		if len(b) >= 5 {
			head, length = 5, uint64(binary.BigEndian.Uint32(b[1:]))
		}
	default:
		return zipIntEntry(b, text)
	}
	if head == 0 || length > uint64(len(b)-head) {
		return nil, 0
	}
	size = head + int(length)
	return b[head:size:size], size
}

func zipIntEntry(b []byte, text *[20]byte) (s []byte, size int) {
	width := 0
	switch enc := b[0]; enc {
	case zipInt8:
		width = 1
	case zipInt16:
		width = 2
	case zipInt24:
		width = 3
	case zipInt32:
		width = 4
	case zipInt64:
		width = 8
	default:
		if enc < zipSmall || enc > zipSmall+zipSmallMost {
			return nil, 0
		}
		return strconv.AppendInt(text[:0], int64(enc-zipSmall), 10), 1
	}
	if len(b) <= width {
		return nil, 0
	}
	return strconv.AppendInt(text[:0], littleInt(b[1:1+width]), 10), 1 + width
}

// littleInt reads a signed integer of len(b) bytes, little endian.
func littleInt(b []byte) int64 {
	var u uint64
	for i, c := range b {
		u |= uint64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return int64(u<<shift) >> shift
}

// Intset writes integers, which must be in ascending order, as an intset: the width of each and their number, in 4
// bytes each, then the integers; all little endian. Redis 4.0: intset.c.
func Intset(b []byte, ints []int64) []byte {
	width := 2
	for _, n := range ints {
		switch {
		case n != int64(int32(n)):
			width = 8
		case n != int64(int16(n)):
			width = max(width, 4)
		}
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(width))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(ints)))
	for _, n := range ints {
		for i := range width {
			b = append(b, byte(n>>(8*i)))
		}
	}
	return b
}

// walkIntset calls visit with each member of the intset b; see walkZiplist.
func walkIntset(b []byte, visit func(s []byte)) (problem string) {
	if len(b) < 8 {
		return "intset that ends within its head"
	}
	width, count := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if width != 2 && width != 4 && width != 8 {
		return "intset of an unknown width"
	}
	if uint64(len(b)-8) != uint64(width)*uint64(count) {
		return "intset whose size is not the one it states"
	}
	var text [20]byte
	last := int64(math.MinInt64)
	for i := 8; i < len(b); i += int(width) {
		n := littleInt(b[i : i+int(width)])
		if i > 8 && n <= last {
			return "intset out of order"
		}
		last = n
		visit(strconv.AppendInt(text[:0], n, 10))
	}
	return ""
}
