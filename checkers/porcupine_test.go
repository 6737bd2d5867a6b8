package checkers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

var (
	porcupineJepsen = regexp.MustCompile(`checkJepsen\(t, (\d+), (true|false)\)`)
	porcupineStore  = regexp.MustCompile(`checkKv\(t, "([^"]+)", (true|false), true\)`)
)

// Porcupine's module has histories of etcd and of a key–value store, and its tests say of each what it is.
func TestPorcupinesHistoriesGetPorcupinesVerdicts(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	require.NoError(t, err)
	dir := strings.TrimSpace(string(out))
	tests, err := os.ReadFile(filepath.Join(dir, "porcupine_test.go"))
	if err != nil {
		t.Skipf("the module's tests are not here: %v", err)
	}
	mapping, err := histories.ParseMapping("")
	require.NoError(t, err)
	judge := func(path, model string, format histories.Format, right string) {
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		h, found, err := histories.Decode(f, mapping)
		require.NoError(t, err, path)
		require.Equal(t, format, found, path)
		v := checkers.Linearizable{Model: model}.Check(checkers.NewRecord(h))
		want := map[string]checkers.Result{"true": checkers.Valid, "false": checkers.Invalid}[right]
		require.Equal(t, want, v.Result, "%s: %v", path, v)
	}
	logs := porcupineJepsen.FindAllStringSubmatch(string(tests), -1)
	require.Greater(t, len(logs), 90)
	for _, c := range logs {
		judge(filepath.Join(dir, "test_data", "jepsen", "etcd_"+strings.Repeat("0", 3-len(c[1]))+c[1]+".log"), "register", histories.JepsenLog, c[2])
	}
	stores := porcupineStore.FindAllStringSubmatch(string(tests), -1)
	require.Len(t, stores, 6)
	for _, c := range stores {
		judge(filepath.Join(dir, "test_data", "kv", c[1]+".txt"), "text", histories.EDN, c[2])
	}
}
