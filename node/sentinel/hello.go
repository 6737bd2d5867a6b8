package sentinel

import (
	"bytes"
	"strconv"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// hello is what a Sentinel says of itself and of a master, through the master, its replicas and directly.
type hello struct {
	ip           []byte
	port         int
	id           []byte
	currentEpoch int64
	name         []byte // of the master
	masterIP     []byte
	masterPort   int
	configEpoch  int64
}

// parseHello reads the eight fields of a hello; a message of any other shape is none.
func parseHello(payload []byte) (h hello, ok bool) {
	var field [8][]byte
	for i := range field {
		end := bytes.IndexByte(payload, ',')
		if last := i == len(field)-1; last != (end < 0) {
			return h, false
		}
		if end < 0 {
			field[i] = payload
			break
		}
		field[i], payload = payload[:end], payload[end+1:]
	}
	port, ok1 := number(field[1])
	current, ok2 := number(field[3])
	masterPort, ok3 := number(field[6])
	config, ok4 := number(field[7])
	ok = ok1 && ok2 && ok3 && ok4 && port > 0 && port <= 65535 && masterPort > 0 && masterPort <= 65535 &&
		current >= 0 && current <= maxEpoch && config >= 0 && config <= maxEpoch && len(field[2]) > 0
	return hello{field[0], int(port), field[2], current, field[4], field[5], int(masterPort), config}, ok
}

// sendHello publishes my hello for r's master on r. Redis 4.0: sentinel.c, sentinelSendHello.
func (s *Sentinel) sendHello(r *instance) {
	master := r
	if r.master != nil {
		master = r.master
	}
	c := &r.link.cmd
	ip := s.cfg.announceIP
	if ip == "" {
		ip = c.local
	}
	if ip == "" {
		return // I do not know my address before the connection is up
	}
	port := s.cfg.announcePort
	if port == 0 {
		port = s.cfg.port
	}
	addr := master.currentAddress()
	b := append(s.scratch[:0], ip...)
	b = appendNumber(b, int64(port))
	b = append(append(append(b, ','), s.id...), ',')
	b = strconv.AppendInt(b, s.currentEpoch, 10)
	b = append(append(append(b, ','), master.name...), ',')
	b = append(b, addr.ip...)
	b = appendNumber(b, int64(addr.port))
	b = appendNumber(b, master.configEpoch)
	s.scratch = b

	c.out = resp.AppendArray(c.out, 3)
	c.out = resp.AppendBulkString(c.out, "PUBLISH")
	c.out = resp.AppendBulkString(c.out, helloTopic)
	c.out = resp.AppendBulk(c.out, b)
	c.expect(toPublish, r)
	s.send(&c.stream)
}

func appendNumber(b []byte, n int64) []byte { return strconv.AppendInt(append(b, ','), n, 10) }

// processHello takes a hello, whichever way it came. Not even TILT suspends it.
// Redis 4.0: sentinel.c, sentinelProcessHelloMessage.
func (s *Sentinel) processHello(payload []byte) {
	h, ok := parseHello(payload)
	if !ok || string(h.id) == s.id {
		return
	}
	master := s.masterNamed(h.name)
	if master == nil {
		return
	}
	sender := s.sender(master, h)
	if h.currentEpoch > s.currentEpoch {
		s.giveWay(master)
	}
	s.adoptEpoch(master, h.currentEpoch)
	if sender == nil {
		return
	}
	if h.configEpoch > master.configEpoch {
		s.adoptConfig(master, sender, h)
	}
	sender.lastHello = s.now
}

// adoptConfig follows a newer configuration: one whose config epoch is strictly larger than mine.
//
// Otherwise than 4.0, its address is compared with the one that I give, and not with that of the master I watch. They
// differ when my own failover is past the point of no return. If the newer configuration then names the very master
// that I am replacing, 4.0 takes the epoch alone, and afterwards gives its own replica under it: two addresses in one
// epoch, of which neither yields to the other.
func (s *Sentinel) adoptConfig(master, sender *instance, h hello) {
	to := address{s.ipOf(string(h.masterIP)), h.masterPort}
	if !isIP(to.ip) {
		return
	}
	master.configuredBy(h.configEpoch)
	s.flush()
	given := master.currentAddress()
	if to == given && to == master.addr {
		return
	}
	s.event(node.LogWarning, "+config-update-from", sender, sender.String())
	from := master.addr
	if to == from {
		from = given
	}
	s.announceSwitch(master, from, to)
	s.changeAddress(master, to)
	s.runReconfigScript(master, "observer", from, to)
}
