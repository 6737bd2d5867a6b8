package harness

import (
	"fmt"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/workload"
)

// limits are [checkers.Limits] as a scenario file has them:
//
//	limits: {max-lost: 10, max-lost-share: 1%, max-outage: 8s, max-outage-at-a-time: 5s, max-stale: 2s, total-loss: accepted}
type limits struct {
	Lost      *int              `yaml:"max-lost,omitempty" about:"acknowledged writes that may be lost" range:"0.."`
	LostShare *workload.Percent `yaml:"max-lost-share,omitempty" about:"share of the acknowledged writes that may be lost"`
	Outage    *duration         `yaml:"max-outage,omitempty" about:"how long, in all, no master may take writes"`
	OutageMax *duration         `yaml:"max-outage-at-a-time,omitempty" about:"how long at a time no master may take writes"`
	Stale     *duration         `yaml:"max-stale,omitempty" about:"how old what a replica answers may be"`
	TotalLoss string            `yaml:"total-loss,omitempty" about:"whether it is accepted that everything is lost" words:"accepted"`
}

func limitsOf(l checkers.Limits) (f limits) {
	f.Lost, f.Outage, f.OutageMax, f.Stale = l.Lost, (*duration)(l.Outage), (*duration)(l.OutageMax), (*duration)(l.Stale)
	if l.LostShare != nil {
		share := workload.Percent(100 * *l.LostShare)
		f.LostShare = &share
	}
	if l.TotalLoss {
		f.TotalLoss = "accepted"
	}
	return f
}

func (f limits) limits() (l checkers.Limits, err error) {
	l = checkers.Limits{Lost: f.Lost, Outage: (*time.Duration)(f.Outage), OutageMax: (*time.Duration)(f.OutageMax), Stale: (*time.Duration)(f.Stale)}
	if f.LostShare != nil {
		share := float64(*f.LostShare) / 100
		l.LostShare = &share
	}
	switch f.TotalLoss {
	case "accepted":
		l.TotalLoss = true
	case "":
	default:
		return l, fmt.Errorf("limits: total-loss: %q is not known: write accepted, or leave it out", f.TotalLoss)
	}
	return l, nil
}

// ParseShare reads a share such as 1%, as a number from 0 to 1.
func ParseShare(text string) (float64, error) {
	var p workload.Percent
	err := p.UnmarshalYAML([]byte(text))
	return float64(p) / 100, err
}
