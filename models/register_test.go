package models_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

func write(process, value string, from, to time.Duration, outcome histories.Outcome) histories.Operation {
	return histories.Operation{Process: process, Func: histories.FuncWrite, Key: "k", Arg: histories.Text(value), Invoked: from, Returned: to, Outcome: outcome}
}

func read(process, value string, from, to time.Duration) histories.Operation {
	op := histories.Operation{Process: process, Func: histories.FuncRead, Key: "k", Invoked: from, Returned: to, Outcome: histories.OK}
	if value != "" {
		op.Result = histories.Text(value)
	}
	return op
}

// linearizable is porcupine's answer.
func linearizable(m models.Model, ops []histories.Operation) bool {
	return porcupine.CheckOperations(m.Porcupine(), m.Operations(ops))
}

func TestRegisterHoldsWhatWasWrittenLast(t *testing.T) {
	const ok, fail, info = histories.OK, histories.Fail, histories.Info
	for _, c := range []struct {
		why  string
		want bool
		ops  []histories.Operation
	}{
		{"nothing happened", true, nil},
		{"a key is missing before it is written", true, []histories.Operation{read("a", "", 1, 2), write("a", "1", 3, 4, ok), read("a", "1", 5, 6)}},
		{"and not after", false, []histories.Operation{write("a", "1", 3, 4, ok), read("a", "", 5, 6)}},
		{"concurrent writes go in either order", true, []histories.Operation{write("a", "1", 1, 9, ok), write("b", "2", 1, 9, ok), read("a", "1", 10, 11)}},
		{"but in one", false, []histories.Operation{write("a", "1", 1, 9, ok), write("b", "2", 1, 9, ok), read("a", "1", 10, 11), read("b", "2", 12, 13)}},
		{"an old value does not come back", false, []histories.Operation{write("a", "1", 1, 2, ok), write("a", "2", 3, 4, ok), read("b", "1", 5, 6)}},
		{"intervals are closed", true, []histories.Operation{write("a", "1", 1, 2, ok), read("b", "", 2, 3)}},
		{"a failed write is never seen", false, []histories.Operation{write("a", "1", 1, 2, fail), read("b", "1", 3, 4)}},
		{"a write of unknown fate may be seen late", true, []histories.Operation{write("a", "1", 1, 2, info), read("b", "", 3, 4), read("b", "1", 90, 91)}},
		{"or never", true, []histories.Operation{write("a", "1", 1, histories.Forever, info), read("b", "", 3, 4)}},
		{"but not come and go", false, []histories.Operation{write("a", "1", 1, 2, info), read("b", "1", 3, 4), read("b", "", 5, 6)}},
	} {
		require.Equal(t, c.want, linearizable(models.Register(), c.ops), c.why)
	}
}

func TestKeysDoNotTouchEachOther(t *testing.T) {
	a, b := write("a", "1", 1, 2, histories.OK), read("a", "", 3, 4)
	b.Key = "other"
	require.True(t, linearizable(models.Register(), []histories.Operation{a, b}))
}

func TestAClientWithoutAnAnswerGoesOnUnderANewNumber(t *testing.T) {
	model := models.Register()
	ops := model.Operations([]histories.Operation{write("a", "1", 1, 2, histories.Info), write("b", "2", 1, 2, histories.OK), read("a", "1", 3, 4)})
	require.Len(t, ops, 3)
	require.NotEqual(t, ops[0].ClientId, ops[2].ClientId)
	require.Equal(t, int64(5), ops[0].Return, "open to the end")
}

func ExampleRegister() {
	ops := []histories.Operation{write("a", "1", 1, 2, histories.OK), write("b", "2", 1, 2, histories.Info), read("a", "", 3, 4)}
	for i := range ops {
		fmt.Println(models.Describe(&ops[i]))
	}
	// Output:
	// write k "1"
	// write k "2", no answer
	// read k → missing
}
