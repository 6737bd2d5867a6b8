package sentinel

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/pubsub"
)

// event tells the world of something: in the log, to subscribers of the channel called name (but for debugging), to
// the history, and if it is a warning about an instance to the notification script of its master.
// Redis 4.0: sentinel.c, sentinelEvent.
func (s *Sentinel) event(level node.LogLevel, name string, of *instance, payload string) {
	s.log(level, name+" "+payload)
	if level == node.LogDebug {
		return
	}
	for _, to := range s.subs.Publish(name) {
		c := s.clients[to.Conn]
		c.measure = true
		if c.total-c.left > subscriberMost {
			s.tooSlow = append(s.tooSlow, c)
			continue
		}
		c.out = pubsub.AppendMessage(c.out, to, name, []byte(payload))
		s.send(&c.stream)
	}
	s.dropTooSlow()
	if s.opts.Notes {
		s.notes = append(s.notes, node.Note{Kind: node.NoteEvent, ID: s.id, Event: name, Text: payload, Epoch: s.currentEpoch})
	}
	if level == node.LogWarning && of != nil {
		master := of
		if of.master != nil {
			master = of.master
		}
		if master.notifyScript != "" {
			s.schedule(master.notifyScript, name, payload)
		}
	}
}

// dropTooSlow ends subscribers that do not read what they are sent, and would have it kept here for ever.
func (s *Sentinel) dropTooSlow() {
	for i, c := range s.tooSlow {
		s.tooSlow[i] = nil
		if c.conn == 0 {
			continue
		}
		s.log(node.LogWarning, "Client "+strings.TrimSuffix(s.clientLine(c), "\n")+" scheduled to be closed ASAP for overcoming of output buffer limits.")
		s.out.Close(c.conn)
		s.forgetClient(c)
	}
	s.tooSlow = s.tooSlow[:0]
}

// noteConfigs notes the address and config epoch of every master where they changed.
func (s *Sentinel) noteConfigs() {
	if !s.opts.Notes || s.phase != running {
		return
	}
	for _, m := range s.masters {
		is := noted{m.currentAddress(), m.configEpoch, true}
		if is == m.noted {
			continue
		}
		m.noted = is
		s.notes = append(s.notes, node.Note{Kind: node.NoteConfig, ID: s.id, Master: m.name, Peer: is.addr.String(), Epoch: is.epoch})
	}
}

// printable keeps what a peer sent from breaking a line of the log.
func printable(b []byte) string {
	return strings.Map(func(c rune) rune {
		if !strconv.IsPrint(c) {
			return '?'
		}
		return c
	}, string(b))
}
