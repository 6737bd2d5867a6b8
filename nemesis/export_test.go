package nemesis

// Shape is how a verb is written, for tests that draw faults.
type Shape struct {
	Sides int
	Arrow bool
	Args  []ShapeArg
}

// ShapeArg is an attribute with values that it may have.
type ShapeArg struct {
	Name   string
	Needed bool
	Values []string
}

// ShapeOf tells how v is written in a language.
func ShapeOf(l Language, v Verb) Shape {
	g, _ := l.grammarOf(v)
	s := Shape{Sides: g.sides, Arrow: g.arrow}
	for _, a := range g.args {
		if v == Latency && a.name != "delay" && a.name != "jitter" {
			continue // they do not go with delay=
		}
		s.Args = append(s.Args, ShapeArg{a.name, a.needed || a.name == "delay" && v == Latency, examples[a.values]})
		if a.values == choice {
			s.Args[len(s.Args)-1].Values = a.words
		}
	}
	return s
}

var examples = map[valueKind][]string{
	span: {"0s", "50ms", "1h0m0.5s"}, signedSpan: {"-5s", "3ms"}, spanOrMs: {"10", "1s"}, whole: {"0", "100"}, signed: {"-500", "7"},
	positive: {"1", "64"}, factor: {"1", "2.5"}, share: {"0", "0.5", "50%", "1"}, seconds: {"0", "1.5"},
	text: {"10", "", "slave 256mb 64mb 60", "a#b", "a->b", "Ein Satz, mit | Zeichen = Ä"},
}
