// Package goals is the situations that runs of a Redis can meet.
package goals

import (
	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/histories"
)

// goal is one of them, with how a look through a history tells it.
type goal struct {
	name, why string
	met       func(*scan) bool
	late      bool // only a whole history tells it
}

// Catalogue is all of them.
func Catalogue() goals.Catalogue {
	c := goals.Catalogue{Met: met, Watch: begin, Events: events}
	for _, g := range catalogue {
		c.Goals = append(c.Goals, goals.Goal{Name: g.name, Why: g.why, Late: g.late})
	}
	return c
}

// met returns the names of the goals that h meets, in the order of the catalogue.
func met(h *histories.History) []string {
	s := look(h)
	var met []string
	for _, g := range catalogue {
		if g.met(s) {
			met = append(met, g.name)
		}
	}
	return met
}

// catalogue stands in the order of a story: links and syncs, their ends, promotion by hand, elections, failovers, what
// clients hear, and what the machines suffer.
var catalogue = []goal{
	{"full-sync", "a replica got all data", saw("resync fullresync"), false},
	{"partial-sync", "a replica went on where it had stopped", saw("resync continue"), false},
	{"partial-sync-by-second-id", "a replica went on by the history before the promotion", saw("continue by second id"), false},
	{"partial-sync-nothing-missed", "a replica that had missed nothing came back", saw("continue at the end"), false},
	{"refused-other-history", "a replica with another history had to take all data", saw("refused replid"), false},
	{"refused-second-offset", "a replica had more of the old history than the new master shares", saw("refused second-offset"), false},
	{"refused-backlog", "the bytes that a replica had missed were no longer kept", saw("refused backlog"), false},
	{"backlog-overrun", "the backlog was full and its oldest bytes went", saw("backlog overrun"), false},
	{"backlog-freed", "a master without replicas gave its backlog up", logged("Replication backlog freed after"), false},
	{"sync-joined-running-save", "a full sync shared a save that was under way", logged("Waiting for end of BGSAVE for SYNC"), false},
	{"sync-waited-for-next-save", "a full sync came too late for the running save", logged("Waiting for next BGSAVE for SYNC"), false},
	{"diskless-transfer", "an RDB went straight to the replicas' sockets", logged("Starting BGSAVE for SYNC with target: slaves sockets"), false},
	{"diskless-delay", "a diskless transfer waited for more replicas", logged("Delay next BGSAVE for diskless SYNC"), false},
	{"transfer-broken-off", "a link broke while an RDB was on its way", logged("I/O error trying to sync with MASTER", "I/O error reading bulk count from MASTER", "Timeout receiving bulk data from MASTER"), false},
	{"replica-timed-out", "a master gave up a silent replica", logged("Disconnecting timedout slave"), false},
	{"master-timed-out", "a replica gave up a silent master", logged("MASTER timeout: no data nor PING received"), false},
	{"connect-timed-out", "a replica could not reach its master in time", logged("Timeout connecting to the MASTER"), false},
	{"connect-refused", "a replica's master was not there", logged("Error condition on socket for SYNC: Connection refused"), false},
	{"no-master-link", "a replica whose own link was down refused a sub-replica", logged("NOMASTERLINK"), false},
	{"psync-answered-masterdown", "a server with stale data refused a sub-replica, which asked again", logged("should be in the future: -MASTERDOWN"), false},
	{"chained-replica-synced", "a replica got its data from another replica", saw("psync by replica"), false},
	{"chain-went-on-after-promotion", "a middle node was promoted and its replica went on without a full sync", saw("chain went on"), false},
	{"resumed-after-restart", "a replica that started again went on from its RDB", saw("resumed after restart"), false},
	{"promotion-by-hand", "an operator promoted a replica", saw("promoted by hand"), false},
	{"promotion-during-full-sync", "a replica was promoted while another server was in the middle of a full sync", saw("promotion during full sync"), false},
	{"two-masters", "two servers were masters at once", saw("two masters"), false},
	{"old-master-demoted", "a master became the replica of another", saw("demoted"), false},
	{"old-master-went-on", "a master that was demoted needed no full sync", saw("demoted and continued"), false},

	{"sdown", "a Sentinel thought a master down", event("+sdown master"), false},
	{"sdown-taken-back", "a Sentinel saw the master answer again", event("-sdown master"), false},
	{"odown", "enough Sentinels agreed that the master is down", event("+odown"), false},
	{"odown-taken-back", "too few Sentinels agreed any more", event("-odown"), false},
	{"vote-split", "the Sentinels voted for different leaders in one epoch", saw("split vote"), false},
	{"failover-started", "a Sentinel began a failover", event("+try-failover"), false},
	{"failover-delayed", "a Sentinel waited because it had voted for another or had just tried", logged("Next failover delay: I will not start a failover before"), false},
	{"failover-not-elected", "a candidate was not elected", event("-failover-abort-not-elected"), false},
	{"failover-no-good-slave", "no replica was fit to be promoted", event("-failover-abort-no-good-slave"), false},
	{"failover-slave-timeout", "the chosen replica was not promoted in time", event("-failover-abort-slave-timeout"), false},
	{"failover-done", "a failover came to its end", event("+failover-end"), false},
	{"failover-ended-by-timeout", "a failover ended although not all replicas followed", event("+failover-end-for-timeout"), false},
	{"failover-twice", "a second failover followed the first", saw("two failovers"), false},
	{"parallel-syncs-waiting", "a replica was told to follow only when another had caught up", saw("parallel syncs waiting"), false},
	{"config-adopted", "a Sentinel took over a newer configuration", event("+config-update-from"), false},
	{"old-master-converted", "a Sentinel made an old master a replica", event("+convert-to-slave"), false},
	{"slave-config-fixed", "a Sentinel pointed a replica at the right master", event("+fix-slave-config"), false},
	{"instance-rebooted", "a Sentinel noticed that an instance had started again", event("+reboot"), false},
	{"tilt", "a Sentinel's time was out of joint", event("+tilt"), false},
	{"no-majority", "a master was down and no Sentinel was elected", saw("no majority"), true},

	{"write-refused-readonly", "a replica refused a write", answered("READONLY"), false},
	{"write-refused-min-slaves", "a master refused a write for lack of good replicas", answered("NOREPLICAS"), false},
	{"refused-masterdown", "a replica without a link refused to answer from stale data", answered("MASTERDOWN"), false},
	{"refused-loading", "a server that was loading refused a command", answered("LOADING"), false},
	{"write-outcome-unknown", "a client never learned what became of its write", saw("unknown write"), false},
	{"stale-read", "a replica answered with an old value", saw("stale read"), false},
	{"write-lost", "an acknowledged write did not survive", saw("lost write"), true},

	{"master-killed", "the master's process ended", saw("master down"), false},
	{"sentinel-killed", "a Sentinel's process ended", saw("sentinel down"), false},
	{"all-servers-down", "no server was running", saw("all servers down"), false},
	{"master-paused", "the master stood still and went on", saw("master paused"), false},
	{"snapshot-loaded", "a server started with data from its RDB", logged("DB loaded from disk"), false},
	{"background-save", "a save ran beside the server", logged("Background saving started by pid"), false},
	{"background-save-failed", "a save failed", logged("Background saving error", "BGSAVE for replication failed", "Write error saving DB on disk"), false},
	{"output-limit-hit", "a client's output buffer ran over its limit", logged("scheduled to be closed ASAP for overcoming of output buffer limits"), false},
}

func saw(mark string) func(*scan) bool { return func(s *scan) bool { return s.marks[mark] } }

func event(name string) func(*scan) bool { return func(s *scan) bool { return s.events[name] } }

func answered(code string) func(*scan) bool { return func(s *scan) bool { return s.errors[code] } }
