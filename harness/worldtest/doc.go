// Package worldtest holds every world to the promises that cores and scenarios build on: what the node package says
// a world must do, and what harness.World says of faults. It is a test as a function; harness/sim and harness/live
// both call it.
//
// The promises about connections, timers, files and link faults are tried on client machines, whose cores run
// inside the harness in both worlds ([Test]). Those about processes need machines that can be killed and paused
// ([TestProcesses]); live, that is a real program, of which only PING is asked.
//
// Times are taken from World.Elapsed. A test waits for what it expects with a generous limit and never takes
// slowness for an error; it does take bytes that come too early for one.
package worldtest
