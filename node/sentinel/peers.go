package sentinel

import (
	"fmt"
	"slices"

	"github.com/ordeal-go/ordeal/node"
)

// sender finds who sent h among the Sentinels that watch master, and makes it known if it is new or has moved. It
// returns nil if its address is none.
func (s *Sentinel) sender(master *instance, h hello) *instance {
	id := string(h.id)
	addr := address{s.ipOf(string(h.ip)), h.port}
	at, known := find(master.sentinels, id)
	if known && master.sentinels[at].addr == addr {
		return master.sentinels[at]
	}
	if !isIP(addr.ip) {
		return nil
	}
	if known { // the same Sentinel at another address
		s.forget(master.sentinels[at])
		master.sentinels = slices.Delete(master.sentinels, at, at+1)
		s.event(node.LogNotice, "+sentinel-address-switch", master, fmt.Sprintf("%v ip %s port %d for %s", master, addr.ip, addr.port, id))
	} else if other := sentinelAt(master, addr); other != nil { // another Sentinel at the same address
		s.event(node.LogNotice, "+sentinel-invalid-addr", other, other.String())
		s.moveTo(other, address{addr.ip, 0}) // until it says hello from where it is now
		s.spreadAddress(other)
	}
	r := s.addSentinel(master, id, addr)
	if known {
		s.spreadAddress(r)
	} else {
		s.event(node.LogNotice, "+sentinel", r, r.String())
	}
	s.flush()
	return r
}

func sentinelAt(master *instance, addr address) *instance {
	for _, r := range master.sentinels {
		if r.addr == addr {
			return r
		}
	}
	return nil
}

// addSentinel makes a Sentinel known that watches master; it shares the link of its entry under another master.
// It returns nil if the ID is known already.
func (s *Sentinel) addSentinel(master *instance, id string, addr address) *instance {
	r := s.newInstance(kindSentinel, id, addr, master)
	r.runID = id
	var ok bool
	if master.sentinels, ok = insert(master.sentinels, r); !ok {
		return nil
	}
	for _, m := range s.masters {
		if m == master {
			continue
		}
		if at, found := find(m.sentinels, id); found {
			r.link = m.sentinels[at].link
			r.link.refs++
			break
		}
	}
	return r
}

// spreadAddress gives r's address to the entries of the same Sentinel under other masters, and renews their link, which
// led to the old address. Redis 4.0: sentinel.c, sentinelUpdateSentinelAddressInAllMasters.
func (s *Sentinel) spreadAddress(r *instance) {
	updated := 0
	for _, m := range s.masters {
		at, found := find(m.sentinels, r.name)
		if !found {
			continue
		}
		match := m.sentinels[at]
		s.renewLink(match.link)
		if match != r {
			s.moveTo(match, r.addr)
			updated++
		}
	}
	if updated > 0 {
		s.event(node.LogNotice, "+sentinel-address-update", r, fmt.Sprintf("%v %d additional matching instances", r, updated))
	}
}
