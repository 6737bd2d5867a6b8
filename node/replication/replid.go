package replication

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node"
)

// A replication ID names a history of the dataset, an offset a place in it: two servers at the same offset of the
// same history hold the same data. A promoted replica starts a history of its own and remembers the old one, so that
// the other replicas of its old master can go on with it.

// NoReplID is the name of no history.
const NoReplID = "0000000000000000000000000000000000000000"

// ChangeID begins a history that shares nothing with the one before.
// Redis 4.0: replication.c, changeReplicationId and clearReplicationId2.
func (r *Replication) ChangeID() {
	r.id = r.host.RandomHex(len(NoReplID))
	r.forgetSecondID()
}

func (r *Replication) forgetSecondID() {
	r.secondID, r.secondOffset = NoReplID, -1
}

// shiftID begins a history that goes on from the old one: that of a promoted replica.
// Redis 4.0: replication.c, shiftReplicationId.
func (r *Replication) shiftID() {
	// +1: a replica asks for the first byte it lacks. The old history is ours up to offset, so a request for the byte
	// after that one is good too.
	r.secondID, r.secondOffset = r.id, r.Offset+1
	r.id = r.host.RandomHex(len(NoReplID))
	r.host.Log(node.LogWarning, "Setting secondary replication ID to "+r.secondID+", valid up to offset: "+
		strconv.FormatInt(r.secondOffset, 10)+". New replication ID is "+r.id)
}
