package explore

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// TestWhatContradictsIsFound: each promise has a good story and bad ones. Machine 0 is the master, 1 and 2 are replicas,
// 3 to 5 the Sentinels.
func TestWhatContradictsIsFound(t *testing.T) {
	vote := func(who, whom int, epoch int64) fact {
		return fact{kind: voted, machine: who, about: whom, epoch: epoch}
	}
	try := func(who int, epoch int64) fact { return fact{kind: tried, machine: who, epoch: epoch} }
	lead := func(who int) fact { return fact{kind: led, machine: who} }
	config := func(who, master int, epoch int64) fact {
		return fact{kind: configured, machine: who, about: master, epoch: epoch}
	}
	elected := []fact{try(3, 1), vote(3, 3, 1), vote(4, 3, 1), lead(3)}
	for _, c := range []struct {
		name  string
		facts []fact
		want  string
	}{
		{"an election", append(elected, config(3, 1, 1), config(4, 1, 1)), ""},
		{"the same vote told twice", []fact{vote(3, 4, 1), vote(3, 4, 1), vote(3, 5, 2)}, ""},
		{"two votes", []fact{vote(3, 4, 1), vote(3, 5, 1)}, "m3 voted for m5 in epoch 1, after it had voted for m4"},
		{"a leader by one vote", []fact{try(3, 1), vote(3, 3, 1), lead(3)}, "m3 was elected in epoch 1 by 1 of the 2 votes needed"},
		{"a leader by votes of another epoch", []fact{try(3, 2), vote(3, 3, 2), vote(4, 3, 1), lead(3)}, "by 1 of the 2 votes needed"},
		{"a leader that did not stand", []fact{lead(3)}, "stood for no election"},
		{"two leaders", append(elected, try(4, 1), vote(5, 4, 1), fact{kind: voted, machine: 6, about: 4, epoch: 1}, lead(4)), "m4 was elected in epoch 1, and so was m3"},
		{"an epoch falls", []fact{{kind: reached, machine: 3, epoch: 2}, {kind: reached, machine: 3, epoch: 1}}, "m3 went back to epoch 1 after 2"},
		{"a configuration falls", append(elected, config(3, 1, 1), config(3, 0, 0)), "m3 fell from configuration epoch 1 to 0"},
		{"a master changes within an epoch", append(elected, config(3, 1, 1), config(3, 2, 1)), "m3 changed its master from m1 to m2"},
		{"two masters in an epoch", append(elected, config(3, 1, 1), config(4, 2, 1)), "m4 has m2 as the master of configuration epoch 1, and somebody has m1"},
		{"a master that nobody was elected to make", []fact{config(4, 2, 1)}, "which has no leader"},
		{"an unfit replica", []fact{{kind: chose, machine: 3, about: 1, why: "its priority is 0"}}, "m3 promotes m1, but its priority is 0"},
	} {
		r := newRecords(func(i int) string { return fmt.Sprint("m", i) }, 2)
		var id recordID
		breach := ""
		for _, f := range c.facts {
			require.Empty(t, breach, c.name)
			id, breach = r.add(id, &outcome{says: []fact{f}})
		}
		if c.want == "" {
			require.Empty(t, breach, c.name)
		} else {
			require.Contains(t, breach, c.want, c.name)
		}
	}
}

func TestTheBestReplicaIsTheOneToPromote(t *testing.T) {
	a := node.Note{Peer: "10.0.0.2:6379", N: 100, Offset: 10, ID: "a", Result: "fit"}
	b := node.Note{Peer: "10.0.0.3:6379", N: 100, Offset: 10, ID: "b", Result: "fit"}
	require.Empty(t, unfit(1, []node.Note{a, b}))
	require.Equal(t, "10.0.0.2:6379 is better", unfit(2, []node.Note{a, b}))
	b.Offset = 11
	require.Empty(t, unfit(2, []node.Note{a, b}))
	b.N = 0
	require.Equal(t, "its priority is 0", unfit(2, []node.Note{a, b}))
	b.Result = "unfit"
	require.Equal(t, "it is not fit", unfit(2, []node.Note{a, b}))
	require.NotEmpty(t, unfit(4, []node.Note{a, b}))
}
