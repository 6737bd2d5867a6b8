// Package skeleton writes what somebody begins with who writes a scenario, a system or a workload of his own: commented
// files that run as they are. The files lie in folders beside this one, with NAME and PACKAGE where the name comes.
package skeleton
