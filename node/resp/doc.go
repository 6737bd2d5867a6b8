// Package resp reads and writes RESP2, the protocol between Redis servers and everybody who talks to them.
//
// The parsers are incremental: feed them a stream cut anywhere and they give the same requests and replies as for
// the stream in one piece. They own one buffer each and use it again, so that a connection in its steady state
// allocates nothing; what they return points into that buffer and is valid until the next Feed or Next. An
// announced length allocates nothing: memory grows with the bytes that have arrived.
//
// The writers are append functions: they add one element of the protocol to a buffer of the caller's.
//
// The package knows nothing of commands, connections or limits on queries and output; the server does.
package resp
