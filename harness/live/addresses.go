package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// lockPort is bound on 127.X.30.1 for as long as a run has the addresses of X.
const lockPort = 47623

// Lease is a set of loopback addresses that no other run on this computer has: 127.X.10.i and 127.X.20.i for one X.
type Lease struct {
	x    int
	lock net.Listener
}

// Addresses finds free addresses. They are free again when the lease is released, or this process is gone.
func Addresses() (*Lease, error) {
	// Start somewhere else in each process, so that those that start together do not all try the same ones.
	first := os.Getpid()
	var last error
	for i := range 250 {
		x := 2 + (first+i)%250
		lock, err := net.Listen("tcp4", fmt.Sprintf("127.%d.30.1:%d", x, lockPort))
		if err == nil {
			return &Lease{x, lock}, nil
		}
		last = err
	}
	return nil, fmt.Errorf("live: no loopback addresses are free: %w (macOS has only 127.0.0.1; the live world needs Linux)", last)
}

// Host is the address that machine i, from 1 to 254, binds and calls from.
func (l *Lease) Host(i int) string { return fmt.Sprintf("127.%d.10.%d", l.x, i) }

// Announce is the address by which the others know machine i.
func (l *Lease) Announce(i int) string { return fmt.Sprintf("127.%d.20.%d", l.x, i) }

// Addressing gives the lease's addresses to machines, whose folders are below dir, an absolute path.
func (l *Lease) Addressing(dir string) cluster.Addressing {
	return cluster.Addressing{Host: l.Host, Announce: l.Announce, Dir: func(name string) string { return filepath.Join(dir, name) }}
}

// Release gives the addresses back. Releasing twice is no error.
func (l *Lease) Release() error {
	if err := l.lock.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
