package cli

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// The files in testdata/sessions are what a person types and reads. "file NAME" makes a file of what follows it; "ordeal"
// runs the command in the line below, and answers with what it prints, errors behind !, and the exit status. With
// "numbers" what a run measured is written as N, and no line is broken; with "head=5" only the first lines are compared.
// go test ./harness/cli -run Sessions -rewrite accepts what is printed now.
func TestSessionsWithTheCommandReadAsWritten(t *testing.T) {
	testdata, err := filepath.Abs("testdata/sessions")
	require.NoError(t, err)
	right, wrong := map[string]bool{}, map[string]bool{}
	datadriven.Walk(t, testdata, func(t *testing.T, path string) {
		t.Chdir(t.TempDir())
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "file":
				name := d.CmdArgs[0].Key
				require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
				require.NoError(t, os.WriteFile(name, []byte(d.Input+"\n"), 0o644))
				return ""
			case "ordeal":
				args := strings.Fields(d.Input)
				var o, e bytes.Buffer
				p := &program{raw: streams{&o, &e}, out: newTerminal(&o), err: newTerminal(&e)}
				if d.HasArg("numbers") {
					p.out.columns, p.err.columns = math.MaxInt, math.MaxInt
				}
				status := p.dispatch(t.Context(), args)
				out, errs := o.String(), e.String()
				if len(args) > 0 {
					map[bool]map[string]bool{true: wrong, false: right}[status == exitUsage][args[0]] = true
				}
				if !d.HasArg("numbers") {
					requireFits(t, d.Input, out+errs)
				}
				return transcript(t, d, status, out, errs)
			}
			t.Fatalf("%s: there is no directive %s", d.Pos, d.Cmd)
			return ""
		})
	})
	p := &program{out: newTerminal(&bytes.Buffer{}), err: newTerminal(&bytes.Buffer{})}
	for _, name := range commandNames(p.root()) {
		require.True(t, right[name], "no session uses %s rightly", name)
		require.True(t, wrong[name], "no session uses %s wrongly", name)
	}
}

// transcript is what a person sees, without what differs from one run to the next.
func transcript(t *testing.T, d *datadriven.TestData, status int, out, errs string) string {
	for _, mask := range [][2]string{
		{`\d+(\.\d+)?(ns|µs|ms|s) of (virtual|real) time in \d+(\.\d+)?(ns|µs|ms|s)`, "T of ${3} time in T"},
		{`, in \d+(\.\d+)?(ns|µs|ms|s) \(\S+ of virtual time, \d+ × real time\)`, ", in T (T of virtual time, N × real time)"},
		{`(?m)^trace [0-9a-f]{64}$`, "trace HASH"},
		{`in (\d+) runs and [0-9.]+(ms|s);`, "in ${1} runs and T;"},
	} {
		out = regexp.MustCompile(mask[0]).ReplaceAllString(out, mask[1])
	}
	if d.HasArg("numbers") {
		out = regexp.MustCompile(`\b\d+(\.\d+)?((ns|µs|ms|m|s)(\d+s)?)?\b`).ReplaceAllString(out, "N")
		out = regexp.MustCompile(` +N`).ReplaceAllString(out, " N")
	}
	if lines := strings.SplitAfter(out, "\n"); d.HasArg("head") {
		var n int
		d.ScanArgs(t, "head", &n)
		out = strings.Join(lines[:min(n, len(lines))], "")
	}
	var b strings.Builder
	b.WriteString(out)
	for line := range strings.Lines(errs) {
		b.WriteString("! " + line)
	}
	fmt.Fprintf(&b, "exit %d", status)
	return b.String()
}

// requireFits holds lines for people to 100 columns, but for words that are to be copied whole.
func requireFits(t *testing.T, of, text string) {
	t.Helper()
	if strings.Contains(of, "json") || strings.Contains(of, "markdown") || strings.HasPrefix(of, "completion") || of == "schema" || strings.HasPrefix(of, "export") || strings.HasPrefix(of, "draw") {
		return
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); utf8.RuneCountInString(line) > columnsMax {
			require.NotContains(t, strings.TrimSpace(line), " ", "%s: this line is longer than %d columns", of, columnsMax)
		}
	}
}

func TestEveryHelpFitsAndHasExamples(t *testing.T) {
	p := &program{out: newTerminal(&bytes.Buffer{}), err: newTerminal(&bytes.Buffer{})}
	for _, c := range p.root().Commands() {
		status, out, errs := ordeal(t, c.Name(), "-h")
		require.Zero(t, status)
		require.Empty(t, errs)
		requireFits(t, c.Name()+" -h", out)
		require.NotEmpty(t, c.Example, "%s has no example", c.Name())
		require.NotEmpty(t, c.Short)
		for line := range strings.Lines(c.Example) {
			require.True(t, strings.HasPrefix(line, "  ordeal "+c.Name()) || c.Name() == "diff", "%s: %q", c.Name(), line)
		}
	}
	_, out, _ := ordeal(t, "help")
	requireFits(t, "help", out)
	_, out, _ = ordeal(t, "list")
	requireFits(t, "list", out)
}

// Every example that a help text shows is typed, in a folder with the files that the examples are about.
func TestExamplesRun(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	_, lossy, _ := strings.Cut(string(readme), "```yaml\n")
	lossy, _, _ = strings.Cut(lossy, "```")
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"lossy.yaml": lossy, "failing.yaml": failingScenario, "queue.edn": jepsenQueue,
		"redis.conf": "min-slaves-to-write 1\n",
		"go.mod":     "module example.com/ours\ngo 1.26.0\nrequire github.com/ordeal-go/ordeal v0.0.0\nreplace github.com/ordeal-go/ordeal => " + root + "\n"} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	status, _, errs := ordeal(t, "run", "chain")
	require.Zero(t, status, errs)
	p := &program{out: newTerminal(&bytes.Buffer{}), err: newTerminal(&bytes.Buffer{})}
	for _, c := range p.root().Commands() {
		for line := range strings.Lines(c.Example) {
			typed(t, c, strings.Fields(line)[1:])
		}
	}
}

// typed runs the example args of c. Those that need processes are left out with -short; those that build a program with a
// bug are typed where README and the pages for newcomers are.
func typed(t *testing.T, c *cobra.Command, args []string) {
	t.Helper()
	if c.Name() == mutantName || slices.Contains(args, "live") && testing.Short() {
		return
	}
	status, out, errs := ordeal(t, args...)
	requireFits(t, strings.Join(args, " "), out+errs)
	require.NotEqual(t, exitUsage, status, "ordeal %s\n%s%s", strings.Join(args, " "), out, errs)
}
