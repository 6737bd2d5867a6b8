package tidy

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// decidesNothing are the packages that the guard does not read, each with the reason. Everything else in the module
// decides a run, or what is said of it: whoever adds a package is inside the fence.
var decidesNothing = map[string]string{
	"node/transcript":           "talks to servers that tests have started",
	"node/host":                 "carries a core's effects out on a real machine",
	"node/record":               "reads and writes recordings of live cores",
	"node/cmd/ordeal-node":      "the program around a core, on a real machine",
	"nemesis/toxic":             "carries faults out on real sockets",
	"harness/live":              "the world of real processes",
	"harness/live/runs":         "finds folders and addresses for it",
	"harness/live/serve":        "makes a process a server of it",
	"harness/sweep":             "plays runs side by side that share nothing; adds them up in order of seed",
	"harness/report":            "writes pages about a run that is over",
	"harness/clients":           "runs somebody's goroutines in a bubble; what is best effort there, DETERMINISM.md says",
	"harness/worldtest":         "tests of both worlds",
	"harness/bench":             "holds benchmarks only",
	"harness/tidy":              "holds tests about the code only",
	"harness/mutants":           "builds programs with a planted bug",
	"harness/skeleton":          "writes files for somebody to begin with",
	"harness/cli":               "the command: terminal, files, signals",
	"harness/cmd/ordeal":        "the command",
	"harness/harnesstest":       "the door of go test: its flags say which seeds to play, and where",
	"harness/harnesstest/flags": "those flags",
}

func TestWhatDecidesARunDependsOnNothingButWhatItIsTold(t *testing.T) {
	l := newLoader(t)
	var all []*source
	unseen := maps.Clone(decidesNothing)
	for _, p := range l.own {
		pkg := strings.TrimPrefix(p.ImportPath, module)
		if _, outside := decidesNothing[pkg]; outside {
			delete(unseen, pkg)
			continue
		}
		require.Empty(t, append(p.SFiles, p.CgoFiles...), "%s has code that is not Go", pkg)
		all = append(all, l.loadListed(t, p))
	}
	require.Empty(t, slices.Sorted(maps.Keys(unseen)), "decidesNothing lists packages that are gone")

	written := writes(all)
	used := map[hole]bool{}
	for _, s := range all {
		for _, f := range inspect(s, written) {
			h := hole{f.file, f.in, f.rule, f.what}
			if _, known := holes[h]; !known {
				t.Errorf("%s", f)
			}
			used[h] = true
		}
	}
	for h := range holes {
		if !used[h] {
			t.Errorf("holes_test.go excuses %q in %s %s, which is no longer there: remove the line", h.what, h.file, h.in)
		}
		if len(strings.Fields(holes[h])) < 3 {
			t.Errorf("holes_test.go gives no reason for %q in %s", h.what, h.file)
		}
	}
}

// TestTheGuardRefusesEachHole reads small sources. In testdata/holes every line with "// want: rule" is found, by that
// rule, and no other line is; in testdata/clean there is nothing to find.
func TestTheGuardRefusesEachHole(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.go")
	require.NoError(t, err)
	var more []string
	for _, file := range files {
		more = append(more, imports(t, file)...)
	}
	slices.Sort(more)
	l := newLoader(t, slices.DeleteFunc(slices.Compact(more), func(p string) bool { return p == "unsafe" || p == "C" })...)
	seen := map[string]bool{}
	for _, file := range files {
		kind, name := filepath.Base(filepath.Dir(file)), strings.TrimSuffix(filepath.Base(file), ".go")
		t.Run(kind+"/"+name, func(t *testing.T) {
			s := l.load(t, "case", file)
			var got []string
			for _, f := range inspect(s, writes([]*source{s})) {
				got = append(got, fmt.Sprintf("line %d: %s", f.line, f.rule))
				seen[f.rule] = true
			}
			slices.Sort(got)
			got = slices.Compact(got)
			want := wanted(s)
			require.Equal(t, kind == "holes", len(want) > 0, "a case in holes has a line with // want: rule, one in clean has none")
			require.Equal(t, want, got)
		})
	}
	for _, rule := range []string{ruleImport, ruleClock, ruleChance, ruleGoroutine, ruleChannel, ruleMapOrder, ruleState, rulePointer, ruleFloat, ruleLinkname} {
		require.True(t, seen[rule], "no case in testdata/holes breaks the rule %q", rule)
	}
}

// wanted are the findings that a case's comments ask for.
func wanted(s *source) (want []string) {
	for _, group := range s.files[0].Comments {
		for _, c := range group.List {
			if _, rules, ok := strings.Cut(c.Text, "// want: "); ok {
				for rule := range strings.SplitSeq(rules, ", ") {
					want = append(want, fmt.Sprintf("line %d: %s", s.fset.Position(c.Pos()).Line, rule))
				}
			}
		}
	}
	slices.Sort(want)
	return want
}
