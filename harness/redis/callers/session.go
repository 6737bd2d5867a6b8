package callers

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/models/reference"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Session has each client do everything with keys of its own: all types, times to live, errors, transactions, WATCH,
// scripts, databases. What each reply must be is known exactly, because nobody else touches the keys.
func Session() *Kind {
	return &Kind{
		Name: "session", About: "commands of all families on keys of the client's own, whose replies are known exactly", Model: "session",
		draw: drawSession,
		begin: func(op *Op, t *Talk) {
			for _, words := range op.Arg.Elems() {
				t.Ask(plainWords(words)...)
			}
		},
		hear: func(op *Op, t *Talk, r resp.Reply) {
			if page, cursor, more := scanPage(op, r); more {
				op.told = histories.List(append(op.told.Elems(), page...)...)
				words := plainWords(op.Arg.Elem(0))
				words[scanCursor(words)] = cursor
				t.Ask(words...)
				return
			} else if page != nil {
				all := histories.List(append(op.told.Elems(), page...)...)
				t.Done(histories.List(histories.List(histories.Text(cursor), all)))
				return
			}
			op.told = histories.List(append(op.told.Elems(), answer(r))...)
			if t.heard == t.asked {
				t.Done(op.told)
			}
		},
		final: func(*work) []Op { return nil },
	}
}

// scanPage takes the reply to a SCAN or its like, which are operations of their own: what is on the page, and the cursor,
// which says whether there are more. It returns nil for all else.
func scanPage(op *Op, r resp.Reply) (page []histories.Value, cursor string, more bool) {
	if len(op.Arg.Elems()) != 1 || !strings.HasSuffix(op.Arg.Elem(0).Elem(0).Str(), "SCAN") || r.Kind != '*' || len(r.Elems) != 2 {
		return nil, "", false
	}
	page = append([]histories.Value{}, answer(r.Elems[1]).Elems()...)
	cursor = string(r.Elems[0].Str)
	return page, cursor, cursor != "0"
}

// scanCursor is which word of a SCAN or its like is the cursor.
func scanCursor(words []string) int {
	if words[0] == "SCAN" {
		return 1
	}
	return 2
}

func plainWords(v histories.Value) []string {
	words := make([]string, len(v.Elems()))
	for i, w := range v.Elems() {
		words[i] = w.Str()
	}
	return words
}

// answer is a reply as package reference takes it.
func answer(r resp.Reply) histories.Value {
	switch {
	case r.IsError():
		return reference.Error(string(r.Str))
	case r.Kind == '*' && !r.Null:
		all := make([]histories.Value, len(r.Elems))
		for i, e := range r.Elems {
			all[i] = answer(e)
		}
		return histories.List(all...)
	}
	return found(r)
}

// episodeLength is after how many of its operations a client goes on with fresh keys: whatever a fault left uncertain is
// over then.
const episodeLength = 48

// episode draws commands on the keys of one client.
type episode struct {
	*drawing
	prefix string // of all keys
	home   int    // the database that the work is in
	alone  bool   // the client has databases of its own as well
}

func drawSession(d *drawing) Op {
	name := d.client + "/" + strconv.Itoa(d.n/episodeLength)
	e := &episode{drawing: d, prefix: d.work.Name + "/" + name + "/", home: d.work.DB, alone: d.client == "c1"}
	drawn := e.commands()
	if d.n%inventoryEvery == 0 {
		drawn = e.inventory()
	}
	var commands []histories.Value
	for _, words := range drawn {
		commands = append(commands, histories.Texts(words...))
	}
	return Op{Func: models.FuncSession, Key: name + models.InDatabase + strconv.Itoa(e.home), Arg: histories.List(commands...), Write: true}
}

// inventoryEvery is after how many of its operations a client looks at everything that it has: whatever went wrong with it
// without a word is seen then.
const inventoryEvery = 16

