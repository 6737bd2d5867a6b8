package harness

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/nemesis"
)

// WithConfs is s with the settings of a user's own configuration files, RedisConf and SentinelConf, in the place of what
// s says of the same directives; disk is where they are. changed are what the machines have in place of the files' lines,
// and why. What the target does not take, or cannot work, is an error that names each line.
func (o Options) WithConfs(s Scenario, disk Disk) (with Scenario, changed []string, err error) {
	if o.RedisConf == "" && o.SentinelConf == "" {
		return s, nil, nil
	}
	if s.Make != nil {
		return s, nil, fmt.Errorf("%s draws the settings of each run: a redis.conf and a sentinel.conf go with a scenario that has one cluster", s.Name)
	}
	ours := o.ours() // a real Redis says itself what it does not take, and the run ends with its words
	if o.RedisConf != "" {
		u, err := cluster.ReadServerConf(o.RedisConf, disk)
		if err != nil {
			return s, nil, err
		}
		if err := u.OursAsServer(); ours && err != nil {
			return s, nil, errors.Join(err, errOlder)
		}
		s.Config.Server, changed = u.Onto(s.Config.Server), u.Changes
	}
	if o.SentinelConf != "" {
		u, err := cluster.ReadSentinelConf(o.SentinelConf, disk)
		if err != nil {
			return s, nil, err
		}
		if err := u.OursAsSentinel(); ours && err != nil {
			return s, nil, errors.Join(err, errOlder)
		}
		s.Config.Sentinel, changed = u.Onto(s.Config.Sentinel), append(changed, u.Changes...)
		if u.Quorum > 0 {
			s.Cluster.Quorum = u.Quorum
		}
	}
	return s, changed, s.Check()
}

// ours tells whether the servers are ordeal-node.
func (o Options) ours() bool {
	return o.World != WorldLive || o.Target == "" || strings.HasPrefix(o.Target+" ", "ordeal-node ")
}

// takes says which of the plan's settings the target does not take, so far as is known before it runs: with its line, if
// the plan is of a file.
func (o Options) takes(plan Scenario) error {
	becomesOurs := func(s nemesis.Step) bool {
		return s.Fault.Verb == nemesis.RunAs && strings.HasPrefix(s.Fault.Text("program")+" ", "ordeal-node ")
	}
	var err error
	switch {
	case o.ours():
		err = plan.Config.Ours(plan.Cluster.Sentinels+plan.Cluster.SpareSentinels > 0)
	case slices.ContainsFunc(plan.Faults, becomesOurs):
		err = plan.Config.Downgrade()
	}
	if err == nil {
		return nil
	}
	if text, unread := os.ReadFile(o.Source); unread == nil {
		err = located(o.Source, text, err)
	}
	return fmt.Errorf("%w: %w", err, errOlder)
}

var errOlder = errors.New("ordeal-node is Redis 4.0: take these lines out, or run with -world live -target redis-server")

// Disk is where files are read, as by os.ReadFile and filepath.Glob.
type Disk = cluster.Disk
