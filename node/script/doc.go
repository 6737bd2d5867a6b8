// Package script is the Lua of Redis 4.0's EVAL, standing alone: an [Engine] keeps scripts by their SHA1 and runs
// them; what they ask of a server goes through a [Host]. The language itself is in the folder lua.
//
// The package has no clock, no files, no goroutine and no chance of its own: the same scripts with the same answers of
// the host give the same replies, in the same number of counted instructions. DIFFERENCES.md lists what differs from
// a real server, and what from 7.0, against which the differential test runs.
package script
