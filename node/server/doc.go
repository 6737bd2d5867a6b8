// Package server is a Redis-4.0-compatible replication server as a core: it is told what happened and says what to
// do, and does no I/O (see package node).
//
// Where to look. server.go takes events in, startup.go leads from the start to the first command, servercron.go is
// what happens hz times a second. Connections, the table of commands and the order of checks are package front's, the
// commands on data package commands'; execute.go is the server's side of both: how a call is let in, run, counted and
// propagated. Its own commands stand in configcmd.go, info.go, debug.go, slowlog.go and servercmd.go. persistence.go and
// rdbfile.go keep the dataset on disk. config.go, directives.go and startup.go are redis.conf.
//
// Replication: replid.go (which history this is), backlog.go, feed.go (the stream a master writes), psync.go and
// fullsync.go (a master's side), handshake.go, transfer.go and cachedmaster.go (a replica's side), slaveof.go, wait.go,
// cron.go (what it does every second).
package server
