package sentinel

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// report is what an INFO says. Its slices point into the INFO.
type report struct {
	runID          []byte
	role           kind // 0: it does not say
	slaves         []endpoint
	masterHost     []byte
	masterPort     int
	linkUp         bool
	linkDown       time.Duration
	priority       int64
	offset         int64
	hasMasterHost  bool
	hasMasterPort  bool
	hasLinkStatus  bool
	hasPriority    bool
	hasSlaveOffset bool
	history        history // without its place, if a replica says it
	masterOffset   int64
}

type endpoint struct {
	ip   []byte
	port int
}

// parse reads an INFO of any version since 2.6. Lines that it does not know or that are not well formed say nothing.
// Redis 4.0: sentinel.c, sentinelRefreshInstanceInfo.
func (p *report) parse(info []byte) {
	*p = report{slaves: p.slaves[:0]}
	for len(info) > 0 {
		line := info
		if end := bytes.IndexByte(info, '\n'); end >= 0 {
			line, info = info[:end], info[end+1:]
		} else {
			info = nil
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			continue
		}
		p.field(line[:colon], bytes.TrimRight(line[colon+1:], "\r"))
	}
}

func (p *report) field(name, value []byte) {
	switch string(name) {
	case "run_id":
		if len(value) >= 40 {
			p.runID = value[:40]
		}
	case "role":
		switch string(value) {
		case "master":
			p.role = kindMaster
		case "slave":
			p.role = kindSlave
		}
	case "master_link_down_since_seconds":
		if n, ok := number(value); ok && n >= 0 {
			p.linkDown = time.Duration(min(n, math.MaxInt64/int64(time.Second))) * time.Second
		}
	case "master_host":
		p.masterHost, p.hasMasterHost = value, true
	case "master_port":
		if n, ok := number(value); ok && n >= 0 && n <= 65535 {
			p.masterPort, p.hasMasterPort = int(n), true
		}
	case "master_link_status":
		p.linkUp, p.hasLinkStatus = bytes.EqualFold(value, []byte("up")), true
	case "slave_priority":
		p.priority, p.hasPriority = number(value)
	case "master_replid":
		p.history.id = string(value)
	case "master_replid2":
		p.history.id2 = string(value)
	case "second_repl_offset":
		p.history.end2, _ = number(value)
	case "master_repl_offset":
		p.masterOffset, _ = number(value)
	case "slave_repl_offset":
		p.offset, p.hasSlaveOffset = number(value)
	default:
		if rest, ok := bytes.CutPrefix(name, []byte("slave")); ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			p.slave(value)
		}
	}
}

// slave reads "ip=10.0.0.2,port=6379,state=online,…" or, of Redis 2.6, "10.0.0.2,6379,online".
func (p *report) slave(value []byte) {
	var ip, port []byte
	if bytes.Contains(value, []byte("ip=")) {
		ip, port = after(value, "ip="), after(value, "port=")
	} else if i := bytes.IndexByte(value, ','); i >= 0 {
		ip, port = value[:i], upToComma(value[i+1:])
	}
	if n, ok := number(port); ok && n > 0 && n <= 65535 && len(ip) > 0 {
		p.slaves = append(p.slaves, endpoint{ip, int(n)})
	}
}

func after(value []byte, key string) []byte {
	i := bytes.Index(value, []byte(key))
	if i < 0 {
		return nil
	}
	return upToComma(value[i+len(key):])
}

func upToComma(b []byte) []byte {
	if i := bytes.IndexByte(b, ','); i >= 0 {
		return b[:i]
	}
	return b
}

