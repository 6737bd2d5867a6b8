package server

import "strconv"

// drawSortedSets draws a command on sorted sets. Members of z1 and z2 may have any score; those of y1, which no
// other family touches, have one, as ranges of members ask for.
func drawSortedSets(g draws) drawn {
	if g.oneIn(4) {
		return drawLex(g)
	}
	key := func() string { return g.zkey("z1", "z2") }
	switch name := g.pick("ZADD", "ZADD", "ZADD", "ZADD", "ZINCRBY", "ZREM", "ZREMRANGEBYSCORE", "ZREMRANGEBYRANK", "ZUNIONSTORE", "ZUNIONSTORE",
		"ZINTERSTORE", "ZINTERSTORE", "ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZCOUNT", "ZCARD", "ZSCORE", "ZRANK", "ZREVRANK",
		"ZSCAN", "ENCODING", "MANY"); name {
	case "ZADD":
		return g.zadd(key(), g.score)
	case "ZINCRBY":
		return say(name, key(), g.score(), g.member())
	case "ZREM":
		return with(g.list(g.member), name, key())
	case "ZREMRANGEBYSCORE", "ZCOUNT":
		return say(name, key(), g.bound(), g.bound())
	case "ZREMRANGEBYRANK":
		return say(name, key(), g.index(), g.index())
	case "ZUNIONSTORE", "ZINTERSTORE":
		return g.zstore(name)
	case "ZRANGE", "ZREVRANGE":
		words := []string{name, key(), g.index(), g.index()}
		if g.oneIn(2) {
			words = append(words, "WITHSCORES")
		}
		return say(words...)
	case "ZRANGEBYSCORE", "ZREVRANGEBYSCORE":
		return with(g.rangeOptions("WITHSCORES"), name, key(), g.bound(), g.bound())
	case "ZSCORE", "ZRANK", "ZREVRANK":
		return say(name, key(), g.member())
	case "ZSCAN":
		words := append([]string{name, key(), g.pick("0", "0", "0", "x")}, g.scanOptions()...)
		return drawn{words: append(words, "COUNT", "1000"), as: sorted}
	case "ENCODING":
		return say("OBJECT", name, key())
	case "MANY": // more than a ziplist takes
		words := []string{"ZADD", key()}
		for i := range 130 {
			words = append(words, strconv.Itoa(i%7), "m"+strconv.Itoa(i))
		}
		return say(words...)
	default:
		return say(name, key())
	}
}

// zkey is one of the keys, and now and then one that holds something else.
func (g draws) zkey(list ...string) string {
	if g.oneIn(16) {
		return g.pick("l1", "s1", "k1", "h1")
	}
	return g.pick(list...)
}

func (g draws) member() string {
	if g.oneIn(40) {
		return "a member that is longer than the sixty-four bytes that a ziplist takes of one"
	}
	return g.pick("a", "b", "c", "d", "1", "2", "", "x y", "\xff\x00", "ab", "abc")
}

// score is a score that does not lead to -0, whose sign small sorted sets forget since 7.0, and no whole number from 2^52
// to 2^63, all whose digits ZSCAN prints since 7.0.
func (g draws) score() string {
	if g.oneIn(20) {
		return g.extreme("1e-320", "1e400", "1e-400")
	}
	return g.pick("0", "1", "2", "-1", "1.5", "0.1", "0.2", "3e-5", "1e20", "1e19", "12345678901234567890", "inf", "-inf", "+inf", "0x10",
		"nan", "x", "", " 1", "-1.7976931348623157e308", "0.30000000000000004", "3", "5", "7")
}

func (g draws) bound() string {
	return g.pick("0", "1", "2", "-1", "-inf", "+inf", "inf", "(0", "(1", "(1.5", "(inf", "(-inf", g.extreme("1e400"), " 1", "(", "", "nan", "x", "((1", "0.3", "5", "(7", "1\x00z")
}

func (g draws) zadd(key string, score func() string) drawn {
	words := []string{"ZADD", key}
	for g.oneIn(4) {
		words = append(words, g.pick("NX", "XX", "CH", "INCR", "nx", "ch"))
	}
	for _, member := range g.list(g.member) {
		words = append(words, score(), member)
	}
	if g.oneIn(20) {
		words = append(words, "1")
	}
	return say(words...)
}

func (g draws) rangeOptions(more string) (words []string) {
	for g.oneIn(3) {
		switch g.upTo(5) {
		case 0:
			words = append(words, g.pick("NOSUCH", "LIMIT"))
		case 1, 2:
			if more != "" {
				words = append(words, more)
			}
		default:
			words = append(words, "LIMIT", g.index(), g.index())
		}
	}
	return words
}

func (g draws) zstore(name string) drawn {
	n := 1 + g.upTo(2)
	words := []string{name, g.zkey("z1", "z2"), strconv.Itoa(n)}
	if g.oneIn(20) {
		words[2] = g.pick("0", "-1", "x", "9", "1")
	}
	for range n {
		words = append(words, g.zkey("z1", "z2", "y1", "s1", "s2"))
	}
	if g.oneIn(2) {
		words = append(words, "WEIGHTS")
		for range n {
			words = append(words, g.pick("1", "2", "0.5", "inf", "-inf", "1.1", "x"))
		}
	}
	if g.oneIn(2) {
		words = append(words, "AGGREGATE", g.pick("SUM", "MIN", "MAX", "max", "AVG"))
	}
	return say(words...)
}

// drawLex draws a command on a sorted set whose members have one score.
func drawLex(g draws) drawn {
	const key = "y1"
	switch name := g.pick("ZADD", "ZADD", "ZREMRANGEBYLEX", "ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZLEXCOUNT", "ZREM"); name {
	case "ZADD":
		return with([]string{"5", g.member(), "5", g.member()}, name, key)
	case "ZREM":
		return with(g.list(g.member), name, key)
	case "ZRANGEBYLEX", "ZREVRANGEBYLEX":
		return with(g.rangeOptions(""), name, key, g.lexBound(), g.lexBound())
	default:
		return say(name, key, g.lexBound(), g.lexBound())
	}
}

func (g draws) lexBound() string {
	return g.pick("-", "+", "-", "+", "[a", "(a", "[b", "(b", "[c", "[", "(", "", "x", "+x", "[ab", "(abc", "[\xff")
}
