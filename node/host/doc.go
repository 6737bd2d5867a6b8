// Package host runs one [node.Core] on real TCP connections, files and clocks. It is the only package under node
// that has goroutines.
//
// A host is a monitor. Whatever happens (a piece of a byte stream arrives, a timer fires, a file job ends), the
// goroutine that sees it takes the core's lock, steps the core, carries out the effects and lets go. Reading and
// writing sockets take place outside the lock, so a slow or stopped peer holds up neither the core nor any other
// connection: what its socket does not take stays in a buffer of that connection. How large that buffer may grow is
// for the core to say, which learns from [node.Sent] what has left.
//
// Many hosts can live in one process, as the clients of a live run do; cmd/ordeal-node runs one for a process.
// The host handles no signals: that is the command's business, see [Host.Stop].
package host
