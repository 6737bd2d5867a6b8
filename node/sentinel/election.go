package sentinel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// mayVote says whether my vote for the leader of master's failover in epoch is still to be given: one per epoch.
//
// Otherwise than in 4.0, one who leads a failover gives no vote to another: two leaders, each elected in an epoch of its
// own, would promote a replica each.
func (s *Sentinel) mayVote(master *instance, epoch int64) bool {
	return master.leaderEpoch < epoch && s.currentEpoch <= epoch && master.failover.state <= waitStart
}

// vote gives my vote. It is on disk before anybody hears of it, so that not even a restart gives it twice; if it cannot
// be written, it is not given. To whom it went is not kept: a restarted Sentinel answers with the epoch
// and no leader. Redis 4.0: sentinel.c, sentinelVoteLeader, which gives it whether or not it was written.
func (s *Sentinel) vote(master *instance, epoch int64, candidate string) {
	node.Assert(epoch == s.currentEpoch, "a vote in epoch %d, and this is %d", epoch, s.currentEpoch)
	node.Assert(epoch > master.leaderEpoch, "a second vote in epoch %d, after one in %d", epoch, master.leaderEpoch)
	leader, leaderEpoch := master.leader, master.leaderEpoch
	master.leader, master.leaderEpoch = "", epoch // what the file must say; whom for is known once it does
	s.whenSaved(func(err node.Errno) {
		node.Assert(master.leaderEpoch == epoch, "the vote in epoch %d became one in %d while it was written", epoch, master.leaderEpoch)
		if err != "" {
			master.leader, master.leaderEpoch = leader, leaderEpoch
			s.log(node.LogWarning, fmt.Sprintf("No vote for %s in epoch %d: it could not be saved, and might be given again after a restart", candidate, epoch))
			return
		}
		master.leader = candidate
		s.voteGiven(master, epoch, candidate)
	})
}

// voteGiven tells the world of a vote that is on disk.
func (s *Sentinel) voteGiven(master *instance, epoch int64, candidate string) {
	s.event(node.LogWarning, "+vote-for-leader", master, fmt.Sprintf("%s %d", candidate, epoch))
	if s.opts.Notes {
		s.notes = append(s.notes, node.Note{Kind: node.NoteVote, ID: s.id, Leader: candidate, Epoch: epoch, Master: master.name})
	}
	if !strings.EqualFold(candidate, s.id) {
		s.attempted(master) // leave the one I voted for the time to succeed before I try myself
	}
}

// adoptEpoch moves the current epoch forward to epoch, never back.
func (s *Sentinel) adoptEpoch(master *instance, epoch int64) {
	if epoch > s.currentEpoch {
		s.currentEpoch = epoch
		s.flush()
		s.event(node.LogWarning, "+new-epoch", master, fmt.Sprint(epoch))
	}
}

// giveWay keeps me from becoming a candidate for a part of a second, because somebody else has become one: I heard of
// a new epoch before I was asked for my vote in it. 4.0 goes on to the next epoch, and both are elected.
func (s *Sentinel) giveWay(master *instance) {
	f := &master.failover
	f.notBefore = max(f.notBefore, s.now.Add(giveWayLeast+s.desync()/2))
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
	if s.mayVote(master, epoch) && s.currentEpoch == epoch {
		s.vote(master, epoch, favourite) // it counts at the next tick, once it is on disk
	} else if master.leader != "" && master.leaderEpoch == epoch {
		s.count(master.leader)
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

// nobodyWins says whether the election that I stand in can be won by nobody any more: whoever can be heard has voted,
// those who were asked a majority among them, and no candidate has enough. 4.0 sits such a split out for as long as an
// election may take, and for two failover-timeouts more. An election in which fewer than a majority are heard is not
// split but hopeless, and waiting is right: a minority that went on trying would drive the epoch up for nothing.
//
// An attempt that a newer epoch overtook is over as well, once the answers that were under way have come: nobody who has
// heard of that epoch votes in this one.
func (s *Sentinel) nobodyWins(master *instance) bool {
	f := &master.failover
	node.Assert(f.state == waitStart, "an election in %v", f.state)
	if s.currentEpoch > f.epoch && s.since(f.changed) >= askPeriod {
		return true
	}
	voters := int64(len(master.sentinels) + 1)
	needed := max(voters/2+1, master.quorum)
	voted, outstanding := int64(0), int64(0)
	for _, t := range s.votes {
		voted += t.votes
	}
	for _, other := range master.sentinels {
		if s.mayStillVote(other, f) {
			outstanding++
		}
	}
	return voted >= voters/2+1 && s.ahead().votes+outstanding < needed
}

// mayStillVote says whether a vote of other may come in time for my attempt f: it can be heard, and has not answered
// since it was asked.
func (s *Sentinel) mayStillVote(other *instance, f *failover) bool {
	voted := other.leader != "" && other.leaderEpoch == f.epoch
	heard := !other.link.disconnected && s.since(other.link.lastAvail) <= 2*pingPeriod
	answered := other.lastDownAsk > f.changed && s.since(f.changed) >= askPeriod
	return heard && !voted && !answered
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
