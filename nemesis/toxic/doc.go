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
// Both streams have one toxic of ours from before the first connection, called nemesis; it holds, delays, clogs and
// loses as the faults in force say, and those faults never add or remove toxics: a toxic that looks up what is in force
// hits all connections at the same instant. What is held is delivered when the cut ends, in order; also the end of a
// connection is held. New connections pass the link's door, where they are refused or wait.
//
// Toxiproxy's own seven stand behind it, as faults put them there, or somebody by hand over its HTTP API, see
// [Network.Handler]. Toxiproxy keeps and shows them; the chains that the bytes run through are ours, see chain. To add or
// remove one, its neighbours in every connection are stopped, which waits for each without a limit: so nothing behind
// them may ever wait for a receiver, and each socket has an outbox that takes everything. A receiver that does not read
// is felt in front, where the nemesis toxic takes no more than the outbox has room for.
//
// [External] hurts links through a toxiproxy server that runs somewhere else, as far as that can.
package toxic
