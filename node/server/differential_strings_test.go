package server

// drawStrings draws a command on strings.
func drawStrings(g draws) drawn {
	key := func() string { return g.key("k") }
	number := func() string {
		return g.pick("1", "-1", "10", "0", "-7", "9223372036854775807", "-9223372036854775807", "x", "1.5", "", "+1", "007")
	}
	float := func() string {
		return g.pick("0.1", "2.75", "1e10", "3", "abc", "", "1e-10", "nan", "0.30000000000000004", "0x10", "0.5", "1e100", " 1", "1e-17")
	}
	offset := func() string { return g.pick("0", "1", "2", "5", "30", "-1", "536870912", "x") }
	switch name := g.pick("SET", "SET", "SETNX", "SETEX", "PSETEX", "GET", "GETSET", "APPEND", "APPEND", "STRLEN", "SETRANGE", "GETRANGE",
		"SUBSTR", "INCR", "DECR", "INCRBY", "DECRBY", "INCRBYFLOAT", "MSET", "MSETNX", "MGET", "ENCODING", "TTL", "PERSIST"); name {
	case "SET":
		words := []string{name, key(), g.word()}
		for g.oneIn(3) {
			words = append(words, g.pick("NX", "XX", "nx", "EX", "PX", "1000000", "0", "-1", "x"))
		}
		return say(words...)
	case "SETNX", "GETSET", "APPEND":
		return say(name, key(), g.word())
	case "SETEX", "PSETEX":
		return say(name, key(), g.pick("1000000", "100000000", "0", "-1", "x"), g.word())
	case "SETRANGE":
		return say(name, key(), offset(), g.word())
	case "GETRANGE", "SUBSTR":
		return say(name, key(), g.index(), g.index())
	case "INCRBY", "DECRBY":
		return say(name, key(), number())
	case "INCRBYFLOAT":
		return say(name, key(), float())
	case "MSET", "MSETNX":
		words := []string{name}
		for _, k := range g.list(key) {
			words = append(words, k, g.word())
		}
		if g.oneIn(20) {
			words = append(words, "odd")
		}
		return say(words...)
	case "MGET":
		return with(g.list(key), name)
	case "ENCODING":
		return say("OBJECT", name, key())
	default:
		return say(name, key())
	}
}
