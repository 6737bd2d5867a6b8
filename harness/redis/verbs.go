package redis

import "github.com/ordeal-go/ordeal/nemesis"

// What an operator does while it runs: the verbs of a Redis, beside those that every nemesis has. ORDERS.md is their table.
const (
	Promote          nemesis.Verb = "promote"           // SLAVEOF NO ONE
	SlaveOf          nemesis.Verb = "slaveof"           // SLAVEOF: A -> B makes every one of A a replica of B
	ConfigSet        nemesis.Verb = "config-set"        // CONFIG SET
	ClientKill       nemesis.Verb = "client-kill"       // CLIENT KILL TYPE
	DebugSleep       nemesis.Verb = "debug-sleep"       // DEBUG SLEEP
	ClientPause      nemesis.Verb = "client-pause"      // CLIENT PAUSE
	DebugReload      nemesis.Verb = "debug-reload"      // DEBUG RELOAD
	BGSave           nemesis.Verb = "bgsave"            // BGSAVE
	FlushAll         nemesis.Verb = "flushall"          // FLUSHALL
	SentinelReset    nemesis.Verb = "sentinel-reset"    // SENTINEL RESET
	SentinelFailover nemesis.Verb = "sentinel-failover" // SENTINEL FAILOVER
	SentinelSet      nemesis.Verb = "sentinel-set"      // SENTINEL SET
	SentinelRemove   nemesis.Verb = "sentinel-remove"   // SENTINEL REMOVE; at its end SENTINEL MONITOR
	SentinelAdd      nemesis.Verb = "sentinel-add"      // a spare Sentinel starts
	ReplicaAdd       nemesis.Verb = "replica-add"       // a spare server starts as a replica of the master
	TenantAdd        nemesis.Verb = "tenant-add"        // a spare server starts as a master of its own, of another group
	ReplicaRemove    nemesis.Verb = "replica-remove"    // a replica is shut down and forgotten; at its end it comes back
	OutputLimit      nemesis.Verb = "output-limit"      // A's output buffer for B runs over its limit
)

// limitUsual is the limit of an output-limit that is given none.
const limitUsual = "65536"

// Orders implements [harness.System].
func (System) Orders() []nemesis.Order {
	name, value := nemesis.TextArg("name", "repl-timeout"), nemesis.TextArg("value", "10")
	return []nemesis.Order{
		{Verb: Promote, Synonyms: []string{"elect", "makemaster"}},
		{Verb: SlaveOf, To: true, Synonyms: []string{"replicaof", "follow", "demote"}},
		{Verb: ConfigSet, Args: []nemesis.Attribute{name, value}, Synonyms: []string{"config"}},
		{Verb: ClientKill, Args: []nemesis.Attribute{nemesis.ChoiceArg("type", "replica", "master", "normal", "pubsub")}, Synonyms: []string{"kill-client"}},
		{Verb: DebugSleep, Args: []nemesis.Attribute{nemesis.SecondsArg("seconds", "1.5")}, Synonyms: []string{"sleep"}},
		{Verb: ClientPause, Args: []nemesis.Attribute{nemesis.NeededCountArg("ms", "1500")}, Synonyms: []string{"hold-clients"}},
		{Verb: DebugReload, Synonyms: []string{"reload"}},
		{Verb: BGSave, Synonyms: []string{"save"}},
		{Verb: FlushAll, Synonyms: []string{"flush"}},
		{Verb: SentinelReset},
		{Verb: SentinelFailover, Synonyms: []string{"failover"}},
		{Verb: SentinelSet, Args: []nemesis.Attribute{nemesis.TextArg("name", "quorum"), nemesis.TextArg("value", "3")}},
		{Verb: SentinelRemove, Lasts: true},
		{Verb: SentinelAdd, Joins: nemesis.RoleSentinels},
		{Verb: ReplicaAdd, Joins: nemesis.RoleServers, Synonyms: []string{"add"}},
		{Verb: TenantAdd, Joins: nemesis.RoleServers, Synonyms: []string{"tenant"}},
		{Verb: ReplicaRemove, Lasts: true, Downs: true, Synonyms: []string{"remove"}},
		{Verb: OutputLimit, To: true, Lasts: true, Args: []nemesis.Attribute{nemesis.CountArg("limit")}, Synonyms: []string{"client-output-buffer-limit"}},
	}
}
