package hole

import (
	"crypto/rand"   // want: import
	"hash/maphash"  // want: import
	old "math/rand" // want: import
	chance "math/rand/v2"
)

func drawn() int { return chance.IntN(6) } // want: chance

func picked() func(int, func(i, j int)) { return chance.Shuffle } // want: chance

func generic() int64 { return chance.N(int64(6)) } // want: chance

func older() int { return old.Intn(6) }

func bytes(b []byte) { rand.Read(b) }

func hashed(s string) uint64 { return maphash.String(maphash.MakeSeed(), s) }
