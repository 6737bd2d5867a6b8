// Package sim is the deterministic world: every machine, link, disk and clock of a run lives in one goroutine
// under virtual time. A run is a pure function of its configuration, its seed and the calls made on it; the trace
// hash that [World.Close] returns proves that two runs were the same one.
//
// One queue orders everything by (virtual time, sequence). What happens to a machine is put into its mailbox and
// handed to its core one event at a time, unless the core is busy, paused or down; the core's effects are carried
// out in their order. The parts:
//
//	world.go    the run as a whole: configuration, start, the loop, the end
//	queue.go    what happens when
//	machine.go  the lives of a machine, its mailbox, and its effects
//	timers.go   a machine's timers
//	clock.go    a machine's wall clock
//	link.go     what carries bytes from one machine to another, and how well
//	dial.go     how connections come up, or do not
//	stream.go   the byte streams of a connection, as the two kernels see them
//	disk.go     files: what was written, and what would survive a loss of power
//	job.go      what takes time beside the core: file jobs, work, scripts
//	outside.go  cores with a part outside, whose clock goes with the world's
//	faults.go   the faults in force; netfaults.go, machinefaults.go and diskfaults.go what each kind does
//	proxy.go    toxiproxy's toxics at the end of a link; package toxics has the toxics themselves
//	digest.go   the trace hash
//	trace.go    the same trace as text, to find the first difference
//
// What a process sees of TCP is modelled, not TCP's packets: order, chunks cut anywhere, socket buffers that fill,
// retransmission after a cut with its growing delays, refused and lost connection attempts, resets, half-open
// connections.
package sim
