package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

func TestFileJobsStopAtTheFirstStepThatFails(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, data string) node.FileStep {
		return node.FileStep{Kind: node.WriteFile, Path: at(name), Data: []byte(data)}
	}
	step := func(kind node.FileKind, name string) node.FileStep { return node.FileStep{Kind: kind, Path: at(name)} }
	rename := func(from, to string) node.FileStep {
		return node.FileStep{Kind: node.RenameFile, Path: at(from), To: at(to)}
	}
	for _, c := range []struct {
		name  string
		steps []node.FileStep
		err   node.Errno
		n     int64
		read  string
		files map[string]string
	}{
		{name: "nothing"},
		{name: "written, appended, read", read: "abcd", files: map[string]string{"f": "abcd"}, steps: []node.FileStep{
			write("f", "ab"), {Kind: node.AppendFile, Path: at("f"), Data: []byte("cd")}, step(node.SyncFile, "f"), step(node.ReadFile, "f")}},
		{name: "written again: cut off", read: "x", files: map[string]string{"f": "x"}, steps: []node.FileStep{
			write("f", "x"), step(node.ReadFile, "f")}},
		{name: "renamed over another", files: map[string]string{"f": "new"}, steps: []node.FileStep{
			write("t", "new"), rename("t", "f")}},
		{name: "removed, and once more", files: map[string]string{}, steps: []node.FileStep{
			step(node.RemoveFile, "f"), step(node.RemoveFile, "f")}},
		{name: "not found", err: node.ErrNotFound, n: 1, files: map[string]string{"a": "1"}, steps: []node.FileStep{
			write("a", "1"), step(node.ReadFile, "none"), write("b", "2")}},
		{name: "sync of nothing", err: node.ErrNotFound, steps: []node.FileStep{step(node.SyncFile, "none")}},
		{name: "rename of nothing", err: node.ErrNotFound, steps: []node.FileStep{rename("none", "f")}},
		{name: "a directory", err: node.ErrIsDir, steps: []node.FileStep{{Kind: node.WriteFile, Path: dir}}},
		{name: "unknown", err: "Invalid argument", steps: []node.FileStep{step(99, "f")}},
	} {
		for _, place := range []node.Place{node.Foreground, node.Background} {
			t.Run(c.name, func(t *testing.T) {
				l := start(t, nil)
				l.do(func(out *node.Effects) { out.File(9, place, c.steps...) })
				ev := l.expect(node.FileDone)
				require.Equal(t, node.OpID(9), ev.Op)
				require.Equal(t, c.err, ev.Err)
				require.Equal(t, c.n, ev.N)
				require.Equal(t, c.read, string(ev.Bytes))
				if c.files != nil {
					entries, err := os.ReadDir(dir)
					require.NoError(t, err)
					got := map[string]string{}
					for _, e := range entries {
						b, err := os.ReadFile(at(e.Name()))
						require.NoError(t, err)
						got[e.Name()] = string(b)
					}
					require.Equal(t, c.files, got)
				}
			})
		}
	}
}
