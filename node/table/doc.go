// Package table is the hash table under the keyspace and under large sets, hashes and sorted sets: byte strings to
// values of any one type, walked in an order that depends on nothing but the seed and the operations.
//
// Keys lie in many small shards. [Table.Freeze] gives, at the price of copying the list of shards, an unchanging
// copy that other goroutines may read while the table goes on; the first write to a shard after that copies the
// shard, some dozens of keys. A table grows and shrinks by one shard at a time (linear hashing), so no call has to
// wait for all of it to be rebuilt. [Table.Scan] keeps SCAN's promise over both.
//
// A table made with words keeps a word of 32 bits beside each entry. Words belong to the table alone, never to a
// frozen copy: writing one neither copies a shard nor disturbs whoever reads a copy.
//
// A [Place] says where an entry is. It is good until the next Add or Remove; Own does not move anything.
package table
