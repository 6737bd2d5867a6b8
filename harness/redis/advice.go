package redis

import (
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/why"
)

var _ why.Adviser = System{}

// Advice implements [why.Adviser]: what an operator can set against losses and needless failovers.
func (s System) Advice() [][]why.Advice {
	down := s.Sentinel.Millis("down-after-milliseconds", 30*time.Second)
	all := [][]why.Advice{
		s.advice("config", "min-slaves-to-write 1", "min-slaves-to-write 1, min-slaves-max-lag 2", "min-slaves-to-write 1, min-slaves-max-lag 1",
			"min-slaves-to-write 2, min-slaves-max-lag 1"),
		s.advice("config", "appendonly yes", "appendonly yes, appendfsync always"),
		s.advice("config", "repl-backlog-size 64mb"),
		s.advice("config", "repl-timeout 60"),
		s.advice("config", "slave-read-only yes"),
	}
	if s.Cluster.Sentinels > 0 {
		all = append(all, s.advice("sentinel", "down-after-milliseconds "+millis(2*down), "down-after-milliseconds "+millis(5*down)))
	}
	return all
}

// advice is the system with settings of a section, "name value, name value", but for those that it has.
func (s System) advice(section string, settings ...string) (all []why.Advice) {
	for _, text := range settings {
		var lines cluster.Settings
		for line := range strings.SplitSeq(text, ", ") {
			name, value, _ := strings.Cut(line, " ")
			lines = append(lines, cluster.Setting{Name: name, Value: value})
		}
		with := s
		if section == "config" {
			with.Config = append(s.Config[:len(s.Config):len(s.Config)], lines...)
		} else {
			with.Sentinel = append(s.Sentinel[:len(s.Sentinel):len(s.Sentinel)], lines...)
		}
		all = append(all, why.Advice{What: text, System: with})
	}
	return all
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