// inventory asks for all keys, and for how long they live.
func (e *episode) inventory() (all [][]string) {
	for _, look := range [][]string{{"s", "GET"}, {"l", "LRANGE", "0", "-1"}, {"S", "SMEMBERS"}, {"h", "HGETALL"}, {"z", "ZRANGE", "0", "-1", "WITHSCORES"}, {"p", "PFCOUNT"}} {
		for i := range keysOfAKind {
			key := e.prefix + look[0] + strconv.Itoa(i)
			all = append(all, append([]string{look[1], key}, look[2:]...), []string{"PTTL", key})
		}
	}
	return all
}

// commands draws what is sent at once: mostly one command.
func (e *episode) commands() [][]string {
	switch n := e.rng.IntN(42); {
	case n < 24:
		return [][]string{e.command()}
	case n == 40:
		return [][]string{e.fill(sessionScans)}
	case n == 41 && e.rng.IntN(4) == 0:
		return [][]string{e.bulk()}
	case n < 28:
		return [][]string{e.command(), e.command(), e.command()}
	case n < 31:
		return [][]string{e.scripted()}
	case n < 35:
		return e.transaction(1 + e.rng.IntN(4))
	case n < 38:
		return e.watching()
	case n < 39 && e.alone:
		return e.databases()
	}
	return [][]string{{"DEL", e.key("slhzS"), e.key("slhzS")}}
}

// transaction is MULTI, n commands, now and then one that is none, and EXEC or, rarely, DISCARD.
func (e *episode) transaction(n int) [][]string {
	all := [][]string{{"MULTI"}}
	for range n {
		if e.rng.IntN(8) == 0 {
			all = append(all, e.fill([]string{"BLPOP {l} 1", "BRPOPLPUSH {l} {l} 1", "BRPOP {l} {l} 1"}))
		} else {
			all = append(all, e.command())
		}
	}
	switch e.rng.IntN(12) {
	case 0:
		all = append(all, []string{"GET"}) // not enough words: nothing is executed
	case 1:
		return append(all, []string{"DISCARD"}, e.command())
	}
	return append(all, []string{"EXEC"})
}

// watching is a transaction under WATCH, whose keys this client itself changes or does not.
func (e *episode) watching() [][]string {
	key := e.key("slhzS")
	all := [][]string{{"WATCH", key, e.key("s")}}
	switch e.rng.IntN(6) {
	case 0:
		all = append(all, e.command(), e.command())
	case 4:
		all = append(all, e.fill([]string{"DEL", "UNLINK", "EXPIREAT 1"}))
		last := &all[len(all)-1]
		*last = slices.Insert(*last, 1, key)
	case 1:
		all = append(all, []string{"RENAME", e.key("slhz"), key})
	case 2:
		all = append(all, []string{"MULTI"}, []string{"DISCARD"}, e.command(), []string{"SET", key, e.value()})
	case 3:
		all = append(all, []string{"SET", e.key("s"), e.value()}, []string{"UNWATCH"})
	}
	if e.rng.IntN(4) == 0 {
		all = append(all, []string{"MULTI"}, []string{"EXEC"}) // after that nothing is watched
		all = append(all, []string{"SET", key, e.value()})
	}
	return append(all, e.transaction(2)...)
}

// databases works in databases that nobody else uses, and comes back.
func (e *episode) databases() [][]string {
	const first, own = 11, 4
	db := func() string { return strconv.Itoa(first + e.rng.IntN(own)) }
	all := [][]string{{"SELECT", db()}}
	for range 2 + e.rng.IntN(5) {
		switch e.rng.IntN(10) {
		case 0:
			all = append(all, []string{"SELECT", db()})
		case 7:
			all = append(all, []string{"DBSIZE"})
		case 8:
			all = append(all, []string{"SELECT", "99"}, []string{"SET", e.key("s"), e.value()})
		case 9:
			all = append(all, []string{"EVAL", reference.ElsewhereScript, "1", e.key("s"), db(), e.value()}, []string{"GET", e.key("s")})
		case 1:
			all = append(all, []string{"SWAPDB", db(), db()})
		case 2:
			all = append(all, []string{"MOVE", e.key("slhz"), db()})
		case 3:
			all = append(all, []string{"FLUSHDB"})
		case 4:
			all = append(all, []string{"WATCH", e.key("s")}, []string{"FLUSHDB"}, []string{"MULTI"}, []string{"GET", e.key("s")}, []string{"EXEC"})
		default:
			all = append(all, e.command())
		}
	}
	return append(all, []string{"SELECT", strconv.Itoa(e.home)})
}

