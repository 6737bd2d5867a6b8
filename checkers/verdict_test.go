package checkers_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

func TestInvalidBeatsUnknownBeatsValid(t *testing.T) {
	const v, i, u = checkers.Valid, checkers.Invalid, checkers.Unknown
	for _, c := range [][3]checkers.Result{{v, v, v}, {v, i, i}, {i, v, i}, {u, v, u}, {v, u, u}, {u, i, i}, {i, u, i}, {u, u, u}, {v, "", u}} {
		require.Equal(t, c[2], c[0].Merge(c[1]))
	}
	require.Equal(t, u, checkers.Verdicts{}.Result(), "nothing was judged")
	require.Equal(t, i, checkers.Verdicts{{Result: v}, {Result: i}, {Result: u}}.Result())
}

type broken struct{}

func (broken) Name() string { return "broken" }
func (broken) Check(r *checkers.Record) checkers.Verdict {
	return checkers.Verdict{Result: checkers.Valid, Why: r.Ops[7].Key}
}

func TestACheckerThatPanicsIsUnknown(t *testing.T) {
	v := checkers.Judge(broken{}, checkers.NewRecord(&histories.History{}))
	require.Equal(t, checkers.Unknown, v.Result)
	require.Equal(t, "broken", v.Checker)
	require.Contains(t, v.Why, "index out of range")
}

func TestAVerdictIsOneLineAndStableJSON(t *testing.T) {
	v := checkers.Verdict{Checker: "lost-writes", Result: checkers.Valid, Why: "lost 3, all allowed",
		Evidence: []checkers.Count{{Name: "writes acknowledged", N: 1234}, {Name: "final reads", N: 5}},
		Allowed:  []checkers.Finding{{Time: 5, Machine: "m1", Text: "x", Ops: []int{1, 2}}}}
	require.Equal(t, "lost-writes: valid: lost 3, all allowed (writes acknowledged 1234, final reads 5)", v.String())
	b, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, `{"checker":"lost-writes","result":"valid","why":"lost 3, all allowed",
		"evidence":[{"name":"writes acknowledged","n":1234},{"name":"final reads","n":5}],
		"allowed":[{"t":5,"machine":"m1","text":"x","ops":[1,2]}]}`, string(b))
}
