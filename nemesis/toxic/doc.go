// Package toxic hurts real TCP connections. It is the only door to toxiproxy.
//
// A [Network] has one link for each ordered pair of machines, caller first: a toxiproxy proxy without a listener,
// whose toxics every connection of that pair runs through. A connection carries bytes both ways, so what A sends to B
// is the upstream of the link A->B and the downstream of the link B->A:
//
//	A dials B   link "A->B"   A ── upstream ──> B     A <── downstream ── B
//	B dials A   link "B->A"   A <── upstream ── B     A ── downstream ──> B
//	cut A -> B holds          upstream of "A->B"  and  downstream of "B->A"
//
// Both streams have one toxic of ours from before the first connection, called nemesis; it holds and delays as the
// faults in force say. Faults never add or remove toxics. Toxiproxy would have to stop each toxic of each connection
// for that, one after the other, and waits without a limit for one whose receiver takes nothing; new connections wait
// meanwhile. A toxic that looks up what is in force hits all connections at the same instant and cannot hang.
//
// What is held is delivered when the cut ends, in order; also the end of a connection is held. Toxiproxy's own toxics
// can be added by hand over its HTTP API, see [Network.Handler].
package toxic
