package cli

import (
	"bytes"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"
)

// plain writes text to a terminal as what it is: what a history, a log or a scenario contains can move no cursor, change
// no colour and set no title. Control characters but the line break and the tab, bytes that are no UTF-8, and what turns
// the direction of writing are written as \x1b, \u202e.
type plain struct{ w io.Writer }

// Write implements io.Writer.
func (p plain) Write(b []byte) (int, error) {
	if _, err := p.w.Write(escaped(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func escaped(b []byte) []byte {
	var out bytes.Buffer
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == '\n' || r == '\t':
			out.WriteRune(r)
		case r == 0x7f: // JSON has no other way to say it, and leaves it as it is
			out.WriteString(`\u007f`)
		case r == utf8.RuneError && n == 1, unicode.IsControl(r) && r < utf8.RuneSelf:
			fmt.Fprintf(&out, "\\x%02x", rest[0])
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			fmt.Fprintf(&out, "\\u%04x", r)
		default:
			out.Write(rest[:n])
		}
		rest = rest[n:]
	}
	return out.Bytes()
}
