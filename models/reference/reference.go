package reference

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// Data is what a server must hold, as far as one client made it.
type Data struct {
	// Unsure says that from here on nothing certain is known.
	Unsure bool

	db    int
	dbs   map[int]map[string]*item
	clock Span
	slack time.Duration

	queue    [][]string // of an open transaction; nil: none is open
	poisoned bool       // one of its commands was refused
	watched  map[watch]bool
	touched  bool // what is watched was changed
}

// Span is when a command was executed: at some moment from From to To.
type Span struct{ From, To time.Duration }

type watch struct {
	db  int
	key string
}

// kind is a type of value, in the words of TYPE.
type kind string

const (
	isString kind = "string"
	isList   kind = "list"
	isSet    kind = "set"
	isHash   kind = "hash"
	isZSet   kind = "zset"
)

// item is a key's value.
type item struct {
	kind    kind
	text    string
	list    []string
	fields  map[string]string // of a hash; of a set the members, with ""
	scores  map[string]float64
	counted map[string]bool // what a HyperLogLog has counted
	places  map[string]spot // what a sorted set holds that GEOADD made
	hidden  bool            // what other commands find in it is not known: a HyperLogLog's bytes, the scores of places

	mortal bool
	dies   Span // the moment lies in it
}

// New returns an empty database db among others. slack is how far the clocks of client and server may be apart.
func New(db int, slack time.Duration) *Data {
	return &Data{db: db, dbs: map[int]map[string]*item{}, slack: slack, watched: map[watch]bool{}}
}

// errorMark begins the list that stands for an error reply.
const errorMark = "!error"

// Error is how an error reply stands among replies.
func Error(text string) histories.Value {
	return histories.List(histories.Text(errorMark), histories.Text(text))
}

// errorOf is the text of an error reply.
func errorOf(v histories.Value) (text string, is bool) {
	if len(v.Elems()) == 2 && v.Elem(0).IsText() && v.Elem(0).Str() == errorMark {
		return v.Elem(1).Str(), true
	}
	return "", false
}

// Mortal says whether any key has a time to live: then a server whose clock was moved cannot be judged.
func (d *Data) Mortal() bool {
	for _, db := range d.dbs { // any order: one of them is enough
		for _, it := range db { // any order: so it is here
			if it.mortal {
				return true
			}
		}
	}
	return false
}

// Step takes a command and the reply that a server gave at some moment of when. It returns what is wrong with the reply,
// "" for nothing. After Unsure is set it says nothing any more.
func (d *Data) Step(words []string, got histories.Value, when Span) (complaint string) {
	if d.Unsure {
		return ""
	}
	d.clock = when
	name := strings.ToUpper(words[0])
	if text, is := errorOf(got); is && environmental(text) {
		d.Unsure = true // the server could not do it for a reason that is not the command's
		return ""
	}
	if d.queue != nil {
		switch name {
		case "EXEC", "DISCARD", "MULTI", "WATCH":
		default:
			return d.enqueue(words, got)
		}
	}
	want := d.do(name, words, got)
	if d.Unsure {
		return ""
	}
	return want.mismatch(got)
}

// environmental tells errors that say something of the server's state and nothing of the command.
func environmental(text string) bool {
	code, _, _ := strings.Cut(text, " ")
	return slices.Contains([]string{"READONLY", "NOREPLICAS", "LOADING", "MISCONF", "MASTERDOWN", "OOM", "NOAUTH", "BUSY", "UNBLOCKED", "NOPERM"}, code) ||
		strings.Contains(text, "-READONLY") || strings.Contains(text, "-NOREPLICAS") || strings.Contains(text, "-OOM") || strings.Contains(text, "-MISCONF")
}

// live is the table of the selected database.
func (d *Data) live() map[string]*item { return d.table(d.db) }

func (d *Data) table(db int) map[string]*item {
	if d.dbs[db] == nil {
		d.dbs[db] = map[string]*item{}
	}
	return d.dbs[db]
}

// get finds a key that is alive; nil if there is none.
func (d *Data) get(key string) *item { return d.getIn(d.db, key) }

func (d *Data) getIn(db int, key string) *item {
	it := d.table(db)[key]
	switch {
	case it == nil || !it.mortal || d.clock.To+d.slack < it.dies.From:
		return it
	case d.clock.From-d.slack > it.dies.To:
		delete(d.table(db), key) // time alone spoils no transaction
		return nil
	}
	d.Unsure = true
	return it
}

// put gives a key a value, and no time to live.
func (d *Data) put(key string, it *item) {
	d.live()[key] = it
	d.touch(d.db, key)
}

// drop takes a key away, if it is there.
func (d *Data) drop(key string) bool {
	if d.get(key) == nil {
		return false
	}
	delete(d.live(), key)
	d.touch(d.db, key)
	return true
}

// touch tells the transaction that a key is another one now.
func (d *Data) touch(db int, key string) {
	if d.watched[watch{db, key}] {
		d.touched = true
	}
}

