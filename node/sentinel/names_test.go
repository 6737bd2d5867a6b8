package sentinel

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHostNamesAreResolved: of masters in the configuration, of replicas in INFO and of Sentinels in hellos.
func TestHostNamesAreResolved(t *testing.T) {
	w := cluster(1, 2, 2, "")
	s3 := w.addSentinel("s3", "10.0.1.3", "port 26379\nbind 10.0.1.3\nsentinel monitor mymaster m1 6379 2\nsentinel announce-ip s3\n"+
		"sentinel known-slave mymaster r1 6379\n")
	s3.start()
	w.advance(15 * time.Second)
	m := s3.sentinel().masters[0]
	require.Equal(t, address{"10.0.0.1", 6379}, m.addr)
	require.Equal(t, address{"10.0.0.2", 6379}, m.slaves[0].addr)
	require.Contains(t, s3.configFile(), "sentinel monitor mymaster 10.0.0.1 6379 2\n")
	s1 := w.byName["s1"].sentinel()
	at, known := find(s1.masters[0].sentinels, s3.sentinel().id)
	require.True(t, known, "s1 knows who said hello by name")
	require.Equal(t, address{"10.0.1.3", 26379}, s1.masters[0].sentinels[at].addr)

	s1.now = epoch.Add(w.now)
	s1.names.known["elsewhere"] = resolved{"10.0.0.77", s1.now}
	s1.discoverSlaves(s1.masters[0], []endpoint{{[]byte("elsewhere"), 6379}, {[]byte("elsewhere"), 6379}, {[]byte("10.0.0.77"), 6379}})
	require.Len(t, s1.masters[0].slaves, 2, "a name and its IP are one replica")
}

func TestNameWithoutAnIPIsRefusedAtStart(t *testing.T) {
	w := newWorld()
	m := w.addSentinel("s1", "10.0.1.1", "port 26379\nsentinel monitor mymaster nowhere.example 6379 2\n")
	m.start()
	w.advance(time.Second)
	require.Equal(t, 1, m.exit)
	require.Contains(t, strings.Join(m.log, "\n"), "Can't resolve master instance hostname.")
}

// TestPeersCannotMakeItRememberNamesWithoutEnd: nor ask a resolver for what is no name.
func TestPeersCannotMakeItRememberNamesWithoutEnd(t *testing.T) {
	for host, is := range map[string]bool{"redis-1.example": true, "localhost": true, "a b": false, "a\nb": false, "": false, strings.Repeat("a", 254): false} {
		require.Equal(t, is, isHostName(host), "%q", host)
	}
}

// TestNamesOfLaterVersions: SENTINEL REPLICAS, MYID, CONFIG.
func TestNamesOfLaterVersions(t *testing.T) {
	w := cluster(1, 1, 1, "")
	w.advance(15 * time.Second)
	ask := func(command string) string { return show(w.ask("s1", words(command))) }
	require.Contains(t, ask("SENTINEL replicas mymaster"), "ip = 10.0.0.2")
	require.Contains(t, ask("SENTINEL myid"), w.byName["s1"].sentinel().id)
	require.Equal(t, "+OK\n", ask("SENTINEL CONFIG SET announce-ip s1"))
	require.Equal(t, "1) \"announce-ip\"\n2) \"s1\"\n3) \"announce-port\"\n4) \"0\"\n", ask("SENTINEL CONFIG GET announce-*"))
	require.Contains(t, w.byName["s1"].configFile(), "sentinel announce-ip s1\n")
	require.Contains(t, ask("SENTINEL CONFIG SET announce-port 70000"), "-ERR Invalid value '70000'")
	require.Contains(t, ask("SENTINEL CONFIG SET quorum 1"), "-ERR Invalid argument 'quorum'")
	require.Contains(t, ask("SENTINEL CONFIG GET"), "-ERR Wrong number of arguments")
}
