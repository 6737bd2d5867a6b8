package host_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// A Unix socket takes the place of the one that a killed process has left, and no other file's.
func TestUnixSocketIsListenedAt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	left.SetUnlinkOnClose(false)
	require.NoError(t, left.Close())

	l := start(t, nil)
	l.do(func(out *node.Effects) { out.ListenUnix(path, 0o600) })
	ev := l.expect(node.Listened)
	require.Equal(t, node.ErrNone, ev.Err)
	require.Equal(t, "unix:"+path, ev.Local)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	c, err := net.Dial("unix", path)
	require.NoError(t, err)
	defer c.Close()
	ev = l.expect(node.Accepted)
	require.Equal(t, "unix:"+path, ev.Local)
	require.Empty(t, ev.Remote)
	conn := ev.Conn
	_, err = c.Write([]byte("hello"))
	require.NoError(t, err)
	l.hear(conn, "hello")
	l.do(func(out *node.Effects) { out.Send(conn, []byte("world")); out.CloseAfterFlush(conn) })
	b := make([]byte, 10)
	n, err := c.Read(b)
	require.NoError(t, err)
	require.Equal(t, "world", string(b[:n]))

	file := filepath.Join(dir, "precious")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	l.do(func(out *node.Effects) { out.ListenUnix(file, 0) })
	require.Equal(t, node.ErrAddrInUse, l.expect(node.Listened).Err)
	require.FileExists(t, file)
}
