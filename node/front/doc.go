// Package front is what a server and a Sentinel show of themselves to whoever connects: connections and their output,
// the table of commands, the checks that come before a command, and the commands about all that (CLIENT, COMMAND, PING,
// AUTH, SUBSCRIBE and its like). It knows no keys and no replication.
//
// A [Front] belongs to one core, its [Host], which feeds it events and is asked before a command runs. A [Client] is one
// connection; a [Call] is one command that runs, for a client or for nobody (a script, a file); a [Command] is one row
// of the table.
//
// Where to look. client.go is one connection, accept.go how it begins and ends, output.go what waits to be sent to it.
// dispatch.go leads from bytes to a call and has the order of checks. call.go is what a command replies with. table.go
// is the table, settings.go what redis.conf says of clients; clientcmd.go, commandcmd.go, pubsubcmd.go and connection.go
// are commands. info.go is INFO as far as it is about the process and its connections, rates.go measures for it.
package front
