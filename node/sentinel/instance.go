package sentinel

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

type kind uint8

const (
	kindMaster kind = iota + 1
	kindSlave
	kindSentinel
)

func (k kind) String() string { return [...]string{"?", "master", "slave", "sentinel"}[k] }

// address is an IP and a port; port 0 is an address that is known to be wrong and never dialled.
type address struct {
	ip   string
	port int
}

func (a address) String() string {
	if strings.Contains(a.ip, ":") {
		return "[" + a.ip + "]:" + strconv.Itoa(a.port)
	}
	return a.ip + ":" + strconv.Itoa(a.port)
}

// instance is a master that is watched, one of its replicas, or another Sentinel that watches it.
// Redis 4.0: sentinel.c, sentinelRedisInstance. An Instant of 0 means never.
type instance struct {
	kind   kind
	name   string // a master's; a replica's address; a Sentinel's ID
	runID  string // from INFO; a Sentinel's ID; "" unknown
	addr   address
	link   *link
	master *instance // nil for a master

	downAfter time.Duration
	lastHello node.Instant // last hello of theirs: Sentinels only
	observed               // of whoever answers at addr

	// A Sentinel: its vote. A master: my own vote, and the epoch of that vote.
	leader      string // "" none
	leaderEpoch int64

	// A master.
	quorum          int64
	configEpoch     int64
	failoverTimeout time.Duration
	parallelSyncs   int64
	authPass        string
	notifyScript    string
	reconfigScript  string
	lineage         lineage     // of the data, over all its addresses
	slaves          []*instance // by name
	sentinels       []*instance // by name
	failover        failover
	noted           noted
}

// observed is what I know of whoever answers at the address of an instance. It dies with the address: a word of it about
// the old one, held against the new one, calls a healthy instance down. Redis 4.0 clears it piece by piece and forgets
// some.
type observed struct {
	lastPublish  node.Instant // last hello of mine that was accepted
	sDown, oDown bool
	sDownSince   node.Instant // kept after the recovery
	oDownSince   node.Instant
	scriptKilled bool // SCRIPT KILL was sent since it went down

	infoRefresh      node.Instant
	info             []byte // the last INFO
	roleReported     kind
	roleReportedTime node.Instant

	history history // of its data, as INFO has it

	// A replica.
	slaveConfChange node.Instant  // when its master address last changed
	masterLinkDown  time.Duration // how long its link to its master has been down, 0 if up
	masterLinkUp    bool
	masterAddr      address // as it reports it
	priority        int64
	offset          int64
	reconf          reconf
	reconfSentTime  node.Instant
	promoted        bool // chosen to be the new master
	anothers        bool // it belongs to another group

	opinion // of another Sentinel about the address of our master
}

// opinion is what another Sentinel says of a master's address. It dies with that address as well as with its own.
type opinion struct {
	lastDownAsk node.Instant // last answer to is-master-down-by-addr
	masterDown  bool
}

// unobserved is what is known of an instance of kind k at an address that is new to me: nothing.
func (s *Sentinel) unobserved(k kind) observed {
	return observed{
		lastPublish:      s.now,
		roleReported:     k,
		roleReportedTime: s.now,
		slaveConfChange:  s.now,
		priority:         defaultSlavePriority,
		opinion:          opinion{lastDownAsk: s.now},
	}
}

// moveTo gives r another address; its link, if others share it, is their affair too: see spreadAddress.
func (s *Sentinel) moveTo(r *instance, to address) {
	r.addr = to
	r.observed = s.unobserved(r.kind)
	if r.kind != kindSentinel {
		r.runID = "" // a Sentinel's is its ID, which moves with it
	}
}

// noted is what the history was last told of a master.
type noted struct {
	addr  address
	epoch int64
	ever  bool
}

func (s *Sentinel) newInstance(k kind, name string, addr address, master *instance) *instance {
	r := &instance{
		kind: k, name: name, addr: addr, master: master,
		link:      s.newLink(),
		lastHello: s.now,
		downAfter: defaultDownAfter,
		observed:  s.unobserved(k),
	}
	if k == kindMaster {
		r.failoverTimeout, r.parallelSyncs = defaultFailoverTimeout, defaultParallelSyncs
	} else {
		r.downAfter = master.downAfter
	}
	return r
}

