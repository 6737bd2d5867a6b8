package cluster

import (
	"fmt"
	"path"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/sentinel"
	"github.com/ordeal-go/ordeal/node/server"
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

// Nodes lays out the servers and Sentinels of spec: m1 is the first master, r1… its replicas, s1… the Sentinels.
func Nodes(spec Spec, config Config, addr Addressing) []Machine {
	var out []Machine
	for i := 0; i <= spec.Replicas+spec.Spares; i++ {
		name := "m1"
		if i > 0 {
			name = fmt.Sprintf("r%d", i)
		}
		m := machine(name, Server, len(out)+1, config.Server.port(ServerPort), addr)
		var of *Machine
		if i > 0 {
			m.Spare = i > spec.Replicas
			switch {
			case m.Spare: // whoever adds it says whose replica it is
			case spec.Chain:
				of = &out[i-1]
			default:
				of = &out[0]
			}
		}
		m.admit(config.Server, "rename-command")
		m.configure("redis.conf", serverConfig(m, of, config.Server))
		m.New = m.newServer
		out = append(out, *m)
	}
	master := &out[0]
	for i := 1; i <= spec.Sentinels+spec.SpareSentinels; i++ {
		m := machine(fmt.Sprintf("s%d", i), Sentinel, len(out)+1, config.Sentinel.port(SentinelPort), addr)
		m.Spare = i > spec.Sentinels
		m.admit(config.Sentinel, ownPrefix+"rename-command")
		m.configure("sentinel.conf", sentinelConfig(m, master, spec.QuorumInForce(), config.Sentinel))
		m.New = m.newSentinel
		out = append(out, *m)
	}
	return out
}

// Caller lays out a client or the observer as machine number i of the run.
func Caller(name string, kind Kind, i int, addr Addressing, core func(Machine, Boot) node.Core) Machine {
	m := machine(name, kind, i, 0, addr)
	m.New = func(b Boot) node.Core { return core(*m, b) }
	return *m
}

func machine(name string, kind Kind, i, port int, addr Addressing) *Machine {
	return &Machine{Name: name, Kind: kind, Host: addr.Host(i), Announce: addr.Announce(i), Port: port, Dir: addr.Dir(name)}
}

func (m *Machine) configure(file, text string) {
	m.ConfigPath = path.Join(m.Dir, file)
	m.Files = map[string]string{m.ConfigPath: text}
}

func (m *Machine) newServer(b Boot) node.Core {
	return server.New(server.Options{ConfigPath: m.ConfigPath, Dir: m.Dir, Executable: "/usr/bin/ordeal-node", Rand: b.Rand, PID: b.PID, Notes: true})
}

func (m *Machine) newSentinel(b Boot) node.Core {
	return sentinel.New(sentinel.Options{ConfigPath: m.ConfigPath, Dir: m.Dir, Executable: "/usr/bin/ordeal-node", Rand: b.Rand, PID: b.PID, Notes: true})
}

// serverConfig is the redis.conf of m, a replica of of unless that is nil.
func serverConfig(m, of *Machine, settings Settings) string {
	var b strings.Builder
	b.WriteString(m.listening())
	b.WriteString("always-show-logo no\n")
	fmt.Fprintf(&b, "slave-announce-ip %s\nslave-announce-port %d\n", m.Announce, m.Port)
	if of != nil {
		fmt.Fprintf(&b, "slaveof %s %d\n", of.Announce, of.Port)
	}
	for _, s := range settings {
		fmt.Fprintln(&b, s.inServer())
	}
	b.WriteString(m.ownUser())
	return b.String()
}

// sentinelConfig is the sentinel.conf of m, which watches master.
func sentinelConfig(m, master *Machine, quorum int, settings Settings) string {
	var b strings.Builder
	b.WriteString(m.listening())
	fmt.Fprintf(&b, "sentinel announce-ip %s\nsentinel announce-port %d\n", m.Announce, m.Port)
	fmt.Fprintf(&b, "sentinel monitor %s %s %d %d\n", MasterName, master.Announce, master.Port, quorum)
	for _, s := range settings {
		fmt.Fprintln(&b, s.inSentinel())
	}
	b.WriteString(m.ownUser())
	return b.String()
}

// ownPrefix begins the name of a Sentinel's setting that, without it, would be one of its master: "own rename-command" is
// what a Sentinel calls its own commands, "rename-command" what its master calls them.
const ownPrefix = "own "

// PerMaster tells the directives of sentinel.conf that belong to one master.
func PerMaster(name string) bool {
	switch name {
	case "down-after-milliseconds", "failover-timeout", "parallel-syncs", "auth-pass", "auth-user", "rename-command", "master-reboot-down-after-period", "notification-script", "client-reconfig-script":
		return true
	}
	return false
}
