package server

import (
	"encoding/hex"
	"strconv"

	"github.com/ordeal-go/ordeal/node"
)

// Observations of replication for a run's history. They cost nothing unless they are asked for.

// stateNote is the state as of now.
func (r *replication) stateNote(s *Server) node.Note {
	n := node.Note{
		Kind: node.NoteState, Role: "master", ReplID: r.id, ReplID2: r.secondID, Offset: r.offset, Offset2: r.secondOffset,
		N: int64(r.goodReplicas), ID: s.runID,
	}
	if s.cfg.minSlavesMaxLag != 0 {
		n.M = s.cfg.minSlavesToWrite
	}
	if !r.isMaster() {
		n.Role, n.Link, n.Peer = "slave", "down", r.masterHost+":"+strconv.Itoa(r.masterPort)
		if r.state == linkConnected {
			n.Link = "up"
		}
	}
	return n
}

// noteState observes the state if it has changed at all. The server calls it ten times a second.
func (r *replication) noteState(s *Server) {
	if !s.opts.Notes {
		return
	}
	if n := r.stateNote(s); n != r.noted {
		r.noted = n
		s.note(n)
	}
}

// noteChange observes the state at once if anything but the offset has changed.
func (r *replication) noteChange(s *Server) {
	if !s.opts.Notes || s.loading && !r.link.loading || r.id == "" {
		return // or the start is not over
	}
	n := r.stateNote(s)
	was := r.noted
	was.Offset = n.Offset
	if n != was {
		r.noted = n
		s.note(n)
	}
}

// notePSYNC observes the answer to a PSYNC; reason is "" if it was granted.
func (r *replication) notePSYNC(s *Server, c *client, id string, offset int64, reason string) {
	if !s.opts.Notes {
		return
	}
	n := node.Note{
		Kind: node.NotePSYNC, Peer: c.replicaName(), Result: "continue", Reason: reason, AskedID: id, AskedOffset: offset,
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

// noteDigest observes the dataset at a place in the stream where master and replicas meet.
func (r *replication) noteDigest(s *Server) {
	if !s.opts.Notes {
		return
	}
	sum := s.ks.Digest()
	s.note(node.Note{Kind: node.NoteDigest, ReplID: r.id, Offset: r.offset, Digest: hex.EncodeToString(sum[:])})
}
