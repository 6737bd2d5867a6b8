package libraries

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var node string // the program under test

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "ordeal-libraries-")
	if err != nil {
		panic(err)
	}
	node = filepath.Join(dir, "ordeal-node")
	build := exec.Command("go", "build", "-o", node, "./node/cmd/ordeal-node")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// onEach runs a test on a server of its own of each kind; addr is where it listens.
func onEach(t *testing.T, test func(t *testing.T, addr string)) {
	t.Run("ordeal-node", func(t *testing.T) { test(t, serve(t, node)) })
	t.Run("redis-server", func(t *testing.T) {
		path, err := exec.LookPath("redis-server")
		if err != nil {
			t.Skip("redis-server is not installed: apt-get install redis-server")
		}
		test(t, serve(t, path))
	})
}

// serve starts a server on a free port.
func serve(t *testing.T, path string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 10*time.Millisecond, "%s does not listen", path)
	return addr
}

// dial is a connection without a library.
func dial(t *testing.T, addr string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
