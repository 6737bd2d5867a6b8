package sentinel

import "time"

// Times of Redis 4.0's sentinel.c, with its names.
const (
	infoPeriod          = 10 * time.Second // INFO to masters and replicas
	infoPeriodUrgent    = time.Second      // INFO to a replica whose master is down, in failover, or not linked to it
	pingPeriod          = time.Second      // PING, or down-after if that is shorter
	askPeriod           = time.Second      // SENTINEL is-master-down-by-addr
	publishPeriod       = 2 * time.Second  // hello
	reconnectPeriod     = time.Second      // at most one attempt in this time
	minReconnectAge     = 15 * time.Second // a link younger than this is not dropped for silence
	slaveReconfTimeout  = 10 * time.Second
	electionTimeoutMost = 10 * time.Second
	tiltTrigger         = 2 * time.Second
	tiltPeriod          = 30 * time.Second
	maxDesyncMS         = 1000
	giveWayLeast        = 500 * time.Millisecond // for the request for a vote, after the news of its epoch

	defaultDownAfter       = 30 * time.Second
	defaultFailoverTimeout = 180 * time.Second
	defaultParallelSyncs   = 1
	defaultSlavePriority   = 100

	clientTicks = 10 // ticks between two looks at idle and slow clients, about a second

	maxPendingCommands = 100 // per link, times the instances that share it

	defaultPort = 26379
	helloTopic  = "__sentinel__:hello"

	// maxEpoch bounds what a peer may make of an epoch: counting on from it cannot overflow.
	maxEpoch = 1 << 62
	// maxReply is the most that an instance may send in one reply, in bytes.
	maxReply = 16 << 20
)
