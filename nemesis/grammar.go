package nemesis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// grammar says how a verb is written: what it hits, which sides and attributes it has, and whether it can last.
type grammar struct {
	verb     Verb
	kind     Kind
	sides    int         // 0: no targets, 1: targets, 2: targets on both sides of | or ->
	args     []Attribute // those it may have
	lasts    bool        // "for" may follow
	arrow    bool        // the sides are joined by -> only, and the right one is a single machine
	compound bool        // made of other faults: see Fault.Beats
	synonym  []string    // what people write instead
}

// Attribute is a name=value that a verb may have.
type Attribute struct {
	name      string
	values    valueKind
	needed    bool
	otherwise string   // what it is when it is left out
	words     []string // of a choice
	example   string   // of one that is needed
}

// valueKind says what may stand after name=.
type valueKind uint8

const (
	span       valueKind = iota // a duration, 0 or more
	signedSpan                  // a duration
	spanOrMs                    // a duration, or whole milliseconds as toxiproxy has them
	whole                       // a whole number, 0 or more
	signed                      // a whole number
	positive                    // a whole number, 1 or more
	factor                      // a number, 1 or more
	share                       // a number from 0 to 1, or a percentage
	seconds                     // a number, 0 or more
	choice                      // one of words
	text                        // anything, quoted where it has blanks or signs
)

// toxic returns the attributes of one of toxiproxy's toxics: its own, and those that every toxic has.
func toxic(own ...Attribute) []Attribute {
	return append(own, Attribute{name: "toxicity", values: share, otherwise: "1"},
		Attribute{name: "stream", values: choice, words: []string{"upstream", "downstream"}})
}

// downed returns the attributes of EIO faults and the like, which may be about one file only.
func someFile() []Attribute { return []Attribute{{name: "file", values: text}} }

