package commands

import (
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/node/keyspace"
)

// Keys that go because memory is short: which, by maxmemory-policy, and how replicas hear of it. Only a master decides;
// a replica waits for its DELs. Redis 4.0: evict.c.

// Policies are the values of maxmemory-policy.
var Policies = []string{"noeviction", "allkeys-lru", "volatile-lru", "allkeys-lfu", "volatile-lfu", "allkeys-random",
	"volatile-random", "volatile-ttl"}

// poolSize is how many candidates are remembered from one eviction to the next.
const poolSize = 16

// candidate is a key that may be evicted.
type candidate struct {
	db    int
	key   string
	score uint64 // the higher, the sooner it goes: its idle time, how seldom it is used, how soon it expires
}

// eviction is what is kept between evictions.
type eviction struct {
	pool   []candidate // lowest score first
	nextDB int         // where the random policies go on
	touch  func(uint32) uint32
}

// ForgetCandidates forgets who was sampled.
func (d *Data) ForgetCandidates() { d.pool = nil }

// Evict deletes keys until excess bytes are free, and says whether it could.
func (d *Data) Evict(excess int64) bool {
	if d.cfg.Policy == "noeviction" {
		return false
	}
	for freed := int64(0); freed < excess; {
		db, key, ok := d.victim()
		if !ok {
			return false
		}
		before := d.KS.DB(db).Bytes()
		d.evict(db, []byte(key))
		freed += before - d.KS.DB(db).Bytes()
	}
	return true
}

// evict deletes a key and makes the replicas do so.
func (d *Data) evict(db int, key []byte) {
	d.host.Feed(Everywhere, db, [][]byte{delWord(d.cfg.LazyEviction), key})
	d.deleteKey(db, key)
	d.Stats.Evicted++
	d.notify(eventEvicted, "evicted", db, key)
}

// victim chooses the key that goes next; ok is false if the policy allows none.
func (d *Data) victim() (db int, key string, ok bool) {
	if strings.HasSuffix(d.cfg.Policy, "-random") {
		return d.randomVictim()
	}
	volatile := d.evictsVolatile()
	for {
		any := false
		for i := range d.KS.Databases() {
			any = d.sampleVictims(i, volatile) || any
		}
		if !any {
			return 0, "", false
		}
		for len(d.pool) > 0 {
			best := d.pool[len(d.pool)-1]
			d.pool = d.pool[:len(d.pool)-1]
			_, at, isVolatile, found := d.KS.DB(best.db).Lookup([]byte(best.key))
			// It may have been deleted since, or, under volatile-ttl, have been given another time.
			if found && (!volatile || isVolatile) && (d.cfg.Policy != "volatile-ttl" || best.score == ttlScore(at)) {
				return best.db, best.key, true
			}
		}
	}
}

func (d *Data) evictsVolatile() bool { return strings.HasPrefix(d.cfg.Policy, "volatile-") }

// randomVictim takes the databases in turn.
func (d *Data) randomVictim() (db int, key string, ok bool) {
	for range d.KS.Databases() {
		d.nextDB = (d.nextDB + 1) % d.KS.Databases()
		if d.evictsVolatile() {
			key, _, ok = d.KS.DB(d.nextDB).RandomVolatile(d.Rand)
		} else {
			key, ok = d.KS.DB(d.nextDB).Random(d.Rand)
		}
		if ok {
			return d.nextDB, key, true
		}
	}
	return 0, "", false
}

// sampleVictims puts some keys of a database into the pool, and says whether there are any. Redis 4.0: evict.c,
// evictionPoolPopulate.
func (d *Data) sampleVictims(number int, volatile bool) bool {
	db := d.KS.DB(number)
	n := db.Len()
	if volatile {
		n = db.Volatile()
	}
	db.Sample(d.Rand, int(min(d.cfg.Samples, int64(n))), volatile, func(c keyspace.Candidate) {
		one := candidate{db: number, key: c.Key}
		switch {
		case d.cfg.Policy == "volatile-ttl":
			one.score = ttlScore(c.ExpireAt)
		case d.lfu():
			one.score = uint64(counterMax - d.frequency(c.Access))
		default:
			one.score = uint64(d.idle(c.Access))
		}
		d.pool = addCandidate(d.pool, one)
	})
	return n > 0
}

// ttlScore is the higher the sooner a key expires.
func ttlScore(at int64) uint64 { return 1<<63 - uint64(at) }

// addCandidate puts one in its place, each key once, and lets the lowest go where there are too many.
func addCandidate(pool []candidate, one candidate) []candidate {
	if i := slices.IndexFunc(pool, func(c candidate) bool { return c.db == one.db && c.key == one.key }); i >= 0 {
		pool = slices.Delete(pool, i, i+1)
	}
	at := 0
	for at < len(pool) && pool[at].score < one.score {
		at++
	}
	if len(pool) == poolSize {
		if at == 0 {
			return pool
		}
		pool, at = slices.Delete(pool, 0, 1), at-1
	}
	return slices.Insert(pool, at, one)
}
