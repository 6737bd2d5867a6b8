// Package redis is Redis with its Sentinels as a system under test: how its machines are laid out and configured, what an
// operator can order, and who judges it. Its servers are ours, in both worlds, or real ones in the live one.
package redis

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/harness/redis/callers"
	redisgoals "github.com/ordeal-go/ordeal/harness/redis/goals"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// System is a cluster of servers and Sentinels. Its fields are sections of a scenario file.
type System struct {
	Cluster Spec `yaml:"cluster,flow" about:"the servers and Sentinels there are"`
	// Config are lines of redis.conf, Sentinel of sentinel.conf; those of the master without "sentinel" and its name.
	Config   cluster.Settings `yaml:"config,flow,omitempty" about:"any directive of redis.conf, for every server"`
	Sentinel cluster.Settings `yaml:"sentinel,flow,omitempty" about:"any directive of sentinel.conf; those of the master by their name alone: down-after-milliseconds: 1000"`
}

var _ harness.System = System{}

// Of returns the Redis that a scenario puts under test.
func Of(s harness.Scenario) (System, error) {
	if r, ok := s.System.(System); ok {
		return r, nil
	}
	name := "nothing"
	if s.System != nil {
		name = s.System.Name()
	}
	return System{}, fmt.Errorf("scenario %s: it puts %s under test, and not Redis", s.Name, name)
}

// Name implements [harness.System].
func (System) Name() string { return "redis" }

// Check implements [harness.System].
func (s System) Check() error {
	return errors.Join(s.Cluster.Check(), s.checkSettings())
}

// sentinels says whether there are any.
func (s System) sentinels() bool { return s.Cluster.Sentinels+s.Cluster.SpareSentinels > 0 }

