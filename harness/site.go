package harness

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/sim"
)

// The worlds that a run can take place in.
const (
	WorldSim  = "sim"
	WorldLive = "live"
)

// Worlds opens the live worlds of runs: package harness/live/runs has them. The simulation is always there.
type Worlds interface {
	// Site finds a place on this computer for one run.
	Site(o Options) (Site, error)
}

// Site is where a run's machines have their addresses and files.
type Site interface {
	Addressing() cluster.Addressing
	Open(ctx context.Context, machines []cluster.Machine, sink cluster.Sink) (World, error)
	// Leave gives everything back, after the world was closed.
	Leave()
}

// site finds a place for a run in the world asked for.
func (o Options) site() (Site, error) {
	switch {
	case o.World == WorldSim:
		return &simSite{opts: o}, nil
	case o.World != WorldLive:
		return nil, fmt.Errorf("there is no world %q: there are %s and %s", o.World, WorldSim, WorldLive)
	case o.Live == nil:
		return nil, fmt.Errorf("this program plays in the simulation only: the live world, of package harness/live/runs, was not given to it")
	}
	return o.Live.Site(o)
}

// simSite is the simulation's: nothing of this computer but the trace's file, if one is asked for.
type simSite struct {
	opts  Options
	trace *os.File
	text  *bufio.Writer
}

func (s *simSite) Addressing() cluster.Addressing { return cluster.SimAddressing() }

func (s *simSite) Open(_ context.Context, machines []cluster.Machine, sink cluster.Sink) (World, error) {
	config := sim.Config{Machines: machines, Sink: sink, Seed: s.opts.Seed}
	if s.opts.Trace && s.opts.Out != "" {
		var err error
		if s.trace, err = os.Create(filepath.Join(s.opts.Out, TraceFile)); err != nil {
			return nil, err
		}
		s.text = bufio.NewWriterSize(s.trace, 1<<20)
		config.TraceLog = s.text
	}
	w, err := sim.Open(config)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *simSite) Leave() {
	if s.trace != nil {
		s.text.Flush()
		s.trace.Close()
	}
}
