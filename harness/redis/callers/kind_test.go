package callers_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/redis/callers"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/models"
)

func TestTheTableOfKindsIsTheCode(t *testing.T) {
	doc, err := os.ReadFile("KINDS.md")
	require.NoError(t, err)
	var rows []string
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(line, "|")
		if len(cells) == 6 && strings.TrimSpace(cells[1]) != "kind" && !strings.HasPrefix(cells[1], "--") {
			rows = append(rows, strings.TrimSpace(cells[1])+": "+strings.TrimSpace(cells[2])+": "+strings.TrimSpace(cells[3]))
		}
	}
	var want []string
	for _, k := range callers.Kinds() {
		want = append(want, k.Name+": "+k.About+": "+k.Model)
	}
	require.Equal(t, want, rows)
}

func read(t *testing.T, text string) (workload.Spec, error) {
	t.Helper()
	var file struct {
		Workload workload.Spec `yaml:"workload"`
	}
	err := yaml.UnmarshalWithOptions([]byte(text), &file, yaml.Strict())
	return file.Workload, err
}

func TestAWorkloadPrintsAsItIsRead(t *testing.T) {
	for _, text := range []string{
		"workload: {kind: register, clients: 5, keys: 3, rate: 50, reads: 50%, probes: 5%}\n",
		"workload: {kind: register, clients: 1, keys: 1, rate: 1, reads: 0%, ops: c1/3 c1/7-9}\n",
		"workload: [{kind: register, clients: 5, keys: 3, rate: 50, reads: 50%}, {kind: bank, weight: 2, keys: 4, reads: 30%}]\n",
		"workload: [{kind: raw, clients: 5, keys: 3, rate: 50, reads: 0%, db: 9, commands: [\"SET {key} {value}\", \"DEL {key}\"]}, {kind: raw, name: other, keys: 4, reads: 0%, commands: [\"DEL {key}\"]}]\n",
	} {
		spec, err := read(t, text)
		require.NoError(t, err, text)
		full := spec.WithDefaults(callers.Works())
		require.NoError(t, full.Check(callers.Works()))
		again, err := yaml.MarshalWithOptions(struct {
			Workload workload.Spec `yaml:"workload,flow"`
		}{full}, yaml.Flow(true))
		require.NoError(t, err)
		reread, err := read(t, string(again))
		require.NoError(t, err, "%s", again)
		require.Equal(t, full, reread.WithDefaults(callers.Works()), "%s", again)
	}
}

func TestWhatAWorkloadMayNotSay(t *testing.T) {
	for text, want := range map[string]string{
		"workload: {kind: registre}":                               `kind "registre" is unknown: did you mean register?`,
		"workload: {kind: register, keyz: 3}":                      `unknown field "keyz"`,
		"workload: [{kind: register, keyz: 3}]":                    `unknown field "keyz"`,
		"workload: [{clients: 3}, {clients: 4}]":                   "clients: said twice, as 3 and 4",
		"workload: {kind: raw}":                                    `commands: kind raw needs some`,
		"workload: {kind: raw, commands: [SELECT 3]}":              "SELECT changes what later commands on the connection mean",
		"workload: {kind: register, commands: [GET x]}":            "only kind raw has them",
		"workload: {kind: databases, db: 3}":                       "chooses its databases by itself",
		"workload: {kind: register, db: 16}":                       "db: 16 is not between 0 and 15",
		"workload: {kind: register, keys: 1001}":                   "keys: 1001 is not between 1 and 1000",
		"workload: [{name: a, kind: bank}, {name: a, kind: lock}]": `two are called "a"`,
		"workload: {kind: register, name: A b}":                    "is no name",
		"workload: {kind: register, weight: 101}":                  "weight: 101 is not between 1 and 100",
		"workload: {kind: register, clients: 2, ops: c3/1}":        `there is no client "c3"`,
		"workload: {kind: register, reads: half}":                  `"half" is no share`,
	} {
		spec, err := read(t, text)
		if err == nil {
			err = spec.WithDefaults(callers.Works()).Check(callers.Works())
		}
		require.ErrorContains(t, err, want, text)
	}
}

func TestEveryKindHasItsModel(t *testing.T) {
	for _, k := range callers.Kinds() {
		_, err := models.ByName(k.Model)
		require.NoError(t, err, k.Name)
	}
}
