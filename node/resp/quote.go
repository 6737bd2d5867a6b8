package resp

const hexDigits = "0123456789abcdef"

// SplitArgs splits one line into arguments, as inline requests and lines of a configuration file are: blanks
// separate; "…" knows the escapes \n \r \t \b \a \xHH and \ before any other byte for that byte; '…' knows only \'.
// A closing quote must be followed by a blank or the end; an opening one may follow text, which it continues.
// It says false if quotes are unbalanced. The arguments share no memory with line. A quoted "" is an argument of
// no bytes. Redis 4.0: sds.c, sdssplitargs (which ends at a NUL byte; here it is a byte like any other).
func SplitArgs(line []byte) ([][]byte, bool) {
	var s splitter
	if !s.split(line) {
		return nil, false
	}
	return s.appendArgs(nil, s.text), true
}

// splitter splits lines into arguments, and keeps its memory for the next line.
type splitter struct {
	text []byte // the arguments without their quotes, one after another
	ends []int  // where in text each of them ends
}

func (s *splitter) appendArgs(args [][]byte, text []byte) [][]byte {
	start := 0
	for _, end := range s.ends {
		args = append(args, text[start:end:end])
		start = end
	}
	return args
}

func (s *splitter) split(line []byte) bool {
	s.text, s.ends = s.text[:0], s.ends[:0]
	for i := 0; ; {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
		if i == len(line) {
			return true
		}
		var ok bool
		if i, ok = s.argument(line, i); !ok {
			return false
		}
		s.ends = append(s.ends, len(s.text))
	}
}

// argument reads the argument that starts at line[i] and says where it ended.
func (s *splitter) argument(line []byte, i int) (end int, ok bool) {
	for i < len(line) {
		switch c := line[i]; c {
		case ' ', '\n', '\r', '\t':
			return i, true
		case '"', '\'':
			i, ok = s.quoted(line, i+1, c)
			// Text right after a closing quote is more likely a slip than meant.
			return i, ok && (i == len(line) || isSpace(line[i]))
		default:
			s.text = append(s.text, c)
			i++
		}
	}
	return i, true
}

// quoted reads up to the closing quote, from line[i] on, and says what follows it.
func (s *splitter) quoted(line []byte, i int, quote byte) (end int, ok bool) {
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case c == quote:
			return i + 1, true
		case c == '\\' && quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i, c = i+1, '\''
		case c == '\\' && quote == '"' && i+3 < len(line) && line[i+1] == 'x' && isHex(line[i+2]) && isHex(line[i+3]):
			c = unhex(line[i+2])<<4 | unhex(line[i+3])
			i += 3
		case c == '\\' && quote == '"' && i+1 < len(line):
			i, c = i+1, unescape(line[i+1])
		}
		s.text = append(s.text, c)
	}
	return i, false
}

// AppendQuoted appends s between double quotes, with everything escaped that is not printable ASCII: what Redis
// writes into logs, MONITOR's output and rewritten configuration files. [SplitArgs] reads it back.
// Redis 4.0: sds.c, sdscatrepr.
func AppendQuoted(b, s []byte) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch c {
		case '\\', '"':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '\a':
			b = append(b, `\a`...)
		case '\b':
			b = append(b, `\b`...)
		default:
			if c >= ' ' && c <= '~' {
				b = append(b, c)
			} else {
				b = append(b, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
			}
		}
	}
	return append(b, '"')
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}
