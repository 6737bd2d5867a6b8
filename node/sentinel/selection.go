package sentinel

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// selectSlave returns the replica to promote, or nil if none is fit. Redis 4.0: sentinel.c, sentinelSelectSlave.
//
// Otherwise than in Redis 4.0, what is chosen must go on from the data of the master that it replaces: a stale master
// that came back, or a replica that follows somebody else by now, may be linked well and have none of it.
func (s *Sentinel) selectSlave(master *instance) *instance {
	linkDownMost := 10 * master.downAfter
	infoAgeMost := 3 * infoPeriod
	if master.sDown {
		// A replica cannot have been linked to a master since that went down; and INFO comes every second now.
		linkDownMost += s.since(master.sDownSince)
		infoAgeMost = 5 * pingPeriod
	}
	s.candidates = s.candidates[:0]
	for _, r := range master.slaves {
		fit := s.isFit(r, linkDownMost, infoAgeMost)
		if fit {
			s.candidates = append(s.candidates, r)
		}
		s.noteCandidate(master, r, fit)
	}
	if len(s.candidates) == 0 {
		return nil
	}
	return slices.MinFunc(s.candidates, better)
}

// noteCandidate observes what the Sentinel knows of a replica when it chooses.
func (s *Sentinel) noteCandidate(master, r *instance, fit bool) {
	if !s.opts.Notes {
		return
	}
	result := "unfit"
	if fit {
		result = "fit"
	}
	s.notes = append(s.notes, node.Note{Kind: node.NoteCandidate, Master: master.name, Peer: r.addr.String(), N: int64(r.priority),
		Offset: r.offset, ID: r.runID, Result: result})
}

func (s *Sentinel) isFit(r *instance, linkDownMost, infoAgeMost time.Duration) bool {
	return !r.isDown() &&
		!r.link.disconnected &&
		s.since(r.link.lastAvail) <= 5*pingPeriod &&
		r.priority != 0 &&
		r.infoRefresh != 0 && s.since(r.infoRefresh) <= infoAgeMost &&
		r.masterLinkDown <= linkDownMost &&
		r.master.lineage.mayFollow(r) && s.isOurs(r)
}

// better orders replicas, the best first: the lower priority, the more data, the smaller run ID, an unknown one last.
// Names settle what Redis leaves to its sorting algorithm.
func better(a, b *instance) int {
	return cmp.Or(
		cmp.Compare(a.priority, b.priority),
		cmp.Compare(b.offset, a.offset),
		unknownLast(a.runID, b.runID),
		strings.Compare(strings.ToLower(a.runID), strings.ToLower(b.runID)),
		strings.Compare(a.name, b.name),
	)
}

func unknownLast(a, b string) int {
	switch {
	case a == "" && b != "":
		return 1
	case a != "" && b == "":
		return -1
	}
	return 0
}