// scripted is a command from a script. Numbers beyond 2^53 are not what they were behind Lua, so there are none.
func (e *episode) scripted() []string {
	switch e.rng.IntN(12) {
	case 0, 1, 2:
		return []string{"EVAL", reference.CopyScript, "2", e.key("slhzSypg"), e.key("slhzS")}
	case 3:
		return []string{"EVAL", reference.RestoreScript, "2", e.key("slhzSy"), e.key("slhzS"), e.slot("ms")}
	case 4:
		return []string{"EVAL", reference.ValuesScript, "0", e.value()}
	case 5:
		return []string{"EVAL", reference.HalfScript, "2", e.key("s"), e.key("sl"), e.unique()}
	}
	words := e.fill(sessionScripted)
	return append([]string{"EVAL", reference.CallScript, "0"}, words...)
}

func (e *episode) command() []string {
	return e.fill(sessionFamilies[e.rng.IntN(len(sessionFamilies))])
}

// bulk makes a collection so large that it is held, saved and sent otherwise than a small one.
func (e *episode) bulk() []string {
	first := e.rng.IntN(5) * 7919
	some := func(words []string, n int, add func(i int) []string) []string {
		for i := range n {
			words = append(words, add(first+i)...)
		}
		return words
	}
	number := func(i int) string { return strconv.Itoa(i*37 - 9000) }
	switch e.rng.IntN(6) {
	case 0:
		return some([]string{"RPUSH", e.key("l")}, 130, func(i int) []string { return []string{number(i) + strings.Repeat("-", 90)} })
	case 1:
		return some([]string{"SADD", e.key("S")}, 530, func(i int) []string { return []string{number(i)} })
	case 2:
		return some([]string{"SADD", e.key("S")}, 90, func(i int) []string { return []string{"m" + number(i)} })
	case 3:
		return some([]string{"HMSET", e.key("h")}, 520, func(i int) []string { return []string{"f" + strconv.Itoa(i-first), number(i)} })
	case 4:
		return some([]string{"ZADD", e.key("z")}, 140, func(i int) []string { return []string{score(i), "m" + number(i)} })
	}
	return some([]string{"PFADD", e.key("p")}, 700, func(i int) []string { return []string{"e" + number(i)} })
}

// score is one of a few scores, some of which no float of single precision is.
func score(i int) string { return strconv.FormatFloat(float64(i%97)+float64(i%7)/10, 'g', -1, 64) }

// key is one of a few keys of one of the kinds: s strings, l lists, S sets, h hashes, z sorted sets, y sorted sets whose
// scores are all 0, p HyperLogLogs, g places. Now and then it is one of another kind.
func (e *episode) key(kinds string) string {
	kind := kinds[e.rng.IntN(len(kinds))]
	if !strings.ContainsRune("ypg", rune(kind)) && e.rng.IntN(25) == 0 {
		kind = "slhzS"[e.rng.IntN(5)]
	}
	return e.prefix + string(kind) + strconv.Itoa(e.rng.IntN(keysOfAKind))
}

// keysOfAKind is how many keys of each kind a client has.
const keysOfAKind = 3

// fill draws a template and puts something in the place of what stands in braces.
func (e *episode) fill(templates []string) []string {
	var words []string
	for _, w := range strings.Fields(templates[e.rng.IntN(len(templates))]) {
		before, rest, isSlot := strings.Cut(w, "{")
		slot, behind, _ := strings.Cut(rest, "}")
		switch {
		case !isSlot:
			words = append(words, w)
		case slot == "place":
			words = append(words, sessionPlaces[e.rng.IntN(len(sessionPlaces))]...)
		default:
			words = append(words, before+e.slot(slot)+behind)
		}
	}
	return words
}

