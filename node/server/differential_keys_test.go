package server

// drawKeys draws a command on keys, whatever they hold, or one that makes a string.
func drawKeys(g draws) drawn {
	key := func() string { return g.key(g.pick("l", "s", "k", "h", "z")) }
	switch name := g.pick("DEL", "EXISTS", "TYPE", "OBJECT", "RENAME", "RENAMENX", "MOVE", "EXPIRE", "PERSIST", "TTL",
		"SET", "INCR", "SELECT",
		"SWAPDB", "DBSIZE"); name {
	case "DEL", "EXISTS":
		return with(g.list(key), name)
	case "OBJECT":
		return say(name, "ENCODING", key())
	case "RENAME", "RENAMENX":
		return say(name, key(), key())
	case "MOVE":
		return say(name, key(), g.pick("0", "1", "99"))
	case "EXPIRE":
		return say(name, key(), g.pick("1000000", "1000000", "-1", "x"))
	case "SET":
		return say(name, g.key("k"), g.word())
	case "INCR":
		return say(name, g.key("k"))
	case "SELECT":
		return say(name, g.pick("0", "0", "1"))
	case "SWAPDB":
		return say(name, "0", "1")
	case "DBSIZE":
		return say(name)
	default:
		return say(name, key())
	}
}
