package replication

import (
	"math"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// waitState is what a client blocked in WAIT waits for.
type waitState struct {
	client   *front.Client
	replicas int64        // how many
	offset   int64        // have to have acknowledged this much
	deadline node.Instant // when it gets whatever there is then
	forever  bool
}

// waitCommand is WAIT replicas milliseconds. Redis 4.0: replication.c, waitCommand.
func (r *Replication) waitCommand(c *front.Call) {
	if !r.IsMaster() {
		c.Error("ERR WAIT cannot be used with slave instances. Please also note that since Redis 4.0 if a slave is " +
			"configured to be writable (which is not the default) writes to slaves are just local and are not propagated.")
		return
	}
	replicas, ok := resp.ParseInt(c.Args[1])
	if !ok {
		c.Error("ERR value is not an integer or out of range")
		return
	}
	timeout, ok := resp.ParseInt(c.Args[2])
	if !ok {
		c.Error("ERR timeout is not an integer or out of range")
		return
	}
	if timeout < 0 {
		c.Error("ERR timeout is negative")
		return
	}
	reached := r.reached(c.Client.Wrote)
	if reached >= replicas || c.Is(front.InMulti) {
		c.Int(reached)
		return
	}
	w := &waitState{client: c.Client, replicas: replicas, offset: c.Client.Wrote, forever: timeout == 0}
	if timeout > math.MaxInt64/int64(time.Millisecond)/2 {
		w.forever = true // longer than any run
	} else {
		w.deadline = r.front.Now.Add(time.Duration(timeout) * time.Millisecond)
	}
	c.Client.State |= front.Blocked
	r.waiting = append(r.waiting, w)
	r.askACK = true
}

// reached counts the replicas that have acknowledged offset. Redis 4.0: replication.c, replicationCountAcksByOffset.
func (r *Replication) reached(offset int64) (n int64) {
	for _, c := range r.replicas {
		if replicaOf(c).phase == replicaOnline && replicaOf(c).ackOffset >= offset {
			n++
		}
	}
	return n
}

// serveWaiting answers those whose replicas have acknowledged.
// Redis 4.0: replication.c, processClientsWaitingReplicas.
func (r *Replication) serveWaiting() {
	r.endWaits(func(w *waitState, reached int64) bool { return reached >= w.replicas })
}

// expireWaiting answers those whose time is up with what there is.
func (r *Replication) expireWaiting() {
	r.endWaits(func(w *waitState, reached int64) bool {
		return reached >= w.replicas || !w.forever && r.front.Now >= w.deadline
	})
}

func (r *Replication) endWaits(over func(w *waitState, reached int64) bool) {
	if len(r.waiting) == 0 {
		return
	}
	for _, w := range slices.Clone(r.waiting) {
		reached := r.reached(w.offset)
		if !w.client.Is(front.Freed) && over(w, reached) {
			r.unblock(w.client)
			r.front.Answer(w.client).Int(reached)
			r.front.Process(w.client)
		}
	}
}

// unblock ends a client's WAIT, if it is in one.
func (r *Replication) unblock(c *front.Client) {
	i := slices.IndexFunc(r.waiting, func(w *waitState) bool { return w.client == c })
	if i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
		c.State &^= front.Blocked
	}
}

// unblockAll turns away all who wait, because we are no master any more.
// Redis 4.0: blocked.c, disconnectAllBlockedClients.
func (r *Replication) unblockAll() {
	for _, w := range slices.Clone(r.waiting) {
		c := w.client
		r.unblock(c)
		r.front.Answer(c).Error("UNBLOCKED force unblock from blocking operation, instance state changed (master -> slave?)")
		r.front.CloseAfterReply(c)
	}
}

// setWaitTimer has us woken when the first WAIT times out.
func (r *Replication) setWaitTimer() {
	var first node.Instant
	found := false
	for _, w := range r.waiting {
		if !w.forever && (!found || w.deadline < first) {
			first, found = w.deadline, true
		}
	}
	if found && (!r.wakeTold || first != r.wakeAt) {
		r.front.Out.SetTimer(timerWait, max(first.Sub(r.front.Now), 0))
		r.wakeAt = first
	}
	if r.wakeTold && !found {
		r.front.Out.StopTimer(timerWait)
	}
	r.wakeTold = found
}
