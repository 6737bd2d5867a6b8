// Package server is a Redis-4.0-compatible replication server as a core: it is told what happened and says what to
// do, and does no I/O (see package node).
//
// Where to look: server.go takes events in; client.go is one connection; command.go is the command table and the
// order of checks before a command runs; the commands stand in files named for their subject. Replication: replid.go
// (which history this is), backlog.go, feed.go (the stream a master writes), psync.go and fullsync.go (a master's side),
// handshake.go and transfer.go (a replica's side), cron.go (what happens every second).
package server
