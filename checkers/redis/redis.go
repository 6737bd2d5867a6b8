// Package redis joins the checkers of a Redis with its Sentinels.
package redis

import (
	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/commands"
	"github.com/ordeal-go/ordeal/checkers/losses"
	"github.com/ordeal-go/ordeal/checkers/replication"
	"github.com/ordeal-go/ordeal/checkers/sentinel"
	"github.com/ordeal-go/ordeal/histories"
)

// All returns every checker with its defaults, in the order of PROPERTIES.md: those of a Redis.
func All() []checkers.Checker {
	return []checkers.Checker{
		checkers.Linearizable{}, losses.LostWrites{},
		replication.ReadOnly{}, replication.StaleReads{}, replication.MinSlaves{}, replication.PartialResync{}, replication.SameData{},
		commands.Transactions{}, commands.Expiry{}, commands.Commands{}, commands.PubSub{}, commands.Wait{}, commands.Authentication{}, commands.Blocking{},
		replication.Links{}, replication.Snapshots{}, replication.Told{}, replication.Convergence{},
		sentinel.Safety{}, sentinel.NeedlessFailover{}, sentinel.Liveness{}, sentinel.Selection{}, sentinel.ParallelSyncs{}, sentinel.Lineage{},
		sentinel.Conduct{}, sentinel.Detection{}, sentinel.Talk{}, sentinel.Events{}, sentinel.Memory{}, sentinel.Scripts{},
		checkers.Availability{}, checkers.Crashes{}, sentinel.Clients{}, checkers.Assertions{},
	}
}

// Names lists the names of All.
func Names() []string { return checkers.Set(All()).Names() }

// ByName returns the checker of All called name.
func ByName(name string) (checkers.Checker, error) { return checkers.Set(All()).ByName(name) }

// Run judges h by the checkers called names, or by all of them if there are no names, whatever happened in it. The error is
// that of a name that is none's.
func Run(h *histories.History, names ...string) (checkers.Verdicts, error) {
	if len(names) == 0 {
		names = Names()
	}
	return RunAsked(h, names)
}

// RunWithin is [RunAsked], and the verdict of limits over it.
func RunWithin(h *histories.History, limits checkers.Limits, names ...string) (checkers.Verdicts, error) {
	return checkers.Set(All()).RunWithin(h, limits, names...)
}

// RunAsked judges h by the checkers called names, whatever happened; if there are none, by all of them, as far as their
// properties are promised. A checker of instead takes the place of the one of its name. The error is that of a name that
// is none's.
func RunAsked(h *histories.History, names []string, instead ...checkers.Checker) (checkers.Verdicts, error) {
	return checkers.Set(All()).RunAsked(h, names, instead...)
}
