package harness_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/live"
	"github.com/ordeal-go/ordeal/harness/live/runs"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/histories"
)

var ownDisk = redis.Disk{Read: os.ReadFile, Glob: filepath.Glob}

// confsOf are the files of somebody who runs Redis 7.0, of more than a hundred directives.
func confsOf(t *testing.T) (server, sentinel *redis.UserConf) {
	server, err := redis.ReadServerConf("testdata/userconf/redis.conf", ownDisk)
	require.NoError(t, err)
	sentinel, err = redis.ReadSentinelConf("testdata/userconf/sentinel.conf", ownDisk)
	require.NoError(t, err)
	return server, sentinel
}

func TestUsersOwnFilesRunUnchangedOnARealRedis(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath(live.RedisServer); err != nil {
		t.Skip("redis-server is not installed: apt-get install redis-server")
	}
	if testing.Short() {
		t.Skip("it takes some fifteen seconds of real time")
	}
	server, sentinel := confsOf(t)
	require.GreaterOrEqual(t, len(server.Settings)+len(server.Changes), 100)
	s := guarded(server.Onto(nil), sentinel.Onto(nil))
	system := s.System.(redis.System)
	system.Cluster.Quorum = sentinel.Quorum
	s.System = system
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1, World: harness.WorldLive, Live: runs.Live{}, Target: live.RedisServer, Out: t.TempDir()})
	require.NoError(t, err)
	readBack(t, res)
	asked, digests := false, 0
	for _, n := range res.History.Notes {
		require.NotEqual(t, "unseen", n.Kind, "CONFIG and DEBUG are asked by their new names: %v", n)
		asked = asked || n.Kind == "settings" && n.From == "observer"
		if n.Kind == "digest" {
			digests++
		}
	}
	require.True(t, asked)
	require.NotZero(t, digests)
	for _, v := range res.Verdicts {
		require.NotEqual(t, checkers.Invalid, v.Result, "%v", v)
	}
}

// In the simulation the same files are refused, each line by name; without those they run.
func TestUsersOwnFilesAreRefusedLineByLineWhereOursDoesNotKnowThem(t *testing.T) {
	server, sentinel := confsOf(t)
	refused := server.OursAsServer()
	require.ErrorContains(t, refused, "testdata/userconf/redis.conf:14: crash-log-enabled: Bad directive")
	require.NotContains(t, refused.Error(), "more.conf:1: unixsocket", "ours listens there")
	require.NotContains(t, refused.Error(), "min-replicas-to-write", "4.0 has it by another name")
	ours := without(t, "testdata/userconf/redis.conf", refused)
	u, err := redis.ReadServerConf(ours, ownDisk)
	require.NoError(t, err)
	require.NoError(t, u.OursAsServer())
	refused = sentinel.OursAsSentinel()
	require.ErrorContains(t, refused, "sentinel.conf:13: rename-command: Unrecognized sentinel configuration statement.")
	v, err := redis.ReadSentinelConf(without(t, "testdata/userconf/sentinel.conf", refused), ownDisk)
	require.NoError(t, err)
	require.NoError(t, v.OursAsSentinel())
	s := guarded(u.Onto(nil), v.Onto(nil))
	res, err := harness.Run(t.Context(), s, harness.Options{Seed: 1})
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(res.History.Notes, func(n histories.Note) bool { return n.Kind == "digest" }), "DEBUG by its new name")
	for _, v := range res.Verdicts {
		require.Equal(t, checkers.Valid, v.Result, "%v", v)
	}
}

// without writes the file again without the lines that were refused, what it includes, and the name for CONFIG that a
// Sentinel of 4.0 cannot be told.
func without(t *testing.T, path string, refused error) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	bad := map[string]bool{}
	for line := range strings.Lines(refused.Error()) {
		where, _, _ := strings.Cut(strings.TrimPrefix(line, path+":"), ":")
		bad[where] = true
	}
	var kept strings.Builder
	number := 0
	for line := range strings.Lines(string(text)) {
		if number++; !bad[strconv.Itoa(number)] && !strings.HasPrefix(line, "include") && !strings.HasPrefix(line, "rename-command CONFIG") {
			kept.WriteString(line)
		}
	}
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	require.NoError(t, os.WriteFile(to, []byte(kept.String()), 0o600))
	return to
}
