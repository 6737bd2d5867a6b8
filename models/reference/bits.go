package reference

import (
	"math/bits"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
)

// Strings as arrays of bits, the first of a byte being its highest.

var bitCommands = map[string]func(*Data, []string, histories.Value) want{
	"SETBIT": setBit, "GETBIT": getBit, "BITCOUNT": bitCount, "BITPOS": bitPos, "BITOP": bitOp, "BITFIELD": bitField,
}

func setBit(d *Data, w []string, _ histories.Value) want {
	at, isInt := integer(w[2])
	if !isInt || at < 0 {
		return fails("ERR bit offset is not an integer or out of range")
	}
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	b := []byte(overwrite(s, int(at/8), ""))
	for len(b) <= int(at/8) {
		b = append(b, 0)
	}
	mask := byte(1) << (7 - at%8)
	was := b[at/8]&mask != 0
	b[at/8] &^= mask
	if w[3] == "1" {
		b[at/8] |= mask
	}
	d.rewritten(w[1], string(b))
	return truth(was)
}

func getBit(d *Data, w []string, _ histories.Value) want {
	at, _ := integer(w[2])
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	return truth(int(at/8) < len(s) && s[at/8]&(byte(1)<<(7-at%8)) != 0)
}

func bitCount(d *Data, w []string, _ histories.Value) want {
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	if len(w) == 4 {
		from, to, isInt := bytesOf(w[2:], len(s))
		switch a, b := w[2], w[3]; {
		case !isInt:
			return notInt
		case a[0] == '-' && b[0] == '-' && len(a) == len(b) && a < b: // -3 -4
			return number(0)
		}
		s = s[from:to]
	}
	n := 0
	for i := range len(s) {
		n += bits.OnesCount8(s[i])
	}
	return number(n)
}

// bytesOf is the part of n bytes that a range of a string stands for; from and to count them as indices do in Go. What ends
// before it begins is empty, but not to BITPOS where both ends lie before the string.
func bytesOf(w []string, n int) (from, to int, isInt bool) {
	a, ok1 := integer(w[0])
	b, ok2 := integer(w[1])
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	length := int64(n)
	if a < 0 {
		a = max(0, a+length)
	}
	if b < 0 {
		b = max(0, b+length)
	}
	if b = min(b, length-1); a > b || n == 0 {
		return 0, 0, true
	}
	return int(a), int(b) + 1, true
}

// bitPos is BITPOS key bit [start [end]]. Without an end, the string goes on in zeros.
func bitPos(d *Data, w []string, _ histories.Value) want {
	it, wrong := d.of(w[1], isString)
	looked := w[2] == "1"
	switch {
	case wrong:
		return wrongType
	case it == nil && looked:
		return number(-1)
	case it == nil:
		return number(0)
	}
	from, to := 0, len(it.text)
	if len(w) > 3 {
		end := "-1"
		if len(w) > 4 {
			end = w[4]
		}
		var isInt bool
		if from, to, isInt = bytesOf([]string{w[3], end}, len(it.text)); !isInt {
			return notInt
		}
	}
	if from >= to {
		return number(-1)
	}
	for i := from * 8; i < to*8; i++ {
		if (it.text[i/8]&(0x80>>(i%8)) != 0) == looked {
			return number(i)
		}
	}
	if !looked && len(w) < 5 {
		return number(to * 8)
	}
	return number(-1)
}

// bitField is BITFIELD with whole bytes: GET, SET and INCRBY u8 #n, which go round at 256.
func bitField(d *Data, w []string, _ histories.Value) want {
	s, wrong := d.held(w[1])
	if wrong {
		return wrongType
	}
	var all []histories.Value
	changed := false
	for i := 2; i+2 < len(w); {
		at, _ := integer(strings.TrimPrefix(w[i+2], "#"))
		was := int64(0)
		if int(at) < len(s) {
			was = int64(s[at])
		}
		if strings.EqualFold(w[i], "GET") {
			all = append(all, histories.Int(was))
			i += 3
			continue
		}
		n, isInt := integer(w[i+3])
		if !isInt {
			return notInt
		}
		told := was
		if strings.EqualFold(w[i], "INCRBY") {
			n = (was + n) & 0xff
			told = n
		}
		s, changed = overwrite(s, int(at), string([]byte{byte(n)})), true
		all = append(all, histories.Int(told))
		i += 4
	}
	if changed {
		d.rewritten(w[1], s)
	}
	return exact(histories.List(all...))
}

func bitOp(d *Data, w []string, _ histories.Value) want {
	var all []string
	long := 0
	for _, key := range w[3:] {
		s, wrong := d.held(key)
		if wrong {
			return wrongType
		}
		all = append(all, s)
		long = max(long, len(s))
	}
	b := make([]byte, long)
	for i := range b {
		for j, s := range all {
			x := byte(0)
			if i < len(s) {
				x = s[i]
			}
			switch op := strings.ToUpper(w[1]); {
			case j == 0 && op == "NOT":
				b[i] = ^x
			case j == 0:
				b[i] = x
			case op == "AND":
				b[i] &= x
			case op == "OR":
				b[i] |= x
			default:
				b[i] ^= x
			}
		}
	}
	d.get(w[2])
	if long == 0 {
		d.drop(w[2])
	} else {
		d.put(w[2], word(string(b)))
	}
	return number(long)
}
