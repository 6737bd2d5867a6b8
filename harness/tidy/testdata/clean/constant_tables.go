package clean

import (
	"errors"
	"regexp"
	"strings"
)

var names = map[string]int{"set": 1, "get": 2}

var errEmpty = errors.New("the list is empty")

var word = regexp.MustCompile(`^\w+$`)

var escape = strings.NewReplacer("\n", "\\n")

var squares = table()

var zero struct{ a, b int }

type kind struct{ name string }

var register = &kind{name: "register"} // nobody writes to a kind

func table() (t [10]int) {
	for i := range t {
		t[i] = i * i
	}
	return t
}

func number(name string) (int, error) {
	local := map[string]int{}
	local[name] = squares[3] + zero.a
	if n, ok := names[escape.Replace(name)+register.name]; ok && word.MatchString(name) {
		return n + local[name], nil
	}
	return 0, errEmpty
}
