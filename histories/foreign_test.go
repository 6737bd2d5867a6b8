package histories_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/histories"
)

// asText is a history's operations and faults, one a line.
func asText(h *histories.History) string {
	var b strings.Builder
	for _, op := range h.Ops {
		b.WriteString(op.Process + " " + op.Func)
		if op.Key != "" {
			b.WriteString(" " + op.Key)
		}
		if !op.Arg.IsNothing() {
			b.WriteString(" " + op.Arg.String())
		}
		b.WriteString(" " + string(op.Outcome))
		if !op.Result.IsNothing() {
			b.WriteString(" " + op.Result.String())
		}
		if op.Error != "" {
			b.WriteString(" (" + op.Error + ")")
		}
		b.WriteString("\n")
	}
	for _, f := range h.Faults {
		b.WriteString("fault " + f.Text + "\n")
	}
	return b.String()
}

func TestHistoriesOfOtherToolsAreRead(t *testing.T) {
	for _, c := range []struct {
		why, mapping, text string
		format             histories.Format
		want               string
	}{
		{"Jepsen's, as it writes them now", "", `
#jepsen.history.Op{:index 0, :time 5, :type :invoke, :process 0, :f :write, :value 3}
#jepsen.history.Op{:index 1, :time 6, :type :ok, :process 0, :f :write, :value 3}
{:type :invoke, :process 0, :f :cas, :value [3 4]} ; a comment
{:type :ok, :process 0, :f :cas, :value [3 4]}
{:type :invoke, :process 1, :f :read, :value nil} {:type :ok, :process 1, :f :read, :value 4}
{:type :info, :process :nemesis, :f :start, :value "cut"} {:type :info, :process :nemesis, :f :start, :value :done}
{:type :invoke, :process 1, :f :write, :value 9} {:type :info, :process 1, :f :write, :value 9, :error :timeout}
{:type :invoke, :process 2, :f :write, :value 9} {:type :fail, :process 2, :f :write, :value 9, :error [:refused "x"]}`,
			histories.EDN, "0 write 3 ok\n0 cas [3,4] ok true\n1 read ok 4\n1 write 9 info (timeout)\n2 write 9 fail ([\"refused\",\"x\"])\nfault start cut\n"},
		{"in one vector, with a mapping", "fetch=dequeue, :key=:value.0, :value=:value.1, fetch:fail=null", `
[{:type :invoke, :process 0, :f :enqueue, :value ["q" 1]} {:type :ok, :process 0, :f :enqueue, :value ["q" 1]}
 #_{:type :dropped}
 {:type :invoke, :process 0, :f :fetch, :value ["q" nil]} {:type :ok, :process 0, :f :fetch, :value ["q" 1]}
 {:type :invoke, :process 0, :f :fetch, :value ["q" nil]} {:type :fail, :process 0, :f :fetch, :value ["q" nil]}]`,
			histories.EDN, "0 enqueue q 1 ok\n0 dequeue q ok 1\n0 dequeue q ok\n"},
		{"sets, transactions, transfers and balances", "", `
{:type :invoke, :process 0, :f :txn, :value [[:append "x" 1] [:r "y" nil]]} {:type :ok, :process 0, :f :txn, :value [[:append "x" 1] [:r "y" [2]]]}
{:type :invoke, :process 0, :f :transfer, :value {:from 0, :to 1, :amount 5}} {:type :ok, :process 0, :f :transfer, :value {:from 0, :to 1, :amount 5}}
{:type :invoke, :process 0, :f :read, :value nil} {:type :ok, :process 0, :f :read, :value {1 15, 0 5}}
{:type :invoke, :process 0, :f :add, :value 7} {:type :ok, :process 0, :f :add, :value 7}
{:type :invoke, :process 0, :f :read} {:type :ok, :process 0, :f :read, :value #{7}}`,
			histories.EDN, `0 txn [["append","x",1],["r","y",null]] ok [["append","x",1],["r","y",[2]]]` + "\n" +
				"0 transfer [0,1,5] ok true\n0 read ok [5,15]\n0 add 7 ok\n0 read ok [7]\n"},
		{"porcupine's of a store", "", `{:process 0, :type :invoke, :f :put, :key "a", :value "x \"y\""}
{:process 0, :type :ok, :f :put, :key "a", :value "x \"y\""}
{:process 1, :type :invoke, :f :get, :key "a", :value nil}`,
			histories.EDN, "0 write a \"x \\\"y\\\"\" ok\n1 read a info\n"},
		{"Jepsen's log", "", "INFO  jepsen.core - Running test\nINFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 0   :fail   :cas    [1 2]\n" +
			"INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:fail\t:read\t:timed-out\nINFO  jepsen.util - 1\t:invoke\t:write\t3\n",
			histories.JepsenLog, "0 cas [1,2] ok false\n0 read info (timed-out)\n1 write 3 info\n"},
		{"ours", "", `{"ordeal":2,"scenario":"x","seed":1,"world":"sim"}` + "\n" + `{"t":1,"op":"invoke","process":"a","f":"read","key":"k"}` + "\n", histories.JSONLines, "a read k info\n"},
	} {
		m, err := histories.ParseMapping(c.mapping)
		require.NoError(t, err, c.why)
		h, format, err := histories.Decode(strings.NewReader(c.text), m)
		require.NoError(t, err, c.why)
		require.Equal(t, c.format, format, c.why)
		require.Equal(t, c.want, asText(h), c.why)
		for i := range h.Ops {
			require.Less(t, h.Ops[i].Invoked, h.Ops[i].Returned, c.why)
		}

		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		z.Write([]byte(c.text))
		require.NoError(t, z.Close())
		again, _, err := histories.Decode(&zipped, m)
		require.NoError(t, err, c.why)
		require.Equal(t, h, again, "%s, zipped", c.why)
	}
}

