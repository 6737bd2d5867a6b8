// Package workload says what clients do to a cluster while the nemesis hurts it: how many there are, how fast they are,
// and at what they work. Which kinds of work there are, and how clients do them, a system says.
package workload
