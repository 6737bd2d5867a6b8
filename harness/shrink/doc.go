// Package shrink makes a failing run small: from a scenario and a seed that break a property it finds a scenario with
// fewer faults, operations, machines and settings that still breaks the same property, so small that nothing of these
// can be left out any more.
//
// It knows nothing of why the run fails. It leaves something out, plays the run again in the simulation and keeps what
// still fails (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002). Candidates are played
// on all cores, and the first in order that fails is taken, so that the outcome does not depend on how many there are.
package shrink