func (e *episode) slot(name string) string {
	switch name {
	case "v":
		return e.value()
	case "w":
		return e.number()
	case "m":
		return sessionMembers[e.rng.IntN(len(sessionMembers))]
	case "i":
		return strconv.Itoa(e.rng.IntN(10) - 5)
	case "n":
		return strconv.Itoa(e.rng.IntN(5))
	case "o":
		return strconv.Itoa(e.rng.IntN(60))
	case "f":
		return strconv.FormatFloat(float64(e.rng.IntN(41)-20)/4, 'f', -1, 64)
	case "ms":
		return []string{"300", "700", "1900", "20000", "20000", "0"}[e.rng.IntN(6)]
	case "sec":
		return []string{"1", "2", "100", "-1"}[e.rng.IntN(4)]
	case "any":
		return e.key("slhzSpg")
	case "prefix":
		return e.prefix
	case "town":
		return sessionPlaces[e.rng.IntN(len(sessionPlaces))][2]
	case "unit":
		return []string{"m", "km", "ft", "mi"}[e.rng.IntN(4)]
	case "page":
		return []string{"1", "2", "10", "50", "50", "100"}[e.rng.IntN(6)]
	case "far":
		return []string{"4102444800", "1", "4102444800"}[e.rng.IntN(3)]
	}
	return e.key(name)
}

// value is a string: mostly a word that nobody else writes, also nothing, numbers, bytes, long ones.
func (e *episode) value() string {
	switch e.rng.IntN(16) {
	case 0:
		return ""
	case 1, 2, 3:
		return e.number()
	case 4:
		return "a\x00b\r\nc\xff"
	case 5:
		return strings.Repeat("0123456789abcdef", 5+e.rng.IntN(20))
	case 6:
		return noise(e.rng, 30+e.rng.IntN(3000))
	}
	return e.unique()
}

// noise is n bytes that no compression makes shorter.
func noise(rng *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rng.IntN(64)]
	}
	return string(b)
}

func (e *episode) number() string {
	return []string{"0", "1", "-1", "7", "12", "127", "-129", "32768", "70000", "-2147483649", "9223372036854775806", "-9223372036854775808"}[e.rng.IntN(12)]
}

var sessionMembers = []string{"a", "b", "c", "d", "e", "f", "1", "2", "-3", "40000", "x1", "x2",
	"a-member-that-is-longer-than-what-a-compact-encoding-holds-in-one-entry"}

