package resp

import (
	"bytes"
	"fmt"
)

const (
	maxReplyLine  = 64 << 10 // longest status, error or header, in bytes
	maxReplyDepth = 128      // deepest nesting of arrays; Redis itself nests three deep
)

// Reply is what a server answered.
type Reply struct {
	Kind  byte    // '+' status, '-' error, ':' integer, '$' bulk string, '*' array
	Null  bool    // the null bulk string or the null array
	Int   int64   // of ':'
	Str   []byte  // of '+', '-' and '$'; an error includes its code
	Elems []Reply // of '*'
}

// IsError says whether the server refused.
func (r Reply) IsError() bool { return r.Kind == '-' }

// ReplyParser splits what a server sends into replies. The zero value is ready for use.
type ReplyParser struct {
	MaxBulk int64 // longest bulk string in bytes; 0 means DefaultMaxBulk

	in   buffer
	next int // where the next reply starts, once Next has returned one
	err  error

	// The reply that is being read. Positions count from its start, because the buffer may move.
	at    int     // how far it has been read
	seen  int     // how far a line end has been looked for in vain
	size  int     // elements so far, itself included
	line  int     // of the last element: where its line ends
	n     int64   // the number in it, if there is one
	left  []int64 // elements still to come of the array being read, innermost last
	elems []Reply // memory of what Next returns
}

// Feed adds what has arrived. b is copied.
func (p *ReplyParser) Feed(b []byte) {
	p.drop()
	p.in.feed(b)
}

// Next returns the next reply, or ok = false if it has not arrived completely. It is valid until the next Feed or
// Next. After an error Next repeats it: the stream cannot be trusted.
func (p *ReplyParser) Next() (r Reply, ok bool, err error) {
	if p.err != nil {
		return Reply{}, false, p.err
	}
	p.drop()
	stream := p.in.unread()
	ok, p.err = p.scan(stream)
	if !ok || p.err != nil {
		return Reply{}, false, p.err
	}
	p.next = p.in.start + p.at
	if stream[0] != '*' {
		return p.single(stream), true, nil
	}
	// The elements of all arrays lie in one slice that must not grow while they point into it.
	clear(p.elems)
	p.elems = p.elems[:0]
	if cap(p.elems) < p.size {
		p.elems = make([]Reply, 0, p.size)
	}
	r, _ = p.build(stream, 0)
	return r, true, nil
}

// single makes a reply of what scanOne has just found, if that is all there is.
func (p *ReplyParser) single(stream []byte) Reply {
	r := Reply{Kind: stream[0]}
	switch r.Kind {
	case '+', '-':
		r.Str = stream[1:p.line:p.line]
	case ':':
		r.Int = p.n
	case '$':
		if r.Null = p.n < 0; !r.Null {
			at := p.line + len("\r\n")
			r.Str = stream[at : at+int(p.n) : at+int(p.n)]
		}
	}
	return r
}

// Raw returns the exact bytes of the reply that Next returned last.
func (p *ReplyParser) Raw() []byte { return p.in.bytes[p.in.start:max(p.next, p.in.start)] }

// Rest returns the bytes that have arrived and are not part of a reply returned so far. Valid until the next Feed
// or Next.
func (p *ReplyParser) Rest() []byte { return p.in.bytes[max(p.next, p.in.start):] }

// Buffered returns the number of bytes in Rest.
func (p *ReplyParser) Buffered() int { return len(p.in.bytes) - max(p.next, p.in.start) }

// Reset forgets the stream and keeps the limit.
func (p *ReplyParser) Reset() { *p = ReplyParser{MaxBulk: p.MaxBulk} }

func (p *ReplyParser) drop() {
	if p.next > p.in.start {
		p.in.start = p.next
		p.at, p.seen, p.size, p.left = 0, 0, 0, p.left[:0]
	}
	p.next = 0
}

// scan reads on, checking everything, until the reply is complete.
func (p *ReplyParser) scan(stream []byte) (bool, error) {
	for {
		elems, ok, err := p.scanOne(stream)
		if !ok || err != nil {
			return false, err
		}
		p.size++
		if elems > 0 {
			if len(p.left) == maxReplyDepth {
				return false, &ProtocolError{fmt.Sprintf("arrays nested more than %d deep", maxReplyDepth)}
			}
			p.left = append(p.left, elems)
			continue
		}
		for len(p.left) > 0 {
			if p.left[len(p.left)-1]--; p.left[len(p.left)-1] > 0 {
				break
			}
			p.left = p.left[:len(p.left)-1]
		}
		if len(p.left) == 0 {
			return true, nil
		}
	}
}

// scanOne reads one element, of an array only the header, and says how many elements follow it.
func (p *ReplyParser) scanOne(stream []byte) (elems int64, ok bool, err error) {
	p.seen = max(p.seen, p.at)
	end := bytes.IndexByte(stream[p.seen:], '\n')
	if end < 0 {
		p.seen = len(stream)
		if len(stream)-p.at > maxReplyLine {
			return 0, false, &ProtocolError{"too long a line in a reply"}
		}
		return 0, false, nil
	}
	end += p.seen
	if end-p.at > maxReplyLine {
		return 0, false, &ProtocolError{"too long a line in a reply"}
	}
	line := stream[p.at:end]
	if len(line) < 2 || line[len(line)-1] != '\r' {
		return 0, false, &ProtocolError{fmt.Sprintf("not a reply: %.80q", line)}
	}
	kind, text := line[0], line[1:len(line)-1]
	n, isInt := ParseInt(text)
	after := end + 1
	switch {
	case kind == '+' || kind == '-' || kind == ':' && isInt:
	case kind == '$' && isInt && n >= -1 && n <= orDefault(p.MaxBulk, DefaultMaxBulk):
		if n >= 0 {
			if int64(len(stream)-after) < n+2 {
				p.seen = end // the header is read again, and found at once
				return 0, false, nil
			}
			after += int(n) + 2
			if stream[after-2] != '\r' || stream[after-1] != '\n' {
				return 0, false, &ProtocolError{"a bulk string is longer than announced"}
			}
		}
	case kind == '*' && isInt && n >= -1:
		elems = max(n, 0)
	default:
		return 0, false, &ProtocolError{fmt.Sprintf("not a reply: %.80q", line)}
	}
	p.at, p.seen, p.line, p.n = after, after, end-1, n
	return elems, true, nil
}

// build makes a reply of what scan has checked, and says where it ends.
func (p *ReplyParser) build(stream []byte, at int) (Reply, int) {
	end := at + bytes.IndexByte(stream[at:], '\n') - 1
	r := Reply{Kind: stream[at]}
	text := stream[at+1 : end : end]
	at = end + 2
	switch r.Kind {
	case '+', '-':
		r.Str = text
	case ':':
		r.Int, _ = ParseInt(text)
	case '$':
		n, _ := ParseInt(text)
		if r.Null = n < 0; !r.Null {
			r.Str = stream[at : at+int(n) : at+int(n)]
			at += int(n) + 2
		}
	case '*':
		n, _ := ParseInt(text)
		if r.Null = n < 0; r.Null {
			break
		}
		from := len(p.elems)
		p.elems = p.elems[:from+int(n)]
		r.Elems = p.elems[from : from+int(n) : from+int(n)]
		for i := range r.Elems {
			r.Elems[i], at = p.build(stream, at)
		}
	}
	return r, at
}
