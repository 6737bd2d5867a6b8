package histories

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// EDN is the notation of Clojure's data, in which Jepsen writes histories. What is read here: nil, truths, integers,
// floats (kept as texts), strings, characters, keywords, symbols, lists, vectors, sets, maps, tagged values (of which the
// tag is dropped), comments and discarded forms.

// keyword is a word like :read, without its colon.
type keyword string

// ednMap is a map in the order in which it was written.
type ednMap []ednPair

type ednPair struct{ key, value any }

func (m ednMap) get(name string) (value any, ok bool) {
	for _, p := range m {
		if p.key == keyword(name) {
			return p.value, true
		}
	}
	return nil, false
}

// ednSet is a set in the order in which it was written.
type ednSet []any

// ednReader reads EDN, one form at a time. A form is nil, a bool, an int64, a string, a keyword, a []any, an ednSet or an
// ednMap.
type ednReader struct {
	in   *bufio.Reader
	line int // number of the line, from 1
	size int // bytes of the form that is read
}

// ednDepthMax is how deep forms may lie in each other.
const ednDepthMax = 64

func newEDN(r *bufio.Reader) *ednReader { return &ednReader{in: r, line: 1} }

func (r *ednReader) fault(format string, args ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{r.line}, args...)...)
}

// byte reads a byte; a form has at most LineMax of them.
func (r *ednReader) byte() (byte, error) {
	b, err := r.in.ReadByte()
	if err != nil {
		return 0, err
	}
	if b == '\n' {
		r.line++
	}
	if r.size++; r.size > LineMax {
		return 0, r.fault("a value is longer than %d bytes, the most that is read", LineMax)
	}
	return b, nil
}

func (r *ednReader) back(b byte) {
	if r.in.UnreadByte() == nil && b == '\n' {
		r.line--
	}
	r.size--
}

// blank skips what separates forms, and returns the byte after it.
func (r *ednReader) blank() (byte, error) {
	for {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		switch b {
		case ' ', '\t', '\n', '\r', '\f', ',':
			continue
		case ';':
			for b != '\n' {
				if b, err = r.byte(); err != nil {
					return 0, err
				}
				r.size = 0
			}
			continue
		}
		return b, nil
	}
}

// form reads the next form; io.EOF if there is none.
func (r *ednReader) form() (any, error) {
	r.size = 0
	return r.value(0)
}

var errClosed = errors.New("closed")

func (r *ednReader) value(depth int) (any, error) {
	for {
		b, err := r.blank()
		if err != nil {
			return nil, err
		}
		if depth > ednDepthMax {
			return nil, r.fault("values lie more than %d deep in each other", ednDepthMax)
		}
		switch b {
		case '(':
			return r.list(')', depth)
		case '[':
			return r.list(']', depth)
		case '{':
			return r.mapping(depth)
		case ')', ']', '}':
			r.back(b)
			return nil, errClosed
		case '"':
			return r.text()
		case '\\':
			return r.character()
		case '#':
			form, dropped, err := r.dispatch(depth)
			if dropped && err == nil {
				continue
			}
			return form, err
		case '\'', '^', '@', '`', '~':
			return nil, r.fault("found %q: expected a value in EDN", b)
		}
		r.back(b)
		return r.atom()
	}
}

// inside is value within something that is not closed yet.
func (r *ednReader) inside(depth int) (any, error) {
	v, err := r.value(depth + 1)
	if err == io.EOF {
		return nil, r.fault("the file ends within a value: expected it to be closed")
	}
	return v, err
}