// The commands of each family, and in a family of its own what changes nothing.
var sessionFamilies = [][]string{
	{"SET {s} {v}", "SET {any} {v}", "SET {s} {v} NX", "SET {s} {v} XX", "SET {s} {v} PX {ms}", "SET {s} {v} EX {sec}", "SETNX {s} {v}",
		"SETEX {s} {sec} {v}", "PSETEX {s} {ms} {v}", "GETSET {s} {v}", "MSET {s} {v} {s} {v}", "MSETNX {s} {v} {s} {v}", "APPEND {s} {v}",
		"SETRANGE {s} {o} {v}", "GETRANGE {s} {i} {i}", "STRLEN {s}", "MGET {s} {s} {any}", "GET {s}", "GET {s}", "GETRANGE {s} 0 -1"},
	{"SET {s} {w}", "INCR {s}", "DECR {s}", "INCRBY {s} {w}", "DECRBY {s} {i}", "INCRBYFLOAT {s} {f}", "SET {s} {f}", "SETBIT {s} {o} 1",
		"SETBIT {s} {o} 0", "GETBIT {s} {o}", "BITCOUNT {s}", "BITOP AND {s} {s} {s}", "BITOP OR {s} {s} {s}", "BITOP XOR {s} {s} {s}", "GET {s}"},
	{"BITCOUNT {s} {i} {i}", "BITCOUNT {s} {n} -1", "BITPOS {s} 1", "BITPOS {s} 0 {n}", "BITPOS {s} 1 {n}", "BITPOS {s} 0 {i} {i}", "BITOP NOT {s} {s}",
		"BITOP XOR {s} {s} {s} {s}", "BITFIELD {s} INCRBY u8 #{n} {o} GET u8 #{n}", "BITFIELD {s} SET u8 #{n} {o}", "GET {s}", "SETBIT {s} {o} 1"},
	{"PFADD {p} {m}", "PFADD {p} {m} {v}", "PFADD {p} {v}", "PFADD {p}", "PFCOUNT {p}", "PFCOUNT {p}", "PFCOUNT {p} {p}", "PFMERGE {p} {p} {p}"},
	{"GEOADD {g} {place}", "GEOADD {g} {place} {place} {place}", "GEODIST {g} {town} {town} {unit}", "GEOPOS {g} {town}",
		"GEORADIUSBYMEMBER {g} {town} 1000 km COUNT {n}", "GEORADIUSBYMEMBER {g} {town} 2500 km COUNT 3 DESC",
		"GEORADIUSBYMEMBER {g} {town} 700 mi STORE {g}", "GEORADIUSBYMEMBER {g} {town} 900000 m COUNT 5"},
	{"LPUSH {l} {v} {m}", "RPUSH {l} {m} {v}", "RPUSH {l} {m} {m} {m}", "LPUSHX {l} {v}", "RPUSHX {l} {m}", "LPOP {l}", "RPOP {l}", "LLEN {l}",
		"LINDEX {l} {i}", "LSET {l} {i} {v}", "LRANGE {l} {i} {i}", "LRANGE {l} 0 -1", "LTRIM {l} {i} {i}", "LTRIM {l} 0 20", "LREM {l} {i} {m}",
		"LINSERT {l} BEFORE {m} {v}", "LINSERT {l} AFTER {m} {v}", "RPOPLPUSH {l} {l}", "SORT {l} ALPHA", "SORT {l} ALPHA DESC LIMIT {n} {n} STORE {l}",
		"SORT {l}", "SORT {l} BY nosort LIMIT {n} {n}"},
	{"SADD {S} {m} {m}", "SADD {S} {m} {v}", "SADD {S} {m} {m} {m}", "SREM {S} {m} {m}", "SMOVE {S} {S} {m}", "SISMEMBER {S} {m}", "SCARD {S}",
		"SMEMBERS {S}", "SPOP {S}", "SPOP {S} {n}", "SRANDMEMBER {S}", "SRANDMEMBER {S} {n}", "SINTER {S} {S}", "SUNION {S} {S}", "SDIFF {S} {S}",
		"SINTERSTORE {S} {S} {S}", "SUNIONSTORE {S} {S} {S}", "SDIFFSTORE {S} {S} {S}", "SADD {S} {w} {n}", "SORT {S} LIMIT {n} {n}",
		"SORT {S} ALPHA DESC", "SORT {S} ALPHA STORE {l}", "SORT {S} BY nosort STORE {l}"},
	{"HSET {h} {m} {v}", "HSET {h} {m} {v} {m} {w}", "HMSET {h} {m} {v} {m} {f}", "HSETNX {h} {m} {v}", "HGET {h} {m}", "HMGET {h} {m} {m}",
		"HDEL {h} {m} {m}", "HLEN {h}", "HSTRLEN {h} {m}", "HEXISTS {h} {m}", "HKEYS {h}", "HVALS {h}", "HGETALL {h}", "HGETALL {h}",
		"HINCRBY {h} {m} {i}", "HINCRBY {h} {m} {w}", "HINCRBYFLOAT {h} {m} {f}"},
	{"ZADD {z} {f} {m}", "ZADD {z} {f} {m} {f} {m} {f} {m}", "ZADD {z} NX {f} {m}", "ZADD {z} XX CH {f} {m} {f} {m}", "ZADD {z} CH {f} {m}",
		"ZADD {z} INCR {f} {m}", "ZADD {z} NX INCR {f} {m}", "ZINCRBY {z} {f} {m}", "ZREM {z} {m} {m}", "ZCARD {z}", "ZSCORE {z} {m}",
		"ZRANK {z} {m}", "ZREVRANK {z} {m}", "ZCOUNT {z} {f} {f}", "ZCOUNT {z} ({f} +inf", "ZADD {z} {w} {m}"},
	{"ZRANGE {z} {i} {i}", "ZRANGE {z} 0 -1 WITHSCORES", "ZREVRANGE {z} {i} {i} WITHSCORES", "ZRANGEBYSCORE {z} {f} {f} WITHSCORES",
		"ZRANGEBYSCORE {z} ({f} +inf LIMIT {n} {n}", "ZREVRANGEBYSCORE {z} +inf {f} LIMIT {n} {n}", "ZREVRANGEBYSCORE {z} {f} ({f} WITHSCORES",
		"ZREMRANGEBYRANK {z} {i} {i}", "ZREMRANGEBYSCORE {z} {f} ({f}", "ZUNIONSTORE {z} 2 {z} {z} WEIGHTS {n} 2", "ZUNIONSTORE {z} 2 {z} {S} AGGREGATE MAX",
		"ZINTERSTORE {z} 2 {z} {z} AGGREGATE MIN", "ZINTERSTORE {z} 2 {z} {S}", "ZUNIONSTORE {z} 1 {z}", "ZADD {z} {f} {m} {f} {m} {f} {m} {f} {m}"},
	{"ZADD {y} 0 {m} 0 {m} 0 {m}", "ZRANGEBYLEX {y} [{m} [{m}", "ZRANGEBYLEX {y} - ({m} LIMIT {n} {n}", "ZREVRANGEBYLEX {y} + ({m}",
		"ZLEXCOUNT {y} [{m} +", "ZREMRANGEBYLEX {y} ({m} [{m}", "ZREM {y} {m}"},
	{"EXPIRE {any} {sec}", "PEXPIRE {any} {ms}", "PEXPIRE {any} 20000", "TTL {any}", "PTTL {any}", "PERSIST {any}", "PTTL {any}", "EXISTS {any} {any}",
		"EXPIREAT {any} {far}", "PEXPIREAT {any} {far}000", "TOUCH {any} {any}", "TTL {any}",
		"TYPE {any}", "RENAME {s} {s}", "RENAME {l} {l}", "RENAMENX {s} {s}", "RENAME {z} {z}", "RENAMENX {h} {h}", "RENAME {any} {any}", "UNLINK {any}", "TYPE {any}"},
}

