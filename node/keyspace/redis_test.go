package keyspace

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node/value"
)

// redis is a real redis-server on loopback, to compare with.
type redis struct {
	t    *testing.T
	dir  string
	conn net.Conn
	in   *bufio.Reader
}

// startRedis starts a redis-server in dir, where it finds its dump.rdb if there is one, and stops it with the test.
func startRedis(t *testing.T, dir string) *redis {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, port, _ := net.SplitHostPort(addr)
	var output bytes.Buffer
	cmd := exec.Command(bin, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--enable-debug-command", "yes", "--dir", dir)
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	r := &redis{t: t, dir: dir}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if r.conn, err = net.Dial("tcp", addr); err == nil {
			break
		}
		select {
		case <-ended:
			t.Fatalf("redis-server has ended: %s", output.String())
		default:
			require.True(t, time.Now().Before(deadline), "redis-server does not listen on %s: %v", addr, err)
		}
	}
	t.Cleanup(func() { r.conn.Close() })
	r.in = bufio.NewReader(r.conn)
	return r
}

// do sends a command and returns its reply without the type byte.
func (r *redis) do(args ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	require.NoError(r.t, r.conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, err := r.conn.Write(b.Bytes())
	require.NoError(r.t, err)
	line, err := r.in.ReadString('\n')
	require.NoError(r.t, err)
	line = strings.TrimSuffix(line, "\r\n")
	require.NotEqual(r.t, '-', rune(line[0]), "%v: %s", args[0], line)
	if line[0] != '$' || line == "$-1" {
		return line[1:]
	}
	n, err := strconv.Atoi(line[1:])
	require.NoError(r.t, err)
	text := make([]byte, n+2)
	_, err = io.ReadFull(r.in, text)
	require.NoError(r.t, err)
	return string(text[:n])
}

// fill puts the same keys into both, in three databases: text and numbers in all their forms, some volatile.
func fill(r *redis, ks *Keyspace) {
	rng := rand.New(rand.NewPCG(11, 4))
	future := time.Now().Add(time.Hour).UnixMilli()
	values := []string{"", "0", "-1", "127", "128", "-32769", "70000", "2147483648", "-9223372036854775808", "007", "+5",
		"12345678901234567890", "text", "\x00\xff\r\n", strings.Repeat("a", 20), strings.Repeat("a", 21),
		strings.Repeat("no end of it, ", 5000)}
	for _, db := range []int{0, 3, 15} {
		r.do("SELECT", strconv.Itoa(db))
		for i := range 300 {
			key, text := fmt.Sprintf("key:%d:%d", db, i), values[rng.IntN(len(values))]
			if i%10 == 0 {
				key = strconv.Itoa(rng.IntN(1 << 20)) // keys are compressed and turned into numbers too
			}
			r.do("SET", key, text)
			ks.DB(db).Set([]byte(key), value.NewString([]byte(text)))
			ks.DB(db).Persist([]byte(key))
			if i%3 == 0 {
				ms := future + rng.Int64N(1<<40)
				r.do("PEXPIREAT", key, strconv.FormatInt(ms, 10))
				ks.DB(db).SetExpire([]byte(key), ms)
			}
		}
	}
}

func TestDigestIsThatOfRedis(t *testing.T) {
	r, ks := startRedis(t, t.TempDir()), New(16)
	digest := func() string {
		d := ks.Digest()
		require.Equal(t, d, ks.Snapshot().Digest())
		return hex.EncodeToString(d[:])
	}
	require.Equal(t, strings.Repeat("0", 40), digest())
	require.Equal(t, r.do("DEBUG", "DIGEST"), digest())
	fill(r, ks)
	require.Equal(t, r.do("DEBUG", "DIGEST"), digest())
	r.do("SWAPDB", "3", "4")
	ks.Swap(3, 4)
	require.Equal(t, r.do("DEBUG", "DIGEST"), digest())
	r.do("SELECT", "0")
	r.do("FLUSHDB")
	ks.DB(0).Flush()
	require.Equal(t, r.do("DEBUG", "DIGEST"), digest())
}

func TestRedisReadsOurSnapshots(t *testing.T) {
	for _, plain := range []bool{false, true} {
		filled := startRedis(t, t.TempDir())
		ks := New(16)
		fill(filled, ks)
		file := EncodeRDB(ks.Snapshot(), SaveOptions{RedisVersion: "4.0.14", CreatedAt: 1700000000, UsedMemory: 1 << 20,
			Repl: &ReplInfo{StreamDB: 3, ID: strings.Repeat("ab", 20), Offset: 12345}, NoCompression: plain})
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o666))
		loaded := startRedis(t, dir)
		require.Equal(t, filled.do("DEBUG", "DIGEST"), loaded.do("DEBUG", "DIGEST"))
	}
}

func TestWeReadSnapshotsOfRedis(t *testing.T) {
	r, ks := startRedis(t, t.TempDir()), New(16)
	fill(r, ks)
	r.do("SAVE")
	file, err := os.ReadFile(filepath.Join(r.dir, "dump.rdb"))
	require.NoError(t, err)
	l, err := Load(file, LoadOptions{Databases: 16})
	require.NoError(t, err)
	requireSame(t, ks, l.Keyspace)
	require.Equal(t, len(file), l.Size)
	version, _ := l.Lookup("redis-ver")
	require.Contains(t, r.do("INFO", "server"), "redis_version:"+version)
}
