package hole

import (
	"math/rand/v2"
	"strings"
)

var counter int // want: package state

var seen = map[string]bool{} // want: package state

var cache = make(map[string]string) // want: package state

var known map[string]bool // want: package state

var aliased = map[string]int{"a": 1} // want: package state

var table = []string{"a", "b"} // want: package state

var settings struct{ depth struct{ max int } } // want: package state

var buffer strings.Builder // want: package state

var shared = &struct{ n int }{} // want: package state

type tally struct{ n int }

var counted = &tally{} // want: package state

var source = rand.New(rand.NewPCG(1, 2)) // want: package state

var pointedAt int // want: package state

var scratch [8]byte // want: package state

func use(key string) int {
	counter++
	seen[key] = true
	cache[key] = key
	delete(known, key)
	mine := aliased
	mine[key] = 1
	table[0] = key
	settings.depth.max = 3
	buffer.WriteString(key)
	shared.n++
	local := counted
	local.n++
	p := &pointedAt
	*p = source.IntN(9)
	copy(scratch[:], key)
	return counter
}
