package value

import "encoding/binary"

// The compact form of small collections is one run of strings. Each has its length before it, and after it the same
// bytes of the length in reverse, so that it can be walked both ways:
//
//	0lllllll                       a length of 7 bits
//	10llllll llllllll              of 14
//	11000000 and 4 bytes           of 32
//
// Like Redis's ziplist, but an entry's head does not depend on its neighbour.

func headSize(n int) int {
	switch {
	case n < 1<<7:
		return 1
	case n < 1<<14:
		return 2
	}
	return 5
}

// packedSize is how many bytes a string of n bytes takes.
func packedSize(n int) int { return 2*headSize(n) + n }

func appendPacked(b, s []byte) []byte {
	switch n := len(s); headSize(n) {
	case 1:
		b = append(b, byte(n))
		b = append(b, s...)
		return append(b, byte(n))
	case 2:
		high, low := 0x80|byte(n>>8), byte(n)
		b = append(b, high, low)
		b = append(b, s...)
		return append(b, low, high)
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xc0), uint32(n))
		b = append(b, s...)
		return append(binary.LittleEndian.AppendUint32(b, uint32(n)), 0xc0)
	}
}

// packedAt returns the string that begins at at, and where the next one does.
func packedAt(b []byte, at int) (s []byte, next int) {
	head := b[at]
	switch head >> 6 {
	case 0, 1:
		end := at + 1 + int(head)
		return b[at+1 : end : end], end + 1
	case 2:
		end := at + 2 + int(head&63)<<8 + int(b[at+1])
		return b[at+2 : end : end], end + 2
	}
	end := at + 5 + int(binary.BigEndian.Uint32(b[at+1:]))
	return b[at+5 : end : end], end + 5
}

// packedBefore returns the string that ends at end, and where it begins.
func packedBefore(b []byte, end int) (s []byte, at int) {
	head := b[end-1]
	switch head >> 6 {
	case 0, 1:
		at = end - 2 - int(head)
		return b[at+1 : end-1 : end-1], at
	case 2:
		at = end - 4 - int(head&63)<<8 - int(b[end-2])
		return b[at+2 : end-2 : end-2], at
	}
	at = end - 10 - int(binary.LittleEndian.Uint32(b[end-5:]))
	return b[at+5 : end-5 : end-5], at
}

// splice returns b with the bytes from ≤ i < to replaced by n bytes that the caller fills in. It works within b if
// there is room.
func splice(b []byte, from, to, n int) []byte {
	size := len(b) + n - (to - from)
	if size > cap(b) {
		grown := make([]byte, size, sized(size+size/8))
		copy(grown, b[:from])
		copy(grown[from+n:], b[to:])
		return grown
	}
	tail := b[to:]
	b = b[:size]
	copy(b[from+n:], tail)
	return b
}

// putPacked writes s at at, over packedSize(len(s)) bytes.
func putPacked(b []byte, at int, s []byte) { appendPacked(b[:at:at+packedSize(len(s))], s) }
