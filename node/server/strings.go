package server

import (
	"bytes"
	"math"
	"math/big"
	"strings"

	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Commands on strings. Redis 4.0: t_string.c.

func stringCommands() []command {
	return []command{
		row("get", 2, "rF", 1, 1, 1, (*Server).getCommand),
		row("set", -3, "wm", 1, 1, 1, (*Server).setCommand),
		row("setnx", 3, "wmF", 1, 1, 1, (*Server).setnxCommand),
		row("setex", 4, "wm", 1, 1, 1, (*Server).setexCommand),
		row("psetex", 4, "wm", 1, 1, 1, (*Server).psetexCommand),
		row("append", 3, "wm", 1, 1, 1, (*Server).appendCommand),
		row("strlen", 2, "rF", 1, 1, 1, (*Server).strlenCommand),
		row("setrange", 4, "wm", 1, 1, 1, (*Server).setrangeCommand),
		row("getrange", 4, "r", 1, 1, 1, (*Server).getrangeCommand),
		row("substr", 4, "r", 1, 1, 1, (*Server).getrangeCommand),
		row("incr", 2, "wmF", 1, 1, 1, (*Server).incrCommand),
		row("decr", 2, "wmF", 1, 1, 1, (*Server).decrCommand),
		row("mget", -2, "rF", 1, -1, 1, (*Server).mgetCommand),
		row("incrby", 3, "wmF", 1, 1, 1, (*Server).incrbyCommand),
		row("decrby", 3, "wmF", 1, 1, 1, (*Server).decrbyCommand),
		row("incrbyfloat", 3, "wmF", 1, 1, 1, (*Server).incrbyfloatCommand),
		row("getset", 3, "wm", 1, 1, 1, (*Server).getsetCommand),
		row("mset", -3, "wm", 1, -1, 2, (*Server).msetCommand),
		row("msetnx", -3, "wm", 1, -1, 2, (*Server).msetnxCommand),
	}
}

// maxString is the longest string in bytes that a command may build. Redis 4.0: t_string.c, checkStringLength.
const maxString = 512 << 20

const errTooLong = "ERR string exceeds maximum allowed size (512MB)"

// replyValue replies with a string.
func (s *Server) replyValue(c *client, v keyspace.Value) {
	if v.Encoding() == "int" {
		n, _ := v.Int()
		s.replyBulkInt(c, n)
		return
	}
	s.replyBulk(c, v.Bytes())
}

func (s *Server) getCommand(c *client) {
	v, found, ok := s.readString(c, c.args[1])
	switch {
	case !ok:
	case !found:
		s.replyNull(c)
	default:
		s.replyValue(c, v)
	}
}

// setOptions are what may follow SET's value.
type setOptions struct {
	nx, xx bool
	unit   int64 // of the expiry, in ms; 0: none
	expiry []byte
}

func parseSetOptions(words [][]byte) (o setOptions, ok bool) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if len(w) != 2 {
			return o, false
		}
		hasNext := i+1 < len(words)
		switch string([]byte{w[0] &^ 0x20, w[1] &^ 0x20}) {
		case "NX":
			if o.xx {
				return o, false
			}
			o.nx = true
		case "XX":
			if o.nx {
				return o, false
			}
			o.xx = true
		case "EX", "PX":
			unit := int64(1000)
			if w[0]&^0x20 == 'P' {
				unit = 1
			}
			if !hasNext || (o.unit != 0 && o.unit != unit) {
				return o, false
			}
			o.unit, o.expiry = unit, words[i+1]
			i++
		default:
			return o, false
		}
	}
	return o, true
}

func (s *Server) setCommand(c *client) {
	var o setOptions
	if len(c.args) > 3 {
		var ok bool
		if o, ok = parseSetOptions(c.args[3:]); !ok {
			s.replyError(c, errSyntax)
			return
		}
	}
	if s.set(c, c.args[1], c.args[2], o) {
		s.replySimple(c, "OK")
	}
}

// set does what SET and its like do, and says whether it set. If not, it replied.
func (s *Server) set(c *client, key, value []byte, o setOptions) bool {
	var ttl int64
	if o.unit != 0 {
		n, ok := resp.ParseInt(o.expiry)
		if !ok {
			s.replyError(c, errNotInt)
			return false
		}
		if n <= 0 {
			s.replyError(c, "ERR invalid expire time in "+c.cmd.name)
			return false
		}
		ttl = n * o.unit
	}
	if o.nx || o.xx {
		if _, found := s.lookupWrite(c, key); found == o.nx {
			s.replyNull(c)
			return false
		}
	}
	s.setKey(c, key, keyspace.StringValue(value))
	s.dirty++
	if o.unit != 0 {
		s.setExpire(c, key, s.now.UnixMilli()+ttl)
	}
	return true
}

