package cli

import (
	"bytes"
	"compress/gzip"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

const jepsenQueue = `{:type :invoke, :process 0, :f :enqueue, :value 1} {:type :ok, :process 0, :f :enqueue, :value 1}
{:type :invoke, :process 0, :f :enqueue, :value 2} {:type :ok, :process 0, :f :enqueue, :value 2}
{:type :invoke, :process 1, :f :take, :value nil} {:type :ok, :process 1, :f :take, :value 2}
`

func TestHistoriesOfOtherToolsAreJudgedAndExported(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("queue.edn", []byte(jepsenQueue), 0o644))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(jepsenQueue))
	require.NoError(t, z.Close())
	require.NoError(t, os.WriteFile("queue.edn.gz", zipped.Bytes(), 0o644))

	for _, file := range []string{"queue.edn", "queue.edn.gz"} {
		status, out, err := ordeal(t, "check", file, "-mapping", "take=dequeue", "-timeout", "5s", "-memory", "64MB")
		require.Equal(t, exitInvalid, status, err)
		require.Contains(t, out, "linearizable: invalid: 6ns 1 was put in before 2, and was never taken")
	}
	status, _, err := ordeal(t, "check", "queue.edn", "-mapping", "take=pop,enqueue=push")
	require.Equal(t, exitValid, status, "as a stack: %s", err)

	status, out, err := ordeal(t, "export", "queue.edn", "-mapping", "take=dequeue", "-format", "jsonl")
	require.Zero(t, status, err)
	require.NoError(t, os.WriteFile("queue.jsonl", []byte(out), 0o644))
	status, out, err = ordeal(t, "check", "queue.jsonl", "-checks", "linearizable")
	require.Equal(t, exitInvalid, status, err)
	require.Contains(t, out, "1 was put in before 2")
	status, out, err = ordeal(t, "export", "queue.jsonl")
	require.Zero(t, status, err)
	require.Contains(t, out, "{:index 5, :time 6, :type :ok, :process 1, :f :dequeue, :value 2}")
}

func TestStandardInputIsJudged(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	stdin := os.Stdin
	os.Stdin = r
	t.Cleanup(func() { os.Stdin = stdin })
	_, err = w.WriteString(jepsenQueue)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	status, out, text := ordeal(t, "check", "-", "-mapping", "take=dequeue")
	require.Equal(t, exitInvalid, status, text)
	require.Contains(t, out, "was never taken")
}

func TestWhatIsNotUnderstoodOfAHistoryIsNamedWithWhatIsNear(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("queue.edn", []byte(jepsenQueue), 0o644))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"check", "queue.edn"}, "no model has the operations enqueue, take: name one with -model, and say with -mapping"},
		{[]string{"check", "queue.edn", "-model", "queu"}, `there is no model called "queu": did you mean queue?`},
		{[]string{"check", "queue.edn", "-mapping", "take"}, "write THEIRS=OURS"},
		{[]string{"check", "queue.edn", "-memory", "much"}, "write memory as 512MB or 2GB"},
		{[]string{"export", "queue.edn", "-mapping", "take=dequeue", "-format", "porcupin"}, "did you mean porcupine?"},
		{[]string{"export", "queue.edn", "-mapping", "take=dequeue", "-format", "porcupine"}, "write EDN instead"},
		{[]string{"check", "gone.edn"}, "no such file"},
	} {
		status, _, err := ordeal(t, c.args...)
		require.Equal(t, exitUsage, status, "%v", c.args)
		require.Contains(t, unwrapped(err), c.want, "%v", c.args)
	}
}
