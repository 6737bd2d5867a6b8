package server

import "strconv"

// drawSets draws a command on sets.
func drawSets(g draws) drawn {
	key := func() string { return g.key("s") }
	if g.oneIn(60) { // about as many as an intset may have
		var members []string
		for i := range 505 + g.upTo(10) {
			members = append(members, strconv.Itoa(i*7))
		}
		return with(members, "SADD", key())
	}
	switch name := g.pick("SADD", "SADD", "SADD", "SREM", "SMOVE", "SISMEMBER", "SCARD", "SPOP", "SRANDMEMBER", "SINTER",
		"SINTERSTORE", "SUNION",
		"SUNIONSTORE", "SDIFF", "SDIFFSTORE", "SMEMBERS", "SSCAN"); name {
	case "SADD", "SREM":
		return with(g.list(g.word), name, key())
	case "SMOVE":
		return say(name, key(), key(), g.word())
	case "SISMEMBER":
		return say(name, key(), g.word())
	case "SINTER", "SUNION", "SDIFF":
		d := with(g.list(key), name)
		d.as = sorted
		return d
	case "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE":
		return with(g.list(key), name, key())
	case "SMEMBERS":
		return drawn{words: []string{name, key()}, as: sorted}
	case "SSCAN":
		return drawn{words: append([]string{name, key(), g.pick("0", "0", "0", "x")}, g.scanOptions()...), as: sorted}
	case "SPOP":
		if g.oneIn(2) {
			return drawn{words: []string{name, key(), g.pick("0", "1", "2", "3", "100", "-1", "x")}, as: shaped}
		}
		return drawn{words: []string{name, key()}, as: shaped}
	case "SRANDMEMBER":
		if g.oneIn(2) {
			return drawn{words: []string{name, key(), g.pick("0", "1", "2", "3", "100", "-1", "-5", "x")}, as: shaped}
		}
		return drawn{words: []string{name, key()}, as: shaped}
	default:
		return say(name, key())
	}
}

// scanOptions are what may follow a cursor: many enough for all of a collection, because pages differ, or wrong ones.
func (g draws) scanOptions() []string {
	switch g.pick("all", "match", "wrong", "half") {
	case "match":
		return []string{"MATCH", g.pick("*", "a*", "[0-9]", "?", "y*"), "count", "20000"}
	case "wrong":
		return []string{g.pick("COUNT", "NOSUCH"), g.pick("0", "x", "-1")}
	case "half":
		return []string{"COUNT", "10000", g.pick("COUNT", "MATCH")}
	}
	return []string{"COUNT", "10000"}
}
