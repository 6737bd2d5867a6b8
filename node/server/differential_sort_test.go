package server

// drawSort draws a SORT. Where 4.0 and 7.0 leave the order of elements that weigh the same to their algorithms, it
// draws nothing that shows it.
func drawSort(g draws) drawn {
	words := []string{"SORT", g.key(g.pick("l", "s"))}
	by := g.pick("", "", "k*", "nosort", "h*->f", "*", "k*->")
	alpha := g.oneIn(2)
	if by != "" {
		words = append(words, "BY", by)
	}
	if alpha {
		words = append(words, "alpha")
	}
	if by != "nosort" {
		words = append(words, g.pick("ASC", "DESC", "desc"))
	}
	for range g.upTo(2) {
		words = append(words, "GET", g.pick("#", "k*", "k1", "h*->f", "l*", "k*->"))
	}
	if g.oneIn(12) {
		words = append(words, g.pick("BY", "GET", "STORE", "NOSUCH", "LIMIT"))
	}
	if alpha && by != "" && by != "nosort" {
		return drawn{words: words, as: sorted}
	}
	if g.oneIn(2) {
		words = append(words, "LIMIT", g.pick("0", "1", "2", "-1", "10", "x"), g.pick("0", "1", "2", "-1", "10", "x"))
	}
	if g.oneIn(2) {
		return with([]string{"STORE", g.pick("l1", "l2", "s1", "k1")}, words...)
	}
	if by == "nosort" {
		return drawn{words: words, as: counted}
	}
	return say(words...)
}
