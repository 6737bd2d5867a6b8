package sim

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// digest is a running hash of 256 bits. It has to be fast and to tell runs apart that differ by accident; it need
// not withstand an adversary. Four lanes take one word each; within a lane every step is a bijection of the state,
// so that one changed word always changes the lane.
type digest struct{ a, b, c, d uint64 }

const (
	prime1 = 0x9e3779b185ebca87
	prime2 = 0xc2b2ae3d27d4eb4f
	prime3 = 0x165667b19e3779f9
)

func newDigest() digest { return digest{prime1, prime2, prime3, 0x27d4eb2f165667c5} }

func lane(s, w uint64) uint64 { return bits.RotateLeft64(s+w*prime2, 31) * prime1 }

// words takes four words.
func (g *digest) words(a, b, c, d uint64) { *g = g.withWords(a, b, c, d) }

func (g digest) withWords(a, b, c, d uint64) digest {
	return digest{lane(g.a, a), lane(g.b, b), lane(g.c, c), lane(g.d, d)}
}

// bytes takes p and its length.
func (g *digest) bytes(p []byte) {
	a, b, c, d := g.a, g.b, g.c, g.d
	n := uint64(len(p))
	for len(p) >= 32 {
		a = lane(a, binary.LittleEndian.Uint64(p))
		b = lane(b, binary.LittleEndian.Uint64(p[8:]))
		c = lane(c, binary.LittleEndian.Uint64(p[16:]))
		d = lane(d, binary.LittleEndian.Uint64(p[24:]))
		p = p[32:]
	}
	if len(p) >= 16 {
		a = lane(a, binary.LittleEndian.Uint64(p))
		b = lane(b, binary.LittleEndian.Uint64(p[8:]))
		p = p[16:]
	}
	if len(p) >= 8 {
		c = lane(c, binary.LittleEndian.Uint64(p))
		p = p[8:]
	}
	g.a, g.b, g.c, g.d = a, b, c, lane(d, n<<56|rest(p))^n
}

// text takes s and its length.
func (g *digest) text(s string) { *g = g.withText(s) }

// withText is text as a value: where many texts follow each other, the lanes stay in registers.
func (g digest) withText(s string) digest {
	for len(s) >= 8 {
		g.a = lane(g.a, uint64(s[0])|uint64(s[1])<<8|uint64(s[2])<<16|uint64(s[3])<<24|
			uint64(s[4])<<32|uint64(s[5])<<40|uint64(s[6])<<48|uint64(s[7])<<56)
		g.a, g.b, g.c, g.d = g.b, g.c, g.d, g.a
		s = s[8:]
	}
	return digest{g.b, g.c, g.d, lane(g.a, uint64(len(s)+1)<<56|rest(s))}
}

// rest is the last bytes of something, at most 7, as the lower bytes of a word.
func rest[T string | []byte](s T) (w uint64) {
	at := 0
	if len(s)&4 != 0 {
		w = uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
		at = 4
	}
	if len(s)&2 != 0 {
		w |= (uint64(s[at]) | uint64(s[at+1])<<8) << (8 * at)
		at += 2
	}
	if len(s)&1 != 0 {
		w |= uint64(s[at]) << (8 * at)
	}
	return w
}

// withField is withText for texts of which most are empty.
func (g digest) withField(s string) digest {
	if s == "" {
		return digest{g.b, g.c, g.d, g.a + 1}
	}
	return g.withText(s)
}

// withFields is withField of each of four: all empty, each lane has been everywhere and is in its place again.
func (g digest) withFields(s, t, u, v string) digest {
	if len(s)|len(t)|len(u)|len(v) == 0 {
		return digest{g.a + 1, g.b + 1, g.c + 1, g.d + 1}
	}
	return g.withField(s).withField(t).withField(u).withField(v)
}

// sum returns the hash of everything so far, as 64 hexadecimal digits.
func (g digest) sum() string {
	for range 8 { // let every lane reach every other
		g.a, g.b, g.c, g.d = lane(g.a, g.d), lane(g.b, g.a), lane(g.c, g.b), lane(g.d, g.c)
		g.a ^= g.a >> 29
		g.b ^= g.b >> 31
		g.c ^= g.c >> 30
		g.d ^= g.d >> 32
	}
	var out [32]byte
	binary.BigEndian.PutUint64(out[0:], g.a)
	binary.BigEndian.PutUint64(out[8:], g.b)
	binary.BigEndian.PutUint64(out[16:], g.c)
	binary.BigEndian.PutUint64(out[24:], g.d)
	return hex.EncodeToString(out[:])
}
