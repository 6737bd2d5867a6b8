package histories

import (
	"bytes"
	"strconv"
	"time"
)

// Most lines of a history are operations, written plainly: reading those by hand, and leaving the rest to a JSON parser,
// is several times as fast. What is read by hand is read just the same.

// plainReader reads lines that are plain operations.
type plainReader struct {
	line  anyLine
	op    string
	proc  string
	words map[string]string // one copy of each word that many lines have
}

// wordsMax is how many words are kept.
const wordsMax = 1 << 16

// word is b as a string, the same one for the same bytes.
func (p *plainReader) word(b []byte) string {
	if s, known := p.words[string(b)]; known {
		return s
	}
	s := string(b)
	if p.words == nil {
		p.words = map[string]string{}
	}
	if len(p.words) < wordsMax {
		p.words[s] = s
	}
	return s
}

// operation reads line if it is a plain operation: an object with known fields, none twice, whose strings are of ASCII
// without escapes. Otherwise it is nil, and the line may be anything. It is valid until the next one.
func (p *plainReader) operation(line []byte) *anyLine {
	p.line = anyLine{}
	rest := bytes.TrimRight(line, " \t\r")
	if len(rest) < 2 || rest[0] != '{' || rest[len(rest)-1] != '}' {
		return nil
	}
	rest = rest[1 : len(rest)-1]
	seen := 0
	for {
		name, after, ok := plainString(rest)
		if !ok || len(after) == 0 || after[0] != ':' {
			return nil
		}
		raw, next, ok := plainValue(skipSpaces(after[1:]))
		if !ok {
			return nil
		}
		bit := p.field(name, raw)
		if bit == 0 || seen&bit != 0 {
			return nil
		}
		seen |= bit
		if rest = skipSpaces(next); len(rest) == 0 {
			break
		}
		if rest[0] != ',' {
			return nil
		}
		rest = skipSpaces(rest[1:])
	}
	if p.line.Op == nil {
		return nil
	}
	return &p.line
}

// field takes up a field, and returns a bit of its own for each; 0 if it is not one of a plain operation.
func (p *plainReader) field(name, raw []byte) (bit int) {
	l := &p.line
	switch string(name) {
	case "t":
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil || n < 0 {
			return 0
		}
		l.Time = time.Duration(n)
		return 1 << 0
	case "arg":
		l.Arg = raw
		return 1 << 1
	case "result":
		l.Result = raw
		return 1 << 2
	case "final":
		if l.Final = string(raw) == "true"; !l.Final {
			return 0
		}
		return 1 << 3
	}
	if len(raw) < 2 || raw[0] != '"' {
		return 0
	}
	text := p.word(raw[1 : len(raw)-1])
	switch string(name) {
	case "op":
		p.op = text
		l.Op = &p.op
		return 1 << 4
	case "process":
		p.proc = text
		l.Process = &p.proc
		return 1 << 5
	case "workload":
		l.Workload = text
		return 1 << 6
	case "f":
		l.Func = text
		return 1 << 7
	case "key":
		l.Key = text
		return 1 << 8
	case "node":
		l.Node = text
		return 1 << 9
	case "error":
		l.Error = text
		return 1 << 10
	}
	return 0
}

func skipSpaces(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

// plainString parts b into the string that it begins with, without quotes, and what follows.
func plainString(b []byte) (text, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return b[1:i], b[i+1:], true
		case c < 0x20 || c >= 0x80 || c == '\\':
			return nil, nil, false
		}
	}
	return nil, nil, false
}

// plainValue parts b into the value that it begins with and what follows: a plain string, an integer or a truth.
func plainValue(b []byte) (raw, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	if b[0] == '"' {
		text, rest, ok := plainString(b)
		if !ok {
			return nil, nil, false
		}
		return b[:len(text)+2], rest, true
	}
	end := bytes.IndexAny(b, ", ")
	if end < 0 {
		end = len(b)
	}
	switch raw = b[:end]; {
	case string(raw) == "true", string(raw) == "false":
	case plainInteger(raw):
	default:
		return nil, nil, false
	}
	return raw, b[end:], true
}

// plainInteger says whether b spells an integer as JSON has it, of so few digits that it surely fits.
func plainInteger(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 || b[0] == '0' && len(b) > 1 {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
