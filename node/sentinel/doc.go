// Package sentinel is a Redis-4.0-compatible Sentinel as a core: it watches masters and their replicas, agrees with
// other Sentinels that a master is down, elects a leader that replaces it, and tells clients who the master is.
// It is told what happened and says what to do about it, and does no I/O (see package node).
//
// Where to look. What is watched: instance.go, link.go (connections to it), monitor.go (what is sent when), info.go
// (what it says of itself), hello.go and peers.go (how Sentinels find each other). Whether it is down: sdown.go (by my
// own eyes), odown.go (by agreement), tilt.go (when my own eyes cannot be trusted). What follows: election.go,
// failover.go (the states), selection.go, lineage.go (whose data it is), promotion.go, reconf.go, switchover.go. For people and clients: event.go,
// script.go (with package scripts), clients.go (with package front), command.go, sentinelcommand.go, fields.go, status.go. What survives a restart: directive.go
// reads it and rewrite.go writes it.
//
// The states, as states.go has them. Of a failover, where every arrow to none but the last is an abort, a reset or a newer
// configuration:
//
//	none               -> none, wait_start
//	wait_start         -> none, select_slave
//	select_slave       -> none, send_slaveof_noone
//	send_slaveof_noone -> none, wait_promotion
//	wait_promotion     -> none, reconf_slaves
//	reconf_slaves      -> none, update_config
//	update_config      -> none
//
// Of a start, and of a replica on its way to a new master:
//
//	start: reading   -> resolving, exited
//	start: resolving -> checking, exited
//	start: checking  -> listening, exited
//	start: listening -> running, exited
//	start: running   -> exited
//
//	replica: none   -> sent
//	replica: sent   -> inprog, done
//	replica: inprog -> sent, done
//
// All that one Step sends, logs and notes is gathered and leaves at its end, after the configuration was written if
// anything in it changed; a vote, and an answer to an operator, once it is known to be on disk.
//
// Walks over instances go by name, where Redis follows its hash tables.
package sentinel
