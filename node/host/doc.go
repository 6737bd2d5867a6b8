// Package host runs one [node.Core] on real TCP connections, files and clocks. It is the only package under node
// that has goroutines.
//
// A host is a monitor around an event loop. Whoever sees something happen (a timer runs out, a file job ends, the
// loop finds bytes to read) takes the core's lock, steps the core, carries out the effects, writes what was sent and
// lets go.
//
//	loop ────── sockets ready ──┐
//	timers ──── run out ────────┤              ┌─ Step ─┐
//	acceptors, diallers ────────┼── the lock ──┤        ├── flush: write without waiting, Sent events
//	background files, Work, …   ┘              └─ carry out effects; foreground jobs and Busy wait here
//
// Nothing in the lock waits for a peer: what a socket does not take stays in a buffer of its connection, and the
// loop goes on with it when there is room. How large such a buffer may grow is for the core to say, which learns
// from [node.Sent] what has left.
//
// Many hosts can live in one process, as the clients of a live run do; cmd/ordeal-node runs one for a process.
// A host handles no signals: that is the command's business, see [Host.Stop].
package host
