package redis

import (
	"errors"
	"fmt"

	"github.com/ordeal-go/ordeal/harness"
)

// Confs are a user's own configuration files, by their paths; "": none.
type Confs struct{ Server, Sentinel string }

// Onto is s with the settings of the files in the place of what s says of the same directives; disk is where they are.
// changed are what the machines have in place of the files' lines, and why. What cannot work is an error that names each
// line, and so is, if the servers are ours, what ordeal-node does not take: a real Redis says itself what it does not take,
// and the run ends with its words.
func (c Confs) Onto(s harness.Scenario, ours bool, disk Disk) (with harness.Scenario, changed []string, err error) {
	if c == (Confs{}) {
		return s, nil, nil
	}
	if s.Make != nil {
		return s, nil, fmt.Errorf("%s draws the settings of each run: a redis.conf and a sentinel.conf go with a scenario that has one cluster", s.Name)
	}
	r, err := Of(s)
	if err != nil {
		return s, nil, err
	}
	if c.Server != "" {
		u, err := ReadServerConf(c.Server, disk)
		if err != nil {
			return s, nil, err
		}
		if err := u.OursAsServer(); ours && err != nil {
			return s, nil, errors.Join(err, errOlder)
		}
		r.Config, changed = u.Onto(r.Config), u.Changes
	}
	if c.Sentinel != "" {
		u, err := ReadSentinelConf(c.Sentinel, disk)
		if err != nil {
			return s, nil, err
		}
		if err := u.OursAsSentinel(); ours && err != nil {
			return s, nil, errors.Join(err, errOlder)
		}
		r.Sentinel, changed = u.Onto(r.Sentinel), append(changed, u.Changes...)
		if u.Quorum > 0 {
			r.Cluster.Quorum = u.Quorum
		}
	}
	s.System = r
	return s, changed, s.Check()
}

var errOlder = errors.New("ordeal-node is Redis 4.0: take these lines out, or run with -world live -target redis-server")
