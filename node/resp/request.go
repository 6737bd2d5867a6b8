package resp

import (
	"bytes"
	"slices"
)

// The limits of Redis 4.0, which hold when a [RequestParser] sets no others.
const (
	DefaultMaxInline = 64 << 10  // server.h, PROTO_INLINE_MAX_SIZE
	DefaultMaxCount  = 1 << 20   // networking.c, processMultibulkBuffer
	DefaultMaxBulk   = 512 << 20 // redis.conf, proto-max-bulk-len
)

// ProtocolError is a stream that is not RESP. Its text is what Redis puts after "-ERR Protocol error: " before it
// closes the connection.
type ProtocolError struct{ Text string }

func (e *ProtocolError) Error() string { return e.Text }

// RequestParser splits what a client sends into requests: arrays of bulk strings, or inline lines.
// The zero value is ready for use.
//
// It takes the stream as Redis 4.0 does (networking.c, processInlineBuffer and processMultibulkBuffer): the two
// bytes after a header and after a bulk string are skipped unseen. Unlike Redis, which measures a line against its
// limit only while the end has not come, it gives the same answer however the stream is cut.
type RequestParser struct {
	MaxInline int   // longest inline request and longest header, in bytes without line end; 0 means DefaultMaxInline
	MaxCount  int64 // most arguments of a request; 0 means DefaultMaxCount
	MaxBulk   int64 // longest argument in bytes; 0 means DefaultMaxBulk

	in   buffer
	next int // where the next request starts, once Next has returned one
	err  *ProtocolError

	// The request that is being read. Positions count from its start, because the buffer may move.
	at    int    // how far it has been read
	seen  int    // how far a line end has been looked for in vain
	left  int64  // arguments still to come, 0 before the header
	bulk  int64  // length of the argument that comes next, -1 before its header
	found []span // arguments so far

	args   [][]byte // memory of what Next returns
	inline splitter
}

type span struct{ from, to int }

// Feed adds what has arrived. b is copied.
func (p *RequestParser) Feed(b []byte) {
	p.drop()
	p.in.feed(b)
}

// Next returns the next request, or ok = false if it has not arrived completely. An empty line and an array of no
// elements are requests without arguments, to be skipped. After an error there is nothing more to be had: the
// stream cannot be trusted, and Next repeats the error.
func (p *RequestParser) Next() (args [][]byte, ok bool, err error) {
	if p.err != nil {
		return nil, false, p.err
	}
	p.drop()
	stream := p.in.unread()
	if len(stream) == 0 {
		return nil, false, nil
	}
	if stream[0] == '*' {
		ok, p.err = p.array(stream)
	} else {
		ok, p.err = p.line(stream)
	}
	if p.err != nil {
		return nil, false, p.err
	}
	if !ok {
		return nil, false, nil
	}
	p.next = p.in.start + p.at
	return p.args, true, nil
}

// Raw returns the exact bytes of the request that Next returned last, with line ends: what a replica counts and
// passes on. Valid until the next Feed or Next.
func (p *RequestParser) Raw() []byte { return p.in.bytes[p.in.start:max(p.next, p.in.start)] }

// Rest returns the bytes that have arrived and are not part of a request returned so far. Valid until the next
// Feed or Next.
func (p *RequestParser) Rest() []byte { return p.in.bytes[max(p.next, p.in.start):] }

// Buffered returns the number of bytes in Rest.
func (p *RequestParser) Buffered() int { return len(p.in.bytes) - max(p.next, p.in.start) }

// Reset forgets the stream and keeps the limits.
func (p *RequestParser) Reset() {
	*p = RequestParser{MaxInline: p.MaxInline, MaxCount: p.MaxCount, MaxBulk: p.MaxBulk}
}

// drop is done with the request that was returned last.
func (p *RequestParser) drop() {
	if p.next > p.in.start {
		p.in.start = p.next
		p.at, p.seen, p.left, p.found = 0, 0, 0, p.found[:0]
	}
	p.next = 0
}

func (p *RequestParser) line(stream []byte) (bool, *ProtocolError) {
	limit := orDefault(p.MaxInline, DefaultMaxInline)
	end := bytes.IndexByte(stream[p.seen:], '\n')
	if end < 0 {
		p.seen = len(stream)
		if len(stream) > limit+len("\r") {
			return false, &ProtocolError{"too big inline request"}
		}
		return false, nil
	}
	end += p.seen
	line := stream[:end]
	if end > 0 && line[end-1] == '\r' {
		line = line[:end-1]
	}
	if len(line) > limit {
		return false, &ProtocolError{"too big inline request"}
	}
	if !p.inline.split(line) {
		return false, &ProtocolError{"unbalanced quotes in request"}
	}
	p.at = end + 1
	p.args = p.inline.appendArgs(p.args[:0], p.inline.text)
	p.args = slices.DeleteFunc(p.args, func(arg []byte) bool { return len(arg) == 0 })
	return true, nil
}

