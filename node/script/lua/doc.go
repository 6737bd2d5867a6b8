// Package lua is the language of Redis's scripts: Lua 5.1, as a value in memory and nothing else.
//
// A [State] reads a source text (lex.go, parse.go) into a tree (ast.go), makes register code of it (gen*.go) and runs
// that (vm.go). It has no clock, no files, no goroutine and no source of chance. The same calls give the same results
// each time, including the order of pairs() and the number of instructions counted: tables keep Lua 5.1's own layout
// (an array and a chained hash with the same hash functions), so that # of a table with holes and the order of
// traversal are those of a real server for keys that are numbers, strings and booleans. Keys that are tables or
// functions lie where their number of birth says, where C Lua takes their address.
//
// What a script can use up is bounded: instructions are counted and the owner is asked every so often whether to go
// on ([State.OnCount]); live memory is counted and limited ([State.MemoryLimit]); calls, nested patterns and the
// nesting of source text have Lua's limits. A coroutine is a stack of frames, not a goroutine.
//
// Errors are worded as 5.1 words them, names of variables included: the generator notes with an instruction that may
// fail what its operands were called.
package lua
