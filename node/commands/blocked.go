package commands

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// Clients that wait for a key. Those who wait for the same key are served in the order in which they began to wait,
// once the command or transaction that touched the key is over. Redis 4.0: blocked.c, t_list.c
// (handleClientsBlockedOnLists).

// blocked is who waits for what.
type blocked struct {
	waits     []*wait               // in the order in which they began
	byKey     map[front.Key][]*wait // those of a key in that order; never walked
	readyKeys []front.Key           // keys that were touched and that somebody waits for, in order, each once
	unblocked []*front.Client       // whose further input has not been looked at
	serving   bool
}

// wait is one client in a blocking command.
type wait struct {
	call     front.Call
	keys     []front.Key
	deadline node.Instant
	forever  bool
	how      Blocking
}

// Blocking is what becomes of a client that waits for keys.
type Blocking struct {
	// Serve tries to answer the call from key, one of those waited for, as the command itself would have done, and says
	// whether it did. What it changes it counts in the call, which is propagated by itself.
	Serve func(c *front.Call, key []byte) bool
	// TimedOut answers the call when its time is up.
	TimedOut func(c *front.Call)
}

// block makes the call's client wait for one of keys, for timeout or, if that is 0, for ever. Within a transaction and
// for nobody it must not be called: there a blocking command answers at once, as if its time were up.
func (d *Data) block(c *front.Call, keys [][]byte, timeout time.Duration, how Blocking) {
	node.Assert(mayBlock(c), "%s blocks inside a transaction or for nobody", c.Cmd.Name)
	node.Assert(!c.Is(front.Blocked), "client %d blocks twice", c.Client.ID)
	w := &wait{call: *c, deadline: d.Now.Add(timeout), forever: timeout == 0, how: how}
	w.call.Args = front.CloneArgs(c.Args)
	for _, key := range keys {
		k := front.Key{DB: c.DB, Name: string(key)}
		if slices.Contains(w.keys, k) {
			continue
		}
		w.keys = append(w.keys, k)
		if d.byKey == nil {
			d.byKey = make(map[front.Key][]*wait)
		}
		d.byKey[k] = append(d.byKey[k], w)
	}
	d.waits = append(d.waits, w)
	c.Client.State |= front.Blocked
}

// mayBlock says whether a blocking command may make its client wait.
func mayBlock(c *front.Call) bool { return c.Client != nil && !c.Is(front.InMulti|front.Master) }

// unblock ends a client's wait, if it is in one.
func (d *Data) unblock(c *front.Client) {
	i := slices.IndexFunc(d.waits, func(w *wait) bool { return w.call.Client == c })
	if i < 0 {
		return
	}
	w := d.waits[i]
	d.waits = slices.Delete(d.waits, i, i+1)
	for _, k := range w.keys {
		rest := slices.DeleteFunc(slices.Clone(d.byKey[k]), func(other *wait) bool { return other == w })
		if len(rest) == 0 {
			delete(d.byKey, k)
		} else {
			d.byKey[k] = rest
		}
	}
	c.State &^= front.Blocked
	d.unblocked = append(d.unblocked, c)
}

// ready notes that a key was touched.
func (d *Data) ready(db int, key []byte) {
	if len(d.waits) == 0 {
		return
	}
	k := front.Key{DB: db, Name: string(key)}
	if len(d.byKey[k]) > 0 && !slices.Contains(d.readyKeys, k) {
		d.readyKeys = append(d.readyKeys, k)
	}
}

// readyAll notes that any key may be another one now: databases were swapped or replaced.
func (d *Data) readyAll() {
	for _, w := range d.waits {
		for _, k := range w.keys {
			d.ready(k.DB, []byte(k.Name))
		}
	}
}

// ServeReady answers those who wait for keys that were touched. It is called when a command or a transaction is over.
func (d *Data) ServeReady() {
	if d.serving || len(d.readyKeys) == 0 || d.run != nil {
		return // nobody is served in the middle of a script that has paused
	}
	d.serving = true
	for len(d.readyKeys) > 0 { // serving one may touch another
		k := d.readyKeys[0]
		d.readyKeys = d.readyKeys[1:]
		for _, w := range d.byKey[k] {
			if w.call.Client.Is(front.Freed) || !slices.Contains(d.waits, w) {
				continue
			}
			call := w.call
			if !w.how.Serve(&call, []byte(k.Name)) {
				break // nothing is left for those who came later
			}
			d.unblock(call.Client)
			d.host.Settle(&call)
		}
	}
	d.readyKeys, d.serving = nil, false
}

// TimeOutBlocked answers those whose time is up. Its caller's period is the resolution of all timeouts.
func (d *Data) TimeOutBlocked() {
	for _, w := range slices.Clone(d.waits) {
		if !w.forever && d.Now >= w.deadline && slices.Contains(d.waits, w) {
			d.unblock(w.call.Client)
			w.how.TimedOut(&w.call)
		}
	}
}

// UnblockAll turns away all who wait, because we are no master any more.
// Redis 4.0: blocked.c, disconnectAllBlockedClients.
func (d *Data) UnblockAll() {
	for _, w := range slices.Clone(d.waits) {
		d.unblock(w.call.Client)
		w.call.Error("UNBLOCKED force unblock from blocking operation, instance state changed (master -> slave?)")
		d.front.CloseAfterReply(w.call.Client)
	}
}

// ProcessUnblocked looks at what clients sent while they were blocked. It says whether there was one.
// Redis 4.0: blocked.c, processUnblockedClients.
func (d *Data) ProcessUnblocked() bool {
	if len(d.unblocked) == 0 {
		return false
	}
	list := d.unblocked
	d.unblocked = nil
	for _, c := range list {
		if !c.Is(front.Freed) {
			d.front.Process(c)
		}
	}
	return true
}
