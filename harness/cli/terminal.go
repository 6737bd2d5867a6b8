package cli

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// columnsMax is how long a line for a person may be.
const columnsMax = 100

// colour is how a piece of a line looks on a terminal: a parameter of the control sequence SGR; "": as all.
type colour string

const (
	good  colour = "32"
	bad   colour = "31"
	doubt colour = "33"
	faint colour = "2"
	bold  colour = "1"
)

// piece is a part of a line.
type piece struct {
	colour
	text string
}

// terminal is a place that a person may read. As an [io.Writer] it writes text as what it is; see [plain].
type terminal struct {
	plain
	coloured bool
	drawn    bool // progress can be drawn on it, and drawn over
	columns  int  // how long a line may be
}

// newTerminal finds out what w is. Colours and drawing are for people only: not for a pipe or a file, not in CI, not where
// NO_COLOR or a terminal that can do nothing forbid it.
func newTerminal(w io.Writer) *terminal {
	t := &terminal{plain: plain{w}, columns: columnsMax}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return t
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 20 {
		t.columns = min(width, columnsMax)
	}
	t.drawn = os.Getenv("CI") == "" && os.Getenv("TERM") != "dumb"
	t.coloured = t.drawn && os.Getenv("NO_COLOR") == ""
	return t
}

// line writes pieces as one line, begun indent columns in. What does not fit goes on in further lines, hang columns in.
// A word that is longer than a line stays whole: it may be a command or a path to copy.
func (t *terminal) line(indent, hang int, pieces ...piece) {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", indent))
	at, begun := indent, false
	for _, p := range pieces {
		text := string(escaped([]byte(p.text)))
		for i, word := range strings.Split(text, " ") {
			length := utf8.RuneCountInString(word)
			switch {
			case i > 0 && begun && at+1+length > t.columns:
				b.WriteString("\n" + strings.Repeat(" ", hang))
				at = hang
			case i > 0:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(t.painted(p.colour, word))
			at += length
			if cut := strings.LastIndexByte(word, '\n'); cut >= 0 {
				at = utf8.RuneCountInString(word[cut+1:])
			}
			begun = begun || word != ""
		}
	}
	io.WriteString(t.w, b.String()+"\n")
}

// painted is text in a colour, if there are colours.
func (t *terminal) painted(c colour, text string) string {
	if !t.coloured || c == "" || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// paragraph writes text as lines that fit; it keeps the breaks that the text has. What goes on stands two columns further in
// than an indented line that it belongs to.
func (t *terminal) paragraph(indent int, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		hang := indent
		if own := len(line) - len(strings.TrimLeft(line, " ")); own > 0 {
			hang += own + 2
		}
		t.line(indent, hang, piece{text: line})
	}
}
