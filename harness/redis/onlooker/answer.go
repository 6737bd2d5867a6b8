package onlooker

import (
	"bytes"
	"strconv"
	"strings"
)

// answerer takes apart what a master says: lines in the handshake, a snapshot, the stream.
type answerer struct {
	phase  phase
	rest   []byte // of a line or a header that has not ended
	mark   []byte // ends the snapshot; nil: its length is known
	left   int64  // bytes of the snapshot that are to come, or of an argument with its line's end
	tail   []byte // the last bytes of the snapshot, as long as its mark
	id     string // of the history
	offset int64  // of it that has come
	whole  int64  // the same, up to the end of the last command that is whole and in no open transaction
	lost   bool

	// The command under way.
	words, word int64 // how many words it has, which one is being read
	first       []byte
	multi       bool
}

// phase is where a master is.
type phase uint8

const (
	lines    phase = iota // of the handshake
	waiting               // for the snapshot's length or mark
	snapshot              //
	header                // of a command or of a word of it
	argument              //
)

// part is something that a master said.
type part uint8

const (
	fullResync part = iota
	goOn
	newline
	payload
	payloadEnd
	ping
)

// take takes what the master said next and calls heard with each part of it that means something.
func (a *answerer) take(b []byte, heard func(part, *answerer)) {
	for len(b) > 0 && !a.lost {
		switch a.phase {
		case snapshot:
			b = a.takeSnapshot(b, heard)
		case argument:
			b = a.takeArgument(b, heard)
		default:
			if n := a.takeCommand(b, heard); n > 0 {
				b = b[n:]
				continue
			}
			b = a.takeLine(b, heard)
		}
	}
}

// takeCommand takes a command of the stream at once if all of it is in b, as nearly always, and says how long it is; 0 if
// it is left to whoever looks closer.
func (a *answerer) takeCommand(b []byte, heard func(part, *answerer)) int {
	if a.phase != header || a.words != 0 || len(a.rest) > 0 {
		return 0
	}
	words, at := length(b, 0, '*')
	var name []byte
	for i := range words {
		size, from := length(b, at, '$')
		if from == 0 || from+size+2 > len(b) {
			return 0
		}
		if i == 0 {
			name = b[from : from+min(size, firstMax)]
		}
		at = from + size + 2
	}
	if words <= 0 {
		return 0
	}
	a.offset += int64(at)
	a.ended(name, heard)
	return at
}

// length reads a header of the given kind at b[at:], and says where what comes after it begins: at 0 if there is no whole
// one of few digits there.
func length(b []byte, at int, kind byte) (n, next int) {
	if at >= len(b) || b[at] != kind {
		return 0, 0
	}
	for i := at + 1; i < min(len(b)-1, at+8); i++ {
		switch c := b[i]; {
		case c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case c == '\r' && b[i+1] == '\n' && i > at+1:
			return n, i + 2
		default:
			return 0, 0
		}
	}
	return 0, 0
}

// takeLine takes a line, if it ends in b.
func (a *answerer) takeLine(b []byte, heard func(part, *answerer)) []byte {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		a.rest = append(a.rest, b...)
		a.lost = len(a.rest) > 4096
		if a.phase == header {
			a.offset += int64(len(b))
		}
		return nil
	}
	if a.phase == header {
		a.offset += int64(end + 1)
	}
	line := b[:end]
	if len(a.rest) > 0 {
		a.rest = append(a.rest, line...)
		line = a.rest
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch a.phase {
	case lines:
		a.handshake(string(line), heard)
	case waiting:
		a.count(string(line), heard)
	default:
		a.stream(line)
	}
	a.rest = a.rest[:0]
	return b[end+1:]
}

func (a *answerer) handshake(line string, heard func(part, *answerer)) {
	words := strings.Fields(line)
	switch {
	case len(words) == 0:
		heard(newline, a)
	case words[0] == "+FULLRESYNC" && len(words) >= 3:
		a.id = words[1]
		a.offset, _ = strconv.ParseInt(words[2], 10, 64)
		a.whole, a.phase = a.offset, waiting
		heard(fullResync, a)
	case words[0] == "+CONTINUE":
		if len(words) > 1 {
			a.id = words[1]
		}
		a.phase = header
		heard(goOn, a)
	}
}

// count takes a line before a snapshot.
func (a *answerer) count(line string, heard func(part, *answerer)) {
	switch mark, ends := strings.CutPrefix(line, "$EOF:"); {
	case line == "":
		heard(newline, a)
		return
	case ends:
		a.mark = []byte(mark)
	default:
		n, err := strconv.ParseInt(strings.TrimPrefix(line, "$"), 10, 64)
		if a.left, a.lost = n, err != nil || n < 0; a.lost {
			return
		}
	}
	a.phase = snapshot
	heard(payload, a)
	if a.mark == nil && a.left == 0 {
		a.phase = header
		heard(payloadEnd, a)
	}
}

func (a *answerer) takeSnapshot(b []byte, heard func(part, *answerer)) []byte {
	if a.mark == nil {
		n := min(a.left, int64(len(b)))
		if a.left -= n; a.left == 0 {
			a.phase = header
			heard(payloadEnd, a)
		}
		return b[n:]
	}
	// Nothing follows the mark before the replica has acknowledged the snapshot.
	a.tail = append(a.tail, b...)
	if len(a.tail) > len(a.mark) {
		a.tail = append(a.tail[:0], a.tail[len(a.tail)-len(a.mark):]...)
	}
	if bytes.Equal(a.tail, a.mark) {
		a.phase = header
		heard(payloadEnd, a)
	}
	return nil
}

// stream takes the first line of a command, or of a word of it: most of what is ever said, so that nothing is copied.
func (a *answerer) stream(line []byte) {
	if len(line) < 2 || line[0] != '*' && line[0] != '$' {
		a.lost = true
		return
	}
	n, err := strconv.ParseInt(string(line[1:]), 10, 64)
	switch {
	case err != nil || n < 0 || (line[0] == '*') != (a.words == 0):
		a.lost = true
	case line[0] == '*':
		a.words, a.word, a.first = n, 0, a.first[:0]
	default:
		a.left, a.phase = n+2, argument
	}
}

// firstMax is as much of a command's name as is looked at.
const firstMax = 16

func (a *answerer) takeArgument(b []byte, heard func(part, *answerer)) []byte {
	n := min(a.left, int64(len(b)))
	a.offset += n
	a.left -= n
	if room := firstMax - len(a.first); a.word == 0 && room > 0 {
		a.first = append(a.first, b[:min(n, int64(room))]...)
	}
	if a.left > 0 {
		return nil
	}
	a.phase = header
	if a.word++; a.word == a.words {
		a.words = 0
		a.ended(bytes.TrimRight(a.first, "\r\n"), heard)
	}
	return b[n:]
}

// ended is called when a command is whole.
func (a *answerer) ended(name []byte, heard func(part, *answerer)) {
	switch {
	case is(name, "MULTI"):
		a.multi = true
	case is(name, "EXEC"):
		a.multi = false
	}
	if !a.multi {
		a.whole = a.offset
	}
	if is(name, "PING") {
		heard(ping, a)
	}
}

// is says whether a command's name is that one, in whatever case.
func is(name []byte, command string) bool {
	return len(name) == len(command) && strings.EqualFold(string(name), command)
}