var grammars = []grammar{
	{verb: Cut, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"partition", "disconnect"}},
	{verb: Drop, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"reject", "reset"}},
	{verb: Isolate, kind: OnLinks, sides: 1, lasts: true, compound: true, synonym: []string{"single"}},
	{verb: Halves, kind: OnLinks, sides: 1, lasts: true, compound: true, synonym: []string{"half", "split"}},
	{verb: Bridge, kind: OnLinks, sides: 1, lasts: true, compound: true},
	{verb: Ring, kind: OnLinks, sides: 1, lasts: true, compound: true, synonym: []string{"majority", "majorities-ring"}},
	{verb: Clog, kind: OnLinks, sides: 2, lasts: true, args: []Attribute{{name: "connections", values: positive, otherwise: "1"}}},
	{verb: Unclog, kind: OnLinks, sides: 2, args: []Attribute{{name: "connections", values: positive, otherwise: "1"}}},
	{verb: Refuse, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"deny"}},
	{verb: BlackHole, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"black-hole"}},
	{verb: HalfOpen, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"halfopen"}},
	{verb: Flap, kind: OnLinks, sides: 2, lasts: true, compound: true, args: []Attribute{
		{name: "period", values: span, needed: true, example: "2s"}, {name: "duty", values: share, otherwise: "50%"}}},

	{verb: Latency, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"slow", "lag", "delay"}, args: append([]Attribute{
		{name: "delay", values: span, example: "50ms"}, {name: "jitter", values: spanOrMs, otherwise: "0"}},
		toxic(Attribute{name: "latency", values: whole})...)},
	{verb: Bandwidth, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"throttle"},
		args: toxic(Attribute{name: "rate", values: whole, needed: true, example: "100"})},
	{verb: SlowClose, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"slow-close"},
		args: toxic(Attribute{name: "delay", values: spanOrMs, needed: true, example: "1000"})},
	{verb: Timeout, kind: OnLinks, sides: 2, lasts: true,
		args: toxic(Attribute{name: "timeout", values: spanOrMs, needed: true, example: "1000"})},
	{verb: ResetPeer, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"reset-peer"},
		args: toxic(Attribute{name: "timeout", values: spanOrMs, needed: true, example: "1000"})},
	{verb: Slicer, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"slice"}, args: toxic(
		Attribute{name: "average_size", values: positive, needed: true, example: "64"},
		Attribute{name: "size_variation", values: whole, otherwise: "0"}, Attribute{name: "delay", values: whole, otherwise: "0"})},
	{verb: LimitData, kind: OnLinks, sides: 2, lasts: true, synonym: []string{"limit-data", "limit"},
		args: toxic(Attribute{name: "bytes", values: whole, needed: true, example: "4096"})},

	{verb: Kill, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"crash", "sigkill"}},
	{verb: Restart, kind: OnMachines, sides: 1, synonym: []string{"start", "revive"}},
	{verb: Terminate, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"sigterm", "shutdown"}},
	{verb: PowerLoss, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"power-loss", "poweroff", "power-cut"}},
	{verb: Pause, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"stop", "sigstop", "freeze", "suspend"}},
	{verb: Resume, kind: OnMachines, sides: 1, synonym: []string{"cont", "sigcont", "continue", "unpause"}},
	{verb: Stall, kind: OnMachines, sides: 1, lasts: true, compound: true, synonym: []string{"migrate", "hang"}},
	{verb: SlowCPU, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"cpu", "slowcpu"},
		args: []Attribute{{name: "factor", values: factor, needed: true, example: "10"}}},
	{verb: RestoreRDB, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"old-rdb", "rollback"},
		args: []Attribute{{name: "age", values: span, needed: true, example: "10s"}}},
	{verb: RestoreConfig, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"old-config"}},
	{verb: RunAs, kind: OnMachines, sides: 1, lasts: true, synonym: []string{"upgrade", "downgrade", "version", "replace"},
		args: []Attribute{{name: "program", values: text, needed: true, example: "redis-server"}}},
	{verb: Storm, kind: OnMachines, sides: 1, lasts: true, compound: true, synonym: []string{"restart-storm", "crash-loop"}, args: []Attribute{
		{name: "times", values: positive, needed: true, example: "5"}, {name: "every", values: span, otherwise: "2s"}}},
	{verb: BounceAll, kind: OnMachines, lasts: true, compound: true, synonym: []string{"bounce", "restart-all", "outage"}},

	{verb: LyingFsync, kind: OnDisks, sides: 1, lasts: true, synonym: []string{"lie", "no-fsync"}},
	{verb: TornTail, kind: OnDisks, sides: 1, lasts: true, synonym: []string{"torn", "torn-write"}},
	{verb: EIORead, kind: OnDisks, sides: 1, lasts: true, args: someFile(), synonym: []string{"read-error"}},
	{verb: EIOWrite, kind: OnDisks, sides: 1, lasts: true, args: someFile(), synonym: []string{"write-error", "eio"}},
	{verb: EIOSync, kind: OnDisks, sides: 1, lasts: true, args: someFile(), synonym: []string{"sync-error", "eio-fsync"}},
	{verb: DiskFull, kind: OnDisks, sides: 1, lasts: true, synonym: []string{"enospc", "full"}},
	{verb: SlowDisk, kind: OnDisks, sides: 1, lasts: true, args: []Attribute{{name: "delay", values: span, needed: true, example: "50ms"}}},
	{verb: FileGone, kind: OnDisks, sides: 1, lasts: true, synonym: []string{"unlink", "remove-file"},
		args: []Attribute{{name: "file", values: text, needed: true, example: "dump.rdb"}}},

	{verb: ClockJump, kind: OnClocks, sides: 1, synonym: []string{"jump", "clock-step", "skew"},
		args: []Attribute{{name: "by", values: signedSpan, needed: true, example: "-5s"}}},
	{verb: ClockDrift, kind: OnClocks, sides: 1, lasts: true, synonym: []string{"drift"},
		args: []Attribute{{name: "ppm", values: signed, needed: true, example: "500"}}},
	{verb: ClockOffset, kind: OnClocks, sides: 1, lasts: true, synonym: []string{"offset", "clock-skew"},
		args: []Attribute{{name: "by", values: signedSpan, needed: true, example: "2s"}}},

	{verb: Heal, synonym: []string{"repair", "mend", "uncut"}},
}

