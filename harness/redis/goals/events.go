package goals

import (
	"strings"

	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// events stand in the order of a story: a replica's link, files, a failover as a Sentinel sees it. Servers of ours note
// them; of others, their logs tell.
var events = []goals.Event{
	{Name: "resyncs", Kind: "server", Why: "a replica is about to take its master's data, all of it", Log: says(versions.FullSync)},
	{Name: "flushes", Kind: "server", Why: "a replica drops its own data for that", Log: says(versions.DataFlushed)},
	{Name: "synced", Kind: "server", Why: "a replica's link is up: it has all data, or went on where it was", Note: noted("resync"), Log: says(versions.Synced, versions.Joined)},
	{Name: "follows", Kind: "server", Why: "a server was told to follow another", Log: func(line string) bool {
		return strings.Contains(line, "OF ") && strings.Contains(line, " enabled (user request from")
	}},
	{Name: "promoted", Kind: "server", Why: "a replica has become a master", Note: noted("promoted"), Log: says(versions.Promotion)},
	{Name: "serves", Kind: "server", Why: "a server that started has its data, and serves", Note: noted("loaded"), Log: says(versions.Serving)},
	{Name: "saves", Kind: "server", Why: "a server begins to write its RDB file", Log: says(versions.SnapshotBegins)},
	{Name: "saved", Kind: "server", Why: "the RDB file is in its place", Log: says(versions.SnapshotDone)},
	{Name: "rewrites", Kind: "server", Why: "a server begins to rewrite its append only file", Log: contains("Background append only file rewriting started by pid")},
	{Name: "rewritten", Kind: "server", Why: "the append only file has been rewritten", Log: contains("Background AOF rewrite finished successfully")},

	published("suspects", "a Sentinel thinks the master down", "+sdown", "master "),
	published("agrees", "a Sentinel knows of enough others who think so", "+odown", ""),
	published("tries", "a Sentinel begins a failover", "+try-failover", ""),
	{Name: "votes", Kind: "sentinel", Why: "a Sentinel has voted, and it is on its disk", Note: noted("vote"), Log: contains("+vote-for-leader ")},
	published("elected", "a Sentinel was elected to lead the failover", "+elected-leader", ""),
	published("selects", "the leader has chosen whom to promote", "+selected-slave", ""),
	published("promotes", "the leader sends it SLAVEOF NO ONE; in the simulation that leaves right after this moment", "+failover-state-wait-promotion", ""),
	published("sees-promotion", "the leader has seen it a master", "+promoted-slave", ""),
	published("reconfigures", "the leader has told a replica to follow the new master", "+slave-reconf-sent", ""),
	published("switches", "a Sentinel names the new master", "+switch-master", ""),
	published("converts", "a Sentinel makes an old master a replica", "+convert-to-slave", ""),
	published("tilts", "a Sentinel's time is out of joint", "+tilt", ""),
}

func noted(kind string) func(*histories.Note) bool {
	return func(n *histories.Note) bool { return n.Kind == kind && n.From == "" }
}

func says(any ...versions.Event) func(string) bool {
	return func(line string) bool {
		for _, e := range any {
			if versions.Says(line, e) {
				return true
			}
		}
		return false
	}
}

func contains(phrase string) func(string) bool {
	return func(line string) bool { return strings.Contains(line, phrase) }
}

// published is what a Sentinel says to its subscribers, about something that begins with a word.
func published(name, why, event, about string) goals.Event {
	return goals.Event{Name: name, Kind: "sentinel", Why: why,
		Note: func(n *histories.Note) bool {
			return n.Kind == "event" && n.From == "" && n.Event == event && strings.HasPrefix(n.Text, about)
		},
		Log: contains(event + " " + about)}
}
