// Package explore searches all that may happen around one election: every order in which messages are delivered and
// timers expire, with up to a few faults at any moment, on the real Sentinel and server cores. It is not a sample, as a
// sweep is: within its bounds it is everything, and the first violation that it finds has the fewest steps there are.
//
// # What is searched
//
// A cluster of one master, its replicas and its Sentinels runs, in one fixed order, until every Sentinel knows everything;
// then the master is killed. From the last moment before a Sentinel calls it down, the search takes over. Its moves:
//
//   - deliver: the oldest message on a connection reaches its receiver;
//   - tick: a Sentinel's timer fires;
//   - round: time goes on, once nobody is left behind (see below);
//   - a fault: a crash, a crash between a write of the file and what was to leave after it, a restart, a pause (its end
//     is a move too), a cut link, as many as the plan allows;
//   - wherever a Sentinel draws a delay at random, both the shortest and the longest.
//
// # Time
//
// Time is in rounds of 100 ms, a Sentinel's timer period. In each round every Sentinel that runs ticks once, in any order,
// and what was sent is delivered before or after any tick. A message is delivered in the round in which it was sent or at
// most Plan.Delay rounds later. So clocks are at most one period apart: what is slower than that is a pause or a cut link.
// The orders, not the durations, are exhaustive.
//
// # What is not searched
//
// Traffic that only says "I am still here" is delivered at once: connecting and closing, PING, PONG, INFO that says nothing
// new, requests that change nothing at a server, hellos with no news for who hears them, and the stream between servers. Its
// loss or delay is what faults are for. Servers' own timers fire between rounds. What one step sends on one connection arrives
// whole. Clocks do not jump, disks do not fail, links that are cut stay so.
//
// Without Plan.Delay, answers to a Sentinel that has ticked in the round arrive at once: nothing looks at them before its
// next tick, which is the next round's, so that their order decides nothing (TestAnswersNeedNoOrder; Plan.Every gives it up).
// That an answer is lost is a move of its own: the link is cut, or who answers dies, between the two.
//
// Faults strike a machine while it could move itself, or while nothing is under way: at another moment of the round the same
// comes of it, but for when in that round its peers find their connections closed. A machine that stood still goes on while
// nothing is under way.
//
// Machines of a kind are not exchangeable, and are not taken for each other: Sentinels settle ties by ID, and replicas are
// chosen by run ID.
//
// # How states are told apart
//
// The state of the whole is the states of the machines, what is under way between them, and what has been promised so far
// (votes, leaders, configurations: see facts.go). A Sentinel writes its own state (sentinel.AppendState) with times as ages
// and connections by who holds them: paths that lead to the same state are one from there on. A server's is the sequence
// of what has changed it. Deliveries to different machines commute, and so their orders meet in one state.
//
// Each machine's states are kept once, whatever the others do, with what each event leads to: a core takes a step only
// when a state of its own meets an event that it never met before. The same step in another surrounding costs a look-up.
// The core of a state is stepped on by the first event; for another one it is led through its life again.
//
// A search is a function of its plan: no goroutine, no clock, no chance. Who limits its time gives Plan.Stop.
package explore