func (p *RequestParser) array(stream []byte) (bool, *ProtocolError) {
	if p.at == 0 {
		n, end := p.shortHeader(stream)
		if end > 0 {
			p.at, p.seen = end, end
		} else {
			count, ok, err := p.header(stream, "too big mbulk count string")
			if !ok || err != nil {
				return false, err
			}
			if n, ok = ParseInt(count[1:]); !ok {
				return false, &ProtocolError{"invalid multibulk length"}
			}
		}
		if n > orDefault(p.MaxCount, DefaultMaxCount) {
			return false, &ProtocolError{"invalid multibulk length"}
		}
		p.left, p.bulk = max(n, 0), -1
	}
	for ; p.left > 0; p.left-- {
		if ok, err := p.argument(stream); !ok || err != nil {
			return false, err
		}
	}
	p.args = p.args[:0]
	for _, s := range p.found {
		p.args = append(p.args, stream[s.from:s.to:s.to])
	}
	return true, nil
}

func (p *RequestParser) argument(stream []byte) (bool, *ProtocolError) {
	if p.bulk < 0 {
		n, err := p.bulkLength(stream)
		if n < 0 || err != nil {
			return false, err
		}
		p.bulk = n
	}
	if int64(len(stream)-p.at) < p.bulk+2 {
		return false, nil
	}
	to := p.at + int(p.bulk)
	p.found = append(p.found, span{p.at, to})
	p.at, p.seen, p.bulk = to+2, to+2, -1
	return true, nil
}

// bulkLength reads the header of an argument; it returns -1 if it has not arrived.
func (p *RequestParser) bulkLength(stream []byte) (int64, *ProtocolError) {
	if n, end := p.shortHeader(stream); end > 0 && stream[p.at] == '$' && n <= orDefault(p.MaxBulk, DefaultMaxBulk) {
		p.at, p.seen = end, end
		return n, nil
	}
	length, ok, err := p.header(stream, "too big bulk count string")
	if !ok || err != nil {
		return -1, err
	}
	if length[0] != '$' {
		got := string(length[:1])
		if got == "\r" || got == "\n" {
			got = " " // an error is one line
		}
		return -1, &ProtocolError{"expected '$', got '" + got + "'"}
	}
	n, ok := ParseInt(length[1:])
	if !ok || n < 0 || n > orDefault(p.MaxBulk, DefaultMaxBulk) {
		return -1, &ProtocolError{"invalid bulk length"}
	}
	return n, nil
}

// shortHeader reads at p.at what nearly every header is: a character, one to three digits, and the line's end. It
// says where that ends, and 0 for anything else, which is left to header.
func (p *RequestParser) shortHeader(stream []byte) (n int64, end int) {
	if p.MaxInline != 0 {
		return 0, 0 // four bytes may be too long a line
	}
	at := p.at + 1
	for ; at < len(stream) && at <= p.at+3; at++ {
		digit := stream[at] - '0'
		if digit > 9 {
			break
		}
		n = 10*n + int64(digit)
	}
	digits := at - p.at - 1
	if digits < 1 || digits > 1 && stream[p.at+1] == '0' || at+2 > len(stream) || stream[at] != '\r' {
		return 0, 0
	}
	return n, at + 2
}

// header reads a line that ends in \r and one more byte, from p.at on. It is never empty: a lone \r is a header.
func (p *RequestParser) header(stream []byte, tooLong string) ([]byte, bool, *ProtocolError) {
	limit := orDefault(p.MaxInline, DefaultMaxInline)
	p.seen = max(p.seen, p.at)
	end := bytes.IndexByte(stream[p.seen:], '\r')
	if end < 0 {
		p.seen = len(stream)
		if len(stream)-p.at > limit {
			return nil, false, &ProtocolError{tooLong}
		}
		return nil, false, nil
	}
	end += p.seen
	if end-p.at > limit {
		return nil, false, &ProtocolError{tooLong}
	}
	if end+2 > len(stream) {
		p.seen = end
		return nil, false, nil
	}
	line := stream[p.at : end+1]
	if len(line) > 1 {
		line = line[:len(line)-1]
	}
	p.at, p.seen = end+2, end+2
	return line, true, nil
}

func orDefault[T int | int64](n, byDefault T) T {
	if n == 0 {
		return byDefault
	}
	return n
}
