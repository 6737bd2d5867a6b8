package sentinel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// vote gives my vote for the leader of master's failover in epoch, or repeats the one given: one per epoch. It is
// on disk before any answer leaves, so that not even a restart gives it twice; to whom it went is not kept, so a
// restarted Sentinel answers with the epoch and no leader. Redis 4.0: sentinel.c, sentinelVoteLeader.
func (s *Sentinel) vote(master *instance, epoch int64, candidate string) (leader string, leaderEpoch int64) {
	s.adoptEpoch(master, epoch)
	if master.leaderEpoch < epoch && s.currentEpoch <= epoch {
		master.leader, master.leaderEpoch = candidate, s.currentEpoch
		s.flush()
		s.event(node.LogWarning, "+vote-for-leader", master, fmt.Sprintf("%s %d", candidate, epoch))
		if s.opts.Notes {
			s.notes = append(s.notes, node.Note{Kind: node.NoteVote, ID: s.id, Leader: candidate, Epoch: epoch, Master: master.name})
		}
		if !strings.EqualFold(candidate, s.id) {
			// Leave the one I voted for the time to succeed before I try myself.
			master.failover.started = s.now.Add(s.desync())
		}
	}
	return master.leader, master.leaderEpoch
}

// adoptEpoch moves the current epoch forward to epoch, never back.
func (s *Sentinel) adoptEpoch(master *instance, epoch int64) {
	if epoch > s.currentEpoch {
		s.currentEpoch = epoch
		s.flush()
		s.event(node.LogWarning, "+new-epoch", master, fmt.Sprint(epoch))
	}
}

// desync keeps Sentinels from becoming candidates at the same moment, again and again.
func (s *Sentinel) desync() time.Duration {
	return time.Duration(s.rng.IntN(maxDesyncMS)) * time.Millisecond
}

// tally is the votes of one candidate.
type tally struct {
	candidate string
	votes     int64
}

// leaderOf counts the votes of epoch and returns the elected leader's ID, "" if there is none yet. I vote too: for the
// one that is ahead, or for myself if nobody has a vote. It takes a majority of all known Sentinels, the dead ones
// included, and the quorum. Redis 4.0: sentinel.c, sentinelGetLeader.
//
// Otherwise than there, the others' votes are those of epoch too. 4.0 counts the ones of its current epoch: a candidate
// whose attempt was overtaken by a newer epoch is elected by votes of that one and its own of the older one, and gives
// its configuration the older number, which another leader may have won by a majority.
func (s *Sentinel) leaderOf(master *instance, epoch int64) string {
	s.votes = s.votes[:0]
	for _, other := range master.sentinels {
		if other.leader != "" && other.leaderEpoch == epoch {
			s.count(other.leader)
		}
	}
	favourite := s.id
	if len(s.votes) > 0 {
		favourite = s.ahead().candidate
	}
	if mine, at := s.vote(master, epoch, favourite); mine != "" && at == epoch {
		s.count(mine)
	}
	if len(s.votes) == 0 {
		return ""
	}
	winner := s.ahead()
	voters := int64(len(master.sentinels) + 1)
	if winner.votes < voters/2+1 || winner.votes < master.quorum {
		return ""
	}
	return winner.candidate
}

func (s *Sentinel) count(candidate string) {
	for i := range s.votes {
		if s.votes[i].candidate == candidate {
			s.votes[i].votes++
			return
		}
	}
	s.votes = append(s.votes, tally{candidate, 1})
}

// ahead is the candidate with the most votes; of equals the one whose ID is least.
func (s *Sentinel) ahead() tally {
	return slices.MaxFunc(s.votes, func(a, b tally) int {
		return cmp.Or(cmp.Compare(a.votes, b.votes), strings.Compare(b.candidate, a.candidate))
	})
}