// sessionScans are commands that show all there is.
var sessionScans = []string{"SCAN 0 MATCH {prefix}* COUNT {page}", "SCAN 0 MATCH {prefix}*", "KEYS {prefix}*", "SSCAN {S} 0 COUNT {page}", "SSCAN {S} 0",
	"HSCAN {h} 0 COUNT {page}", "HSCAN {h} 0", "ZSCAN {z} 0 COUNT {page}", "ZSCAN {z} 0"}

// sessionPlaces are places, no two pairs of which are as far apart as any radius that is asked for.
var sessionPlaces = [][]string{{"13.361389", "38.115556", "Palermo"}, {"15.087269", "37.502669", "Catania"}, {"2.352222", "48.856613", "Paris"},
	{"-0.127758", "51.507351", "London"}, {"37.617298", "55.755825", "Moscow"}, {"-58.381592", "-34.603722", "Buenos-Aires"}, {"139.691711", "35.689487", "Tokyo"}}

var sessionScripted = []string{"SET {s} {v}", "GET {s}", "APPEND {s} {v}", "MGET {s} {s} {s}", "RPUSH {l} {v} {m}", "LRANGE {l} 0 -1", "LPOP {l}",
	"RPOPLPUSH {l} {l}", "SADD {S} {m} {v}", "SMEMBERS {S}", "SREM {S} {m}", "SPOP {S}", "HSET {h} {m} {v}", "HGETALL {h}", "HDEL {h} {m}",
	"ZADD {z} {f} {m}", "ZINCRBY {z} {f} {m}", "ZRANGE {z} 0 -1 WITHSCORES", "ZREM {z} {m}", "DEL {any}", "EXPIRE {any} {sec}", "RENAME {any} {any}", "EXISTS {any}"}
