package harness_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/plain/primarybackup"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/scenarios"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func TestScenarioThatPrintsParses(t *testing.T) {
	for _, s := range scenarios.All() {
		for seed := range uint64(20) {
			drawn := s.Drawn(seed)
			text, err := drawn.YAML()
			require.NoError(t, err)
			again, err := harness.Systems{redis.System{}}.ParseScenario(s.Name, text)
			require.NoError(t, err, "%s", text)
			require.Equal(t, drawn, again, "%s", text)
		}
	}
}

func TestBadScenarioSaysWhereWhatAndWhatInstead(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "name: x\nclutser: {replicas: 2}\n", `f.yaml:2:1: unknown field "clutser"`},
		{"bad fault", "name: x\nfaults:\n  - at 2s cut m1 | r1\n  - at 3s kil m1\ncluster: {replicas: 1}\n", "f.yaml:4:"},
		{"a hint", "name: x\nfaults: [at 3s kil m1]\n", "did you mean kill?"},
		{"no such machine", "name: x\ncluster: {replicas: 1}\nfaults:\n  - at 2s kill r7\n", `f.yaml:4:5: "at 2s kill r7": there is no machine "r7" here: there are m1 r1`},
		{"too late", "name: x\nduration: 5s\nfaults:\n  - at 20s kill m1\n", `f.yaml:4:5: "at 20s kill m1" starts after the run's 5s`},
		{"quorum", "name: x\ncluster: {replicas: 1, sentinels: 3, quorum: 4}\n", "quorum 4 with 3 Sentinels can never be reached"},
		{"checker", "name: x\nchecks: [convergance]\n", "did you mean convergence?"},
		{"no name", "why: x\n", `f.yaml: name: there is none: write name: my-scenario`},
		{"duration", "name: x\nduration: 5\n", "f.yaml:2:11: duration: found 5, expected a time, as 60s, 500ms or 1m30s"},
		{"share", "name: x\nworkload: {kind: register, reads: lots}\n", `f.yaml:2:35: workload: reads: found "lots", expected a share, from 0% to 100%`},
		{"broken YAML", "name: [x\n", "f.yaml:"},
		{"empty", "", "name: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := harness.Systems{redis.System{}}.ParseScenario("f.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.want)
			var at *harness.FileError
			require.ErrorAs(t, err, &at)
		})
	}
}

// Everything that is wrong with a file is said at once, where it stands, in words of the file.
func TestEveryErrorOfAFileIsSaidAtOnce(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"name: x\nworkload: {clients: many, kind: registre, rate: 2.5}\n",
			`f.yaml:2:21: workload: clients: found "many", expected a whole number from 0 to 50
f.yaml:2:33: workload: kind: found "registre": did you mean register?
f.yaml:2:49: workload: rate: found 2.5, expected a whole number from 0 to 1000`},
		{"name: [x]\nduration: 5\nfaults: at 2s kill m1\n",
			`f.yaml:1:7: name: found a list, expected text
f.yaml:2:11: duration: found 5, expected a time, as 60s, 500ms or 1m30s
f.yaml:3:9: faults: found "at 2s kill m1", expected a list: […]`},
		{"name: x\ncluster: {replicas: two, sentinles: 3, chain: maybe}\nconfig: [a]\n",
			`f.yaml:2:21: cluster: replicas: found "two", expected a whole number from 0 to 9
f.yaml:2:26: unknown field "sentinles": did you mean sentinels?
f.yaml:2:47: cluster: chain: found "maybe", expected true or false
f.yaml:3:9: config: found a list, expected a map: {name: value}`},
		{"name: X Y\nduration: 25h\ndraw: -3\nfaults:\n  - at 2s kill m9\n  - at 2s kil m1\n",
			`f.yaml:1:7: name: "X Y" is no name: use lower-case letters, digits and dashes
f.yaml:2:11: duration: 25h0m0s is not between 0 and 24h
f.yaml:3:7: draw: found -3, expected a whole number from 0 to 100
f.yaml:5:5: "at 2s kill m9": there is no machine "m9" here: there are m1 c1 c2 c3 c4 c5, and the roles
f.yaml:6:5: "at 2s kil m1": column 7: unknown fault "kil": did you mean kill?`},
		{"name: x\nlimits: {max-outage: 5, total-loss: maybe, max-lost: few}\nmatrix: {config: 5, seeds: 9:1}\ngoals: [tlit]\n",
			`f.yaml:2:22: limits: max-outage: found 5, expected a time, as 60s, 500ms or 1m30s
f.yaml:2:37: limits: total-loss: found "maybe", expected one of accepted
f.yaml:2:54: limits: max-lost: found "few", expected a whole number of at least 0
f.yaml:3:18: matrix: config: found 5, expected a map: {name: value}
f.yaml:3:28: matrix: seeds: found "9:1", expected seeds, as 1-50
f.yaml:4:9: goals: found "tlit": did you mean tilt?`},
		{"name: x\nworkload:\n  - kind: register\n  - {kind: set, keyz: 3}\nsystem: redos\n", `f.yaml:5:9: there is no system "redos": did you mean redis?`},
		{"name: x\nsettle:\nfaults:\n  - at: 2s\n", `f.yaml:2:8: settle: found nothing, expected a time, as 60s, 500ms or 1m30s
f.yaml:4:5: faults: found a map, expected text`},
	} {
		_, err := harness.Systems{redis.System{}}.ParseScenario("f.yaml", []byte(c.text))
		require.Error(t, err, c.text)
		require.Equal(t, c.want, err.Error(), c.text)
	}
}

