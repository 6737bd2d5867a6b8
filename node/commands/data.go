package commands

import (
	"math/rand/v2"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// Host is the server that the dataset belongs to.
type Host interface {
	// IsMaster says whether the server takes its data from nobody: then it decides what has expired.
	IsMaster() bool
	// Feed tells to of a change that is not the running call's: the DEL of an expired key.
	Feed(to Target, db int, args [][]byte)
	// OpenTransaction tells to that what follows happens as a whole, up to CloseTransaction. It may be called again.
	OpenTransaction(to Target, db int)
	CloseTransaction(to Target, db int, exec [][]byte)
	// Settle ends a call that ran outside of Execute: it counts its changes and propagates it.
	Settle(c *front.Call)
	// RefuseScripted returns the error with which a script's call is turned away for the state that the server is in,
	// without its leading '-', or "". wrote says that the script has called commands that may write.
	RefuseScripted(c *front.Call, wrote bool) string
	// RefuseQueued returns the error with which a command of a transaction is turned away now that EXEC has come, or "": the
	// server may have become a replica since it was queued.
	RefuseQueued(c *front.Call) string
	// ShowMonitors shows a call to those who watch all of them.
	ShowMonitors(c *front.Call)
	// Migrate carries keys of the call's database to another server, and replies. It calls Migrated before the call is over.
	Migrate(c *front.Call, m Migration)
	// Emptied is told that the running call, FLUSHALL, has removed everything.
	Emptied(c *front.Call)
}

// Target is who is told of a change: a sum. The numbers are those of a script's redis.set_repl.
type Target uint8

// The targets.
const (
	ToAOF      Target = 1
	ToReplicas Target = 2
	Everywhere        = ToAOF | ToReplicas
)

// Settings are the directives that are about data.
type Settings struct {
	Databases     int64
	SlaveReadOnly bool
	LazyExpire    bool // expired keys reach replicas as UNLINK
	Notify        Events
	MaxMemory     int64  // bytes, 0: no limit
	Policy        string // maxmemory-policy, one of Policies
	Samples       int64  // maxmemory-samples, > 0
	LFULogFactor  int64  // lfu-log-factor
	LFUDecayTime  int64  // minutes, 0: counters lose nothing
	LazyEviction  bool   // evicted keys reach replicas as UNLINK
	LuaTimeLimit  int64  // ms, see instructionsPerMS; 0 or less: none
}

// Stats are counters since the start or CONFIG RESETSTAT.
type Stats struct{ Hits, Misses, Expired, Evicted int64 }

// Data is a server's dataset and what hangs on its keys. All of it is touched by Step alone.
type Data struct {
	KS    *keyspace.Keyspace
	Dirty int64 // changes since the last save
	Stats Stats
	Now   node.Instant // of the Step under way
	Rand  *rand.Rand
	// Replaying says that what runs is read from an append only file: no key expires meanwhile, because what follows may
	// need it, and nobody is told of a change.
	Replaying bool

	host  Host
	front *front.Front
	cfg   *Settings

	watchers map[front.Key][]*front.Client // who watches a key, in order of WATCH; never walked
	blocked
	scripts
	eviction
	ownVolatile []front.Key        // of a writable replica; see expireOwn
	isOwn       map[front.Key]bool // the same, to find one; never walked
}

// New returns a dataset without a keyspace, which has to be set before a command runs.
func New(host Host, f *front.Front, cfg *Settings, rng *rand.Rand) *Data {
	return &Data{host: host, front: f, cfg: cfg, Rand: rng, watchers: make(map[front.Key][]*front.Client),
		scripts: scripts{longest: instructionsMax}}
}

// Rows are the families of commands on data, in the order in which COMMAND lists them.
func (d *Data) Rows() [][]front.Command {
	return [][]front.Command{d.stringRows(), d.bitRows(), d.listRows(), d.blockingListRows(), d.setRows(),
		d.sortedSetRows(), d.sortedSetRangeRows(), d.sortedSetStoreRows(), d.hashRows(), d.hyperLogLogRows(), d.geoRows(),
		d.keyRows(), d.sortRows(), d.expireRows(), d.databaseRows(), d.transactionRows(), d.scriptRows(), d.publishRows()}
}

// Replace puts another dataset in the place of this one.
func (d *Data) Replace(ks *keyspace.Keyspace) {
	d.touchedAll(-1)
	d.KS = ks
	d.SetClock()
	d.ForgetCandidates()
	d.forgetOwn()
	d.readyAll()
}

// Empty removes all data because another dataset comes, with what was remembered of it. Redis 4.0: db.c, emptyDb.
func (d *Data) Empty() {
	ks := keyspace.NewSeeded(d.KS.Databases(), d.Rand.Uint64())
	*ks.Limits() = *d.KS.Limits()
	d.Replace(ks)
}

// Freed forgets a client that is gone.
func (d *Data) Freed(c *front.Client) {
	d.unwatchAll(c)
	d.unblock(c)
}
