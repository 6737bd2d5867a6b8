// Package onlooker reads what two servers, or a Sentinel and whom it watches, say to each other, as somebody does who listens at both ends of the
// connection: what each has said, and what of it has reached the other. It knows the handshake of replication, how long
// a snapshot is, and where a command of the stream ends, and believes neither side: a judge that has its notes need not
// take a master's word for which replica acknowledged what and when.
package onlooker
