package histories_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/histories"
)

// testdata/antithesis-sdk-go.jsonl is what version 0.9.0 of antithesis-sdk-go wrote.
func TestAssertionsOfAntithesisSDKAreRead(t *testing.T) {
	f, err := os.Open("testdata/antithesis-sdk-go.jsonl")
	require.NoError(t, err)
	defer f.Close()
	notes, err := histories.ReadAssertions(f, "a1", 9*time.Second)
	require.NoError(t, err)
	var got []string
	for _, n := range notes {
		require.Equal(t, 9*time.Second, n.Time)
		require.Equal(t, "a1", n.Machine)
		require.Equal(t, histories.NoteAssertion, n.Kind)
		got = append(got, strings.TrimSpace(n.Event+" "+n.Key+": "+n.Result+" "+n.Text+" "+n.Reason))
	}
	require.Equal(t, []string{
		`sometimes a lease runs out:   lease.go:12`,
		`always a token is given once: true {"token":0} /src/main.go:12`,
		`always-or-unreachable a leader has a term: true  /src/main.go:13`,
		`sometimes the queue is full: false {"length":0} /src/main.go:14`,
		`sometimes the queue is full: true {"length":3} /src/main.go:14`,
		`always a token is given once: false {"token":7} /src/main.go:12`,
		`reachable a leader is elected: true {"leader":"a1"} /src/main.go:16`,
		`unreachable two leaders: false {"leaders":["a1","a2"]} /src/main.go:17`,
		`always terms grow: true {"old":2,"left":3,"right":2} /src/main.go:18`,
	}, got)
}

func TestAssertionsThatCannotBeReadAreRefusedWithTheirLine(t *testing.T) {
	const good = `{"antithesis_assert":{"hit":true,"must_hit":true,"assert_type":"always","message":"m","condition":true}}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"no JSON", good + "{\n", "line 2: this is no line of Antithesis' SDK"},
		{"another type of field", `{"antithesis_assert":{"hit":"yes"}}` + "\n", "line 1: "},
		{"no message", `{"antithesis_assert":{"hit":true,"assert_type":"always"}}` + "\n", "line 1: an assertion has no message"},
		{"a type of the future", good + good + `{"antithesis_assert":{"assert_type":"never","message":"m"}}` + "\n", `line 3: assertion "m" is of an unknown type "never"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := histories.ReadAssertions(strings.NewReader(c.text), "a1", 0)
			require.ErrorContains(t, err, c.want)
		})
	}
	notes, err := histories.ReadAssertions(strings.NewReader(good+"\n"+`{"antithesis_as`), "a1", 0)
	require.NoError(t, err, "a process that was killed leaves half a line")
	require.Len(t, notes, 1)
}

func FuzzReadAssertions(f *testing.F) {
	seed, err := os.ReadFile("testdata/antithesis-sdk-go.jsonl")
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte(`{"antithesis_assert":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		notes, err := histories.ReadAssertions(bytes.NewReader(text), "a1", 0)
		if err != nil {
			require.Nil(t, notes)
			return
		}
		for _, n := range notes {
			require.NotEmpty(t, n.Key)
			require.Contains(t, []string{"", "true", "false"}, n.Result)
			require.Contains(t, []string{histories.AssertAlways, histories.AssertAlwaysOrUnreachable, histories.AssertSometimes,
				histories.AssertReachable, histories.AssertUnreachable}, n.Event)
		}
	})
}