// Verbs returns every verb but those of orders, in the order of FAULTS.md.
func Verbs() []Verb {
	verbs := make([]Verb, len(grammars))
	for i, g := range grammars {
		verbs[i] = g.verb
	}
	return verbs
}

func grammarOf(v Verb) (grammar, bool) {
	for _, g := range grammars {
		if g.verb == v {
			return g, true
		}
	}
	return grammar{}, false
}

func (g grammar) attribute(name string) (Attribute, bool) {
	i := slices.IndexFunc(g.args, func(a Attribute) bool { return a.name == name })
	if i < 0 {
		return Attribute{}, false
	}
	return g.args[i], true
}

// names lists the attributes, as "delay= and jitter=".
func (g grammar) names() string {
	var names []string
	for _, a := range g.args {
		names = append(names, a.name+"=")
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

func (g grammar) describeArgs(found string) string {
	if len(g.args) == 0 {
		return fmt.Sprintf("%s has no attributes", g.verb)
	}
	var known []string
	for _, a := range g.args {
		known = append(known, a.name)
	}
	if near := nearest(found, known); near != "" {
		return fmt.Sprintf("did you mean %s=?", near)
	}
	return fmt.Sprintf("%s has %s", g.verb, g.names())
}

// missing says which attribute has to be there and is not, as "rate=100"; "" if none.
func (g grammar) missing(f Fault) string {
	for _, a := range g.args {
		if a.needed && !f.Has(a.name) {
			return a.name + "=" + a.example
		}
	}
	if g.verb == Latency && !f.Has("delay") && !f.Has("latency") {
		return "delay=50ms"
	}
	return ""
}

// conflict says which attributes do not go together; "" if all do.
func (g grammar) conflict(f Fault) string {
	if g.verb != Latency {
		return ""
	}
	if f.Has("delay") {
		for _, name := range []string{"latency", "toxicity", "stream"} {
			if f.Has(name) {
				return fmt.Sprintf("delay= is the link's own and does not go with %s=: toxiproxy's toxic has latency= in ms", name)
			}
		}
	}
	return ""
}

// expected says what should have stood after name=; "" if value is right.
func (a Attribute) expected(value string) string {
	d, notSpan := time.ParseDuration(value)
	n, notWhole := strconv.ParseInt(value, 10, 64)
	switch a.values {
	case span:
		return unless(notSpan == nil && d >= 0, "a duration after %s=: 50ms, 1.5s", a.name)
	case signedSpan:
		return unless(notSpan == nil, "a duration after %s=: 5s, -300ms", a.name)
	case spanOrMs:
		return unless(notSpan == nil && d >= 0 || notWhole == nil && n >= 0, "a duration or whole milliseconds after %s=: 50ms, 50", a.name)
	case whole:
		return unless(notWhole == nil && n >= 0, "a whole number after %s=: 0, 100", a.name)
	case positive:
		return unless(notWhole == nil && n >= 1, "a whole number from 1 after %s=: 5", a.name)
	case signed:
		return unless(notWhole == nil, "a whole number after %s=: 500, -500", a.name)
	case factor:
		x, err := strconv.ParseFloat(value, 64)
		return unless(err == nil && x >= 1 && x <= 1e6, "a number from 1 after %s=: 10, 2.5", a.name)
	case seconds:
		x, err := strconv.ParseFloat(value, 64)
		return unless(err == nil && x >= 0 && x <= 1e6, "seconds after %s=: 2, 0.5", a.name)
	case share:
		percent, ok := strings.CutSuffix(value, "%")
		x, err := strconv.ParseFloat(percent, 64)
		if ok {
			x /= 100
		}
		return unless(err == nil && x >= 0 && x <= 1, "a share after %s=: 0.5, 50%%", a.name)
	case choice:
		return unless(slices.Contains(a.words, value), "%s after %s=", strings.Join(a.words, " or "), a.name)
	default:
		return unless(!strings.ContainsAny(value, "\"\r\n"), `words without " after %s=`, a.name)
	}
}

func unless(right bool, format string, args ...any) string {
	if right {
		return ""
	}
	return fmt.Sprintf(format, args...)
}
