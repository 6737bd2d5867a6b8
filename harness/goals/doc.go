// Package goals knows situations that a sweep should have met: a promotion while a full sync was running, a split vote, a
// write refused for lack of replicas. A sweep that meets few of them has proved little, however green it is.
//
// A goal is recognized from the history alone, by what clients heard, what machines noted and what they logged, so a
// history from anywhere can be asked for it.
package goals
