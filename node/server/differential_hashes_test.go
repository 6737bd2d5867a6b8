package server

// drawHashes draws a command on hashes.
func drawHashes(g draws) drawn {
	key := func() string { return g.key("h") }
	field := func() string {
		if g.oneIn(40) {
			return "a field that is longer than the sixty-four bytes that a ziplist takes of one"
		}
		return g.pick("a", "b", "c", "1", "2", "", "x y", "\xff\x00", "d", "e", "f")
	}
	number := func() string {
		return g.pick("1", "-1", "10", "0", "-7", "9223372036854775807", "-9223372036854775808", "x", "1.5", "", "+1", "007")
	}
	float := func() string {
		return g.pick("0.1", "-2.75", "1e10", "3", "abc", "", "1e-10", "nan", g.extreme("5e400"), "0.30000000000000004", "0x10", "-0.5", "1e100", " 1", "1e-17")
	}
	switch name := g.pick("HSET", "HSET", "HSET", "HMSET", "HSETNX", "HGET", "HMGET", "HINCRBY", "HINCRBY", "HINCRBYFLOAT", "HINCRBYFLOAT", "HDEL",
		"HDEL", "HLEN", "HSTRLEN", "HKEYS", "HVALS", "HGETALL", "HEXISTS", "HSCAN", "ENCODING"); name {
	case "HSET", "HMSET":
		words := []string{name, key()}
		for _, f := range g.list(field) {
			words = append(words, f, g.word())
		}
		if g.oneIn(20) {
			words = append(words, "odd")
		}
		return say(words...)
	case "HSETNX":
		return say(name, key(), field(), g.word())
	case "HGET", "HSTRLEN", "HEXISTS":
		return say(name, key(), field())
	case "HMGET", "HDEL":
		return with(g.list(field), name, key())
	case "HINCRBY":
		return say(name, key(), field(), number())
	case "HINCRBYFLOAT":
		return say(name, key(), field(), float())
	case "HKEYS", "HVALS", "HGETALL":
		return drawn{words: []string{name, key()}, as: sorted}
	case "HSCAN":
		words := append([]string{name, key(), g.pick("0", "0", "0", "x")}, g.scanOptions()...)
		return drawn{words: append(words, "COUNT", "1000"), as: sorted}
	case "ENCODING":
		return say("OBJECT", name, key())
	default:
		return say(name, key())
	}
}
