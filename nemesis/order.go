package nemesis

import "math/rand/v2"

// Order declares a verb of a system's: something that an operator does to it while it runs.
type Order struct {
	Verb     Verb
	To       bool // A -> B: each of A is told of B, which is one machine
	Args     []Attribute
	Lasts    bool   // it can have an end
	Downs    bool   // its targets are down meanwhile: who is down already is left out
	Joins    string // RoleServers, RoleSentinels: a spare machine becomes one of these; "": none does
	Synonyms []string
}

// TextArg is an attribute that has to be given and may be anything: name=example.
func TextArg(name, example string) Attribute {
	return Attribute{name: name, values: text, needed: true, example: example}
}

// ChoiceArg has to be given, and is one of words.
func ChoiceArg(name string, words ...string) Attribute {
	return Attribute{name: name, values: choice, needed: true, words: words, example: words[0]}
}

// SecondsArg has to be given, and is a number of seconds.
func SecondsArg(name, example string) Attribute {
	return Attribute{name: name, values: seconds, needed: true, example: example}
}

// NeededCountArg has to be given, and is a whole number from 1.
func NeededCountArg(name, example string) Attribute {
	return Attribute{name: name, values: positive, needed: true, example: example}
}

// CountArg may be given, and is a whole number from 1.
func CountArg(name string) Attribute { return Attribute{name: name, values: positive} }

func (o Order) grammar() grammar {
	return grammar{verb: o.Verb, kind: ByOrder, sides: 1 + map[bool]int{true: 1}[o.To], arrow: o.To, args: o.Args, lasts: o.Lasts, synonym: o.Synonyms}
}

// Language is the grammar of faults with the orders of a system. Without orders it is the zero value, which the functions
// of this package speak.
type Language struct{ orders []Order }

// Speak returns the language that has orders.
func Speak(orders []Order) Language { return Language{orders} }

// Verbs returns every verb of the language.
func (l Language) Verbs() []Verb {
	verbs := Verbs()
	for _, o := range l.orders {
		verbs = append(verbs, o.Verb)
	}
	return verbs
}

// Lasts is [Fault.Lasts], and knows the orders.
func (l Language) Lasts(f Fault) bool {
	g, _ := l.grammarOf(f.Verb)
	return g.lasts
}

func (l Language) order(v Verb) Order {
	for _, o := range l.orders {
		if o.Verb == v {
			return o
		}
	}
	return Order{}
}

func (l Language) grammarOf(v Verb) (grammar, bool) {
	if g, ok := grammarOf(v); ok {
		return g, true
	}
	o := l.order(v)
	return o.grammar(), o.Verb != ""
}

// all are the grammars of all verbs.
func (l Language) all() []grammar {
	all := grammars[:len(grammars):len(grammars)]
	for _, o := range l.orders {
		all = append(all, o.grammar())
	}
	return all
}

// OrderDraw draws orders of one kind, for schedules.
type OrderDraw struct {
	Name   string
	Weight int // against the weights of a [Mix]
	Even   int // the weight where the mix is even: 0 if a cluster does not get well by itself afterwards
	Draw   func(d Drawing) ([]Fault, Uses)
}

// Uses says what a drawn order takes up of what a schedule may hurt at a time.
type Uses uint8

// What orders use.
const (
	UsesNothing Uses = iota
	UsesServer       // a server, as if it were down
	UsesSentinel
)

func (u Uses) resource() resource {
	return [...]resource{UsesNothing: unlimited, UsesServer: servers, UsesSentinel: sentinels}[u]
}

// Drawing is a schedule that is being drawn.
type Drawing struct{ g *generator }

// Rand is what to draw from.
func (d Drawing) Rand() *rand.Rand { return d.g.rng }

// Servers and Sentinels are how many there are.
func (d Drawing) Servers() int   { return len(d.g.Servers) }
func (d Drawing) Sentinels() int { return len(d.g.Sentinels) }

// Server draws one, mostly by its role.
func (d Drawing) Server() string { return d.g.server() }

// Spares and SpareSentinels are how many machines have not been added yet.
func (d Drawing) Spares() int         { return d.g.Spares }
func (d Drawing) SpareSentinels() int { return d.g.SpareSentinels }

// Add takes one of them.
func (d Drawing) Add(sentinel bool) {
	if sentinel {
		d.g.SpareSentinels--
	} else {
		d.g.Spares--
	}
}
