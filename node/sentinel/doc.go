// Package sentinel is a Redis-4.0-compatible Sentinel as a core: it watches masters and their replicas, agrees with
// other Sentinels that a master is down, elects a leader that replaces it, and tells clients who the master is.
// It is told what happened and says what to do about it, and does no I/O (see package node).
//
// Where to look. What is watched: instance.go, link.go (connections to it), monitor.go (what is sent when), info.go
// (what it says of itself), hello.go and peers.go (how Sentinels find each other). Whether it is down: sdown.go (by my
// own eyes), odown.go (by agreement), tilt.go (when my own eyes cannot be trusted). What follows: election.go,
// failover.go (the states), selection.go, promotion.go, reconf.go, switchover.go. For people and clients: event.go,
// script.go, client.go, command.go, sentinelcommand.go, fields.go, status.go. What survives a restart: directive.go
// reads it and rewrite.go writes it.
//
// All that one Step sends, logs and notes is gathered and leaves at its end, after the configuration was written if
// anything in it changed. So whatever a peer has heard from this Sentinel is on its disk: a vote above all.
//
// Walks over instances go by name, where Redis follows its hash tables.
package sentinel