// number reads a decimal with an optional minus sign.
func number(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 || b[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// infoArrived takes r's INFO: first what it says, then what follows from it.
func (s *Sentinel) infoArrived(r *instance, info []byte) {
	r.info = append(r.info[:0], info...)
	p := &s.report
	p.parse(info)
	s.refresh(r, p)
	if p.role == 0 {
		return
	}
	s.roleSeen(r, p.role)
	s.learnLineage(r, p.role)
	if s.tilt || r.kind != kindSlave {
		// A master that says it is a replica is left alone: it becomes subjectively down after a while.
		return
	}
	if p.role == kindMaster {
		s.slaveIsMaster(r)
		return
	}
	s.fixMasterOf(r)
	s.reconfSeen(r)
}

func (s *Sentinel) refresh(r *instance, p *report) {
	r.infoRefresh = s.now
	r.masterLinkDown = p.linkDown // 0 if it does not say
	if p.runID != nil && string(p.runID) != r.runID {
		if r.runID != "" {
			s.event(node.LogNotice, "+reboot", r, r.String())
		}
		r.runID = string(p.runID)
	}
	if r.kind == kindMaster {
		s.discoverSlaves(r, p.slaves)
	}
	r.history = p.history
	r.history.offset = p.masterOffset
	if p.role == kindSlave {
		s.refreshSlave(r, p)
		r.history.offset = r.offset
	}
}

func (s *Sentinel) refreshSlave(r *instance, p *report) {
	if p.hasMasterHost && string(p.masterHost) != r.masterAddr.ip {
		r.masterAddr.ip = string(p.masterHost)
		r.slaveConfChange = s.now
	}
	if p.hasMasterPort && p.masterPort != r.masterAddr.port {
		r.masterAddr.port = p.masterPort
		r.slaveConfChange = s.now
	}
	if p.hasLinkStatus {
		r.masterLinkUp = p.linkUp
	}
	if p.hasPriority {
		r.priority = p.priority
	}
	if p.hasSlaveOffset {
		r.offset = p.offset
	}
}

// discoverSlaves makes replicas known that master names and that I have not seen. They are never forgotten for not
// being named any more.
func (s *Sentinel) discoverSlaves(master *instance, slaves []endpoint) {
	for _, e := range slaves {
		if master.slaveAt(e.ip, e.port) != nil {
			continue
		}
		ip := s.ipOf(string(e.ip))
		if ip == "" || master.slaveAt([]byte(ip), e.port) != nil {
			continue
		}
		if r := s.addSlave(master, address{ip, e.port}); r != nil {
			s.event(node.LogNotice, "+slave", r, r.String())
			s.flush()
		}
	}
}

func (s *Sentinel) roleSeen(r *instance, role kind) {
	if role == r.roleReported {
		return
	}
	r.roleReported, r.roleReportedTime = role, s.now
	if role == kindSlave {
		r.slaveConfChange = s.now
	}
	name := "-role-change" // not what I think it is
	if role == r.kind {
		name = "+role-change"
	}
	s.event(node.LogVerbose, name, r, r.String()+" new reported role is "+role.String())
}

// slaveIsMaster is about a replica that says it is a master: the one I promoted, or one that must become a replica again.
func (s *Sentinel) slaveIsMaster(r *instance) {
	master := r.master
	if r.promoted && master.failover.state == waitPromotion {
		s.promotionSeen(r)
		return
	}
	// Somebody may have promoted it for a reason that I shall hear of within a few hellos.
	wait := 4 * publishPeriod
	if !r.promoted && s.looksSane(master) && s.wasUpFor(r, wait) && s.since(r.roleReportedTime) > wait && !r.link.disconnected {
		s.sendSlaveOf(r, &master.addr)
		s.event(node.LogNotice, "+convert-to-slave", r, r.String())
	}
}

// fixMasterOf points a replica that follows another master back at the one it belongs to.
func (s *Sentinel) fixMasterOf(r *instance) {
	master := r.master
	if r.masterAddr == master.addr || s.isAnothers(r) || master.failover.state >= reconfSlaves {
		return // 4.0 points it back at the master that is being replaced, if that has come back meanwhile
	}
	wait := master.failoverTimeout
	if s.looksSane(master) && s.wasUpFor(r, wait) && s.since(r.slaveConfChange) > wait && !r.link.disconnected {
		s.sendSlaveOf(r, &master.addr)
		s.event(node.LogNotice, "+fix-slave-config", r, r.String())
	}
}
