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
}

// Catalogue is all of them.
func Catalogue() goals.Catalogue {
	c := goals.Catalogue{Met: met}
	for _, g := range catalogue {
		c.Goals = append(c.Goals, goals.Goal{Name: g.name, Why: g.why})
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
	{"full-sync", "a replica got all data", saw("resync fullresync")},
	{"partial-sync", "a replica went on where it had stopped", saw("resync continue")},
	{"partial-sync-by-second-id", "a replica went on by the history before the promotion", saw("continue by second id")},
	{"partial-sync-nothing-missed", "a replica that had missed nothing came back", saw("continue at the end")},
	{"refused-other-history", "a replica with another history had to take all data", saw("refused replid")},
	{"refused-second-offset", "a replica had more of the old history than the new master shares", saw("refused second-offset")},
	{"refused-backlog", "the bytes that a replica had missed were no longer kept", saw("refused backlog")},
	{"backlog-overrun", "the backlog was full and its oldest bytes went", saw("backlog overrun")},
	{"backlog-freed", "a master without replicas gave its backlog up", logged("Replication backlog freed after")},
	{"sync-joined-running-save", "a full sync shared a save that was under way", logged("Waiting for end of BGSAVE for SYNC")},
	{"sync-waited-for-next-save", "a full sync came too late for the running save", logged("Waiting for next BGSAVE for SYNC")},
	{"diskless-transfer", "an RDB went straight to the replicas' sockets", logged("Starting BGSAVE for SYNC with target: slaves sockets")},
	{"diskless-delay", "a diskless transfer waited for more replicas", logged("Delay next BGSAVE for diskless SYNC")},
	{"transfer-broken-off", "a link broke while an RDB was on its way", logged("I/O error trying to sync with MASTER", "I/O error reading bulk count from MASTER", "Timeout receiving bulk data from MASTER")},
	{"replica-timed-out", "a master gave up a silent replica", logged("Disconnecting timedout slave")},
	{"master-timed-out", "a replica gave up a silent master", logged("MASTER timeout: no data nor PING received")},
	{"connect-timed-out", "a replica could not reach its master in time", logged("Timeout connecting to the MASTER")},
	{"connect-refused", "a replica's master was not there", logged("Error condition on socket for SYNC: Connection refused")},
	{"no-master-link", "a replica whose own link was down refused a sub-replica", logged("NOMASTERLINK")},
	{"psync-answered-masterdown", "a server with stale data refused a sub-replica, which asked again", logged("should be in the future: -MASTERDOWN")},
	{"chained-replica-synced", "a replica got its data from another replica", saw("psync by replica")},
	{"chain-went-on-after-promotion", "a middle node was promoted and its replica went on without a full sync", saw("chain went on")},
	{"resumed-after-restart", "a replica that started again went on from its RDB", saw("resumed after restart")},
	{"promotion-by-hand", "an operator promoted a replica", saw("promoted by hand")},
	{"promotion-during-full-sync", "a replica was promoted while another server was in the middle of a full sync", saw("promotion during full sync")},
	{"two-masters", "two servers were masters at once", saw("two masters")},
	{"old-master-demoted", "a master became the replica of another", saw("demoted")},
	{"old-master-went-on", "a master that was demoted needed no full sync", saw("demoted and continued")},

	{"sdown", "a Sentinel thought a master down", event("+sdown master")},
	{"sdown-taken-back", "a Sentinel saw the master answer again", event("-sdown master")},
	{"odown", "enough Sentinels agreed that the master is down", event("+odown")},
	{"odown-taken-back", "too few Sentinels agreed any more", event("-odown")},
	{"vote-split", "the Sentinels voted for different leaders in one epoch", saw("split vote")},
	{"failover-delayed", "a Sentinel waited because it had voted for another or had just tried", logged("Next failover delay: I will not start a failover before")},
	{"failover-not-elected", "a candidate was not elected", event("-failover-abort-not-elected")},
	{"failover-no-good-slave", "no replica was fit to be promoted", event("-failover-abort-no-good-slave")},
	{"failover-slave-timeout", "the chosen replica was not promoted in time", event("-failover-abort-slave-timeout")},
	{"failover-done", "a failover came to its end", event("+failover-end")},
	{"failover-ended-by-timeout", "a failover ended although not all replicas followed", event("+failover-end-for-timeout")},
	{"failover-twice", "a second failover followed the first", saw("two failovers")},
	{"parallel-syncs-waiting", "a replica was told to follow only when another had caught up", saw("parallel syncs waiting")},
	{"config-adopted", "a Sentinel took over a newer configuration", event("+config-update-from")},
	{"old-master-converted", "a Sentinel made an old master a replica", event("+convert-to-slave")},
	{"slave-config-fixed", "a Sentinel pointed a replica at the right master", event("+fix-slave-config")},
	{"instance-rebooted", "a Sentinel noticed that an instance had started again", event("+reboot")},
	{"tilt", "a Sentinel's time was out of joint", event("+tilt")},
	{"no-majority", "a master was down and no Sentinel was elected", saw("no majority")},

	{"write-refused-readonly", "a replica refused a write", answered("READONLY")},
	{"write-refused-min-slaves", "a master refused a write for lack of good replicas", answered("NOREPLICAS")},
	{"refused-masterdown", "a replica without a link refused to answer from stale data", answered("MASTERDOWN")},
	{"refused-loading", "a server that was loading refused a command", answered("LOADING")},
	{"write-outcome-unknown", "a client never learned what became of its write", saw("unknown write")},
	{"stale-read", "a replica answered with an old value", saw("stale read")},
	{"write-lost", "an acknowledged write did not survive", saw("lost write")},

	{"master-killed", "the master's process ended", saw("master down")},
	{"sentinel-killed", "a Sentinel's process ended", saw("sentinel down")},
	{"all-servers-down", "no server was running", saw("all servers down")},
	{"master-paused", "the master stood still and went on", saw("master paused")},
	{"snapshot-loaded", "a server started with data from its RDB", logged("DB loaded from disk")},
	{"background-save", "a save ran beside the server", logged("Background saving started by pid")},
	{"background-save-failed", "a save failed", logged("Background saving error", "BGSAVE for replication failed", "Write error saving DB on disk")},
	{"output-limit-hit", "a client's output buffer ran over its limit", logged("scheduled to be closed ASAP for overcoming of output buffer limits")},
}

func saw(mark string) func(*scan) bool { return func(s *scan) bool { return s.marks[mark] } }

func event(name string) func(*scan) bool { return func(s *scan) bool { return s.events[name] } }

func answered(code string) func(*scan) bool { return func(s *scan) bool { return s.errors[code] } }
