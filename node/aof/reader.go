package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/ordeal-go/ordeal/node/resp"
)

// magic begins an RDB, and so a file with a preamble.
const magic = "REDIS"

// HasPreamble says whether a file begins with an RDB.
func HasPreamble(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }

// ErrTruncated is how a file ends that was being appended to when its server, or its machine, went away: in the midst of
// a command or of a transaction. Everything up to [Reader.Valid] is whole.
var ErrTruncated = errors.New("the file ends in the midst of a command or of a transaction")

// A FormatError is a file that holds what no server writes.
type FormatError struct {
	Offset int // in bytes from the start of the file
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("bad file format at byte %d: %s", e.Offset, e.Reason)
}

// Limits of what a server writes; a larger number can only be damage.
const (
	maxWords = 1 << 20 // of a command
	maxSize  = 1 << 40 // bytes of a string: proto-max-bulk-len may be raised beyond its 512 MB
	maxLine  = 32      // bytes of a line with a number, its end included
)

// Reader takes a file apart. Redis 4.0: aof.c, loadAppendOnlyFile.
type Reader struct {
	data  []byte
	at    int
	valid int
}

// NewReader reads data from byte at on, which is where the preamble ends, or 0.
func NewReader(data []byte, at int) *Reader { return &Reader{data: data, at: at, valid: at} }

// Valid is up to which byte everything read so far is whole, and outside of a transaction.
func (r *Reader) Valid() int { return r.valid }

// Next returns the next commands that happen as a whole: one, or those of a transaction without its MULTI and EXEC. Their
// bytes are the data's own. The error is io.EOF at the end, [ErrTruncated], or a [FormatError].
func (r *Reader) Next(list [][][]byte) ([][][]byte, error) {
	list = list[:0]
	for open := false; ; {
		if r.at == len(r.data) {
			if open {
				return nil, ErrTruncated
			}
			return nil, io.EOF
		}
		from := r.at
		args, err := r.command()
		if err != nil {
			return nil, err
		}
		switch {
		case is(args[0], "MULTI"):
			if open {
				return nil, &FormatError{from, "a transaction inside a transaction"}
			}
			open = true
			continue
		case is(args[0], "EXEC"):
			if !open {
				return nil, &FormatError{from, "EXEC without MULTI"}
			}
			open = false
		default:
			list = append(list, args)
		}
		if !open {
			r.valid = r.at
			return list, nil
		}
	}
}

// command reads one command.
func (r *Reader) command() ([][]byte, error) {
	n, err := r.number('*', 1)
	if err != nil {
		return nil, err
	}
	args := make([][]byte, 0, min(n, 16)) // more is believed when it comes
	for range n {
		size, err := r.number('$', 0)
		if err != nil {
			return nil, err
		}
		if len(r.data)-r.at < size+2 {
			return nil, r.short(size)
		}
		end := r.at + size
		if r.data[end] != '\r' || r.data[end+1] != '\n' {
			return nil, &FormatError{end, "a string does not end where it says"}
		}
		args = append(args, r.data[r.at:end:end])
		r.at = end + 2
	}
	return args, nil
}

// short is the error of a string of size bytes with less than that left: the end is torn. If the bytes that are there go
// on past the string's end with something else than a line's end, that is no tear.
func (r *Reader) short(size int) error {
	if end := r.at + size; end < len(r.data) && r.data[end] != '\r' {
		return &FormatError{end, "a string does not end where it says"}
	}
	return ErrTruncated
}

// number reads a line of a kind with a number of at least low.
func (r *Reader) number(kind byte, low int64) (int, error) {
	from := r.at
	rest := r.data[from:min(from+maxLine, len(r.data))]
	if len(rest) == 0 {
		return 0, ErrTruncated
	}
	if rest[0] != kind {
		return 0, &FormatError{from, fmt.Sprintf("%q where a %q is due", rest[0], kind)}
	}
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		if len(rest) < maxLine && partOfNumber(rest[1:]) {
			return 0, ErrTruncated
		}
		return 0, &FormatError{from, "a number that does not end"}
	}
	n, ok := resp.ParseInt(bytes.TrimSuffix(rest[1:end], []byte("\r")))
	if !ok || rest[end-1] != '\r' || n < low || n > maxSize || kind == '*' && n > maxWords {
		return 0, &FormatError{from, fmt.Sprintf("%q is no number that can be meant here", rest[1:end])}
	}
	r.at = from + end + 1
	return int(n), nil
}

// partOfNumber says whether b may be the beginning of a number and its line's end.
func partOfNumber(b []byte) bool {
	b = bytes.TrimSuffix(b, []byte("\r"))
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
