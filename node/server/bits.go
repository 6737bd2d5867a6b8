package server

import (
	"math/bits"

	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Strings as arrays of bits, the first of a byte being its highest. Redis 4.0: bitops.c.

func bitCommands() []command {
	return []command{
		row("setbit", 4, "wm", 1, 1, 1, (*Server).setbitCommand),
		row("getbit", 3, "rF", 1, 1, 1, (*Server).getbitCommand),
		row("bitop", -4, "wm", 2, -1, 1, (*Server).bitopCommand),
		row("bitcount", -2, "r", 1, 1, 1, (*Server).bitcountCommand),
		row("bitpos", -3, "r", 1, 1, 1, (*Server).bitposCommand),
	}
}

const errBit = "ERR bit is not an integer or out of range"

// bitOffset reads the number of a bit of a string.
func (s *Server) bitOffset(c *client, arg []byte) (int64, bool) {
	n, ok := resp.ParseInt(arg)
	if !ok || n < 0 || n>>3 >= maxString {
		s.replyError(c, "ERR bit offset is not an integer or out of range")
		return 0, false
	}
	return n, true
}

func (s *Server) setbitCommand(c *client) {
	offset, ok := s.bitOffset(c, c.args[2])
	if !ok {
		return
	}
	on, ok := resp.ParseInt(c.args[3])
	if !ok || on&^1 != 0 {
		s.replyError(c, errBit)
		return
	}
	v, found, ok := s.writeString(c, c.args[1])
	if !ok {
		return
	}
	b := grown(v, found, int(offset>>3)+1)
	at := &b[offset>>3]
	shift := 7 - offset&7
	old := *at >> shift & 1
	*at = *at&^(1<<shift) | byte(on)<<shift
	s.putKey(c, c.args[1], keyspace.RawValue(b))
	s.dirty++
	s.replyInt(c, int64(old))
}

func (s *Server) getbitCommand(c *client) {
	offset, ok := s.bitOffset(c, c.args[2])
	if !ok {
		return
	}
	v, found, ok := s.readString(c, c.args[1])
	if !ok {
		return
	}
	bit := byte(0)
	if found {
		if b := v.Bytes(); offset>>3 < int64(len(b)) {
			bit = b[offset>>3] >> (7 - offset&7) & 1
		}
	}
	s.replyInt(c, int64(bit))
}

func (s *Server) bitopCommand(c *client) {
	op := option(c.args[1])
	switch {
	case op != "AND" && op != "OR" && op != "XOR" && op != "NOT":
		s.replyError(c, errSyntax)
		return
	case op == "NOT" && len(c.args) != 4:
		s.replyError(c, "ERR BITOP NOT must be called with a single source key.")
		return
	}
	sources := make([][]byte, 0, len(c.args)-3)
	longest := 0
	for _, key := range c.args[3:] {
		v, found, ok := s.readString(c, key)
		if !ok {
			return
		}
		var b []byte
		if found {
			b = v.Bytes()
		}
		sources = append(sources, b)
		longest = max(longest, len(b))
	}
	result := make([]byte, longest)
	for i := range result {
		result[i] = combine(op, sources, i)
	}
	dest := c.args[2]
	if longest > 0 {
		s.setKey(c, dest, keyspace.RawValue(result))
		s.dirty++
	} else if _, found := s.lookupWrite(c, dest); found && s.deleteKey(c.db, dest) {
		s.dirty++
	}
	s.replyInt(c, int64(longest))
}

// combine is one byte of BITOP's result; a source that is too short has zeros there.
func combine(op string, sources [][]byte, i int) byte {
	at := func(b []byte) byte {
		if i < len(b) {
			return b[i]
		}
		return 0
	}
	result := at(sources[0])
	for _, b := range sources[1:] {
		switch op {
		case "AND":
			result &= at(b)
		case "OR":
			result |= at(b)
		case "XOR":
			result ^= at(b)
		}
	}
	if op == "NOT" {
		result = ^result
	}
	return result
}

func (s *Server) bitcountCommand(c *client) {
	v, found, ok := s.readString(c, c.args[1])
	if !ok {
		return
	}
	if !found {
		s.replyInt(c, 0)
		return
	}
	b := v.Bytes()
	switch len(c.args) {
	case 2:
	case 4:
		start, ok1 := resp.ParseInt(c.args[2])
		end, ok2 := resp.ParseInt(c.args[3])
		if !ok1 || !ok2 {
			s.replyError(c, errNotInt)
			return
		}
		from, to, ok := clampRange(start, end, len(b))
		if !ok {
			s.replyInt(c, 0)
			return
		}
		b = b[from : to+1]
	default:
		s.replyError(c, errSyntax)
		return
	}
	n := 0
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	s.replyInt(c, int64(n))
}

func (s *Server) bitposCommand(c *client) {
	bit, ok := resp.ParseInt(c.args[2])
	switch {
	case !ok:
		s.replyError(c, errNotInt)
		return
	case bit&^1 != 0:
		s.replyError(c, "ERR The bit argument must be 1 or 0.")
		return
	}
	v, found, ok := s.readString(c, c.args[1])
	if !ok {
		return
	}
	if !found {
		s.replyInt(c, -bit) // an absent string is an endless row of zeros
		return
	}
	b, start, end, endGiven := v.Bytes(), int64(0), int64(-1), len(c.args) == 5
	if len(c.args) > 5 {
		s.replyError(c, errSyntax)
		return
	}
	if len(c.args) > 3 {
		if start, ok = resp.ParseInt(c.args[3]); ok && endGiven {
			end, ok = resp.ParseInt(c.args[4])
		}
		if !ok {
			s.replyError(c, errNotInt)
			return
		}
	}
	s.replyInt(c, findBit(b, byte(bit), start, end, endGiven))
}

// findBit returns the number of the first bit of that value in the bytes of the range, or -1. Without a given end,
// the string goes on in zeros for ever.
func findBit(b []byte, bit byte, start, end int64, endGiven bool) int64 {
	length := int64(len(b))
	if start < 0 {
		start = max(start+length, 0)
	}
	if end < 0 {
		end = max(end+length, 0)
	}
	end = min(end, length-1)
	if start > end {
		return -1
	}
	skip := byte(0) // a byte without the bit looked for
	if bit == 0 {
		skip = 0xff
	}
	for i := start; i <= end; i++ {
		if b[i] == skip {
			continue
		}
		return i*8 + int64(bits.LeadingZeros8(b[i]^skip))
	}
	if bit == 0 && !endGiven {
		return (end + 1) * 8
	}
	return -1
}
