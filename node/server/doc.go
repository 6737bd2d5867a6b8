// Package server is a Redis-4.0-compatible replication server as a core: it is told what happened and says what to
// do, and does no I/O (see package node).
//
// Where to look. server.go takes events in, startup.go leads from the start to the first command, servercron.go is
// what happens hz times a second. client.go is one connection, reply.go what it is answered. table.go is the command
// table and command.go the order of checks before a command runs; the commands stand in files named for their
// subject: strings.go, bits.go, keys.go, database.go, expire.go, transaction.go, pubsubcmd.go, connection.go,
// configcmd.go, info.go, debug.go, slowlog.go, servercmd.go. lookup.go is how all of them get at keys.
// persistence.go and rdbfile.go keep the dataset on disk. config.go, directives.go and startup.go are redis.conf.
//
// Replication: replid.go (which history this is), backlog.go, feed.go (the stream a master writes), psync.go and
// fullsync.go (a master's side), handshake.go, transfer.go and cachedmaster.go (a replica's side), slaveof.go, wait.go,
// cron.go (what it does every second).
package server
