package server

// drawBits draws a command on the bits of strings.
func drawBits(g draws) drawn {
	key := func() string { return g.key("k") }
	at := func() string { return g.pick("0", "1", "7", "8", "63", "100", "3000", "-1", "4294967296", "x") }
	switch name := g.pick("SETBIT", "SETBIT", "GETBIT", "BITCOUNT", "BITPOS", "BITOP", "BITFIELD", "BITFIELD"); name {
	case "SETBIT":
		return say(name, key(), at(), g.pick("0", "1", "1", "2"))
	case "GETBIT":
		return say(name, key(), at())
	case "BITCOUNT":
		if g.oneIn(2) {
			return say(name, key())
		}
		return say(name, key(), g.index(), g.index())
	case "BITPOS":
		words := []string{name, key(), g.pick("0", "1", "2")}
		for range g.upTo(2) {
			words = append(words, g.index())
		}
		return say(words...)
	case "BITOP":
		return with(g.list(key), name, g.pick("AND", "OR", "XOR", "NOT", "not", "NAND"), key())
	default:
		words := []string{name, key()}
		for range 1 + g.upTo(3) {
			words = append(words, g.bitfield()...)
		}
		return say(words...)
	}
}

// bitfield is one operation of a BITFIELD.
func (g draws) bitfield() []string {
	kind := g.pick("u1", "u4", "u8", "i5", "i8", "i16", "u63", "i64", "u64", "i65", "x")
	offset := g.pick("0", "1", "#1", "#3", "7", "100", "-1", "x")
	switch name := g.pick("GET", "SET", "INCRBY", "OVERFLOW"); name {
	case "GET":
		return []string{name, kind, offset}
	case "OVERFLOW":
		return []string{name, g.pick("WRAP", "SAT", "FAIL", "fail", "OVER")}
	default:
		return []string{name, kind, offset, g.pick("0", "1", "-1", "5", "100", "1000", "-129", "9223372036854775807", "-9223372036854775808", "x")}
	}
}
