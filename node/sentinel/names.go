package sentinel

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
)

// hostNames are what host names mean. A core has no resolver: its world looks them up, so that a name which is new is
// known only once the answer has come, and whoever gave it has to be heard again.
type hostNames struct {
	known map[string]resolved
	asked map[node.OpID]string
}

// resolved is the IP of a name, "" if it has none.
type resolved struct {
	ip string
	at node.Instant // when that was heard
}

// nameLasts is after what time a name is looked up again; until the answer comes, the old one holds.
const nameLasts = 10 * time.Second

// ipOf is the IP that host is or means, "" if that is not known (yet): then it is asked for. Redis 4.0 waits for the
// resolver instead: anet.c, anetResolve.
func (s *Sentinel) ipOf(host string) string {
	if isIP(host) {
		return host
	}
	if name, known := s.names.known[host]; !known || s.since(name.at) > nameLasts {
		s.resolve(host)
	}
	return s.knownIP(host)
}

// knownIP is the IP that host is or is known to mean, "" if none.
func (s *Sentinel) knownIP(host string) string {
	if isIP(host) {
		return host
	}
	return s.names.known[host].ip
}

func (s *Sentinel) resolve(host string) {
	if !isHostName(host) || len(s.names.known) >= hostNamesMost {
		return
	}
	// any order: it is looked for whether the name is among them
	for _, asked := range s.names.asked {
		if asked == host {
			return
		}
	}
	s.nextOp++
	s.names.asked[s.nextOp] = host
	s.out.Resolve(s.nextOp, host)
}

// hostNamesMost bounds what peers can make this process remember.
const hostNamesMost = 1024

// isHostName says whether host is written as a name that a resolver may be asked for.
func isHostName(host string) bool {
	return host != "" && len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
}

// resolvedName takes what a name means, and looks again at what had named it.
func (s *Sentinel) resolvedName(ev *node.Event) {
	host := s.names.asked[ev.Op]
	delete(s.names.asked, ev.Op)
	ip := ev.Local
	if ev.Err != "" || !isIP(ip) {
		ip = s.names.known[host].ip // what it meant before is the best guess
	}
	s.names.known[host] = resolved{ip, s.now}
	if s.phase == resolving {
		if len(s.names.asked) == 0 {
			s.configured()
		}
		return
	}
	if ip == "" {
		return
	}
	for _, m := range s.masters {
		if m.info != nil {
			s.report.parse(m.info)
			s.discoverSlaves(m, s.report.slaves)
		}
	}
}

// resolveConfig asks for the names in the configuration, before its lines are carried out.
func (s *Sentinel) resolveConfig(text string) {
	s.enter(resolving)
	lines, _ := conf.Parse(text) // what is wrong with it is said when it is carried out
	for _, l := range lines {
		if len(l.Args) > 3 && l.Args[0] == "sentinel" && slices.Contains([]string{"monitor", "known-slave", "known-sentinel"}, strings.ToLower(l.Args[1])) {
			s.ipOf(l.Args[3])
		}
	}
	if len(s.names.asked) == 0 {
		s.configured()
	}
}
