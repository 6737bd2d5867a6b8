// Package server is a Redis-4.0-compatible replication server as a core: it is told what happened and says what to
// do, and does no I/O (see package node).
//
// Where to look. server.go takes events in, startup.go leads from the start to the first command, servercron.go is
// what happens hz times a second. Connections, the table of commands and the order of checks are package front's, the
// commands on data package commands'; execute.go is the server's side of both: how a call is let in, run, counted and
// propagated. Its own commands stand in configcmd.go, info.go, debug.go, slowlog.go and servercmd.go. persistence.go and
// rdbfile.go keep the dataset on disk. config.go, directives.go and startup.go are redis.conf.
//
// Replication is a package of its own; replicationhost.go is what it needs of the server.
package server
