package table

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// hash is a seeded multiply-and-fold hash in the manner of Wang Yi's wyhash: short keys, which most keys are,
// cost two multiplications.
func hash(key []byte, seed uint64) uint64 {
	const (
		k0 = 0xa0761d6478bd642f
		k1 = 0xe7037ed1a0b428db
		k2 = 0x8ebc6af09c88c6e3
	)
	seed ^= fold(seed^k0, k1)
	var a, b uint64
	switch n := len(key); {
	case n > 16:
		rest := key
		for ; len(rest) > 16; rest = rest[16:] {
			seed = fold(binary.LittleEndian.Uint64(rest)^k1, binary.LittleEndian.Uint64(rest[8:])^seed)
		}
		a, b = binary.LittleEndian.Uint64(key[n-16:]), binary.LittleEndian.Uint64(key[n-8:])
	case n > 8:
		a, b = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[n-8:])
	case n >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[n-4:]))
	case n > 0:
		a, b = uint64(key[0])<<16|uint64(key[n/2])<<8|uint64(key[n-1]), 0
	}
	return fold(k2^uint64(len(key)), fold(a^k1, b^seed))
}

func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

func hashString(key string, seed uint64) uint64 {
	return hash(unsafe.Slice(unsafe.StringData(key), len(key)), seed)
}