// String is the instance as events name it.
func (r *instance) String() string {
	text := r.kind.String() + " " + r.name + " " + r.addr.ip + " " + strconv.Itoa(r.addr.port)
	if m := r.master; m != nil {
		text += " @ " + m.name + " " + m.addr.ip + " " + strconv.Itoa(m.addr.port)
	}
	return text
}

func (r *instance) isDown() bool { return r.sDown || r.oDown }

// wasUpFor says whether no down state began within the last d.
func (s *Sentinel) wasUpFor(r *instance, d time.Duration) bool {
	last := max(r.sDownSince, r.oDownSince)
	return last == 0 || s.since(last) > d
}

// looksSane says whether master is fit to have replicas pointed at it.
// Redis 4.0: sentinel.c, sentinelMasterLooksSane.
func (s *Sentinel) looksSane(master *instance) bool {
	return master.roleReported == kindMaster && !master.isDown() &&
		master.infoRefresh != 0 && s.since(master.infoRefresh) < 2*infoPeriod
}

// find returns the place of name in a list sorted by name.
func find(list []*instance, name string) (int, bool) {
	return slices.BinarySearchFunc(list, name, func(r *instance, name string) int { return strings.Compare(r.name, name) })
}

// insert adds r to a list sorted by name; ok is false if the name is taken.
func insert(list []*instance, r *instance) (_ []*instance, ok bool) {
	at, taken := find(list, r.name)
	if taken {
		return list, false
	}
	return slices.Insert(list, at, r), true
}

func (s *Sentinel) masterNamed(name []byte) *instance {
	for _, m := range s.masters {
		if m.name == string(name) {
			return m
		}
	}
	return nil
}

func (r *instance) slaveAt(ip []byte, port int) *instance {
	for _, slave := range r.slaves {
		if slave.addr.port == port && slave.addr.ip == string(ip) {
			return slave
		}
	}
	return nil
}

// addMaster starts to watch a master; reason is Redis's text if it cannot.
func (s *Sentinel) addMaster(name string, addr address, quorum int64) (m *instance, reason string) {
	if addr.port < 0 || addr.port > 65535 {
		return nil, "Invalid port number"
	}
	m = s.newInstance(kindMaster, name, addr, nil)
	m.quorum = quorum
	var ok bool
	if s.masters, ok = insert(s.masters, m); !ok {
		return nil, "Duplicated master name."
	}
	return m, ""
}

// addSlave makes a replica of master known, or returns nil if its address is none, the master's own, or known already.
func (s *Sentinel) addSlave(master *instance, addr address) *instance {
	if addr == master.addr || !isIP(addr.ip) || addr.port < 0 || addr.port > 65535 {
		return nil
	}
	r := s.newInstance(kindSlave, addr.String(), addr, master)
	var ok bool
	if master.slaves, ok = insert(master.slaves, r); !ok {
		return nil
	}
	return r
}

// forget ends everything that points at r, which its caller takes out of its list.
func (s *Sentinel) forget(r *instance) { s.releaseLink(r) }

func (s *Sentinel) forgetAll(list []*instance) {
	for _, r := range list {
		s.forget(r)
	}
}

// isIP says whether s is written as an IPv4 or IPv6 address. What names mean, see names.go.
func isIP(s string) bool {
	if strings.Contains(s, ":") {
		return isIPv6(s)
	}
	octets := strings.Split(s, ".")
	if len(octets) != 4 {
		return false
	}
	for _, o := range octets {
		n, err := strconv.ParseUint(o, 10, 8)
		if err != nil || strconv.FormatUint(n, 10) != o {
			return false
		}
	}
	return true
}

func isIPv6(s string) bool {
	groups := strings.Split(s, ":")
	if len(groups) > 8 || strings.Contains(s, ":::") || strings.Count(s, "::") > 1 || len(groups) < 8 && !strings.Contains(s, "::") {
		return false
	}
	for _, g := range groups {
		if _, err := strconv.ParseUint(g, 16, 16); g != "" && (err != nil || len(g) > 4) {
			return false
		}
	}
	return true
}