// Fits implements [harness.System].
func (s System) Fits(ours bool, faults nemesis.Schedule) error {
	becomesOurs := func(step nemesis.Step) bool {
		return step.Fault.Verb == nemesis.RunAs && strings.HasPrefix(step.Fault.Text("program")+" ", "ordeal-node ")
	}
	var err error
	switch {
	case ours:
		err = s.ours()
	case slices.ContainsFunc(faults, becomesOurs):
		err = s.downgrade()
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, one := range several.Unwrap() {
			errs = append(errs, fmt.Errorf("%w: %v", one, errOlder))
		}
		return errors.Join(errs...)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %v", err, errOlder)
}

// Kinds implements [harness.System].
func (System) Kinds() []workload.Kind { return callers.Works() }

// Callers implements [harness.System].
func (System) Callers(c harness.Calling) []cluster.Machine {
	return callers.Callers(c.Work, c.Nodes, c.Addr, c.For, c.Watch)
}

// Waves implements [harness.System]: the servers start first and, once they replicate, the Sentinels.
func (s System) Waves() []harness.Wave {
	waves := []harness.Wave{{Kind: cluster.Server, Stage: callers.StageLinked}}
	if s.Cluster.Sentinels > 0 {
		waves = append(waves, harness.Wave{Kind: cluster.Sentinel, Stage: callers.StageFormed})
	}
	return waves
}

// Checkers implements [harness.System].
func (System) Checkers() []checkers.Checker { return redis.All() }

// Goals implements [harness.System].
func (System) Goals() goals.Catalogue { return redisgoals.Catalogue() }

// Patience implements [harness.System].
func (s System) Patience() (all []harness.Patience) {
	for _, p := range []harness.Patience{
		{Name: "down-after-milliseconds", For: s.Sentinel.Millis("down-after-milliseconds", 0)},
		{Name: "min-slaves-max-lag", For: 1000 * s.Config.Millis("min-slaves-max-lag", 0)}, // in seconds
		{Name: "min-replicas-max-lag", For: 1000 * s.Config.Millis("min-replicas-max-lag", 0)},
		{Name: "repl-timeout", For: 1000 * s.Config.Millis("repl-timeout", 0)},
	} {
		if p.For > 0 {
			all = append(all, p)
		}
	}
	return all
}

// staysWithin says whether a command moves keys to one of the run's own servers, and to no other computer.
func staysWithin(words []string) bool {
	return strings.EqualFold(words[0], "MIGRATE") && len(words) > 2 && ownHost.MatchString(words[1])
}

var ownHost = regexp.MustCompile(`^\{[a-z][0-9]+\.host\}$`)

// Risks implements [harness.System].
func (s System) Risks(work workload.Spec, faults nemesis.Schedule) (all []harness.Risk) {
	for _, part := range []struct {
		section  string
		settings cluster.Settings
	}{{"config", s.Config}, {"sentinel", s.Sentinel}} {
		for _, set := range part.settings {
			if why := needsTrust(set); why != "" {
				all = append(all, harness.Risk{Path: []string{part.section, set.Name}, Why: fmt.Sprintf("%s: %q %s", part.section, set.Name, why)})
			}
		}
	}
	for _, w := range work.Mix {
		for _, command := range w.Commands {
			if words := strings.Fields(command); len(words) > 0 && slices.Contains(administration, strings.ToUpper(words[0])) && !staysWithin(words) {
				all = append(all, harness.Risk{Path: []string{"workload"}, Why: fmt.Sprintf("workload: %q: it administrates a server", command)})
			}
		}
	}
	for i, step := range faults {
		if f := step.Fault; f.Verb == ConfigSet || f.Verb == SentinelSet {
			set := cluster.Setting{Name: f.Text("name"), Value: f.Text("value")}
			why := needsTrust(set)
			if scripts[strings.ToLower(set.Name)] && set.Value != "" {
				why = "runs a program" // none of the harness's own: those are there from the start
			}
			if why != "" {
				all = append(all, harness.Risk{Path: []string{"faults", fmt.Sprint(i)}, Why: fmt.Sprintf("%q: it %s", step, why)})
			}
		}
	}
	return all
}

// administration are the commands by which a client can do what configurations can, or reach other computers.
var administration = []string{"ACL", "CLUSTER", "CONFIG", "DEBUG", "FAILOVER", "MIGRATE", "MODULE", "REPLICAOF", "SENTINEL", "SHUTDOWN", "SLAVEOF"}

// With implements [harness.System].
func (s System) With(section, name, value string) (harness.System, error) {
	set := cluster.Setting{Name: name, Value: value} // a later line overrides an earlier one
	switch section {
	case "config":
		s.Config = append(slices.Clone(s.Config), set)
	case "sentinel":
		s.Sentinel = append(slices.Clone(s.Sentinel), set)
	default:
		return nil, fmt.Errorf("%s: there are no settings of that name: there are config and sentinel", section)
	}
	return s, nil
}

// Groups implements [harness.System].
func (s System) Groups() []harness.Group {
	return []harness.Group{{Prefix: "s", Count: s.Cluster.Sentinels}, {Prefix: "r", Count: s.Cluster.Replicas}}
}

// Fewer implements [harness.System].
func (s System) Fewer(prefix string) harness.System {
	if prefix == "s" {
		s.Cluster.Sentinels--
	} else {
		s.Cluster.Replicas--
	}
	s.Cluster.Quorum = min(s.Cluster.Quorum, s.Cluster.Sentinels)
	if s.Cluster.Replicas < 2 {
		s.Cluster.Chain = false
	}
	if s.Cluster.Sentinels == 0 {
		s.Sentinel = nil
	}
	return s
}

// Parts implements [harness.System]: the settings, then what is peculiar about the layout.
func (s System) Parts() (all []harness.Part) {
	for _, set := range slices.Concat(s.Config, s.Sentinel) {
		paces := slices.Contains([]string{"repl-timeout", "repl-ping-slave-period", "down-after-milliseconds", "failover-timeout"}, set.Name)
		all = append(all, harness.Part{Text: set.Name + " " + set.Value, Paces: paces})
	}
	if s.Cluster.Chain {
		all = append(all, harness.Part{Text: "chain"})
	}
	if s.Cluster.Quorum != 0 {
		all = append(all, harness.Part{Text: "quorum"})
	}
	return all
}

// Keep implements [harness.System].
func (s System) Keep(keep func(part int) bool) harness.System {
	part := -1
	stays := func() bool { part++; return keep(part) }
	left := func(settings cluster.Settings) (left cluster.Settings) {
		for _, set := range settings {
			if stays() {
				left = append(left, set)
			}
		}
		return left
	}
	s.Config, s.Sentinel = left(s.Config), left(s.Sentinel)
	s.Cluster.Chain = s.Cluster.Chain && stays()
	if s.Cluster.Quorum != 0 && !stays() {
		s.Cluster.Quorum = 0
	}
	return s
}

// Settle is how long the cluster may take once nothing hurts it: several attempts at a failover, of which each waits
// for two times its time limit, and as many times a full sync that somebody has to notice is dead. It costs nothing
// where the cluster is faster.
func (s System) Settle() time.Duration {
	failover := s.Sentinel.Millis("failover-timeout", 180*time.Second)
	if s.Cluster.Sentinels == 0 {
		failover = 0
	}
	timeout := s.Config.Millis("repl-timeout", 0) * 1000 // it is in seconds
	return max(2*time.Minute, 8*failover+8*timeout*time.Duration(1+s.Cluster.Replicas)).Round(time.Second)
}
