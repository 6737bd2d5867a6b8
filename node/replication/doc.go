// Package replication is where a server's data comes from and where it goes: the history that it belongs to, the stream of
// a master, its replicas, and a replica's way to its master. What it needs of the server is its [Host].
//
// Where to look. replid.go (which history this is), backlog.go, feed.go (the stream a master writes), psync.go and
// fullsync.go (a master's side), handshake.go, transfer.go and cachedmaster.go (a replica's side), slaveof.go, wait.go,
// goodreplicas.go (min-slaves-to-write), cron.go (what it does every second), notes.go (what it observes of itself),
// role.go and inforepl.go (what it tells).
package replication
