// Package swarm draws whole scenarios: for each seed another cluster, other settings, another workload and another mix
// of faults, each of which is left out of many seeds so that the others have room to show what only they do (Groce and
// others, Swarm Testing, 2012). What is drawn is a scenario like any other: it prints, and what prints runs the same.
//
// A draw asks for those checks only that hold on correct servers whatever happens in it; applicable.go says why.
package swarm
