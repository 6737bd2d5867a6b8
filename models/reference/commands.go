package reference

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// do executes a command. got is the server's reply, for what chance decides.
func (d *Data) do(name string, words []string, got histories.Value) want {
	for _, family := range []map[string]func(*Data, []string, histories.Value) want{stringCommands, listCommands, setCommands,
		hashCommands, zsetCommands, bitCommands, hllCommands, geoCommands, scanCommands, keyCommands, transactionCommands} {
		if run := family[name]; run != nil {
			return run(d, words, got)
		}
	}
	d.Unsure = true // not one that is known here
	return null
}

var keyCommands, transactionCommands map[string]func(*Data, []string, histories.Value) want

func init() { // they run other commands
	keyCommands = map[string]func(*Data, []string, histories.Value) want{
		"DEL": deleteAll, "UNLINK": deleteAll, "EXISTS": existsAll, "TOUCH": existsAll, "DBSIZE": countKeys, "TYPE": typeOf, "RENAME": rename, "RENAMENX": rename,
		"MOVE": move, "SELECT": selectDB, "SWAPDB": swapDB, "FLUSHDB": flushDB, "KEYS": keysLike,
		"EXPIRE": expire, "PEXPIRE": expire, "EXPIREAT": expireAt, "PEXPIREAT": expireAt, "TTL": timeLeft, "PTTL": timeLeft, "PERSIST": persist, "SORT": sortKey,
	}
	transactionCommands = map[string]func(*Data, []string, histories.Value) want{
		"MULTI": multi, "EXEC": exec, "DISCARD": discard, "WATCH": watchKeys, "UNWATCH": unwatch, "EVAL": eval,
	}
}

func integer(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == s
}

func deleteAll(d *Data, w []string, _ histories.Value) want {
	n := 0
	for _, key := range w[1:] {
		if d.drop(key) {
			n++
		}
	}
	return number(n)
}

func existsAll(d *Data, w []string, _ histories.Value) want {
	n := 0
	for _, key := range w[1:] {
		if d.get(key) != nil {
			n++
		}
	}
	return number(n)
}

func typeOf(d *Data, w []string, _ histories.Value) want {
	if it := d.get(w[1]); it != nil {
		return text(string(it.kind))
	}
	return text("none")
}

func rename(d *Data, w []string, _ histories.Value) want {
	nx := strings.EqualFold(w[0], "RENAMENX")
	it := d.get(w[1])
	switch {
	case it == nil:
		return noKey
	case nx && d.get(w[2]) != nil:
		return number(0)
	case w[1] != w[2]:
		d.get(w[2])
		d.drop(w[1])
		d.put(w[2], it)
	}
	if nx {
		return number(1)
	}
	return ok
}

func move(d *Data, w []string, _ histories.Value) want {
	to, isInt := integer(w[2])
	switch {
	case !isInt || to < 0 || to > 15:
		return badIndex
	case int(to) == d.db:
		return fails("ERR source and destination objects are the same")
	}
	it := d.get(w[1])
	if it == nil || d.getIn(int(to), w[1]) != nil {
		return number(0)
	}
	// 4.0 does not tell those who watch the key: neither here nor where it goes.
	delete(d.live(), w[1])
	d.table(int(to))[w[1]] = it
	return number(1)
}

func selectDB(d *Data, w []string, _ histories.Value) want {
	n, isInt := integer(w[1])
	switch {
	case !isInt:
		return fails("ERR invalid DB index")
	case n < 0 || n > 15:
		return fails("ERR DB index is out of range")
	}
	d.db = int(n)
	return ok
}

func swapDB(d *Data, w []string, _ histories.Value) want {
	a, _ := integer(w[1])
	b, _ := integer(w[2])
	d.dbs[int(a)], d.dbs[int(b)] = d.table(int(b)), d.table(int(a))
	return ok
}

func flushDB(d *Data, w []string, _ histories.Value) want {
	for key := range d.live() { // any order: each is for itself
		if d.get(key) != nil {
			d.touch(d.db, key)
		}
	}
	d.dbs[d.db] = nil
	return ok
}

// keysLike is KEYS with a pattern that ends with *.
func keysLike(d *Data, w []string, _ histories.Value) want {
	var found []string
	for key := range d.live() { // any order: whoever compares sorts
		if strings.HasPrefix(key, strings.TrimSuffix(w[1], "*")) && d.get(key) != nil {
			found = append(found, key)
		}
	}
	return want{how: inAnyRow, value: histories.Texts(found...)}
}

func expire(d *Data, w []string, _ histories.Value) want {
	n, isInt := integer(w[2])
	if !isInt {
		return notInt
	}
	unit := time.Second
	if strings.EqualFold(w[0], "PEXPIRE") {
		unit = time.Millisecond
	}
	it := d.get(w[1])
	switch {
	case it == nil:
		return number(0)
	case n <= 0:
		d.drop(w[1])
	default:
		d.live()[w[1]] = it.mortalFor(d.clock, time.Duration(n)*unit)
		d.touch(d.db, w[1])
	}
	return number(1)
}

// mortalFor is the value with a time to live that begins at some moment of now.
func (it *item) mortalFor(now Span, ttl time.Duration) *item {
	copied := *it
	copied.mortal, copied.dies = true, Span{now.From + ttl, now.To + ttl}
	return &copied
}

// farAway is when a key dies whose moment was said by the calendar and lies far ahead: how far is not known here.
const farAway = 200 * 365 * 24 * time.Hour

// expireAt is EXPIREAT of a moment that has passed long ago, or that is far ahead.
func expireAt(d *Data, w []string, _ histories.Value) want {
	n, isInt := integer(w[2])
	if !isInt {
		return notInt
	}
	const longAgo = 1_000_000 // in any unit: some days of 1970
	it := d.get(w[1])
	switch {
	case it == nil:
		return number(0)
	case n < longAgo:
		d.drop(w[1])
	default:
		copied := *it
		copied.mortal, copied.dies = true, Span{farAway, farAway}
		d.live()[w[1]] = &copied
		d.touch(d.db, w[1])
	}
	return number(1)
}

// countKeys is DBSIZE, which counts those too that have died and not been deleted.
func countKeys(d *Data, w []string, _ histories.Value) want {
	least := 0
	for key := range d.live() { // any order: each counts for itself
		if d.get(key) != nil {
			least++
		}
	}
	return want{how: between, lo: int64(least), hi: math.MaxInt64}
}

func timeLeft(d *Data, w []string, _ histories.Value) want {
	it := d.get(w[1])
	switch {
	case it == nil:
		return number(-2)
	case !it.mortal:
		return number(-1)
	case it.dies.From >= farAway:
		return want{how: between, lo: 1_000_000, hi: math.MaxInt64}
	}
	left := func(at time.Duration) int64 { return max(0, int64(at/time.Millisecond)) }
	lo, hi := left(it.dies.From-d.clock.To-d.slack), left(it.dies.To-d.clock.From+d.slack)
	if strings.EqualFold(w[0], "TTL") {
		lo, hi = (lo+500)/1000, (hi+500)/1000
	}
	return want{how: between, lo: lo, hi: hi}
}

func persist(d *Data, w []string, _ histories.Value) want {
	it := d.get(w[1])
	if it == nil || !it.mortal {
		return number(0)
	}
	copied := *it
	copied.mortal = false
	d.live()[w[1]] = &copied
	return number(1)
}
