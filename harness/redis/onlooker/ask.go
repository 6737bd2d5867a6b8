package onlooker

import (
	"bytes"
	"strconv"
	"strings"
)

// asker takes apart what a replica says: lines in the handshake, arrays after it.
type asker struct {
	rest  []byte // of a command that has not ended
	psync int64  // the offset that its PSYNC asked for
	lost  bool   // it says what is no command
}

// askMax is the longest command that a replica may give, in bytes.
const askMax = 64 << 10

// take calls heard with the words of every command that is whole now; an empty line is one empty word.
func (a *asker) take(b []byte, heard func(words []string)) {
	if a.lost {
		return
	}
	a.rest = append(a.rest, b...)
	for len(a.rest) > 0 && !a.lost {
		words, n := command(a.rest)
		if n == 0 {
			a.lost = len(a.rest) > askMax
			return
		}
		a.rest = a.rest[n:]
		if len(words) == 3 && strings.EqualFold(words[0], "PSYNC") {
			a.psync, _ = strconv.ParseInt(words[2], 10, 64)
		}
		heard(words)
	}
}

// command takes the first command off b and says how long it is, 0 if it has not ended.
func command(b []byte) (words []string, n int) {
	line, n := lineOf(b)
	if n == 0 {
		return nil, 0
	}
	if line == "" || line[0] != '*' {
		if words = strings.Fields(line); len(words) == 0 {
			words = []string{""}
		}
		return words, n
	}
	count, _ := strconv.Atoi(line[1:])
	for range count {
		line, used := lineOf(b[n:])
		size, err := strconv.Atoi(strings.TrimPrefix(line, "$"))
		if used == 0 || err != nil || len(b) < n+used+size+2 {
			return nil, 0
		}
		words = append(words, string(b[n+used:n+used+size]))
		n += used + size + 2
	}
	if len(words) == 0 {
		words = []string{""}
	}
	return words, n
}

// lineOf is the first line of b without its end, and how long it is with it, 0 if it has not ended.
func lineOf(b []byte) (line string, n int) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return "", 0
	}
	return strings.TrimSuffix(string(b[:end]), "\r"), end + 1
}
