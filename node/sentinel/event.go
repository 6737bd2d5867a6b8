package sentinel

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
)

// event tells the world of something: in the log, to subscribers of the channel called name (but for debugging), to
// the history, and if it is a warning about an instance to the notification script of its master.
// Redis 4.0: sentinel.c, sentinelEvent.
func (s *Sentinel) event(level node.LogLevel, name string, of *instance, payload string) {
	s.log(level, name+" "+payload)
	if level == node.LogDebug {
		return
	}
	s.front.Publish(name, []byte(payload))
	if s.opts.Notes {
		s.notes = append(s.notes, node.Note{Kind: node.NoteEvent, ID: s.id, Event: name, Text: payload, Epoch: s.currentEpoch})
	}
	if level == node.LogWarning && of != nil {
		master := of
		if of.master != nil {
			master = of.master
		}
		if master.notifyScript != "" {
			s.scripts.Add(master.notifyScript, name, payload)
		}
	}
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
