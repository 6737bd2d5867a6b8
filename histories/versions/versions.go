// Package versions is what differs from version to version of Redis and Valkey in what judges and the harness rest on:
// the words of the logs, and how long an end may take. Everything here has been the same since Redis 4.0 unless a later
// version stands beside it. INFO is the same in all of them: Valkey 8 and 9, too, answer role:slave, master_host,
// master_link_status and min_slaves_good_slaves (src/server.c, the section of replication).
package versions

import (
	"strings"
	"time"
)

// Event is something that a server or a Sentinel says in its log.
type Event int

// The events. What follows the words, if anything does, is in brackets.
const (
	FullSync         Event = iota // a replica is about to take its master's data [replid:offset]
	RDBChannelSync                // the same over a connection of its own, of which no FullSync is said
	DataFlushed                   // it drops its own data for it
	Request                       // it asks to go on [replid:offset).]
	Continued                     // and may
	NewID                         // and its master's history has another name by now [replid]
	Promotion                     // a replica becomes a master [old replid, valid up to offset: N. New replication ID is replid]
	Mismatch                      // a master refuses to let a replica go on in a history [replid', my replication IDs are 'a' and 'b')]
	SecondOffset                  // or that far in its former one [N, but I can reply up to M]
	NoBacklog                     // or because the bytes are gone
	FullSyncAsked                 // a replica asks for everything [address]
	Granted                       // a master lets a replica go on [address accepted. …]
	Synced                        // a replica has what its master had
	Joined                        // a replica was let go on
	Connecting                    // a replica begins to connect to its master [address]
	ReplicaLost                   // a master has lost a replica [address lost.]
	SnapshotBegins                // a server begins to write its dataset to the RDB file as it is at that moment
	SnapshotDone                  // and the file is in its place
	LoadedAppendOnly              // a server that started has its data from its append only file
	LoadedSnapshot                // from its RDB file
	Serving                       // it serves
	FailoverOrdered               // a Sentinel was told to fail over
	SentinelID                    // a Sentinel's own ID [ID]
)

// wording is how an event is said from a version on, and where that can be looked up.
type wording struct{ text, since, source string }

const (
	redis4, redis5, redis8 = "Redis 4.0", "Redis 5.0", "Redis 8.0"
	valkey8                = "Valkey 8.0"
)

var wordings = [...][]wording{
	FullSync: {{"Full resync from master: ", redis4, "replication.c, slaveTryPartialResynchronization"},
		{"Full resync from primary: ", valkey8, "replication.c, replicaProcessPsyncReply"}},
	RDBChannelSync: {{"PSYNC is not possible, initialize RDB channel.", redis8 + ", " + valkey8, "replication.c, the answers +RDBCHANNELSYNC and +DUALCHANNELSYNC"}},
	DataFlushed:    {{" sync: Flushing old data", redis4, "replication.c, readSyncBulkPayload; MASTER or PRIMARY, SLAVE or REPLICA stand before it"}},
	Request:        {{"Trying a partial resynchronization (request ", redis4, "replication.c, slaveTryPartialResynchronization"}},
	Continued: {{"Successful partial resynchronization with master.", redis4, "replication.c, slaveTryPartialResynchronization"},
		{"Successful partial resynchronization with primary.", valkey8, "replication.c, replicaProcessPsyncReply"}},
	NewID: {{"Master replication ID changed to ", redis4, "replication.c, slaveTryPartialResynchronization"},
		{"Primary replication ID changed to ", valkey8, "replication.c, replicaProcessPsyncReply"}},
	Promotion: {{"Setting secondary replication ID to ", redis4, "replication.c, shiftReplicationId"}},
	Mismatch: {{"Partial resynchronization not accepted: Replication ID mismatch (Slave asked for '", redis4, "replication.c, masterTryPartialResynchronization"},
		{"Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '", redis5, "replication.c, masterTryPartialResynchronization"}},
	SecondOffset: {{"Partial resynchronization not accepted: Requested offset for second ID was ", redis4, "replication.c, masterTryPartialResynchronization"}},
	NoBacklog: {{"Unable to partial resync with slave ", redis4, "replication.c, masterTryPartialResynchronization"},
		{"Unable to partial resync with replica ", redis5, "replication.c, masterTryPartialResynchronization"}},
	FullSyncAsked: {{"Full resync requested by slave ", redis4, "replication.c, masterTryPartialResynchronization"},
		{"Full resync requested by replica ", redis5, "replication.c, masterTryPartialResynchronization"}},
	Granted: {{"Partial resynchronization request from ", redis4, "replication.c, masterTryPartialResynchronization"}},
	Synced:  {{" sync: Finished with success", redis4, "replication.c, readSyncBulkPayload"}},
	Joined:  {{" accepted a Partial Resynchronization.", redis4, "replication.c, syncWithMaster; Master or Primary stands before it"}},
	Connecting: {{"Connecting to MASTER ", redis4, "replication.c, replicationCron"},
		{"Connecting to PRIMARY ", valkey8, "replication.c, replicationCron"}},
	ReplicaLost: {{"Connection with slave ", redis4, "networking.c, freeClient"},
		{"Connection with replica ", redis5, "networking.c, freeClient"}},
	SnapshotBegins: {{"Background saving started by pid", redis4, "rdb.c, rdbSaveBackground"},
		{"Saving the final RDB snapshot before exiting", redis4, "server.c, prepareForShutdown"}},
	SnapshotDone: {{"Background saving terminated with success", redis4, "rdb.c, backgroundSaveDoneHandlerDisk"},
		{"DB saved on disk", redis4, "rdb.c, rdbSave"}},
	LoadedAppendOnly: {{"DB loaded from append only file", redis4, "server.c, loadDataFromDisk"}},
	LoadedSnapshot:   {{"DB loaded from disk", redis4, "server.c, loadDataFromDisk"}},
	Serving:          {{"Ready to accept connections", redis4, "server.c, main; since 7.2 the kind of connection follows"}},
	FailoverOrdered:  {{"Executing user requested FAILOVER of", redis4, "sentinel.c, sentinelCommand"}},
	SentinelID:       {{"Sentinel ID is ", redis4, "sentinel.c, sentinelIsRunning"}},
}

// After returns what follows the words by which some version says the event, and whether they are in the line.
func After(line string, e Event) (rest string, says bool) {
	for i := range wordings[e] {
		if _, rest, says = strings.Cut(line, wordings[e][i].text); says {
			return rest, true
		}
	}
	return "", false
}

// Says reports whether the line says the event, in the words of any version.
func Says(line string, e Event) bool {
	_, says := After(line, e)
	return says
}

const (
	// StopPatience is how long a process that was asked to end is waited for (docker stop: 10 s).
	StopPatience = 10 * time.Second
	// ShutdownTimeout is how long a master that is asked to end waits for replicas that lag, unless shutdown-timeout says
	// otherwise. Since Redis 7.0: server.c, prepareForShutdown; config.c, shutdown-timeout. Older ones do not wait.
	ShutdownTimeout = 10 * time.Second
	// WaitsAtShutdown is the first major version that does, of Redis and of Valkey.
	WaitsAtShutdown = 7
	// Terminated is the reason of an end that the world asked for, however long after the question it came.
	Terminated = "terminated"
	// Killed is how the reasons begin of ends that the world made itself.
	Killed = "killed"
)