func (s *Server) setnxCommand(c *client) {
	if _, found := s.lookupWrite(c, c.args[1]); found {
		s.replyInt(c, 0)
		return
	}
	s.set(c, c.args[1], c.args[2], setOptions{})
	s.replyInt(c, 1)
}

func (s *Server) setexCommand(c *client)  { s.setWithExpiry(c, 1000) }
func (s *Server) psetexCommand(c *client) { s.setWithExpiry(c, 1) }

func (s *Server) setWithExpiry(c *client, unit int64) {
	if s.set(c, c.args[1], c.args[3], setOptions{unit: unit, expiry: c.args[2]}) {
		s.replySimple(c, "OK")
	}
}

func (s *Server) getsetCommand(c *client) {
	v, found, ok := s.readString(c, c.args[1])
	if !ok {
		return
	}
	if found {
		s.replyValue(c, v)
	} else {
		s.replyNull(c)
	}
	s.set(c, c.args[1], c.args[2], setOptions{})
}

func (s *Server) appendCommand(c *client) {
	v, found, ok := s.writeString(c, c.args[1])
	if !ok {
		return
	}
	if found && int64(v.Len()+len(c.args[2])) > maxString {
		s.replyError(c, errTooLong)
		return
	}
	length := s.db(c).Append(c.args[1], c.args[2])
	s.touched(c.db, c.args[1])
	s.dirty++
	s.replyInt(c, int64(length))
}

func (s *Server) strlenCommand(c *client) {
	if v, found, ok := s.readString(c, c.args[1]); ok {
		n := 0
		if found {
			n = v.Len()
		}
		s.replyInt(c, int64(n))
	}
}

func (s *Server) setrangeCommand(c *client) {
	offset, ok := resp.ParseInt(c.args[2])
	switch {
	case !ok:
		s.replyError(c, errNotInt)
		return
	case offset < 0:
		s.replyError(c, "ERR offset is out of range")
		return
	}
	v, found, ok := s.writeString(c, c.args[1])
	if !ok {
		return
	}
	part := c.args[3]
	if len(part) == 0 {
		length := 0
		if found {
			length = v.Len()
		}
		s.replyInt(c, int64(length))
		return
	}
	if offset > maxString-int64(len(part)) {
		s.replyError(c, errTooLong)
		return
	}
	b := grown(v, found, int(offset)+len(part))
	copy(b[offset:], part)
	s.putKey(c, c.args[1], keyspace.RawValue(b))
	s.dirty++
	s.replyInt(c, int64(len(b)))
}

// grown returns a copy of the string v, if it is there, of at least n bytes; new bytes are zero.
func grown(v keyspace.Value, found bool, n int) []byte {
	if found {
		n = max(n, v.Len())
	}
	b := make([]byte, 0, n)
	if found {
		b = v.AppendTo(b)
	}
	return b[:n]
}

func (s *Server) getrangeCommand(c *client) {
	start, ok1 := resp.ParseInt(c.args[2])
	end, ok2 := resp.ParseInt(c.args[3])
	if !ok1 || !ok2 {
		s.replyError(c, errNotInt)
		return
	}
	v, found, ok := s.readString(c, c.args[1])
	if !ok {
		return
	}
	if !found {
		s.replyBulk(c, nil)
		return
	}
	b := v.Bytes()
	from, to, ok := clampRange(start, end, len(b))
	if !ok {
		s.replyBulk(c, nil)
		return
	}
	s.replyBulk(c, b[from:to+1])
}

// clampRange turns a range with ends counted from the end when negative, both within, into indices of something of
// length n; ok is false if it is empty.
func clampRange(start, end int64, n int) (from, to int, ok bool) {
	if start < 0 && end < 0 && start > end {
		return 0, 0, false
	}
	length := int64(n)
	if start < 0 {
		start = max(start+length, 0)
	}
	if end < 0 {
		end = max(end+length, 0)
	}
	end = min(end, length-1)
	if start > end || n == 0 {
		return 0, 0, false
	}
	return int(start), int(end), true
}

func (s *Server) mgetCommand(c *client) {
	s.replyArray(c, len(c.args)-1)
	for _, key := range c.args[1:] {
		if v, found := s.lookupRead(c, key); found && v.Kind() == keyspace.String {
			s.replyValue(c, v)
		} else {
			s.replyNull(c)
		}
	}
}

func (s *Server) msetCommand(c *client) {
	if s.msetPairs(c, false) {
		s.replySimple(c, "OK")
	}
}

