package redis

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis/onlooker"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/sentinel"
	"github.com/ordeal-go/ordeal/node/server"
)

// Nodes implements [harness.System]: m1 is the first master, r1… its replicas, s1… the Sentinels.
func (s System) Nodes(addr cluster.Addressing) []cluster.Machine {
	spec := s.Cluster
	var out []cluster.Machine
	for i := 0; i <= spec.Replicas+spec.Spares; i++ {
		name := firstMaster
		if i > 0 {
			name = fmt.Sprintf("r%d", i)
		}
		m := cluster.NewMachine(name, cluster.Server, len(out)+1, port(s.Config, ServerPort), addr)
		var of *cluster.Machine
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
		m.Speed = spec.Speed
		admit(m, s.Config, "rename-command")
		configure(m, "redis.conf", serverConfig(m, of, s.Config))
		m.Settings = toldOfServer(m, s.Config)
		m.New = newServer(m)
		m.Overhear = func(number int, addr string, note func(*node.Note)) cluster.Onlooker {
			return onlooker.New(number, name, addr, note)
		}
		out = append(out, *m)
	}
	master := &out[0]
	for i := 1; i <= spec.Sentinels+spec.SpareSentinels; i++ {
		m := cluster.NewMachine(fmt.Sprintf("s%d", i), cluster.Sentinel, len(out)+1, port(s.Sentinel, SentinelPort), addr)
		m.Spare = i > spec.Sentinels
		admit(m, s.Sentinel, ownPrefix+"rename-command")
		configure(m, "sentinel.conf", sentinelConfig(m, master, spec.QuorumInForce(), s.Sentinel))
		m.Settings = toldOfSentinel(m, spec.QuorumInForce(), s.Sentinel)
		putScripts(m, s.Sentinel)
		m.New = newSentinel(m)
		m.Overhear = func(number int, addr string, note func(*node.Note)) cluster.Onlooker {
			return onlooker.NewWatching(number, m.Name, addr, note)
		}
		out = append(out, *m)
	}
	return out
}

func configure(m *cluster.Machine, file, text string) {
	m.ConfigPath = path.Join(m.Dir, file)
	m.Files = map[string]string{m.ConfigPath: text}
}

func newServer(m *cluster.Machine) func(cluster.Boot) node.Core {
	return func(b cluster.Boot) node.Core {
		return server.New(server.Options{ConfigPath: m.ConfigPath, Dir: m.Dir, Executable: "/usr/bin/ordeal-node", Rand: b.Rand, PID: b.PID, Notes: true})
	}
}

func newSentinel(m *cluster.Machine) func(cluster.Boot) node.Core {
	return func(b cluster.Boot) node.Core {
		return sentinel.New(sentinel.Options{ConfigPath: m.ConfigPath, Dir: m.Dir, Executable: "/usr/bin/ordeal-node", Rand: b.Rand, PID: b.PID, Notes: true})
	}
}

// serverConfig is the redis.conf of m, a replica of of unless that is nil.
func serverConfig(m, of *cluster.Machine, settings cluster.Settings) string {
	var b strings.Builder
	b.WriteString(listening(m))
	b.WriteString("always-show-logo no\n")
	fmt.Fprintf(&b, "slave-announce-ip %s\nslave-announce-port %d\n", m.Announce, m.Port)
	if of != nil {
		fmt.Fprintf(&b, "slaveof %s %d\n", of.Announce, of.Port)
	}
	for _, s := range settings {
		fmt.Fprintln(&b, inServer(s))
	}
	b.WriteString(userLine(m))
	return b.String()
}

// sentinelConfig is the sentinel.conf of m, which watches master.
func sentinelConfig(m, master *cluster.Machine, quorum int, settings cluster.Settings) string {
	var b strings.Builder
	b.WriteString(listening(m))
	fmt.Fprintf(&b, "sentinel announce-ip %s\nsentinel announce-port %d\n", m.Announce, m.Port)
	fmt.Fprintf(&b, "sentinel monitor %s %s %d %d\n", MasterName, master.Announce, master.Port, quorum)
	for _, s := range settings {
		if scripts[s.Name] && ownScript(s.Value) {
			s.Value = path.Join(m.Dir, s.Value)
		}
		fmt.Fprintln(&b, inSentinel(s))
	}
	b.WriteString(userLine(m))
	return b.String()
}

// toldOfServer is what a history says of a server's configuration.
func toldOfServer(m *cluster.Machine, settings cluster.Settings) cluster.Settings {
	told := cluster.Settings{setting("port", strconv.Itoa(m.Port))}
	for _, s := range settings {
		if s = older(s); !secret(s.Name) {
			told = append(told, setting(strings.ToLower(s.Name), s.Value))
		}
	}
	return told
}

// toldOfSentinel is what a history says of a Sentinel's configuration.
func toldOfSentinel(m *cluster.Machine, quorum int, settings cluster.Settings) cluster.Settings {
	told := cluster.Settings{setting("port", strconv.Itoa(m.Port)), setting("quorum", strconv.Itoa(quorum))}
	for _, s := range settings {
		if !secret(strings.TrimPrefix(s.Name, ownPrefix)) {
			told = append(told, setting(strings.ToLower(s.Name), s.Value))
		}
	}
	return told
}

// secret tells the settings that hold passwords.
func secret(name string) bool {
	return slices.Contains([]string{"requirepass", "masterauth", "auth-pass", "user", "tls-key-file-pass", "tls-client-key-file-pass", "sentinel sentinel-pass"}, strings.ToLower(name))
}

// scripts are the settings of a Sentinel that name a program.
var scripts = map[string]bool{"notification-script": true, "client-reconfig-script": true}

var ownScriptName = regexp.MustCompile(`^[a-z][a-z0-9-]*\.sh$`)

// ownScript says whether a script is one that the harness puts into the machine's folder, as "notify.sh": a name alone. In
// the simulation its end is drawn each time; live it ends well.
func ownScript(name string) bool {
	return ownScriptName.MatchString(name)
}

// putScripts puts the scripts that the settings name into the machine's folder.
func putScripts(m *cluster.Machine, settings cluster.Settings) {
	for _, s := range settings {
		if scripts[s.Name] && ownScript(s.Value) {
			m.Files[path.Join(m.Dir, s.Value)] = "#!/bin/sh\nexit 0\n"
		}
	}
}

// ownPrefix begins the name of a Sentinel's setting that, without it, would be one of its master: "own rename-command" is
// what a Sentinel calls its own commands, "rename-command" what its master calls them.
const ownPrefix = "own "

// perMaster tells the directives of sentinel.conf that belong to one master.
func perMaster(name string) bool {
	switch name {
	case "down-after-milliseconds", "failover-timeout", "parallel-syncs", "auth-pass", "auth-user", "rename-command", "master-reboot-down-after-period", "notification-script", "client-reconfig-script":
		return true
	}
	return false
}
