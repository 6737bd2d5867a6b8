package hole

import "reflect"

type votes map[string]int

func winner(v votes) (best string) {
	for id, n := range v { // want: map order
		if n > v[best] {
			best = id
		}
	}
	return best
}

func generic[M ~map[K]V, K comparable, V any](m M) (last K) {
	for k := range m { // want: map order
		last = k
	}
	return last
}

func reflected(m any) string {
	return reflect.ValueOf(m).MapKeys()[0].String() // want: map order
}

func excused(list []int) (n int) {
	// any order: this is no map // want: map order
	for range list {
		n++
	}
	return n
}
