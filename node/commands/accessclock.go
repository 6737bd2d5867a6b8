package commands

import (
	"strings"

	"github.com/ordeal-go/ordeal/node/keyspace"
)

// When and how often keys are used, which eviction goes by: an access word of 24 bits beside each key. Under an LFU
// policy it is 16 bits of minutes and a counter of 8, which grows the slower the higher it is; otherwise it is the LRU
// clock, seconds. Redis 4.0: evict.c, object.c.

const (
	clockMask   = 1<<24 - 1
	minuteMask  = 1<<16 - 1
	counterMax  = 255
	counterInit = 5 // of a new key, so that it does not go at once. Redis 4.0: LFU_INIT_VAL
)

// SetClock tells the keyspace what time it is: the access word of keys that are added, and that of keys that are used.
// The server calls it once a Step.
func (d *Data) SetClock() {
	if d.KS == nil {
		return
	}
	if !d.lfu() {
		d.KS.SetClock(d.lruClock(), nil)
		return
	}
	if d.touch == nil {
		d.touch = d.countUse
	}
	d.KS.SetClock(d.minutes()<<8|counterInit, d.touch)
}

func (d *Data) lfu() bool { return strings.HasSuffix(d.cfg.Policy, "-lfu") }

func (d *Data) lruClock() uint32 { return keyspace.LRUWord(d.Now.UnixMilli(), 0) }

// minutes is the clock of LFU.
func (d *Data) minutes() uint32 { return uint32(d.Now.Unix()/60) & minuteMask }

// idle is for how many seconds a key with that word has not been used, under LRU.
func (d *Data) idle(word uint32) int64 { return int64((d.lruClock() - word) & clockMask) }

// frequency is the counter of a key with that word, under LFU: it has lost one for every lfu-decay-time minutes.
// Redis 4.0: evict.c, LFUDecrAndReturn.
func (d *Data) frequency(word uint32) int64 {
	counter := int64(word & counterMax)
	if d.cfg.LFUDecayTime > 0 {
		passed := int64((d.minutes() - word>>8) & minuteMask)
		counter -= min(counter, passed/d.cfg.LFUDecayTime)
	}
	return counter
}

// countUse is the word of a key that is used, under LFU. Redis 4.0: db.c, updateLFU; evict.c, LFULogIncr.
func (d *Data) countUse(word uint32) uint32 {
	counter := d.frequency(word)
	if counter < counterMax {
		base := max(counter-counterInit, 0)
		if d.Rand.Float64() < 1/float64(base*d.cfg.LFULogFactor+1) {
			counter++
		}
	}
	return d.minutes()<<8 | uint32(counter)
}