func (r *ednReader) list(end byte, depth int) ([]any, error) {
	list := []any{}
	for {
		v, err := r.inside(depth)
		if err == errClosed {
			if b, _ := r.byte(); b != end {
				return nil, r.fault("found %q: expected %q", b, end)
			}
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

func (r *ednReader) mapping(depth int) (any, error) {
	list, err := r.list('}', depth)
	if err != nil {
		return nil, err
	}
	if len(list)%2 != 0 {
		return nil, r.fault("a map has a key without a value")
	}
	m := make(ednMap, 0, len(list)/2)
	for i := 0; i < len(list); i += 2 {
		m = append(m, ednPair{list[i], list[i+1]})
	}
	return m, nil
}

// dispatch reads what follows a #: a set, a form to discard, a symbolic number, or a tag and its form.
func (r *ednReader) dispatch(depth int) (form any, dropped bool, err error) {
	b, err := r.byte()
	if err != nil {
		return nil, false, r.fault("the file ends after #")
	}
	switch b {
	case '{':
		list, err := r.list('}', depth)
		return ednSet(list), false, err
	case '_':
		_, err := r.inside(depth)
		if err == errClosed {
			err = r.fault("nothing follows #_")
		}
		return nil, true, err
	case '#':
		word, err := r.word()
		return word, false, err
	}
	r.back(b)
	if _, err := r.word(); err != nil {
		return nil, false, err
	}
	form, err = r.inside(depth)
	if err == errClosed {
		err = r.fault("nothing follows a tag")
	}
	return form, false, err
}

func (r *ednReader) text() (string, error) {
	var b strings.Builder
	for {
		c, err := r.byte()
		if err == io.EOF {
			return "", r.fault("the file ends within a string")
		} else if err != nil {
			return "", err
		}
		switch c {
		case '"':
			return b.String(), nil
		case '\\':
			if err := r.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
		}
	}
}

func (r *ednReader) escape(b *strings.Builder) error {
	c, err := r.byte()
	if err != nil {
		return r.fault("the file ends within a string")
	}
	switch c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case '"', '\\', '/':
		b.WriteByte(c)
	case 'u':
		digits := make([]byte, 4)
		for i := range digits {
			if digits[i], err = r.byte(); err != nil {
				return r.fault("the file ends within a string")
			}
		}
		n, err := strconv.ParseUint(string(digits), 16, 16)
		if err != nil {
			return r.fault("found \\u%s: expected four hexadecimal digits", digits)
		}
		b.WriteRune(rune(n))
	default:
		return r.fault("found \\%c in a string", c)
	}
	return nil
}

func (r *ednReader) character() (string, error) {
	first, err := r.byte()
	if err != nil {
		return "", r.fault("the file ends after \\")
	}
	r.back(first)
	if delimits(first) {
		r.byte()
		return string(first), nil
	}
	word, err := r.word()
	if named := map[string]string{"newline": "\n", "space": " ", "tab": "\t", "return": "\r"}[word]; named != "" {
		return named, err
	}
	if utf8.RuneCountInString(word) > 1 && word[0] == 'u' {
		if n, e := strconv.ParseUint(word[1:], 16, 16); e == nil {
			return string(rune(n)), err
		}
	}
	return word, err
}

func delimits(b byte) bool { return strings.IndexByte(" \t\n\r\f,()[]{}\";", b) >= 0 }

// word reads up to what cannot be in a word.
func (r *ednReader) word() (string, error) {
	var b strings.Builder
	for {
		c, err := r.byte()
		if err == io.EOF {
			break
		} else if err != nil {
			return "", err
		}
		if delimits(c) {
			r.back(c)
			break
		}
		b.WriteByte(c)
	}
	if b.Len() == 0 {
		return "", r.fault("expected a word")
	}
	return b.String(), nil
}

func (r *ednReader) atom() (any, error) {
	word, err := r.word()
	if err != nil {
		return nil, err
	}
	switch {
	case word == "nil":
		return nil, nil
	case word == "true", word == "false":
		return word == "true", nil
	case word[0] == ':' && len(word) > 1:
		return keyword(word[1:]), nil
	}
	if n, err := strconv.ParseInt(strings.TrimSuffix(word, "N"), 10, 64); err == nil {
		return n, nil
	}
	return word, nil
}
