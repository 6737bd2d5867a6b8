package server

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

func (r *replication) observe(s *Server) observation {
	o := observation{runID: s.runID, id: r.id, secondID: r.secondID, secondOffset: r.secondOffset, goodReplicas: r.goodReplicas}
	if s.cfg.minSlavesMaxLag != 0 {
		o.minSlaves = s.cfg.minSlavesToWrite
	}
	if !r.isMaster() {
		o.masterHost, o.masterPort, o.linkUp = r.masterHost, r.masterPort, r.state == linkConnected
	}
	return o
}

// noteState observes the state if it has changed at all. The server calls it ten times a second.
func (r *replication) noteState(s *Server) {
	if !s.opts.Notes {
		return
	}
	if o := r.observe(s); o != r.observed || r.offset != r.observedAt {
		r.note(s, o)
	}
}

// noteChange observes the state at once if anything but the offset has changed.
func (r *replication) noteChange(s *Server) {
	if !s.opts.Notes || s.loading && !r.link.loading || r.id == "" {
		return // or the start is not over
	}
	if o := r.observe(s); o != r.observed {
		r.note(s, o)
	}
}

func (r *replication) note(s *Server, o observation) {
	r.observed, r.observedAt = o, r.offset
	n := node.Note{
		Kind: node.NoteState, Role: "master", ReplID: o.id, ReplID2: o.secondID, Offset: r.offset, Offset2: o.secondOffset,
		N: int64(o.goodReplicas), M: o.minSlaves, ID: o.runID,
	}
	if o.masterHost != "" {
		n.Role, n.Link, n.Peer = "slave", "down", o.masterHost+":"+strconv.Itoa(o.masterPort)
		if o.linkUp {
			n.Link = "up"
		}
	}
	s.note(n)
}

// notePSYNC observes the answer to a PSYNC; reason is "" if it was granted.
func (r *replication) notePSYNC(s *Server, c *front.Client, id string, offset int64, reason string) {
	if !s.opts.Notes {
		return
	}
	n := node.Note{
		Kind: node.NotePSYNC, Peer: replicaName(c), Result: "continue", Reason: reason, AskedID: id, AskedOffset: offset,
		ReplID: r.id, ReplID2: r.secondID, Offset: r.offset, Offset2: r.secondOffset,
	}
	if reason != "" {
		n.Result = "fullresync"
	}
	if r.backlog.active {
		n.N, n.M = r.backlog.first, r.backlog.first+r.backlog.length
	}
	s.note(n)
}

// noteResync observes that the stream begins or goes on.
func (r *replication) noteResync(s *Server, result string) {
	s.note(node.Note{Kind: node.NoteResync, Result: result, ReplID: r.id, Offset: r.offset,
		Peer: r.masterHost + ":" + strconv.Itoa(r.masterPort)})
}

// noteLoaded observes what a start has brought back; saved is the place that it belongs to, nil if that is unknown.
func (r *replication) noteLoaded(s *Server, saved *keyspace.ReplInfo) {
	n := node.Note{Kind: node.NoteLoaded, ReplID: r.id, Offset: r.offset, N: int64(s.data.KS.Len())}
	if saved != nil {
		n.ReplID2, n.Offset2 = saved.ID, saved.Offset
	}
	s.note(n)
}

// noteSnapshot observes that the dataset is taken for the RDB file as it is now.
func (r *replication) noteSnapshot(s *Server) {
	s.note(node.Note{Kind: node.NoteSnapshot, ReplID: r.id, Offset: r.offset})
}

// noteDigest observes the dataset at a place in the stream where master and replicas meet.
func (r *replication) noteDigest(s *Server) {
	if !s.opts.Notes {
		return
	}
	sum := s.data.KS.Digest()
	s.note(node.Note{Kind: node.NoteDigest, ReplID: r.id, Offset: r.offset, Digest: hex.EncodeToString(sum[:])})
}