// What ordeal-node would refuse at its start is said before, each line of it.
func TestWhatServersWouldRefuseIsSaidWithItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.yaml")
	require.NoError(t, os.WriteFile(path, []byte("name: x\ncluster: {sentinels: 1}\nconfig:\n  min-slaves-to-write: lots\n  hz: 10\n  io-threads: 4\nsentinel: {down-after-milliseconds: -5}\n"), 0o600))
	s, err := harness.Systems{redis.System{}}.ReadScenario(path)
	require.NoError(t, err)
	err = harness.Options{Source: path}.Misfits(s)
	for _, want := range []string{":4:24: config: min-slaves-to-write: ", ":6:15: config: io-threads: ", ":7:37: sentinel: down-after-milliseconds: "} {
		require.ErrorContains(t, err, path+want)
	}
	require.NoError(t, harness.Options{Source: path, World: harness.WorldLive, Target: "redis-server"}.Misfits(s))
}

func FuzzParseScenario(f *testing.F) {
	for _, s := range scenarios.All() {
		text, err := s.YAML()
		require.NoError(f, err)
		f.Add(text)
		f.Add(append(text, "faults: !x y\nconfig: {a: &b [*b], ? [[[{"...))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := harness.Systems{redis.System{}}.ParseScenario("f.yaml", text)
		if err == nil {
			require.NoError(t, s.Check())
		}
	})
}

// Somebody else's scenario shapes a cluster; what would reach further is refused with its line, and taken if the user
// trusts it.
func TestStrangersScenariosAreData(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a script of the Sentinel's", "name: x\nsentinel:\n  notification-script: /tmp/x\n", `f.yaml:3:24: sentinel: "notification-script" runs a program`},
		{"another one", "name: x\nsentinel: {client-reconfig-script: x}\n", `f.yaml:2:36: sentinel: "client-reconfig-script" runs a program`},
		{"a log elsewhere", "name: x\nconfig:\n  maxmemory: 1mb\n  logfile: /etc/x\n", `f.yaml:4:12: config: "logfile" names a file outside`},
		{"a log above", "name: x\nconfig: {logfile: ../../x}\n", `f.yaml:2:19: config: "logfile" names a file outside`},
		{"a folder", "name: x\nconfig: {DIR: /root}\n", `"DIR" moves the server's files`},
		{"a socket", "name: x\nconfig: {unixsocket: x}\n", `"unixsocket" listens at a file`},
		{"a module", "name: x\nconfig: {loadmodule: x.so}\n", `"loadmodule" loads code`},
		{"another file", "name: x\nconfig: {include: x.conf}\n", `"include" reads another file`},
		{"the second of a list", "name: x\nconfig: {save: [900 1, \"1 1\\nloadmodule /x\"]}\n", `f.yaml:2:16: config: "save" has a line break`},
		{"a line break in a name", "name: x\nconfig: {\"save 1 1\\nloadmodule\": /x}\n", "is no name of a directive"},
		{"a control character", "name: x\nconfig: {requirepass: \"a\\u001bb\"}\n", "control character"},
		{"a Sentinel's directive in two words", "name: x\nsentinel: {sentinel monitor: other 1.2.3.4 1 1}\n", "watches another address"},
		{"another master", "name: x\nconfig: {replicaof: 1.2.3.4 6379}\n", "replicates from another address"},
		{"by an operator", "name: x\nfaults:\n  - at 1s heal\n  - at 2s config-set m1 name=dir value=/root\n", `f.yaml:4:5: "at 2s config-set m1 name=dir value=/root": it moves`},
		{"by a Sentinel's operator", "name: x\ncluster: {sentinels: 1}\nfaults: [at 2s sentinel-set s1 name=notification-script value=/x]\n", `f.yaml:3:10: `},
		{"a program", "name: x\nfaults: [at 2s run-as m1 program=/tmp/x]\n", "runs a program of its choice"},
		{"a program's arguments", "name: x\nfaults: ['at 2s run-as m1 program=\"redis-server --loadmodule x\"']\n", "runs a program of its choice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := harness.Systems{redis.System{}}.ParseScenario("f.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "only with --trust")
			_, err = harness.Systems{redis.System{}}.ParseTrustedScenario("f.yaml", []byte(c.text))
			require.NoError(t, err)
		})
	}
}

