package node

// NoteKind says what was observed, and so which fields of a [Note] mean something.
type NoteKind string

// What servers and Sentinels note about themselves. A judge must not need these: they sharpen a verdict that the
// replies of a real Redis already allow.
const (
	// NoteState is a server's replication state, noted when anything but the offset changed, and at most every
	// 100 ms when only the offset did: Role, ReplID, ReplID2, Offset, Offset2 (second_repl_offset), Link ("up",
	// "down", "" on a master), Peer (the master's address on a replica), N (good replicas), M (min-slaves-to-write
	// in force, 0 if off), ID (run ID).
	NoteState NoteKind = "state"
	// NotePSYNC is a master's decision about a PSYNC request: Peer, Result "continue" or "fullresync", Reason (of a
	// refusal: "asked", "replid", "second-offset", "backlog"), AskedID, AskedOffset, ReplID, ReplID2, Offset,
	// Offset2; N and M are the first and the next offset of the backlog (M-N bytes, 0 and 0 without a backlog).
	NotePSYNC NoteKind = "psync"
	// NoteResync is a replica whose link came up: Result "continue" or "fullresync", ReplID, Offset, Peer.
	NoteResync NoteKind = "resync"
	// NotePromoted is a replica that became a master: ReplID (new), ReplID2 (old), Offset, Offset2.
	NotePromoted NoteKind = "promoted"
	// NoteDigest is the dataset's digest at a place in the stream: ReplID, Offset, Digest. Masters note it after a
	// PING that they put into the stream, replicas after they applied one, so that equal offsets meet.
	NoteDigest NoteKind = "digest"
	// NoteRefused is a write that was refused: Reason "readonly" or "noreplicas", Key, N (good replicas), M (needed).
	NoteRefused NoteKind = "refused"
	// NoteWrote is a client's command that changed the dataset: ReplID and Offset, its place in the replication history
	// (the offset after it; a master without a backlog counts nothing, and stays where it is), Role, Peer (the client's
	// address), Key (its first key) and Text (its last argument); of a command without keys Text is its name.
	NoteWrote NoteKind = "wrote"
	// NoteLoaded is a server whose start is over: ReplID and Offset, its place from here on; what it loaded is at ReplID2
	// and Offset2, "" and 0 if that is not known; N, how many keys it has; Reason "append only file" if it loaded one.
	NoteLoaded NoteKind = "loaded"
	// NoteAppendOnly is what a server does from now on about an append only file: Result "on", "off", or "wait" (for the
	// first rewrite; what a file holds is not the dataset), Text (appendfsync), Reason (why it does less than that says: an
	// error of the disk, or "no-appendfsync-on-rewrite" while that leaves syncs out; "" for nothing).
	NoteAppendOnly NoteKind = "append-only"
	// NoteSnapshot is the dataset as it is taken for the RDB file: ReplID, Offset.
	NoteSnapshot NoteKind = "snapshot"

	// NoteEvent is a Sentinel's event as it is published: Event ("+odown"), Text (its payload), ID (the Sentinel's),
	// Epoch (its current epoch).
	NoteEvent NoteKind = "event"
	// NoteCandidate is a replica that a Sentinel looks at to promote, right before it chooses: Master (name), Peer
	// ("ip:port"), N (priority), Offset and ID (run ID) as the Sentinel knows them, Result "fit" or "unfit".
	NoteCandidate NoteKind = "candidate"
	// NoteVote is a vote given, after it is on disk: ID (the voter), Leader, Epoch, Master (name).
	NoteVote NoteKind = "vote"
	// NoteConfig is the address a Sentinel holds for a master: ID, Master (name), Peer ("ip:port"), Epoch (config
	// epoch); noted at start and when either changes.
	NoteConfig NoteKind = "config"
)

