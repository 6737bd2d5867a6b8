// Package keyspace holds the data of a server: numbered databases of keys, their values and their expiry times.
//
// It is plain data structures. It has no clients, no wire and no clock: that a key has outlived its time is for the
// caller to see and to act upon, and until it is deleted it counts like any other.
//
// A [Keyspace] belongs to one goroutine. [Keyspace.Snapshot] gives, at once, an unchanging copy that another one may
// read while writes go on. Keys lie in many small shards; a snapshot shares them all, and the first write to a
// shared shard copies that shard, some dozens of keys. Tables grow and shrink by one shard at a time (linear
// hashing), so no call ever has to wait for a table to be rebuilt.
//
// The order of a walk follows from the hash seed and the operations so far, and the order of a [DB.Scan] from the
// hash seed and the keys alone. Chance is an argument.
package keyspace
