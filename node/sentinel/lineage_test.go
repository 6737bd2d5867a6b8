package sentinel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLineageForgetsNoEnd: once a history is known to have ended, who has more of it went another way, whatever is heard
// later and in whichever order.
func TestLineageForgetsNoEnd(t *testing.T) {
	first, second := strings.Repeat("a", 40), strings.Repeat("b", 40)
	var l lineage
	l.learn(history{id: second, id2: first, end2: 100})
	l.learn(history{id: first})
	l.learn(history{id: second, id2: first, end2: 100})
	require.Equal(t, lineage{{first, 100}, {second, noEnd}}, l)
	l.learn(history{id: strings.Repeat("0", 40)})
	l.learn(history{})
	require.Len(t, l, 2)
}

func TestLineageIsBounded(t *testing.T) {
	var l lineage
	for i := range 10 * lineageMost {
		l.learn(history{id: fmt.Sprintf("%040x", i+1)})
	}
	require.Len(t, l, lineageMost)
	require.True(t, l.has(fmt.Sprintf("%040x", 10*lineageMost)), "the newest is kept")
}

// TestAddressThatAnotherGroupTookOverIsLeftAlone: a replica linked to somebody else's master, with somebody else's data, is
// not ours any more; one that merely follows the wrong master is.
func TestAddressThatAnotherGroupTookOverIsLeftAlone(t *testing.T) {
	ours, theirs := strings.Repeat("a", 40), strings.Repeat("f", 40)
	master := &instance{kind: kindMaster, addr: address{"10.0.0.1", 6379}}
	member := &instance{kind: kindSlave, addr: address{"10.0.0.3", 6379}, master: master}
	member.history = history{id: ours}
	master.slaves = []*instance{member}
	stranger := address{"10.0.9.9", 6379}
	for name, c := range map[string]struct {
		role   kind
		to     address
		linked bool
		has    history
		want   bool
	}{
		"linked to a stranger, with its data":        {kindSlave, stranger, true, history{id: theirs}, true},
		"linked to a stranger, with ours":            {kindSlave, stranger, true, history{id: ours}, false},
		"linked to a stranger who went on from us":   {kindSlave, stranger, true, history{id: theirs, id2: ours, end2: 9}, false},
		"not linked to a stranger":                   {kindSlave, stranger, false, history{id: theirs}, false},
		"linked to our master, which has begun anew": {kindSlave, master.addr, true, history{id: theirs}, false},
		"linked to one of ours":                      {kindSlave, member.addr, true, history{id: theirs}, false},
		"a master of its own":                        {kindMaster, stranger, true, history{id: theirs}, false},
		"it does not say":                            {kindSlave, stranger, true, history{}, false},
	} {
		r := &instance{kind: kindSlave, master: master}
		r.roleReported, r.masterAddr, r.masterLinkUp, r.history = c.role, c.to, c.linked, c.has
		master.lineage = lineage{{ours, noEnd}}
		require.Equal(t, c.want, New(Options{}).isAnothers(r), name)
		master.lineage = nil
		require.False(t, New(Options{}).isAnothers(r), "%s, and nothing is known of ours", name)
	}
}

// TestReplicaOfAMasterThatWasReplacedIsNotChosen: its link is up, and brings it what the new master never had.
func TestReplicaOfAMasterThatWasReplacedIsNotChosen(t *testing.T) {
	master := &instance{kind: kindMaster, addr: address{"10.0.0.1", 6379}}
	middle := &instance{kind: kindSlave, addr: address{"10.0.0.2", 6379}, master: master}
	middle.roleReported, middle.masterLinkUp, middle.masterAddr, middle.infoRefresh = kindSlave, true, master.addr, epoch
	below := &instance{kind: kindSlave, addr: address{"10.0.0.3", 6379}, master: master}
	below.roleReported, below.masterLinkUp, below.masterAddr = kindSlave, true, middle.addr
	master.slaves = []*instance{middle, below}
	s := New(Options{})
	require.True(t, s.isOurs(middle))
	require.True(t, s.isOurs(below), "below a replica of ours")
	middle.roleReported = kindMaster
	require.False(t, s.isOurs(below), "below a master that ours replaced")
	middle.roleReported, middle.infoRefresh = kindSlave, 0
	require.False(t, s.isOurs(below), "below one that nobody has heard")
	below.masterLinkUp = false
	require.True(t, s.isOurs(below), "not linked: it goes nowhere")
	middle.masterAddr, middle.infoRefresh, below.masterLinkUp = below.addr, epoch, true
	require.False(t, s.isOurs(below), "two that replicate from each other")
}
