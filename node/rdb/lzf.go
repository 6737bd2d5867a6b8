package rdb

import "errors"

// LZF, the compression of Marc Lehmann's liblzf, is a sequence of two kinds of tokens:
//
//	000lllll  byte…                      l+1 literal bytes
//	lllooooo [llllllll] oooooooo         l+2 bytes again, from o+1 bytes back; l = 7 is continued in the next byte
const (
	lzfMaxLiteral  = 32
	lzfMinMatch    = 3
	lzfMaxMatch    = 2 + 7 + 255
	lzfMaxDistance = 1 << 13
	lzfMaxGrowth   = (lzfMaxMatch + 2) / 3 // bytes that one byte of input can become: the longest match takes three
)

const compressorBits = 13

// compressor finds repetitions by the three bytes they begin with. It is used again without being cleared: what it
// remembers of earlier inputs lies below base.
type compressor struct {
	last [1 << compressorBits]uint32 // where, counted from base, such three bytes have been seen last
	base uint32
}

// compress appends src to dst in compressed form, unless that takes more than limit bytes.
func (c *compressor) compress(dst, src []byte, limit int) (packed []byte, ok bool) {
	if len(src) >= 1<<31 {
		return dst, false
	}
	if c.base > 1<<32-1-uint32(len(src))-1 {
		c.last, c.base = [1 << compressorBits]uint32{}, 0
	}
	if c.base == 0 {
		c.base = 1 // 0 is where nothing has been seen
	}
	start, literals := len(dst), 0 // literals is where those begin that wait to be written
	i := 0
	for i+lzfMinMatch <= len(src) {
		slot := &c.last[lzfHash(src[i:])]
		at := int64(*slot) - int64(c.base)
		*slot = c.base + uint32(i)
		if at < 0 || int64(i)-at > lzfMaxDistance || string(src[at:at+lzfMinMatch]) != string(src[i:i+lzfMinMatch]) {
			i++
			continue
		}
		n := matchLength(src, int(at), i)
		dst = appendLiterals(dst, src[literals:i])
		dst = appendMatch(dst, i-int(at), n)
		if len(dst)-start > limit {
			break // it can only become longer
		}
		i += n
		literals = i
		if j := i - 1; j+lzfMinMatch <= len(src) { // repetitions often go on right behind one
			c.last[lzfHash(src[j:])] = c.base + uint32(j)
		}
	}
	c.base += uint32(len(src))
	if len(dst)-start > limit {
		return dst, false
	}
	dst = appendLiterals(dst, src[literals:])
	return dst, len(dst)-start <= limit
}

func lzfHash(b []byte) uint32 {
	three := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	return three * 2654435761 >> (32 - compressorBits)
}

func matchLength(src []byte, at, i int) int {
	n := lzfMinMatch
	for n < lzfMaxMatch && i+n < len(src) && src[at+n] == src[i+n] {
		n++
	}
	return n
}

func appendLiterals(dst, s []byte) []byte {
	for len(s) > 0 {
		n := min(len(s), lzfMaxLiteral)
		dst = append(append(dst, byte(n-1)), s[:n]...)
		s = s[n:]
	}
	return dst
}

func appendMatch(dst []byte, distance, n int) []byte {
	distance, n = distance-1, n-2
	if n < 7 {
		return append(dst, byte(n<<5|distance>>8), byte(distance))
	}
	return append(dst, byte(7<<5|distance>>8), byte(n-7), byte(distance))
}

var (
	errLZFShort    = errors.New("compressed string ends within a token")
	errLZFDistance = errors.New("compressed string refers to bytes before its start")
	errLZFLong     = errors.New("compressed string is longer than announced")
	errLZFLength   = errors.New("compressed string is shorter than announced")
)

// decompress appends to dst the n bytes that src is the compressed form of.
func decompress(dst, src []byte, n int) ([]byte, error) {
	if n > len(src)*lzfMaxGrowth {
		return dst, errLZFLength // before memory is set aside for them
	}
	if cap(dst)-len(dst) < n {
		dst = append(make([]byte, 0, len(dst)+n), dst...)
	}
	start, end := len(dst), len(dst)+n
	for i := 0; i < len(src); {
		c := int(src[i])
		i++
		if c < lzfMaxLiteral {
			if i+c+1 > len(src) {
				return dst, errLZFShort
			}
			if len(dst)+c+1 > end {
				return dst, errLZFLong
			}
			dst = append(dst, src[i:i+c+1]...)
			i += c + 1
			continue
		}
		length := c >> 5
		if length == 7 {
			if i == len(src) {
				return dst, errLZFShort
			}
			length += int(src[i])
			i++
		}
		if i == len(src) {
			return dst, errLZFShort
		}
		from := len(dst) - (c&31<<8 | int(src[i])) - 1
		i++
		if from < start {
			return dst, errLZFDistance
		}
		if len(dst)+length+2 > end {
			return dst, errLZFLong
		}
		for ; length+2 > 0; length-- { // byte by byte: a match may reach into itself
			dst = append(dst, dst[from])
			from++
		}
	}
	if len(dst) != end {
		return dst, errLZFLength
	}
	return dst, nil
}
