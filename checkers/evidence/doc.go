// Package evidence is what several checkers of a Redis make of a record: which replication history goes on from which, what
// Sentinels did and how they were configured, what log lines say, and what an append only file promises to keep.
//
// What takes a walk through the record is derived once and shared ([checkers.Derived]).
package evidence
