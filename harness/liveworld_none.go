//go:build !unix

package harness

import (
	"context"
	"fmt"
	"runtime"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// livePlace is nothing here: on a system without processes and sockets of Unix there is only the simulation.
type livePlace struct{}

func (p *livePlace) leave() {}

func (o Options) livePlace() (place, error) { return place{}, errNoProcesses() }

func (o Options) openLive(context.Context, place, []cluster.Machine, cluster.Sink) (World, error) {
	return nil, errNoProcesses()
}

func errNoProcesses() error {
	return fmt.Errorf("the live world starts processes and carries their connections, which it cannot do on %s: play in the sim world, or on Linux",
		runtime.GOOS)
}
