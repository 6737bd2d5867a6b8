package harness

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
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
	// A real Redis says itself what it does not take, and the run ends with its words.
	ours := o.World != WorldLive || o.Target == "" || strings.HasPrefix(o.Target+" ", "ordeal-node ")
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

var errOlder = errors.New("ordeal-node is Redis 4.0: take these lines out, or run with -world live -target redis-server")

// Disk is where files are read, as by os.ReadFile and filepath.Glob.
type Disk = cluster.Disk
