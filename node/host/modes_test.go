package host

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// A configuration that is rewritten is written beside the old one and put in its place: who could read it still can, and
// nobody else.
func TestRewrittenFileKeepsItsModeAndANewOneIsItsOwners(t *testing.T) {
	dir := t.TempDir()
	conf, temp := filepath.Join(dir, "redis.conf"), filepath.Join(dir, "temp")
	mode := func(path string) os.FileMode {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	for _, before := range []os.FileMode{0o640, 0o600, 0o444} {
		require.NoError(t, os.WriteFile(conf, []byte("requirepass x\n"), 0o600))
		require.NoError(t, os.Chmod(conf, before))
		var files openFiles
		done := files.job(1, []node.FileStep{{Kind: node.WriteFile, Path: temp, Data: []byte("new")}})
		require.Equal(t, node.ErrNone, done.Err)
		require.Equal(t, os.FileMode(0o600), mode(temp))
		done = files.job(2, []node.FileStep{{Kind: node.RenameFile, Path: temp, To: conf}})
		require.Equal(t, node.ErrNone, done.Err)
		require.Equal(t, before, mode(conf))
		require.NoError(t, os.Chmod(conf, 0o600))
	}
}
