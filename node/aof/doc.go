// Package aof is the format of append only files: the commands that changed a dataset, in the order in which they did,
// as a client would have sent them.
//
// [Writer] turns commands of the stream into the file's text, [Reader] takes a file apart again and says where a torn
// tail begins, [Rewrite] makes the shortest file that comes to a dataset. What the commands do is not known here:
// node/server has the file, runs what is read, and decides when the disk has what was written.
//
// A file is, in this order: an RDB, if it was rewritten with aof-use-rdb-preamble; commands in RESP. SELECT stands before
// a command whose database differs from the one before; MULTI and EXEC stand around what happens as a whole; times to
// live are absolute (PEXPIREAT), because a file may be read at any later time. Redis 4.0: aof.c.
package aof