func TestBadEDNSaysWhereAndWhat(t *testing.T) {
	for text, want := range map[string]string{
		"; nothing\n":                     "the history is empty",
		"[1]":                             "line 1: found 1: expected a map like {:type :invoke",
		"{:a 1\n\n:b":                     "line 3: the file ends within a value",
		"{:a}":                            "a map has a key without a value",
		"{:a 1]":                          `found ']': expected '}'`,
		"{:process 1 :type :ok :f :read}": "process 1 ends a read that it did not invoke",
		"{:type :ok}":                     "an operation has no :process or no :f",
		"{:a \"\\q\"}":                    `found \q in a string`,
		"{:a \"x":                         "the file ends within a string",
		"{:process 1 :type :invoke :f :read}\n{:process 1 :type :done :f :read}": `line 2: :type is "done"`,
		strings.Repeat("[", 100): "values lie more than 64 deep",
	} {
		_, err := histories.ReadEDN(strings.NewReader(text), histories.Mapping{})
		require.ErrorContains(t, err, want, "%q", text)
	}
	for text, want := range map[string]string{
		"get":          "write THEIRS=OURS",
		":kee=:value":  "there is no field :kee of ours",
		":key=value":   `"value" is no field: write :key, or :value.0`,
		":key=:value.": `"" is no place in a list`,
		"cas:fail=x":   "expected a value",
	} {
		_, err := histories.ParseMapping(text)
		require.ErrorContains(t, err, want, "%q", text)
	}
}

// drawForeign draws a history of what EDN can carry.
func drawForeign(t *rapid.T) *histories.History {
	r := histories.NewRecorder(histories.Header{Scenario: "imported", World: "imported"}, nil)
	value := rapid.OneOf(
		rapid.Map(rapid.String(), histories.Text), rapid.Map(rapid.Int64(), histories.Int),
		rapid.Map(rapid.SliceOfN(rapid.Int64(), 0, 3), func(list []int64) histories.Value {
			values := []histories.Value{}
			for _, n := range list {
				values = append(values, histories.Int(n))
			}
			return histories.List(values...)
		}))
	at := time.Duration(0)
	for range rapid.IntRange(1, 8).Draw(t, "operations") {
		process := rapid.SampledFrom([]string{"0", "7", "c1", "a b"}).Draw(t, "process")
		op := histories.Operation{Process: process, Func: rapid.SampledFrom([]string{"read", "write", "cas", "add", "dequeue", "odd f"}).Draw(t, "f"),
			Key: rapid.String().Draw(t, "key")}
		if op.Func != "read" && op.Func != "dequeue" {
			op.Arg = value.Draw(t, "arg")
		}
		at++
		r.Invoke(at, op)
		at++
		switch rapid.IntRange(0, 3).Draw(t, "outcome") {
		case 0:
			r.Fail(at, process, "no")
		case 1:
			r.Info(at, process, "timeout")
		default:
			r.OK(at, process, value.Draw(t, "result"))
		}
	}
	require.NoError(t, r.Finish(histories.Footer{End: at + 1}))
	return r.History()
}

func TestWhatIsWrittenAsEDNIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawForeign(t)
		var file bytes.Buffer
		require.NoError(t, histories.WriteEDN(&file, h))
		again, format, err := histories.Decode(bytes.NewReader(file.Bytes()), histories.Mapping{})
		require.NoError(t, err, "%s", &file)
		require.Equal(t, histories.EDN, format)
		require.Equal(t, asText(h), asText(again), "%s", &file)
		for i := range h.Ops {
			require.Equal(t, h.Ops[i].Invoked, again.Ops[i].Invoked)
		}
	})
}

func TestPorcupineGetsWhatItsLogsHave(t *testing.T) {
	m, err := histories.ParseMapping("")
	require.NoError(t, err)
	text := `{:process 0, :type :invoke, :f :put, :key "k", :value "a"}
{:process 0, :type :ok, :f :put, :key "k", :value "a"}
{:process 1, :type :invoke, :f :append, :key "k", :value "b"}
{:process 0, :type :invoke, :f :get, :key "k", :value nil}
{:process 0, :type :ok, :f :get, :key "k", :value "ab"}
`
	h, _, err := histories.Decode(strings.NewReader(text), m)
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, histories.WritePorcupine(&file, h))
	require.Equal(t, text, file.String())
	h.Ops[0].Func = "cas"
	require.ErrorContains(t, histories.WritePorcupine(&file, h), "write EDN instead")
}

// FuzzDecode gives the readers what nobody wrote: they neither break down nor hang, and what they read can be written.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("{:type :invoke, :process 0, :f :read, :value #{1 nil \\a \"x\\u00e9\"}} #_x {:type :ok :process 0 :f :read :value {:a [1 2]}}"), "get=read,:key=:value.0")
	f.Add([]byte("INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 0\t:fail\t:cas\t[1 2]\n"), "cas:fail=false")
	f.Add([]byte("[{:process :nemesis :type :info :f :start}]"), "")
	f.Fuzz(func(t *testing.T, file []byte, mapping string) {
		m, err := histories.ParseMapping(mapping)
		if err != nil {
			return
		}
		h, format, err := histories.Decode(bytes.NewReader(file), m)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := histories.WriteEDN(&out, h); err != nil || format == histories.JSONLines {
			return
		}
		again, _, err := histories.Decode(&out, histories.Mapping{})
		if err == nil && len(again.Ops) != len(h.Ops) {
			t.Fatalf("%d operations became %d:\n%s", len(h.Ops), len(again.Ops), &out)
		}
	})
}
