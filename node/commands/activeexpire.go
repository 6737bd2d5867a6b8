package commands

import (
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// The active expire cycle. Redis 4.0: expire.c, activeExpireCycle. What it may cost is bounded there by time; a core
// has no clock within a Step, so here it is bounded by the number of samples.
const (
	expireSamples = 20 // keys looked at in one round
	expireRounds  = 16 // most rounds in one database and cycle
)

// ExpireSome deletes some of the keys that have outlived their time and that nobody asks for.
func (d *Data) ExpireSome() {
	for i := range d.KS.Databases() {
		db := d.KS.DB(i)
		for round := 0; round < expireRounds && db.Volatile() > 0; round++ {
			if d.expireSample(db, i)*4 <= expireSamples { // a quarter or fewer are stale
				break
			}
		}
	}
}

func (d *Data) expireSample(db *keyspace.DB, number int) (expired int) {
	for range min(expireSamples, db.Volatile()) {
		key, at, ok := db.RandomVolatile(d.Rand)
		if !ok {
			break
		}
		if d.outlived(at) {
			d.expire(number, []byte(key))
			expired++
		}
	}
	return expired
}

// trackOwn keeps track of a key of a writable replica that one of its own clients gave an expiry time: no DEL will
// come for it.
func (d *Data) trackOwn(db int, key []byte) {
	k := front.Key{DB: db, Name: string(key)}
	if !d.isOwn[k] {
		if d.isOwn == nil {
			d.isOwn = make(map[front.Key]bool)
		}
		d.isOwn[k] = true
		d.ownVolatile = append(d.ownVolatile, k)
	}
}

// TrackedExpires returns how many keys ExpireOwn keeps track of.
func (d *Data) TrackedExpires() int { return len(d.ownVolatile) }

// forgetOwn forgets the tracked keys: all data is gone.
func (d *Data) forgetOwn() { d.ownVolatile, d.isOwn = nil, nil }

// ExpireOwn deletes the tracked keys whose time has come. Redis 4.0: expire.c, expireSlaveKeys.
func (d *Data) ExpireOwn() {
	rest := d.ownVolatile[:0]
	for _, k := range d.ownVolatile {
		at, volatile := d.KS.DB(k.DB).ExpireAt([]byte(k.Name))
		if volatile && !d.outlived(at) {
			rest = append(rest, k)
			continue
		}
		delete(d.isOwn, k)
		if volatile {
			d.Stats.Expired++
			d.notify(eventExpired, "expired", k.DB, []byte(k.Name))
			d.KS.DB(k.DB).Delete([]byte(k.Name))
		}
	}
	clear(d.ownVolatile[len(rest):])
	d.ownVolatile = rest
}
