package sentinel

import (
	"math"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/node"
)

// lineage is the replication histories that a master has had, the oldest first: what is promoted in its place must go on
// from them. It is learned from INFO of the master and of replicas linked to it; a Sentinel that starts again learns it
// anew. Redis 4.0 knows nothing of it, promotes whatever is linked to anybody, and takes an address that another group
// has taken over for its own replica.
type lineage []ancestor

// ancestor is one history of a lineage.
type ancestor struct {
	id  string
	end int64 // the first offset that is not of the lineage any more, as a master has it in second_repl_offset
}

const (
	noEnd       = math.MaxInt64 // it goes on
	lineageMost = 64            // histories are remembered
)

// history is where a server says that its data comes from. Redis 4.0: master_replid and the others in INFO.
type history struct {
	id, id2 string // "" if it does not say, as before 4.0
	end2    int64  // the first offset of id that id2 does not share
	offset  int64  // the last byte that it has of id
}

// learn takes that the master's history is h.
func (l *lineage) learn(h history) {
	if !isReplID(h.id) {
		return
	}
	if isReplID(h.id2) && h.end2 > 0 {
		l.add(ancestor{h.id2, h.end2})
	}
	l.add(ancestor{h.id, noEnd})
	if more := len(*l) - lineageMost; more > 0 {
		*l = slices.Delete(*l, 0, more)
	}
	node.Assert(len(*l) > 0 && len(*l) <= lineageMost, "a lineage of %d histories", len(*l))
}

// add makes a history known. Once it has an end, it keeps it: whoever has more of it went another way.
func (l *lineage) add(a ancestor) {
	for i := range *l {
		if (*l)[i].id == a.id {
			(*l)[i].end = min((*l)[i].end, a.end)
			return
		}
	}
	*l = append(*l, a)
}

// shares says whether a server with that much of history id has nothing that the lineage does not have.
func (l lineage) shares(id string, offset int64) bool {
	return slices.ContainsFunc(l, func(a ancestor) bool { return a.id == id && offset < a.end })
}

func (l lineage) has(id string) bool {
	return slices.ContainsFunc(l, func(a ancestor) bool { return a.id == id })
}

// mayFollow says whether r's data is fit to take the place of what the lineage belongs to. While little is known of that, as
// after a start, a replica is given the benefit of the doubt. One that says it is a master is not: it is an old one, of which
// must be known that its successor had all that it has, or one that was promoted from the lineage and given up.
func (l lineage) mayFollow(r *instance) bool {
	if r.roleReported != kindMaster || r.history.id == "" {
		return l.goesOn(r.history)
	}
	return len(l) > 0 && l.goesOn(r.history) && !l.shares(r.history.id, noEnd-1)
}

// goesOn says whether h may take the place of what the lineage belongs to: it is a part of the lineage, or has gone on from
// it under an ID of its own, as one that was promoted and whose failover was given up. Of a server that does not say
// where its data comes from, and while nothing is known of the lineage, nobody can tell.
func (l lineage) goesOn(h history) bool {
	if len(l) == 0 || h.id == "" {
		return true
	}
	if l.has(h.id) {
		return l.shares(h.id, h.offset)
	}
	return isReplID(h.id2) && l.shares(h.id2, noEnd-1) // of one that has ended, another went on
}

// kin says whether h has anything in common with the lineage.
func (l lineage) kin(h history) bool {
	return len(l) == 0 || h.id == "" || l.has(h.id) || isReplID(h.id2) && l.has(h.id2)
}

// isReplID tells an ID from the forty zeros that stand for none.
func isReplID(id string) bool { return len(id) == 40 && strings.Trim(id, "0") != "" }

// learnLineage takes what INFO of r says about the history of its master.
func (s *Sentinel) learnLineage(r *instance, role kind) {
	switch {
	case r.kind == kindMaster && role == kindMaster:
		r.lineage.learn(r.history)
	case r.kind == kindSlave && role == kindSlave && r.masterLinkUp && r.masterAddr == r.master.addr:
		r.master.lineage.learn(history{id: r.history.id})
	}
	if r.kind == kindSlave {
		s.noticeOthers(r)
	}
}

// noticeOthers logs that the replica at an address became another group's, and that it came back.
func (s *Sentinel) noticeOthers(r *instance) {
	is := s.isAnothers(r)
	if is == r.anothers {
		return
	}
	r.anothers = is
	if is {
		s.log(node.LogWarning, r.String()+" follows "+r.masterAddr.String()+" and has none of our data (replication ID "+r.history.id+
			"): it belongs to another group and is left alone")
	} else {
		s.log(node.LogWarning, r.String()+" has our data again")
	}
}

// isOurs says whether a replica that is linked to a master is linked to ours, or to one that is: one that still receives the
// writes of a master that was replaced goes away from ours with each of them, even if ours was never heard itself.
func (s *Sentinel) isOurs(r *instance) bool {
	for range len(r.master.slaves) + 1 { // a ring of replicas leads nowhere
		if r.roleReported != kindSlave || !r.masterLinkUp || r.masterAddr == r.master.addr {
			return true
		}
		above := r.master.slaveAt([]byte(r.masterAddr.ip), r.masterAddr.port)
		if above == nil || above.infoRefresh == 0 || above.roleReported != kindSlave {
			return false
		}
		r = above
	}
	return false
}

// isAnothers says whether the replica at r's address belongs to another group by now: it is linked to a master that is none
// of ours, and has no history in common with ours. It is neither promoted nor reconfigured, which would throw away what
// others keep there.
func (s *Sentinel) isAnothers(r *instance) bool {
	master := r.master
	if r.roleReported != kindSlave || !r.masterLinkUp || r.masterAddr == master.addr || r.masterAddr == master.currentAddress() ||
		master.lineage.kin(r.history) {
		return false
	}
	// Below one of ours that began anew, as an old master that came back, it is ours as well.
	return !slices.ContainsFunc(master.slaves, func(other *instance) bool { return other.addr == r.masterAddr })
}
