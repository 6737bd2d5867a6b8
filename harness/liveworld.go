//go:build unix

package harness

import (
	"context"
	"os"
	"path/filepath"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/live"
)

// livePlace is what a live run holds of the computer: addresses and a folder.
type livePlace struct {
	lease *live.Lease
	temp  *live.Folder // goes with the run; nil: none
}

// livePlace is the run's own folder if it is kept, else a temporary one.
func (o Options) livePlace() (place, error) {
	var held livePlace
	dir, err := filepath.Join(o.Out, "machines"), error(nil)
	if o.Out == "" {
		if held.temp, err = live.TempFolder(); err != nil {
			return place{}, err
		}
		dir = held.temp.Path
	} else if err := os.RemoveAll(dir); err != nil { // of an earlier run kept under the same name
		return place{}, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		held.leave()
		return place{}, err
	}
	if held.lease, err = live.Addresses(); err != nil {
		held.leave()
		return place{}, err
	}
	return place{held.lease.Addressing(dir), &held}, nil
}

// leave gives everything back.
func (p *livePlace) leave() {
	if p.lease != nil {
		p.lease.Release()
	}
	if p.temp != nil {
		p.temp.Remove()
	}
}

// openLive opens the world of real processes.
func (o Options) openLive(ctx context.Context, p place, machines []cluster.Machine, sink cluster.Sink) (World, error) {
	return live.Open(ctx, live.Config{Machines: machines, Sink: sink, Seed: o.Seed, Lease: p.live.lease, NodeBinary: o.NodeBinary,
		Target: o.Target, Record: o.Record, Toxiproxy: o.Toxiproxy})
}
