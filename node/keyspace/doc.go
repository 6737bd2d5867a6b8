// Package keyspace holds the data of a server: numbered databases of keys, their values and their expiry times.
//
// It is plain data structures. It has no clients, no wire and no clock: that a key has outlived its time is for the
// caller to see and to act upon, and until it is deleted it counts like any other. What a key holds is package
// value's; its doc.go shows how commands read and change values.
//
// A [Keyspace] belongs to one goroutine. [Keyspace.Snapshot] gives, at once, an unchanging copy that another one may
// read while writes go on. Keys lie in the shards of a table, some dozens each; a snapshot shares them all, and the
// first write to a shared shard copies that shard. The same holds for the parts of large values, so nobody ever pays
// for a copy of a whole one. Access words ([DB.SetAccess]) lie beside what is shared: to note that a key was read
// copies nothing.
//
// Memory ([Keyspace.Bytes]) and, once it was asked for, the digest ([Keyspace.Digest]) are kept as they change.
//
// The order of a walk follows from the hash seed and the operations so far, and the order of a [DB.Scan] from the
// hash seed and the keys alone. Chance is an argument.
package keyspace
