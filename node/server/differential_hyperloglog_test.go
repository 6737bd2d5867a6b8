package server

import "strconv"

// drawHyperLogLogs draws a command on HyperLogLogs, or one that makes or damages the string that one is.
func drawHyperLogLogs(g draws) drawn {
	key := func() string {
		if g.oneIn(16) {
			return g.pick("l1", "k1", "h1")
		}
		return g.pick("p1", "p2", "p3")
	}
	switch name := g.pick("PFADD", "PFADD", "PFADD", "PFADD", "PFCOUNT", "PFCOUNT", "PFMERGE", "PFMERGE", "PFDEBUG", "GET", "MANY", "SETRANGE"); name {
	case "PFADD":
		if g.oneIn(8) {
			return say(name, key())
		}
		return with(g.list(g.word), name, key())
	case "PFCOUNT":
		return with(g.list(key), name)
	case "PFMERGE":
		return with(g.list(key), name)
	case "PFDEBUG":
		return say(name, g.pick("GETREG", "DECODE", "ENCODING", "TODENSE", "NOSUCH"), key())
	case "MANY":
		words := []string{"PFADD", key()}
		from, n := g.upTo(1000), g.upTo(3000)
		for i := range n {
			words = append(words, strconv.Itoa(from+i))
		}
		return say(words...)
	case "SETRANGE":
		return say(name, g.pick("p1", "p2"), g.pick("0", "4", "8", "15"), g.pick("\x00", "\x05", "H"))
	default:
		return say(name, g.pick("p1", "p2", "p3"))
	}
}
