package cluster

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node"
)

// Addressing is how a world gives out addresses and folders. i counts the machines of a run from 1.
type Addressing struct {
	Host     func(i int) string       // the IP a machine binds and calls from
	Announce func(i int) string       // the IP by which the others know it
	Dir      func(name string) string // the absolute folder of a machine's files
}

// SimAddressing gives machine i the address 10.0.0.i and the folder /name.
func SimAddressing() Addressing {
	ip := func(i int) string { return fmt.Sprintf("10.0.0.%d", i) }
	return Addressing{Host: ip, Announce: ip, Dir: func(name string) string { return "/" + name }}
}

// Caller lays out a client or the observer as machine number i of the run.
func Caller(name string, kind Kind, i int, addr Addressing, core func(Machine, Boot) node.Core) Machine {
	m := NewMachine(name, kind, i, 0, addr)
	m.New = func(b Boot) node.Core { return core(*m, b) }
	return *m
}

// NewMachine lays out machine number i of a run, from 1, which listens at port; 0: it does not listen.
func NewMachine(name string, kind Kind, i, port int, addr Addressing) *Machine {
	return &Machine{Name: name, Kind: kind, Host: addr.Host(i), Announce: addr.Announce(i), Port: port, Dir: addr.Dir(name)}
}
