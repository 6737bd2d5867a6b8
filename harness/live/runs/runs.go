//go:build unix

package runs

import (
	"context"
	"os"
	"path/filepath"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
)

// Live opens live worlds for runs: harness.Options takes it.
type Live struct{}

// Site implements [harness.Worlds]: the folder of a run is its own if it is kept, else a temporary one.
func (Live) Site(o harness.Options) (harness.Site, error) {
	s := &site{opts: o}
	dir, err := filepath.Join(o.Out, "machines"), error(nil)
	if o.Out == "" {
		if s.temp, err = live.TempFolder(); err != nil {
			return nil, err
		}
		dir = s.temp.Path
	} else if err := os.RemoveAll(dir); err != nil { // of an earlier run kept under the same name
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		s.Leave()
		return nil, err
	}
	if s.lease, err = live.Addresses(); err != nil {
		s.Leave()
		return nil, err
	}
	s.addressing = s.lease.Addressing(dir)
	return s, nil
}

// site is what a live run holds of the computer: addresses and a folder.
type site struct {
	opts       harness.Options
	addressing cluster.Addressing
	lease      *live.Lease
	temp       *live.Folder // goes with the run; nil: none
}

// Addressing implements [harness.Site].
func (s *site) Addressing() cluster.Addressing { return s.addressing }

// Open implements [harness.Site].
func (s *site) Open(ctx context.Context, machines []cluster.Machine, sink cluster.Sink) (harness.World, error) {
	return live.Open(ctx, live.Config{Machines: machines, Sink: sink, Seed: s.opts.Seed, Lease: s.lease, NodeBinary: s.opts.NodeBinary,
		Target: s.opts.Target, Record: s.opts.Record, Toxiproxy: s.opts.Toxiproxy})
}

// Leave implements [harness.Site].
func (s *site) Leave() {
	if s.lease != nil {
		s.lease.Release()
	}
	if s.temp != nil {
		s.temp.Remove()
	}
}