// changed is called when a collection was changed: an empty one does not stay.
func (d *Data) changed(key string, it *item) {
	if it.kind != isString && len(it.list)+len(it.fields)+len(it.scores) == 0 {
		delete(d.live(), key)
	} else {
		d.live()[key] = it
	}
	d.touch(d.db, key)
}

// of finds a value of a kind; wrong is set if it is of another. An absent one is nil.
func (d *Data) of(key string, k kind) (it *item, wrong bool) {
	it = d.shown(key)
	return it, it != nil && it.kind != k
}

// shown is get for a command that looks into the value.
func (d *Data) shown(key string) *item {
	it := d.get(key)
	d.Unsure = d.Unsure || it != nil && it.hidden
	return it
}

// made is of, and where there is nothing a new empty value, which is not there before changed is called.
func (d *Data) made(key string, k kind) (it *item, wrong bool) {
	if it, wrong = d.of(key, k); it == nil {
		it = &item{kind: k}
		switch k {
		case isHash, isSet:
			it.fields = map[string]string{}
		case isZSet:
			it.scores = map[string]float64{}
		}
	}
	return it, wrong
}

// want is what a reply may be.
type want struct {
	how   manner
	value histories.Value
	text  string // of an error: how it begins
	why   string // of a complaint that was found already
	lo    int64  // of a number
	hi    int64
}

type manner uint8

const (
	exactly   manner = iota
	inAnyRow         // a list in any order
	inPairs          // a list of pairs in any order
	anError          //
	between          // a number from lo to hi
	judged           // why says it all
	asNumbers        // texts of equal numbers
)

func exact(v histories.Value) want { return want{value: v} }
func number(n int) want            { return exact(histories.Int(int64(n))) }
func text(s string) want           { return exact(histories.Text(s)) }
func fails(begin string) want      { return want{how: anError, text: begin} }
func truth(is bool) want {
	if is {
		return number(1)
	}
	return number(0)
}

var (
	null      = exact(histories.Value{})
	ok        = text("OK")
	wrongType = fails("WRONGTYPE")
	notInt    = fails("ERR value is not an integer or out of range")
	syntax    = fails("ERR syntax error")
	noKey     = fails("ERR no such key")
	badIndex  = fails("ERR index out of range")
)

func texts(all []string) want { return exact(histories.Texts(all...)) }

// mismatch says why got is not what is wanted, "" if it is.
func (w want) mismatch(got histories.Value) string {
	text, failed := errorOf(got)
	switch {
	case w.how == judged:
		return w.why
	case w.how == anError && failed && (strings.HasPrefix(text, w.text) || strings.Contains(text, "script") && strings.Contains(text, w.text)):
		return ""
	case w.how == anError:
		return fmt.Sprintf("answered %s, and must fail: %s", short(got), w.text)
	case failed:
		return fmt.Sprintf("failed: %s, and must answer %s", text, w)
	case w.how == inAnyRow && sorted(got, 1) == sorted(w.value, 1), w.how == inPairs && sorted(got, 2) == sorted(w.value, 2):
		return ""
	case w.how == between:
		if n, is := got.Int64(); is && w.lo <= n && n <= w.hi {
			return ""
		}
	case w.how == exactly && got.Equal(w.value):
		return ""
	case w.how == asNumbers && sameNumbers(got, w.value):
		return ""
	}
	return fmt.Sprintf("answered %s, and must answer %s", short(got), w)
}

func (w want) String() string {
	switch w.how {
	case between:
		return fmt.Sprintf("%d to %d", w.lo, w.hi)
	case anError:
		return "the error " + w.text
	}
	return short(w.value)
}

// short is a value cut to what fits a line.
func short(v histories.Value) string {
	s := v.String()
	if len(s) > 120 {
		return s[:100] + fmt.Sprintf("… (%d bytes)", len(s))
	}
	return s
}

// sorted is a list, taken n elements at a time, in a form that does not depend on their order.
func sorted(v histories.Value, n int) string {
	var rows []string
	e := v.Elems()
	for i := 0; i < len(e); i += n {
		var row []string
		for j := i; j < min(i+n, len(e)); j++ {
			row = append(row, strconv.Quote(e[j].Str()))
		}
		rows = append(rows, strings.Join(row, "="))
	}
	slices.Sort(rows)
	return strings.Join(rows, " ")
}

func sameNumbers(got, value histories.Value) bool {
	a, err := strconv.ParseFloat(got.Str(), 64)
	b, _ := strconv.ParseFloat(value.Str(), 64)
	return err == nil && math.Abs(a-b) <= 1e-9*max(1, math.Abs(b))
}

// size is the command that counts what a value of a kind holds.
func size(of kind) func(d *Data, w []string, got histories.Value) want {
	return func(d *Data, w []string, _ histories.Value) want {
		it, wrong := d.made(w[1], of)
		if wrong {
			return wrongType
		}
		return number(len(it.list) + len(it.fields) + len(it.scores)) // it has one of them
	}
}

// without is m without some names, and how many of them there were.
func without[V any](m map[string]V, names []string) (left map[string]V, removed int) {
	left = maps.Clone(m)
	for _, name := range names {
		delete(left, name)
	}
	return left, len(m) - len(left)
}
