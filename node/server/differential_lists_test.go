package server

// drawLists draws a command on lists.
func drawLists(g draws) drawn {
	key := func() string { return g.key("l") }
	switch name := g.pick("LPUSH", "RPUSH", "LPUSH", "RPUSH", "LPUSHX", "RPUSHX", "LPOP", "RPOP", "LLEN", "LINDEX",
		"LSET", "LRANGE", "LTRIM",
		"LREM", "LINSERT", "RPOPLPUSH", "BLPOP", "BRPOP", "BRPOPLPUSH"); name {
	case "LPUSH", "RPUSH", "LPUSHX", "RPUSHX":
		return with(g.list(g.word), name, key())
	case "LINDEX":
		return say(name, key(), g.index())
	case "LSET":
		return say(name, key(), g.index(), g.word())
	case "LRANGE", "LTRIM":
		return say(name, key(), g.index(), g.index())
	case "LREM":
		return say(name, key(), g.index(), g.word())
	case "LINSERT":
		return say(name, key(), g.pick("BEFORE", "AFTER", "before", "after", "BESIDE"), g.word(), g.word())
	case "RPOPLPUSH":
		return say(name, key(), key())
	case "BLPOP", "BRPOP": // who says it here must not wait; see drawWait
		return say(name, key(), g.pick("x", "-1", "-5"))
	case "BRPOPLPUSH":
		return say(name, key(), key(), g.pick("x", "-1", "-5"))
	default:
		return say(name, key())
	}
}

// drawWait draws what a client of its own says, which may wait.
func drawWait(g draws) drawn {
	if g.oneIn(3) {
		return say("BRPOPLPUSH", g.key("l"), g.key("l"), "0")
	}
	return with(append(g.list(func() string { return g.key("l") }), "0"), g.pick("BLPOP", "BRPOP"))
}
