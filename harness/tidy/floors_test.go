package tidy

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/ordeal-go/ordeal/"

// root is the module's folder, seen from this package's.
const root = "../.."

// mayImport says, for every package, which of the module's packages and which libraries it may import. "…" at the end
// stands for everything below. Data flows one way: scenario → world → node ↔ nemesis → history → checker → report.
// Two walls matter most: node imports nothing of ours but node, so the server cannot know that it is being tested; and
// checkers and models never import node, so the judge shares no code with the accused.
var mayImport = map[string][]string{
	"node":                  {},
	"node/glob":             {},
	"node/resp":             {"node/glob"},
	"node/rdb":              {"node"},
	"node/conf":             {"node/resp"},
	"node/pubsub":           {"node", "node/glob", "node/resp"},
	"node/table":            {},
	"node/value":            {"node", "node/resp", "node/table"},
	"node/keyspace":         {"node", "node/rdb", "node/table", "node/value"},
	"node/aof":              {"node/keyspace", "node/resp", "node/value"},
	"node/front":            {"node", "node/conf", "node/resp", "node/pubsub"},
	"node/commands":         {"node", "node/exact", "node/front", "node/resp", "node/rdb", "node/script", "node/glob", "node/value", "node/keyspace"},
	"node/replication":      {"node", "node/front", "node/commands", "node/resp", "node/keyspace"},
	"node/server":           {"node", "node/aof", "node/front", "node/commands", "node/replication", "node/resp", "node/conf", "node/glob", "node/value", "node/keyspace"},
	"node/script":           {"node", "node/resp", "node/script/lua"},
	"node/exact":            {},
	"node/script/lua":       {"node/exact"},
	"node/sentinel":         {"node", "node/conf", "node/front", "node/glob", "node/resp", "node/sentinel/scripts"},
	"node/sentinel/scripts": {"node"},
	"node/host":             {"node"},
	"node/transcript":       {"node/resp"},
	"node/record":           {"node", "node/server", "node/sentinel"},
	"node/cmd/ordeal-node":  {"node", "node/host", "node/record", "node/server", "node/conf"},

	"histories":          {},
	"histories/corpus":   {"histories"},
	"histories/versions": {},
	"nemesis":            {},
	"nemesis/toxic":      {"nemesis", "github.com/Shopify/toxiproxy/…", "github.com/rs/zerolog", "github.com/gorilla/mux", "github.com/prometheus/…"},
	"models":             {"histories", "github.com/anishathalye/porcupine"},
	"models/reference":   {"histories"},

	"checkers":             {"histories", "histories/versions", "models", "github.com/anishathalye/porcupine"},
	"checkers/evidence":    {"checkers", "histories", "histories/versions"},
	"checkers/losses":      {"checkers", "checkers/evidence", "histories", "models"},
	"checkers/replication": {"checkers", "checkers/evidence", "histories", "histories/versions", "models"},
	"checkers/sentinel":    {"checkers", "checkers/evidence", "histories", "histories/versions"},
	"checkers/commands":    {"checkers", "checkers/evidence", "histories", "models", "models/reference"},
	"checkers/redis":       {"checkers", "checkers/commands", "checkers/losses", "checkers/replication", "checkers/sentinel", "histories"},

	// Below here, nothing knows a system under test …
	"harness/seed":              {},
	"harness/tidy":              {},
	"harness/cluster":           {"node", "github.com/goccy/go-yaml"},
	"harness/workload":          {"node", "histories", "models"},
	"harness/sim":               {"node", "harness/cluster", "harness/seed", "harness/sim/toxics", "nemesis"},
	"harness/sim/toxics":        {},
	"harness/live":              {"histories/versions", "node", "node/host", "harness/cluster", "harness/seed", "nemesis", "nemesis/toxic"},
	"harness/live/runs":         {"harness", "harness/live", "harness/cluster"},
	"harness/report":            {"histories", "histories/versions", "checkers", "models"},
	"harness/goals":             {"histories", "models"},
	"harness":                   {"node", "harness/cluster", "harness/workload", "harness/sim", "harness/seed", "harness/goals", "harness/report", "nemesis", "histories", "checkers", "models", "github.com/goccy/go-yaml/…", "github.com/google/jsonschema-go/jsonschema"},
	"harness/assert":            {"node"},
	"harness/worldtest":         {"node", "harness", "harness/cluster", "nemesis", "github.com/stretchr/testify/…"},
	"harness/walkthroughs":      {},
	"harness/swarm":             {"harness", "harness/cluster", "harness/goals", "harness/workload", "harness/seed", "nemesis", "checkers"},
	"harness/swarm/swarmtest":   {"harness", "harness/swarm", "nemesis", "checkers", "pgregory.net/rapid"},
	"harness/oracle":            {"harness", "checkers"},
	"harness/why":               {"harness", "harness/oracle", "nemesis"},
	"harness/shrink":            {"harness", "harness/oracle", "harness/cluster", "harness/workload", "nemesis", "checkers"},
	"harness/sweep":             {"harness", "checkers"},
	"harness/harnesstest/flags": {},
	"harness/harnesstest":       {"harness", "harness/harnesstest/flags", "harness/live/runs", "checkers"},

	"harness/live/serve":          {"node", "node/host", "harness/cluster"},
	"harness/plain":               {"node", "histories", "harness", "harness/cluster", "harness/workload", "harness/live/serve"},
	"harness/plain/primarybackup": {"node", "harness", "harness/cluster", "harness/workload", "harness/plain"},
	"harness/plain/raft":          {"node", "harness", "harness/cluster", "harness/workload", "harness/plain", "go.etcd.io/raft/…"}, // a module of its own
	"node/libraries":              {},

	// … but these know Redis.
	"harness/redis": {"harness", "harness/cluster", "harness/goals", "harness/workload", "harness/swarm", "harness/why", "harness/redis/callers", "harness/redis/goals", "harness/redis/onlooker",
		"checkers", "checkers/redis", "nemesis", "node", "node/conf", "node/server", "node/sentinel", "github.com/goccy/go-yaml"},
	"harness/redis/callers":  {"node", "node/resp", "harness/cluster", "harness/workload", "histories", "models", "models/reference"},
	"harness/redis/goals":    {"harness/goals", "histories", "histories/versions"},
	"harness/redis/onlooker": {"node", "node/resp"},
	"harness/scenarios":      {"harness", "harness/redis"},
	"harness/mutants":        {},
	"harness/skeleton":       {},
	"harness/election":       {"histories"},
	"harness/explore":        {"node", "node/resp", "node/sentinel", "harness/cluster", "harness/redis"},
	"harness/bench":          {},
	"harness/clients":        {"node", "node/resp", "harness", "harness/assert", "harness/harnesstest/flags", "harness/cluster", "harness/redis/callers", "harness/workload", "histories", "checkers"},
	"harness/cli": {"harness", "harness/redis", "harness/plain/primarybackup", "harness/live/runs", "harness/live/serve", "harness/sim", "node", "node/record", "harness/scenarios", "harness/swarm", "harness/shrink", "harness/why", "harness/goals", "harness/sweep", "harness/explore", "harness/mutants", "harness/skeleton", "checkers", "histories",
		"models", "nemesis", "github.com/schollz/progressbar/v3", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"},
	"harness/cmd/ordeal": {"harness/cli"},
}

func TestPackagesImportOnlyWhatTheirFloorAllows(t *testing.T) {
	seen := map[string]bool{}
	walkGo(t, func(pkg, file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		seen[pkg] = true
		allowed, known := mayImport[pkg]
		require.True(t, known, "package %s is new: say in floors_test.go what it may import", pkg)
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, imp := range f.Imports {
			name := strings.TrimPrefix(strings.Trim(imp.Path.Value, `"`), module)
			if standard(name) {
				continue
			}
			require.True(t, slices.ContainsFunc(allowed, func(a string) bool { return covers(a, name) }),
				"%s imports %s, which package %s may not (floors_test.go says what it may)", file, name, pkg)
		}
	})
	for pkg := range mayImport {
		require.True(t, seen[pkg], "floors_test.go lists package %s, which is gone", pkg)
	}
}

// TestTheWallsStand holds what the floors above must never come to allow, directly or by way of other packages.
func TestTheWallsStand(t *testing.T) {
	walls := []struct {
		why  string
		from func(pkg string) bool
		to   func(name string) bool // must not be reached
	}{
		{"the server cannot know that it is being tested: node imports nothing of ours but node", below("node"),
			func(name string) bool { return ours(name) && !below("node")(name) }},
		{"what is under test has no moving parts but ours: of libraries, node has a Lua interpreter, in node/script",
			func(pkg string) bool {
				return below("node")(pkg) && !reaches(pkg)["node/script"] && pkg != "node/script"
			},
			func(name string) bool { return !ours(name) }},
		{"the judge shares no code with the accused", below("checkers", "models", "histories", "harness/goals", "harness/report"), below("node")},
		{"who draws the faults knows neither those who suffer them nor those who judge", one("nemesis"),
			func(name string) bool { return !one("nemesis")(name) }},
		{"the simulation opens no socket and starts no process", below("harness/sim", "harness/cluster", "harness/workload"),
			below("harness/live", "nemesis/toxic", "node/host")},
		{"a world does not know what is played in it, nor who judges it", func(pkg string) bool {
			return below("harness/sim", "harness/live")(pkg) && pkg != "harness/live/runs"
		},
			one("harness", "harness/scenarios", "harness/swarm", "harness/sweep", "harness/shrink", "checkers", "models")},
	}
	for _, w := range walls {
		stands := false
		for pkg := range mayImport {
			if !w.from(pkg) {
				continue
			}
			stands = true
			for name := range reaches(pkg) {
				require.False(t, w.to(name), "%s reaches %s: %s", pkg, name, w.why)
			}
		}
		require.True(t, stands, "no package stands behind the wall: %s", w.why)
	}
	for pkg, allowed := range mayImport {
		for _, name := range allowed {
			require.False(t, strings.HasPrefix(name, "github.com/Shopify/") && pkg != "nemesis/toxic", "%s imports toxiproxy, which has one door: nemesis/toxic", pkg)
		}
	}
}

// reaches are the packages and libraries that pkg may import, directly or not.
func reaches(pkg string) map[string]bool {
	all := map[string]bool{}
	var add func(pkg string)
	add = func(pkg string) {
		for _, name := range mayImport[pkg] {
			if name = strings.TrimSuffix(name, "/…"); !all[name] {
				all[name] = true
				add(name)
			}
		}
	}
	add(pkg)
	return all
}

// below is true of the folders and of what lies in them, one of the folders only.
// What an operator orders is a system's: whoever draws faults and writes them down knows no command of one.
func TestWhoDrawsTheFaultsKnowsNoCommandOfASystem(t *testing.T) {
	commands := regexp.MustCompile(`(?i)slaveof|replicaof|bgsave|flushall|psync|config[- ]set|client[- ]kill|debug[- ]sleep|sentinel-|\brepl-|min-slaves`)
	walkGo(t, func(pkg, file string) {
		if pkg != "nemesis" || strings.HasSuffix(file, "_test.go") {
			return
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Empty(t, commands.FindAllString(string(text), -1), "%s: it is harness/redis that declares and draws its orders", file)
	})
}

func below(folders ...string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(folders, func(f string) bool { return covers(f+"/…", name) })
	}
}

func one(folders ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(folders, name) }
}

// ours says whether a name of mayImport is of this module.
func ours(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".")
}

// covers says whether the rule a allows the import name.
func covers(a, name string) bool {
	prefix, below := strings.CutSuffix(a, "/…")
	return a == name || below && (name == prefix || strings.HasPrefix(name, prefix+"/"))
}

// standard says whether an import path, without the module's prefix, is of the standard library.
func standard(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".") && !slices.Contains([]string{"node", "harness", "nemesis", "histories", "models", "checkers"}, first)
}

// walkGo calls visit for every Go file of the module, with its package's folder.
func walkGo(t *testing.T, visit func(pkg, file string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(file, ".go"):
			files++
			rel, err := filepath.Rel(root, file)
			require.NoError(t, err)
			visit(path.Dir(filepath.ToSlash(rel)), file)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 50, "the module is not where this test looks for it")
}

// TestFilesStayShort: a file that is longer holds more than one idea.
func TestFilesStayShort(t *testing.T) {
	const linesMax = 800
	walkGo(t, func(_, file string) {
		if n := lines(t, file); n > linesMax {
			t.Errorf("%s has %d lines, more than %d", file, n, linesMax)
		}
	})
}
