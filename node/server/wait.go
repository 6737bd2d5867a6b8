package server

import (
	"math"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// waitState is what a client blocked in WAIT waits for.
type waitState struct {
	replicas int64        // how many
	offset   int64        // have to have acknowledged this much
	deadline node.Instant // when it gets whatever there is then
	forever  bool
}

// waitCommand is WAIT replicas milliseconds. Redis 4.0: replication.c, waitCommand.
func waitCommand(s *Server, c *client) {
	r := &s.repl
	if !r.isMaster() {
		s.replyError(c, "ERR WAIT cannot be used with slave instances. Please also note that since Redis 4.0 if a slave is "+
			"configured to be writable (which is not the default) writes to slaves are just local and are not propagated.")
		return
	}
	replicas, ok := resp.ParseInt(c.args[1])
	if !ok {
		s.replyError(c, "ERR value is not an integer or out of range")
		return
	}
	timeout, ok := resp.ParseInt(c.args[2])
	if !ok {
		s.replyError(c, "ERR timeout is not an integer or out of range")
		return
	}
	if timeout < 0 {
		s.replyError(c, "ERR timeout is negative")
		return
	}
	reached := r.reached(c.wrote)
	if reached >= replicas || c.is(flagMulti) {
		s.replyInt(c, reached)
		return
	}
	w := &waitState{replicas: replicas, offset: c.wrote, forever: timeout == 0}
	if timeout > math.MaxInt64/int64(time.Millisecond)/2 {
		w.forever = true // longer than any run
	} else {
		w.deadline = s.now.Add(time.Duration(timeout) * time.Millisecond)
	}
	c.wait = w
	c.flags |= flagBlocked
	r.waiting = append(r.waiting, c)
	r.askACK = true
}

// reached counts the replicas that have acknowledged offset. Redis 4.0: replication.c, replicationCountAcksByOffset.
func (r *replication) reached(offset int64) (n int64) {
	for _, c := range r.replicas {
		if c.replica.phase == replicaOnline && c.replica.ackOffset >= offset {
			n++
		}
	}
	return n
}

// serveWaiting answers those whose replicas have acknowledged.
// Redis 4.0: replication.c, processClientsWaitingReplicas.
func (r *replication) serveWaiting(s *Server) {
	r.endWaits(s, func(w *waitState, reached int64) bool { return reached >= w.replicas })
}

// expireWaiting answers those whose time is up with what there is.
func (r *replication) expireWaiting(s *Server) {
	r.endWaits(s, func(w *waitState, reached int64) bool {
		return reached >= w.replicas || !w.forever && s.now >= w.deadline
	})
}

func (r *replication) endWaits(s *Server, over func(w *waitState, reached int64) bool) {
	if len(r.waiting) == 0 {
		return
	}
	for _, c := range slices.Clone(r.waiting) {
		reached := r.reached(c.wait.offset)
		if over(c.wait, reached) {
			r.unblock(c)
			s.replyInt(c, reached)
			s.processInput(c)
		}
	}
}

func (r *replication) unblock(c *client) {
	i := slices.Index(r.waiting, c)
	node.Assert(i >= 0, "client %d is blocked in WAIT and does not wait", c.id)
	r.waiting = slices.Delete(r.waiting, i, i+1)
	c.wait = nil
	c.flags &^= flagBlocked
}

// unblockAll turns away all who wait, because we are no master any more.
// Redis 4.0: blocked.c, disconnectAllBlockedClients.
func (r *replication) unblockAll(s *Server) {
	for _, c := range slices.Clone(r.waiting) {
		r.unblock(c)
		s.replyError(c, "UNBLOCKED force unblock from blocking operation, instance state changed (master -> slave?)")
		s.closeAfterReply(c)
	}
}

// setWaitTimer has us woken when the first WAIT times out.
func (r *replication) setWaitTimer(s *Server) {
	var first node.Instant
	found := false
	for _, c := range r.waiting {
		if w := c.wait; !w.forever && (!found || w.deadline < first) {
			first, found = w.deadline, true
		}
	}
	if found && (!r.wakeTold || first != r.wakeAt) {
		s.out.SetTimer(timerWait, max(first.Sub(s.now), 0))
		r.wakeAt = first
	}
	if r.wakeTold && !found {
		s.out.StopTimer(timerWait)
	}
	r.wakeTold = found
}