func (s *Server) msetnxCommand(c *client) {
	if s.msetPairs(c, true) {
		s.replyInt(c, 1)
	}
}

// msetPairs sets all pairs, or with nx none if one of the keys is there. If it returns false, it replied.
func (s *Server) msetPairs(c *client, nx bool) bool {
	if len(c.args)%2 == 0 {
		s.replyError(c, "ERR wrong number of arguments for MSET")
		return false
	}
	if nx {
		busy := false
		for i := 1; i < len(c.args); i += 2 {
			if _, found := s.lookupWrite(c, c.args[i]); found {
				busy = true
			}
		}
		if busy {
			s.replyInt(c, 0)
			return false
		}
	}
	for i := 1; i < len(c.args); i += 2 {
		s.setKey(c, c.args[i], keyspace.StringValue(c.args[i+1]))
	}
	s.dirty += int64(len(c.args)-1) / 2
	return true
}

func (s *Server) incrCommand(c *client) { s.incr(c, 1) }
func (s *Server) decrCommand(c *client) { s.incr(c, -1) }

func (s *Server) incrbyCommand(c *client) {
	n, ok := resp.ParseInt(c.args[2])
	if !ok {
		s.replyError(c, errNotInt)
		return
	}
	s.incr(c, n)
}

func (s *Server) decrbyCommand(c *client) {
	n, ok := resp.ParseInt(c.args[2])
	if !ok {
		s.replyError(c, errNotInt)
		return
	}
	s.incr(c, -n) // of the smallest number it is that number, as in Redis
}

func (s *Server) incr(c *client, by int64) {
	v, found, ok := s.writeString(c, c.args[1])
	if !ok {
		return
	}
	var n int64
	if found {
		if n, ok = v.Int(); !ok {
			s.replyError(c, errNotInt)
			return
		}
	}
	if (by < 0 && n < 0 && by < math.MinInt64-n) || (by > 0 && n > 0 && by > math.MaxInt64-n) {
		s.replyError(c, "ERR increment or decrement would overflow")
		return
	}
	n += by
	s.putKey(c, c.args[1], keyspace.IntValue(n))
	s.dirty++
	s.replyInt(c, n)
}

func (s *Server) incrbyfloatCommand(c *client) {
	v, found, ok := s.writeString(c, c.args[1])
	if !ok {
		return
	}
	sum := newLongDouble()
	if found {
		if sum, ok = parseLongDouble(v.Bytes()); !ok {
			s.replyError(c, errNotFloat)
			return
		}
	}
	by, ok := parseLongDouble(c.args[2])
	if !ok {
		s.replyError(c, errNotFloat)
		return
	}
	if sum.IsInf() || by.IsInf() || tooLarge(sum.Add(sum, by)) {
		s.replyError(c, "ERR increment would produce NaN or Infinity")
		return
	}
	text := formatLongDouble(sum)
	s.putKey(c, c.args[1], keyspace.StringValue(text))
	s.dirty++
	s.replyBulk(c, text)
	// Replicas get the result: their arithmetic may round otherwise.
	s.rewritten = [][]byte{[]byte("SET"), c.args[1], text}
}

// The float of C's long double on amd64 has 64 bits of precision and 15 of exponent.
const (
	longDoubleBits     = 64
	longDoubleExponent = 16384
)

func newLongDouble() *big.Float { return new(big.Float).SetPrec(longDoubleBits) }

func tooLarge(f *big.Float) bool { return f.IsInf() || f.MantExp(nil) > longDoubleExponent }

// parseLongDouble reads a number as strtold does, but no hexadecimal ones.
func parseLongDouble(b []byte) (*big.Float, bool) {
	if len(b) == 0 || len(b) > 5<<10 || bytes.ContainsAny(b, "pP_ \t\n\v\f\r\x00") {
		return nil, false
	}
	text := string(b)
	switch unsigned := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-"); {
	case strings.HasPrefix(text, "+-"):
		return nil, false
	case strings.EqualFold(unsigned, "inf"), strings.EqualFold(unsigned, "infinity"):
		return newLongDouble().SetInf(text[0] == '-'), true
	}
	f, _, err := big.ParseFloat(text, 10, longDoubleBits, big.ToNearestEven)
	if err != nil || tooLarge(f) {
		return nil, false
	}
	return f, true
}

// formatLongDouble prints with 17 decimals and without trailing zeros. Redis 4.0: util.c, ld2string.
func formatLongDouble(f *big.Float) []byte {
	text := f.Append(nil, 'f', 17)
	text = bytes.TrimRight(text, "0")
	return bytes.TrimSuffix(text, []byte("."))
}