// Texts at which the YAML library breaks, or of which it makes gigabytes.
func TestHostileTextsAreRefusedAtOnce(t *testing.T) {
	bomb := "name: x\na: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"a tag on a scalar", "name: x\nfaults: !x y\n", `f.yaml:2:9: a scenario file has no "!x"`},
		{"a tag alone", "!!binary\n", `f.yaml:1:1: a scenario file has no "!!binary"`},
		{"aliases of aliases", bomb, "f.yaml:2:4: a scenario file has no anchors"},
		{"a merge key", "name: x\nconfig:\n  <<: *a\n", "f.yaml:3:3: a scenario file has no anchors"},
		{"lists in lists", "name: " + strings.Repeat("[", 10_000), "16 deep"},
		{"maps in maps", "name: " + strings.Repeat("{a: ", 10_000), "16 deep"},
		{"dashes", "name:\n" + strings.Repeat("- ", 10_000), "16 deep"},
		{"question marks", "name:\n" + strings.Repeat("? ", 10_000), `has no "?"`},
		{"a directive", "%YAML 9\n---\nname: x\n", `has no "%"`},
		{"a large file", "name: x\nwhy: " + strings.Repeat("x", 1<<21), "at most 1048576 are read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			_, err := harness.Systems{redis.System{}}.ParseScenario("f.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.want)
			require.Less(t, time.Since(began), 5*time.Second)
		})
	}
}

// The schema that lies beside this test is what editors are given, and what the reference of all keys is made from.
func TestSchemaAndReferenceAreThoseOfTheCode(t *testing.T) {
	schema := harness.Systems{redis.System{}, primarybackup.System{}}.Schema()
	text, err := json.MarshalIndent(schema, "", "  ")
	require.NoError(t, err)
	for path, want := range map[string]string{"scenario.schema.json": string(text) + "\n", "SCENARIO.md": reference(schema)} {
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		}
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got), "%s is not what the code says: go test ./harness -run Schema -update writes it", path)
	}
}

// What editors accept and refuse is what ordeal does.
func TestEveryScenarioOfTheCatalogueFitsTheSchema(t *testing.T) {
	resolved, err := harness.Systems{redis.System{}, primarybackup.System{}}.Schema().Resolve(nil)
	require.NoError(t, err)
	for _, s := range scenarios.All() {
		text, err := s.YAML()
		require.NoError(t, err)
		var value any
		require.NoError(t, yaml.Unmarshal(text, &value))
		again, err := json.Marshal(value)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(again, &value))
		require.NoError(t, resolved.Validate(value), s.Name)
	}
	for _, bad := range []string{`{"name": "x", "draw": 101}`, `{"name": "x", "duration": "5"}`, `{"name": "x", "clutser": {}}`, `{"why": "x"}`,
		`{"name": "x", "workload": [{"kind": "set", "weight": 101}]}`, `{"name": "x", "checks": ["linear"]}`} {
		var value any
		require.NoError(t, json.Unmarshal([]byte(bad), &value))
		require.Error(t, resolved.Validate(value), bad)
	}
}

// reference is SCENARIO.md: every key of a scenario file, as the schema has it.
func reference(top *jsonschema.Schema) string {
	var b strings.Builder
	b.WriteString(`# Every key of a scenario file

Made from the types that files are read into (` + "`scenariofile.go`" + `, ` + "`schema.go`" + `); a test compares. The same as a JSON Schema is
` + "`scenario.schema.json`" + `, or what ` + "`ordeal schema`" + ` prints: an editor with a YAML language server completes and checks a file that
begins with ` + "`# yaml-language-server: $schema=scenario.schema.json`" + `. ` + "`ordeal validate FILE`" + ` says all that is wrong with one.

`)
	b.WriteString("| key | what it is | type and limits |\n|---|---|---|\n")
	keysOf(&b, top, "")
	return b.String()
}

func keysOf(b *strings.Builder, of *jsonschema.Schema, above string) {
	for _, name := range of.PropertyOrder {
		s := of.Properties[name]
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", above, name, strings.ReplaceAll(s.Description, "|", `\|`), kindOf(s))
		if len(s.AnyOf) > 0 {
			s = s.AnyOf[0]
		}
		if s.Type == "object" {
			keysOf(b, s, above+name+".")
		}
	}
}

// kindOf says what may stand at a key.
func kindOf(s *jsonschema.Schema) string {
	switch {
	case len(s.AnyOf) > 0 && s.AnyOf[0].Type == "object":
		return "a map, or a list of such maps"
	case s.Title != "":
		return s.Title
	case len(s.Enum) > 0:
		return "one of " + enumText(s.Enum)
	case s.Type == "array" && len(s.Items.Enum) > 0:
		return "a list of names, `[" + fmt.Sprint(s.Items.Enum[0]) + ", …]`"
	}
	text := map[string]string{"array": "a list of texts", "object": "a map", "boolean": "true or false", "integer": "a whole number", "string": "text"}[s.Type]
	if s.Minimum != nil && s.Maximum != nil {
		text += fmt.Sprintf(", %v to %v", *s.Minimum, *s.Maximum)
	} else if s.Minimum != nil {
		text += fmt.Sprintf(", at least %v", *s.Minimum)
	}
	return text
}

func enumText(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint("`", v, "`")
	}
	return strings.Join(words, ", ")
}
