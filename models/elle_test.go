package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// at is a transaction from one time to another: micro-operations as JSON, with what reads found.
func at(t *testing.T, process string, from, to int, outcome histories.Outcome, micros string) *histories.Operation {
	v, err := histories.ParseValue(micros)
	require.NoError(t, err)
	op := &histories.Operation{Process: process, Func: models.FuncTxn, Arg: v, Invoked: time.Duration(from), Returned: time.Duration(to), Outcome: outcome}
	if outcome == histories.OK {
		op.Result = v
	}
	return op
}

// Each anomaly by its name, with the operations of the smallest cycle as evidence, all of them at the same time, so that
// no order of time explains more than the lists do.
func TestAnomaliesOfListsHaveTheirNames(t *testing.T) {
	const ok, fail = histories.OK, histories.Fail
	for _, c := range []struct {
		name string
		ops  []*histories.Operation
		want []int
	}{
		{"G0:", []*histories.Operation{
			at(t, "a", 1, 9, ok, `[["append","x",1],["append","y",1]]`), at(t, "b", 1, 9, ok, `[["append","x",2],["append","y",2]]`),
			at(t, "c", 10, 11, ok, `[["r","x",[1,2]],["r","y",[2,1]]]`)}, []int{0, 1}},
		{"G1a:", []*histories.Operation{at(t, "a", 1, 2, fail, `[["append","x",1]]`), at(t, "b", 3, 4, ok, `[["r","x",[1]]]`)}, []int{0, 1}},
		{"G1b:", []*histories.Operation{
			at(t, "a", 1, 9, ok, `[["append","x",1],["append","x",2]]`), at(t, "b", 1, 9, ok, `[["r","x",[1]]]`),
			at(t, "c", 10, 11, ok, `[["r","x",[1,2]]]`)}, []int{0, 1}},
		{"G1c:", []*histories.Operation{
			at(t, "a", 1, 9, ok, `[["append","x",1],["r","y",[1]]]`), at(t, "b", 1, 9, ok, `[["append","y",1],["r","x",[1]]]`)}, []int{0, 1}},
		{"G-single:", []*histories.Operation{
			at(t, "a", 1, 9, ok, `[["append","x",1],["append","y",1]]`), at(t, "b", 1, 9, ok, `[["r","x",[1]],["r","y",[]]]`),
			at(t, "c", 10, 11, ok, `[["r","y",[1]]]`)}, []int{0, 1}},
		{"G2:", []*histories.Operation{
			at(t, "a", 1, 9, ok, `[["r","x",[]],["append","y",1]]`), at(t, "b", 1, 9, ok, `[["r","y",[]],["append","x",1]]`),
			at(t, "c", 10, 11, ok, `[["r","x",[1]],["r","y",[1]]]`)}, []int{0, 1}},
		{"lost update", []*histories.Operation{
			at(t, "a", 1, 9, ok, `[["r","x",[]],["append","x",1]]`), at(t, "b", 1, 9, ok, `[["r","x",[]],["append","x",2]]`)}, []int{0, 1}},
		{"incompatible orders", []*histories.Operation{
			at(t, "a", 1, 9, ok, `[["append","x",1]]`), at(t, "b", 1, 9, ok, `[["append","x",2]]`),
			at(t, "c", 1, 9, ok, `[["r","x",[1,2]]]`), at(t, "d", 1, 9, ok, `[["r","x",[2,1]]]`)}, []int{2, 3}},
		{"G-single-realtime:", []*histories.Operation{
			at(t, "a", 1, 2, ok, `[["append","x",1]]`), at(t, "b", 3, 4, ok, `[["r","x",[]]]`), at(t, "c", 5, 6, ok, `[["r","x",[1]]]`)}, []int{0, 1}},
		{"internal:", []*histories.Operation{at(t, "a", 1, 2, ok, `[["append","x",1],["r","x",[]]]`)}, []int{0}},
	} {
		m := models.Append()
		a := m.Judged(c.ops, models.Limits{})
		require.Len(t, a.Causes, 1, "%s: %v", c.name, a.Causes)
		require.True(t, strings.Contains(a.Causes[0].Text, c.name), "%s: %v", c.name, a.Causes[0].Text)
		require.ElementsMatch(t, c.want, a.Causes[0].Ops, "%s: %v", c.name, a.Causes[0])
		require.False(t, a.Search, "by cycles, without a search")
	}
}
