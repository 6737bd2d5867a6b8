// Package node is the contract between a core and the world that runs it.
//
// A core is a whole server, Sentinel or client that does no I/O. It is told what happened, one [Event] at a
// time, and says what to do about it by appending [Effect] values to an [Effects] buffer. It has no goroutine,
// socket, file, clock or random source of its own, so the same core runs bit for bit alike under a simulator,
// on real TCP, and over a recording of either.
//
// What a core must do:
//
//   - Step must be a function of its own state, now and ev. Time is the argument now, chance is the stream it
//     was constructed with; nothing may follow the order of a Go map.
//   - Keep no reference to ev or ev.Bytes after Step returns: the world uses them again.
//   - Never panic on what a peer sent. A panic, and so [Assert], is a broken invariant of the core itself.
//
// What a world must do:
//
//   - Deliver [Started] first, and one event at a time after that.
//   - Carry out the effects of a Step in their order. [EffectBusy] and a foreground [EffectFile] take time; the
//     effects after them, and every other event, wait for them.
//   - Deliver the [FileDone] of a foreground file job as the very next event of that core.
//   - Deliver bytes of one connection in the order they were sent, and [Closed] at most once, as the last event
//     of that connection.
//
// What follows from it: a core that wrote its vote to a file in the foreground and sent its answer afterwards has
// the vote on disk before the answer leaves, and a core that waits for a foreground FileDone is never interrupted.
package node
