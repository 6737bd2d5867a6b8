// Package rdb writes and reads Redis's snapshot files: what a master sends for a full synchronisation and what SAVE
// leaves on disk.
//
// [Writer] writes version 8, the format of Redis 4.0. [Reader] reads versions 1 to 12, the format of Redis 7.4: all
// forms of strings, lists, sets, sorted sets and hashes that there have been. What a server of 4.0 cannot keep
// (streams, modules' values, hashes with fields that expire, function libraries) ends the reading with an error that
// names it; what modules keep beside the keys is passed over. Both are plain functions over bytes; who opens files and
// sockets is their caller's business, and so are the meaning of an aux field, the number of databases and what to do
// about a key whose time has come.
//
// The forms: ziplist.go has the ziplist and the intset that 4.0 writes, listpack.go the listpack of 7.0 and the zipmap
// of 2.4; elements.go brings them all down to elements. dump.go is the form of one value that DUMP and RESTORE use.
//
// A file is a signature with a version, then entries, then an end mark and a checksum:
//
//	REDIS0008
//	aux redis-ver "4.0.14"    aux …
//	select-db 0    resize-db 2 1
//	[expire-ms 1700000000000]  string "key" "value"
//	…
//	end    crc64
//
// A Reader takes nothing on trust: whatever the bytes, it allocates at most in proportion to them and answers with
// entries or with an error that tells the offset.
package rdb
