// Package live is the world of real processes: servers and Sentinels run as programs on loopback addresses of their
// own, clients and the observer as cores inside the harness, and every connection between two machines leads through
// the link of that ordered pair, where nemesis/toxic hurts it.
//
// A machine binds, and calls from, its Host; the others know it by its Announce, where a listener of the world stands
// and tells callers apart by the address they call from:
//
//	c1 at 127.3.10.7 ──> 127.3.20.1:6379 (world: who calls? c1) ──> link "c1->m1" ──> 127.3.10.1:6379 (m1)
//
// A caller that is no machine, such as a person's redis-cli, is led straight through.
//
// Time is real and so is chance: a run has the same operations and the same faults at the same offsets each time, and
// everything else is the machine's. Whoever needs a run again bit for bit wants harness/sim.
package live
