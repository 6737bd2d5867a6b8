package sentinel

import (
	"fmt"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// checkObjectivelyDown decides whether enough Sentinels say that master is down. They need not mean the same moment:
// each answer counts until it is five ask periods old. The weak agreement is enough to start an election, which is
// the strong one. Redis 4.0: sentinel.c, sentinelCheckObjectivelyDown.
func (s *Sentinel) checkObjectivelyDown(master *instance) {
	agree := int64(0)
	if master.sDown {
		agree = 1
		for _, other := range master.sentinels {
			if other.masterDown {
				agree++
			}
		}
	}
	down := agree > 0 && agree >= master.quorum
	switch {
	case down && !master.oDown:
		master.oDown, master.oDownSince = true, s.now
		s.event(node.LogWarning, "+odown", master, fmt.Sprintf("%v #quorum %d/%d", master, agree, master.quorum))
	case !down && master.oDown:
		master.oDown = false
		s.event(node.LogWarning, "-odown", master, master.String())
	}
}

type askMode bool

const (
	askIfDue  askMode = false
	askForced askMode = true // whether or not an answer is fresh: an election has begun
)

// askOthers asks the other Sentinels, while I see master down, whether they do too, and for their vote if I am a
// candidate. Redis 4.0: sentinel.c, sentinelAskMasterStateToOtherSentinels.
func (s *Sentinel) askOthers(master *instance, mode askMode) {
	for _, other := range master.sentinels {
		silent := s.since(other.lastDownAsk)
		if silent > 5*askPeriod {
			other.masterDown = false
			other.leader = ""
		}
		if !master.sDown || other.link.disconnected || mode == askIfDue && silent < askPeriod {
			continue
		}
		candidate := "*"
		if master.failover.state != idle && master.failover.epoch == s.currentEpoch {
			candidate = s.id // in a newer epoch than its own attempt's, a vote would be of no use to it
		}
		c := &other.link.cmd
		c.out = resp.AppendArray(c.out, 6)
		c.out = resp.AppendBulkString(c.out, "SENTINEL")
		c.out = resp.AppendBulkString(c.out, "is-master-down-by-addr")
		c.out = resp.AppendBulkString(c.out, master.addr.ip)
		c.out = resp.AppendBulkInt(c.out, int64(master.addr.port))
		c.out = resp.AppendBulkInt(c.out, s.currentEpoch)
		c.out = resp.AppendBulkString(c.out, candidate)
		c.expect(toAsk, other)
		s.send(&c.stream)
	}
}

// askAnswered takes another Sentinel's opinion and vote. An answer of another shape is no answer: the old one
// expires by itself.
func (s *Sentinel) askAnswered(other *instance, reply resp.Reply) {
	e := reply.Elems
	if len(e) != 3 || e[0].Kind != ':' || e[1].Kind != '$' || e[2].Kind != ':' || e[2].Int < 0 || e[2].Int > maxEpoch {
		return
	}
	other.lastDownAsk = s.now
	other.masterDown = e[0].Int == 1
	if leader := e[1].Str; string(leader) != "*" {
		if other.leaderEpoch != e[2].Int {
			s.log(node.LogWarning, fmt.Sprintf("%s voted for %s %d", other.name, printable(leader), e[2].Int))
		}
		if other.leader != string(leader) {
			other.leader = string(leader)
		}
		other.leaderEpoch = e[2].Int
	}
}

// answerAsk answers SENTINEL is-master-down-by-addr.
func answerAsk(c *front.Call, down bool, leader string, epoch int64) {
	if leader == "" {
		leader = "*"
	}
	c.Array(3)
	c.Bool(down)
	c.Text(leader)
	c.Int(epoch)
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
