package commands

import (
	"slices"

	"github.com/ordeal-go/ordeal/node/front"
)

// touched tells those who watch a key, and those who wait for it, that it is another one now.
// Redis 4.0: db.c, signalModifiedKey and signalListAsReady.
func (d *Data) touched(db int, key []byte) {
	if len(d.watchers) > 0 {
		for _, c := range d.watchers[front.Key{DB: db, Name: string(key)}] {
			c.State |= front.DirtyCAS
		}
	}
	d.ready(db, key)
}

// touchedAll spoils the transactions of those who watch a key of database db, or of any for -1, that exists.
// Redis 4.0: multi.c, touchWatchedKeysOnFlush.
func (d *Data) touchedAll(db int) {
	if len(d.watchers) == 0 {
		return
	}
	for _, c := range d.front.Clients() {
		for _, w := range c.Watched {
			if (db < 0 || w.DB == db) && d.KS.DB(w.DB).Exists([]byte(w.Name)) {
				c.State |= front.DirtyCAS
			}
		}
	}
}

func (d *Data) watchCommand(c *front.Call) {
	if c.Is(front.InMulti) {
		c.Error("ERR WATCH inside MULTI is not allowed")
		return
	}
	for _, key := range c.Args[1:] {
		w := front.Key{DB: c.DB, Name: string(key)}
		if !slices.Contains(c.Client.Watched, w) {
			c.Client.Watched = append(c.Client.Watched, w)
			d.watchers[w] = append(d.watchers[w], c.Client)
		}
	}
	c.OK()
}

func (d *Data) unwatchCommand(c *front.Call) {
	d.unwatchAll(c.Client)
	c.Client.State &^= front.DirtyCAS
	c.OK()
}

// unwatchAll ends all of a client's WATCHes.
func (d *Data) unwatchAll(c *front.Client) {
	for _, w := range c.Watched {
		rest := slices.DeleteFunc(d.watchers[w], func(other *front.Client) bool { return other == c })
		if len(rest) == 0 {
			delete(d.watchers, w)
		} else {
			d.watchers[w] = rest
		}
	}
	c.Watched = nil
}
