// Package election is what Sentinels may do when they replace a master, as a specification: a state of a few facts, and the
// steps that lead from one to the next (spec.go). It shares no code with the Sentinel, and knows no time, no message and no
// file: what was said once may be heard at any later time, or never, and what has to survive a restart survives it.
//
// It is used twice. Its own search (search.go) goes through every state that a few Sentinels can come to in a few epochs,
// and finds the promises kept: one vote in an epoch, one leader of an epoch, one master of an epoch, and none of the
// epochs falls. With one of its rules taken away it finds how they break. And traces of real elections are held against it
// (trace.go): a step of a Sentinel that the specification does not allow is a finding, even if nothing came of it.
//
// A Sentinel by itself, in the stages of a failover:
//
//	none     -> standing by Stand or Order: the next epoch is its own
//	standing -> elected  by Elect: a majority and the quorum voted for it in that epoch
//	elected  -> chosen   by Choose: a replica that is to be the master
//	chosen   -> promoted by Promote: it is one. The epoch of the election is that of the configuration
//	promoted -> none     by End
//	any      -> none     by GiveUp (not once promoted), by Adopt of a newer configuration, by Restart
//
// Hear makes its epoch that of another one, and Vote gives its vote in its own epoch to one who stands in it.
package election
