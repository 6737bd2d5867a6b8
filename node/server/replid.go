package server

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node"
)

// A replication ID names a history of the dataset, an offset a place in it: two servers at the same offset of the
// same history hold the same data. A promoted replica starts a history of its own and remembers the old one, so that
// the other replicas of its old master can go on with it.

const noReplID = "0000000000000000000000000000000000000000"

// randomHex returns n hexadecimal digits of the server's random stream.
func (s *Server) randomHex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[s.rng.IntN(len(digits))]
	}
	return string(b)
}

// changeID begins a history that shares nothing with the one before.
// Redis 4.0: replication.c, changeReplicationId and clearReplicationId2.
func (r *replication) changeID(s *Server) {
	r.id = s.randomHex(len(noReplID))
	r.forgetSecondID()
}

func (r *replication) forgetSecondID() {
	r.secondID, r.secondOffset = noReplID, -1
}

// shiftID begins a history that goes on from the old one: that of a promoted replica.
// Redis 4.0: replication.c, shiftReplicationId.
func (r *replication) shiftID(s *Server) {
	// +1: a replica asks for the first byte it lacks. The old history is ours up to offset, so a request for the byte
	// after that one is good too.
	r.secondID, r.secondOffset = r.id, r.offset+1
	r.id = s.randomHex(len(noReplID))
	s.log(node.LogWarning, "Setting secondary replication ID to "+r.secondID+", valid up to offset: "+
		strconv.FormatInt(r.secondOffset, 10)+". New replication ID is "+r.id)
}
