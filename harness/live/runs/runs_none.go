//go:build !unix

package runs

import (
	"fmt"
	"runtime"

	"github.com/ordeal-go/ordeal/harness"
)

// Live opens no world here: on a system without processes and sockets of Unix there is only the simulation.
type Live struct{}

// Site implements [harness.Worlds].
func (Live) Site(harness.Options) (harness.Site, error) {
	return nil, fmt.Errorf("the live world starts processes and carries their connections, which it cannot do on %s: play in the sim world, or on Linux",
		runtime.GOOS)
}
