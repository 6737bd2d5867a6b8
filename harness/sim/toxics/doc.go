// Package toxics is what toxiproxy's seven toxics do to a stream of bytes, as state machines that are told the time.
//
// Each toxic has a file of its own and follows the code of toxiproxy v2.5.0 (toxics/*.go, link.go): it takes a chunk
// when it is idle, sleeps, and stands still until the next one in the chain has taken what it hands on. So bytes and
// instants are those of toxiproxy; a test runs both beside each other, toxiproxy's in a bubble of virtual time.
//
// Random numbers come from the caller, in the order in which toxiproxy draws them.
package toxics