// What clients note: one operation is a NoteInvoke and at most one of the others, which are its outcome in
// Jepsen's sense.
const (
	// NoteInvoke: Process, Workload (its name, "" where there is only one), Func ("write", "read", …), Key, Arg (as
	// JSON, "" for none), Peer (the address asked), Final (the read that settles what survived).
	NoteInvoke NoteKind = "invoke"
	// NoteOK: Process, Result (as JSON, "" for none).
	NoteOK NoteKind = "ok"
	// NoteFail did certainly not happen: Process, Text (the error).
	NoteFail NoteKind = "fail"
	// NoteInfo may have happened, then or at any later time: Process, Text (the error).
	NoteInfo NoteKind = "info"
	// NoteStage is the observer's word that the cluster as a whole reached a stage: Text.
	NoteStage NoteKind = "stage"
	// NoteListens, NoteDeaf: the observer's subscription to a workload's channels at a server stands, has ended: About.
	NoteListens NoteKind = "listens"
	NoteDeaf    NoteKind = "deaf"
	// NoteHeard is a message that came over it: About, Key (the channel), Text.
	NoteHeard NoteKind = "heard"
	// NoteSettings is a setting in force at a server, as it answers CONFIG GET: About, Key (its name), Text (its value); when
	// it is first seen, and whenever it has changed.
	NoteSettings NoteKind = "settings"
	// NoteReadBack is all that a Sentinel answers an operator who asks for it: About, Text (one line each for what it says of a
	// "master", "slave" or "sentinel": that word, then name=value, with tabs between; "address" and the master's; "status", what
	// was asked and a reply that is one line; "info" and each line of INFO sentinel; "script", "running" or "scheduled", how often
	// it was begun, and its words), Took. Event "same": nothing of it changed since the last one over this connection.
	NoteReadBack NoteKind = "read-back"
	// NoteUnseen is what a server does not tell the observer: About, Key ("digest", "settings"), Text (the command and why:
	// what it answered, or how long that takes).
	NoteUnseen NoteKind = "unseen"
	// NoteStalled is a world's word that its computer let it stand still from the note's time on, for Took: its machines
	// most likely stood still as well.
	NoteStalled NoteKind = "stalled"
	// NoteWire is what a world overheard between two servers, one of which dialled the other to replicate from it: About
	// (who dialled), Peer (whom), Key (the conversation's number) and Event. "dial"; "psync" has reached the master: AskedID,
	// AskedOffset; "fullresync" or "continue" has reached the replica: ReplID, Offset; the master has said an empty line
	// ("newline"), begun a snapshot ("payload"), ended it ("sent"), said a PING ("ping"); the snapshot's end has reached the
	// replica ("received"); bytes have ("heard", at most twice a second; Offset: those of the stream so far); the replica has
	// said REPLCONF ACK Offset ("ack"; N: the end of the last command that had reached it whole, outside of a transaction,
	// M: of the last byte); that has reached the master ("acked"), or an empty line has ("alive"); one of them knows no more
	// of the connection ("closed": Result is "replica" or "master").
	NoteWire NoteKind = "wire"
	// NoteWatching is what a world overheard of a Sentinel and an instance that it watches: About (the Sentinel), Peer (whom it
	// dialled), Key (the connection's number) and Event. "dial"; the Sentinel has said "ping", "info", "auth", "name" (Text),
	// "subscribe" (Text: the channel), "hello" (Text: what it published), "ask" (Text: the address, epoch and ID that it gave
	// with SENTINEL is-master-down-by-addr), "orders" (Text: the commands of a transaction), or another command ("order", Text);
	// it has heard an "opinion" (Text: down, leader, epoch), or another answer to a PING than PONG ("answer": its first word);
	// it knows no more of the connection ("closed").
	NoteWatching NoteKind = "watching"
	// NoteFile is what a world saw of a server's disk: About, Event "renamed" (a file took its place), Text (its name), N (its
	// bytes), Result ("synced" or "unsynced": whether a loss of power would have left it whole).
	NoteFile NoteKind = "file"
	// NoteScript is what a world saw of a script that a Sentinel runs: About, Key (the run's number), Event "started" (Text: its
	// path and arguments, as a JSON array) or "ended" (N: its exit status, or minus the number of the signal that ended it).
	NoteScript NoteKind = "script"
	// NoteOrder is a command that the observer gave to a server as its operator: About, Text, Result (the reply).
	NoteOrder NoteKind = "order"
)

// An observer also gives NoteState, NoteDigest and NoteConfig of what servers and Sentinels answered; About then says
// of whom. Text of its NoteState is what else INFO said of the link and of each replica, and ROLE.

// Note is an observation for the history: one flat struct whose fields mean what its kind says.
type Note struct {
	Kind  NoteKind `json:"note"`
	About string   `json:"about,omitempty"` // the machine spoken of; "" the one that notes

	Role    string `json:"role,omitempty"` // "master", "slave"
	Link    string `json:"link,omitempty"`
	ReplID  string `json:"replid,omitempty"`
	ReplID2 string `json:"replid2,omitempty"`
	Offset  int64  `json:"offset,omitempty"`
	Offset2 int64  `json:"offset2,omitempty"`

	Peer        string `json:"peer,omitempty"` // "ip:port"
	Result      string `json:"result,omitempty"`
	Reason      string `json:"reason,omitempty"`
	AskedID     string `json:"asked_id,omitempty"`
	AskedOffset int64  `json:"asked_offset,omitempty"`
	Digest      string `json:"digest,omitempty"` // 40 hexadecimal digits
	N           int64  `json:"n,omitempty"`
	M           int64  `json:"m,omitempty"`

	ID     string `json:"id,omitempty"` // run ID or Sentinel ID, 40 hexadecimal digits
	Master string `json:"master,omitempty"`
	Leader string `json:"leader,omitempty"`
	Epoch  int64  `json:"epoch,omitempty"`
	Event  string `json:"event,omitempty"`
	Text   string `json:"text,omitempty"`

	Process  string `json:"process,omitempty"`
	Workload string `json:"workload,omitempty"`
	Func     string `json:"f,omitempty"`
	Key      string `json:"key,omitempty"`
	Took     int64  `json:"took,omitempty"` // of an observer: nanoseconds from its question to the answer that tells this
	Arg      string `json:"arg,omitempty"`
	Final    bool   `json:"final,omitempty"`
}
