package nemesis_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/nemesis"
)

func table(t *testing.T, section string) (first []string, rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("FAULTS.md")
	require.NoError(t, err)
	part := regexp.MustCompile(`(?s)## ` + section + `\n(.*?)(?:\n## |\z)`).FindSubmatch(text)
	require.NotNil(t, part, "FAULTS.md has no section %q", section)
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_-]+)` \\|(.*)\\|$").FindAllSubmatch(part[1], -1) {
		first = append(first, string(row[1]))
		cells := regexp.MustCompile(`[^\\]\|`).Split(string(row[2]), -1)
		rows = append(rows, cells)
	}
	return first, rows
}

func TestFaultTableHasTheCodesVerbs(t *testing.T) {
	verbs, rows := table(t, "What they do")
	var want []string
	for _, v := range nemesis.Verbs() {
		want = append(want, string(v))
	}
	require.Equal(t, want, verbs)
	for i, cells := range rows {
		require.Len(t, cells, 3, "%s: how it is written, simulation, live", verbs[i])
	}
}

func TestFaultTableHasTheCodesRoles(t *testing.T) {
	roles, _ := table(t, "How faults are written")
	require.Equal(t, nemesis.Roles(), roles)
}

func TestExampleInTheFaultTableParses(t *testing.T) {
	text, err := os.ReadFile("FAULTS.md")
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)```\n(.*?)```").FindSubmatch(text)
	s, err := nemesis.ParseSchedule(string(example[1]))
	require.NoError(t, err)
	require.Len(t, s, 6)
}

func TestEveryWayToWriteAFaultParses(t *testing.T) {
	verbs, rows := table(t, "What they do")
	for i, cells := range rows {
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[0], -1) {
			text := strings.ReplaceAll(code[1], `\|`, "|")
			if strings.HasPrefix(text, "…") {
				continue
			}
			step, err := nemesis.ParseStep("at 0s " + text)
			require.NoError(t, err, text)
			require.Equal(t, verbs[i], string(step.Fault.Verb))
		}
	}
}

func TestEveryWayToWaitInTheTableParses(t *testing.T) {
	text, err := os.ReadFile("FAULTS.md")
	require.NoError(t, err)
	part := regexp.MustCompile(`(?s)## Faults that wait\n(.*?)\n## `).FindSubmatch(text)
	rows := regexp.MustCompile("(?m)^\\| `(.*?)` \\| ").FindAllSubmatch(part[1], -1)
	require.Len(t, rows, 8)
	for _, row := range rows {
		written := strings.ReplaceAll(string(row[1]), `\|`, "|")
		step, err := nemesis.ParseStep(written)
		require.NoError(t, err, written)
		require.NotEmpty(t, step.When)
		require.Equal(t, written, step.String())
	}
}

func TestMixHasAsManyKindsAsTheTableSays(t *testing.T) {
	text, err := os.ReadFile("FAULTS.md")
	require.NoError(t, err)
	require.Contains(t, string(text), fmt.Sprintf("weighs %d kinds", reflect.TypeFor[nemesis.Mix]().NumField()))
}
