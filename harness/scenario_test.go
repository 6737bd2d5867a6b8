package harness_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
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
		{"no name", "why: x\n", `name: "" is no name`},
		{"duration", "name: x\nduration: 5\n", `"5" is no duration: write it as 60s`},
		{"share", "name: x\nworkload: {kind: register, reads: lots}\n", `"lots" is no share: write it as 0% to 100%`},
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
			require.ErrorContains(t, err, "only with -trust")
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
