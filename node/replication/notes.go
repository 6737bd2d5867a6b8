package replication

import (
	"encoding/hex"
	"strconv"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// Observations of replication for a run's history. They cost nothing unless they are asked for.

// observation is the state as a NoteState tells it, in the form in which every Step can compare it with the last one.
type observation struct {
	runID        string
	id           string
	secondID     string
	secondOffset int64
	goodReplicas int
	minSlaves    int64 // min-slaves-to-write in force
	masterHost   string
	masterPort   int
	linkUp       bool
}

func (r *Replication) observe() observation {
	o := observation{runID: r.host.RunID(), id: r.id, secondID: r.secondID, secondOffset: r.secondOffset, goodReplicas: r.GoodReplicas}
	if r.cfg.MinSlavesMaxLag != 0 {
		o.minSlaves = r.cfg.MinSlavesToWrite
	}
	if !r.IsMaster() {
		o.masterHost, o.masterPort, o.linkUp = r.masterHost, r.masterPort, r.state == linkConnected
	}
	return o
}

// NoteState observes the state if it has changed at all. The server calls it ten times a second.
func (r *Replication) NoteState() {
	if !r.host.Notes() {
		return
	}
	if o := r.observe(); o != r.observed || r.Offset != r.observedAt {
		r.note(o)
	}
}

// noteChange observes the state at once if anything but the offset has changed.
func (r *Replication) noteChange() {
	if !r.host.Notes() || r.host.IsLoading() && !r.link.loading || r.id == "" {
		return // or the start is not over
	}
	if r.differs(&r.observed) {
		r.note(r.observe())
	}
}

// differs is observe() != *o, for every Step.
func (r *Replication) differs(o *observation) bool {
	switch {
	case r.id != o.id, r.GoodReplicas != o.goodReplicas, r.secondOffset != o.secondOffset, r.secondID != o.secondID,
		r.masterHost != o.masterHost, r.host.RunID() != o.runID:
		return true
	case !r.IsMaster() && (r.masterPort != o.masterPort || (r.state == linkConnected) != o.linkUp):
		return true
	case r.cfg.MinSlavesMaxLag != 0:
		return r.cfg.MinSlavesToWrite != o.minSlaves
	}
	return o.minSlaves != 0
}

func (r *Replication) note(o observation) {
	r.observed, r.observedAt = o, r.Offset
	n := node.Note{
		Kind: node.NoteState, Role: "master", ReplID: o.id, ReplID2: o.secondID, Offset: r.Offset, Offset2: o.secondOffset,
		N: int64(o.goodReplicas), M: o.minSlaves, ID: o.runID,
	}
	if o.masterHost != "" {
		n.Role, n.Link, n.Peer = "slave", "down", o.masterHost+":"+strconv.Itoa(o.masterPort)
		if o.linkUp {
			n.Link = "up"
		}
	}
	r.host.Note(n)
}

// notePSYNC observes the answer to a PSYNC; reason is "" if it was granted.
func (r *Replication) notePSYNC(c *front.Client, id string, offset int64, reason string) {
	if !r.host.Notes() {
		return
	}
	n := node.Note{
		Kind: node.NotePSYNC, Peer: replicaName(c), Result: "continue", Reason: reason, AskedID: id, AskedOffset: offset,
		ReplID: r.id, ReplID2: r.secondID, Offset: r.Offset, Offset2: r.secondOffset,
	}
	if reason != "" {
		n.Result = "fullresync"
	}
	if r.backlog.active {
		n.N, n.M = r.backlog.first, r.backlog.first+r.backlog.length
	}
	r.host.Note(n)
}

// noteResync observes that the stream begins or goes on.
func (r *Replication) noteResync(result string) {
	r.host.Note(node.Note{Kind: node.NoteResync, Result: result, ReplID: r.id, Offset: r.Offset,
		Peer: r.masterHost + ":" + strconv.Itoa(r.masterPort)})
}

// NoteLoaded observes what a start has brought back from where; saved is the place that it belongs to, nil if that is
// unknown.
func (r *Replication) NoteLoaded(saved *keyspace.ReplInfo, from string) {
	n := node.Note{Kind: node.NoteLoaded, ReplID: r.id, Offset: r.Offset, N: int64(r.data.KS.Len()), Reason: from}
	if saved != nil {
		n.ReplID2, n.Offset2 = saved.ID, saved.Offset
	}
	r.host.Note(n)
	if saved != nil && !r.IsMaster() { // a master leaves out what has died meanwhile
		r.noteDigest()
	}
}

// NoteSnapshot observes that the dataset is taken for the RDB file as it is now. running is whose command is being
// executed, nil if nobody's: one of the stream has changed the data already, and moves the offset only when it is over.
func (r *Replication) NoteSnapshot(running *front.Client) {
	r.host.Note(node.Note{Kind: node.NoteSnapshot, ReplID: r.id, Offset: r.Offset})
	ofStream := running != nil && r.master != nil && r.master.client == running
	if r.backlog.active && !ofStream { // without a backlog, writes have not moved the offset
		r.noteDigest()
	}
}

// noteDigest observes the dataset at a place in the stream where master and replicas meet.
func (r *Replication) noteDigest() {
	if !r.host.Notes() {
		return
	}
	sum := r.data.KS.Digest()
	r.host.Note(node.Note{Kind: node.NoteDigest, ReplID: r.id, Offset: r.Offset, Digest: hex.EncodeToString(sum[:])})
}
