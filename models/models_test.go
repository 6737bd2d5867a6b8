package models_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// session is operations of one client, one after another, written as "f arg → result" with arg and result in JSON.
type session []call

type call struct{ f, arg, result string }

func (s session) operations(t *testing.T) []*histories.Operation {
	value := func(text string) histories.Value {
		if text == "" {
			return histories.Value{}
		}
		v, err := histories.ParseValue(text)
		require.NoError(t, err)
		return v
	}
	var ops []*histories.Operation
	for i, c := range s {
		at := time.Duration(10 * i)
		op := &histories.Operation{Process: "c1", Key: "k", Func: c.f, Arg: value(c.arg), Invoked: at, Returned: at + 1, Outcome: histories.OK}
		if c.result == "?" {
			op.Outcome, op.Returned = histories.Info, histories.Forever
		} else {
			op.Result = value(c.result)
		}
		ops = append(ops, op)
	}
	return ops
}

func TestModelsAllowWhatOneClientWouldSee(t *testing.T) {
	for _, c := range []struct {
		model string
		want  bool
		why   string
		calls session
	}{
		{"register", true, "a cas is done if it held what was expected", session{{"write", `"a"`, ""}, {"cas", `["a","b"]`, "true"}, {"read", "", `"b"`}}},
		{"register", false, "and not otherwise", session{{"write", `"a"`, ""}, {"cas", `["x","b"]`, "true"}}},
		{"text", true, "appended to what was written", session{{"append", `"a"`, ""}, {"write", `"b"`, ""}, {"append", `"c"`, ""}, {"read", "", `"bc"`}}},
		{"counter", true, "INCRBY gives the new value, GET a text", session{{"add", "5", "5"}, {"add", "", ""}, {"read", "", `"6"`}}},
		{"counter", true, "a missing key is 0", session{{"read", "", ""}, {"add", "-1", "-1"}}},
		{"counter", false, "an add is lost", session{{"add", "5", "5"}, {"add", "1", ""}, {"read", "", "5"}}},
		{"counter", true, "an add without an answer may have happened", session{{"add", "1", "?"}, {"add", "1", "2"}}},
		{"set", true, "in any order, and as SADD and SREM reply", session{{"add", "1", "1"}, {"add", "2", "1"}, {"add", "1", "0"}, {"read", "", `["2","1"]`}, {"remove", "1", "1"}, {"read", "", `["2"]`}}},
		{"set", false, "a member is lost", session{{"add", "1", ""}, {"read", "", "[]"}}},
		{"set", false, "removed what was not there", session{{"remove", "1", "true"}}},
		{"append", true, "RPUSH gives the length", session{{"append", "1", "1"}, {"append", "2", ""}, {"read", "", `["1","2"]`}}},
		{"append", false, "in another order", session{{"append", "1", ""}, {"append", "2", ""}, {"read", "", `["2","1"]`}}},
		{"append", true, "a transaction sees its own appends", session{{"txn", `[["append","x",1],["r","x",null],["r","y",null]]`, `[["append","x",1],["r","x",["1"]],["r","y",[]]]`}}},
		{"append", false, "a transaction is whole", session{{"txn", `[["append","x",1],["append","y",1]]`, "[]"}, {"txn", `[["r","x",null],["r","y",null]]`, `[["r","x",["1"]],["r","y",[]]]`}}},
		{"queue", true, "first in, first out", session{{"enqueue", "1", ""}, {"enqueue", "2", ""}, {"dequeue", "", "1"}, {"dequeue", "", `"2"`}, {"dequeue", "", ""}}},
		{"queue", false, "not last in", session{{"enqueue", "1", ""}, {"enqueue", "2", ""}, {"dequeue", "", "2"}}},
		{"stack", true, "last in, first out", session{{"push", "1", ""}, {"push", "2", ""}, {"pop", "", "2"}, {"pop", "", "1"}, {"pop", "", ""}}},
		{"stack", false, "not first in", session{{"push", "1", ""}, {"push", "2", ""}, {"pop", "", "1"}}},
		{"stack", true, "a pop without an answer may have taken it", session{{"push", "1", ""}, {"push", "2", ""}, {"pop", "", "?"}, {"pop", "", "1"}}},
		{"lock", true, "tokens grow, and one holds it at a time", session{{"acquire", "", "3"}, {"acquire", "", ""}, {"release", "3", "true"}, {"release", "3", "false"}, {"acquire", "", "7"}}},
		{"lock", false, "a token does not fall", session{{"acquire", "", "3"}, {"release", "3", "1"}, {"acquire", "", "2"}}},
		{"lock", false, "two hold it", session{{"acquire", "", "3"}, {"acquire", "", "4"}}},
		{"lock", true, "an acquire without an answer may hold it", session{{"acquire", "", "?"}, {"acquire", "", ""}}},
		{"lock", true, "under the token it asked for", session{{"acquire", "9", "?"}, {"release", "9", "true"}, {"acquire", "", "10"}}},
		{"bank", true, "opened once, and money moves", session{{"read", "", ""}, {"open", "[10,0]", "true"}, {"open", "[5,5]", "false"}, {"transfer", "[0,1,4]", "true"}, {"transfer", "[0,1,7]", "false"}, {"read", "", `["6","4"]`}}},
		{"bank", false, "money is lost", session{{"open", "[10,0]", ""}, {"transfer", "[0,1,4]", "true"}, {"read", "", "[6,0]"}}},
		{"bank", false, "an account is overdrawn", session{{"open", "[10,0]", ""}, {"transfer", "[0,1,11]", "true"}}},
	} {
		m, err := models.ByName(c.model)
		require.NoError(t, err)
		ops := c.calls.operations(t)
		for _, op := range ops {
			_, known := m.Function(op.Func)
			require.True(t, known, "%s has no %s", c.model, op.Func)
		}
		require.Equal(t, c.want, len(m.Judged(ops, models.Limits{}).Causes) == 0, "%s: %s", c.model, c.why)
		require.Equal(t, c.want, len(m.Search(ops, models.Limits{}).Causes) == 0, "%s, searched: %s", c.model, c.why)
		require.Equal(t, c.want, tried(&m, ops, make([]bool, len(ops)), m.Init()), "%s, tried: %s", c.model, c.why)
	}
}

func TestEveryModelSaysWhatItIs(t *testing.T) {
	for _, m := range models.Models() {
		require.NotEmpty(t, m.About, m.Name)
		if m.Step != nil {
			require.NotEmpty(t, m.Show(m.Init()), m.Name)
		}
		for _, f := range m.Functions {
			require.True(t, f.Writes || f.Reads || m.Step == nil, "%s of %s", f.Name, m.Name)
			require.NotEmpty(t, f.Gives, "%s of %s", f.Name, m.Name)
		}
	}
	_, err := models.ByName("regster")
	require.ErrorContains(t, err, "did you mean register?")
}

func ExampleModel_Judged() {
	ops := []*histories.Operation{
		{Process: "c1", Func: "enqueue", Arg: histories.Int(1), Invoked: 1, Returned: 2, Outcome: histories.OK},
		{Process: "c1", Func: "enqueue", Arg: histories.Int(2), Invoked: 3, Returned: 4, Outcome: histories.OK},
		{Process: "c2", Func: "dequeue", Result: histories.Int(2), Invoked: 5, Returned: 6, Outcome: histories.OK},
	}
	queue := models.Queue()
	for _, cause := range queue.Judged(ops, models.Limits{}).Causes {
		fmt.Println(cause.Text, cause.Ops)
	}
	// Output: 1 was put in before 2, and was never taken [0 1 2]
}
