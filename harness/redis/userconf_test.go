package redis

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

var disk = Disk{os.ReadFile, filepath.Glob}

func fileOf(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "c.conf")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestWhatTheHarnessChangesInAFileIsSaidWithItsLineAndWhy(t *testing.T) {
	path := fileOf(t, "port 7000\n# a comment\nunixsocket /run/r.sock\nreplicaof 192.0.2.1 6379\nhz 20\nsave \"\"\ndaemonize no\nprotected-mode no\n")
	u, err := ReadServerConf(path, disk)
	require.NoError(t, err)
	require.Equal(t, []string{
		path + ":1: port 7000: every machine has an address of its own and listens at the usual port",
		path + ":3: unixsocket /run/r.sock: every server has a folder of its own: it is r.sock there",
		path + ":4: replicaof 192.0.2.1 6379: the cluster's layout says who follows whom",
	}, u.Changes)
	require.Equal(t, cluster.Settings{{Name: "unixsocket", Value: "r.sock"}, {Name: "hz", Value: "20"}, {Name: "save", Value: `""`}}, u.Settings)
	require.Equal(t, cluster.Settings{{Name: "maxmemory", Value: "1gb"}, {Name: "unixsocket", Value: "r.sock"}, {Name: "hz", Value: "20"}, {Name: "save", Value: `""`}},
		u.Onto(cluster.Settings{{Name: "HZ", Value: "50"}, {Name: "save", Value: "60 1"}, {Name: "maxmemory", Value: "1gb"}}), "what the file says of a directive is all that holds of it")
}

func TestWhatCannotWorkIsRefusedWithItsLineAndTheReason(t *testing.T) {
	for text, why := range map[string]string{
		"hz 10\ncluster-enabled yes":          ":2: cluster-enabled yes: Redis Cluster does without Sentinels",
		"rename-command INFO \"\"":            "the harness needs INFO: it can take another name, but not none",
		"sentinel monitor a 127.0.0.1 6379 1": "give the file as -sentinel-conf",
		"hz \"10":                             ":1: hz \"10: Unbalanced quotes",
		"include c.conf":                      "files include each other more than 16 deep",
		"include gone.conf":                   "no such file",
	} {
		_, err := ReadServerConf(fileOf(t, text), disk)
		require.ErrorContains(t, err, why, text)
	}
	for text, why := range map[string]string{
		"sentinel monitor a 127.0.0.1 6379 1\nsentinel monitor b 127.0.0.1 6380 1": ":2: sentinel monitor b 127.0.0.1 6380 1: a run has one master, and the file watches a already",
		"sentinel monitor a 127.0.0.1 6379 1\nsentinel failover-timeout b 1000":    ":2: sentinel failover-timeout b 1000: the file watches no master called b",
		"rename-command SENTINEL \"\"":                                             "the harness needs SENTINEL: it can take another name, but not none",
	} {
		_, err := ReadSentinelConf(fileOf(t, text), disk)
		require.ErrorContains(t, err, why, text)
	}
}

func TestMasterOfASentinelsFileTakesTheNameOfTheRuns(t *testing.T) {
	u, err := ReadSentinelConf(fileOf(t, "sentinel monitor cache 192.0.2.7 6380 2\nsentinel down-after-milliseconds cache 700\n"+
		"sentinel auth-pass cache \"a b\"\nsentinel deny-scripts-reconfig yes\nsentinel myid 1111111111111111111111111111111111111111\n"), disk)
	require.NoError(t, err)
	require.Equal(t, 2, u.Quorum)
	require.Equal(t, cluster.Settings{{Name: "down-after-milliseconds", Value: "700"}, {Name: "auth-pass", Value: `"a b"`}, {Name: "sentinel deny-scripts-reconfig", Value: "yes"}}, u.Settings)
	require.Len(t, u.Changes, 2)
	require.NoError(t, u.OursAsSentinel())
}

func TestNewNamesOfCommandsAreFound(t *testing.T) {
	require.Nil(t, renamed(cluster.Settings{{Name: "hz", Value: "10"}}, "rename-command"))
	require.Equal(t, map[string]string{"CONFIG": "c-1"}, renamed(cluster.Settings{{Name: "rename-command", Value: "config c-1"}, {Name: "rename-command", Value: `flushall ""`}}, "rename-command"))
	nodes := (System{Cluster: Spec{Sentinels: 1}, Sentinel: cluster.Settings{{Name: "rename-command", Value: "CONFIG c-1"}, {Name: "own rename-command", Value: "SENTINEL s-1"}}}).Nodes(cluster.SimAddressing())
	require.Equal(t, map[string]string{"SENTINEL": "s-1"}, nodes[1].Renamed, "what the master calls CONFIG is another thing")
	text := nodes[1].Files[nodes[1].ConfigPath]
	require.Contains(t, text, "\nrename-command SENTINEL s-1\n")
	require.Contains(t, text, "\nsentinel rename-command mymaster CONFIG c-1\n")
}

func TestAFileWithTLSAndUsersIsTakenWithTheHarnesssOwnCertificates(t *testing.T) {
	acl := fileOf(t, "user default off\nuser app on >secret ~* +@all\n")
	path := fileOf(t, "tls-port 6380\ntls-replication yes\ntls-cert-file /etc/redis/redis.crt\ntls-auth-clients yes\naclfile "+acl+"\n")
	u, err := ReadServerConf(path, disk)
	require.NoError(t, err)
	require.Equal(t, cluster.Settings{{Name: "tls-port", Value: "6379"}, {Name: "tls-replication", Value: "yes"}, {Name: "tls-auth-clients", Value: "yes"}, {Name: "user", Value: "default off"},
		{Name: "user", Value: "app on >secret ~* +@all"}}, u.Settings)
	require.Equal(t, []string{
		path + ":1: tls-port 6380: every machine has an address of its own and listens at the usual port: it is 6379",
		path + ":3: tls-cert-file /etc/redis/redis.crt: every machine has a certificate of an authority that is made for the run",
		path + ":5: aclfile " + acl + ": every machine has the file's lines in its configuration",
	}, u.Changes)
	require.ErrorContains(t, u.OursAsServer(), path+":1: tls-port: TLS came with Redis 6.0")
	require.ErrorContains(t, u.OursAsServer(), acl+":1: user: users came with Redis 6.0")
	_, err = ReadServerConf(fileOf(t, "aclfile "+fileOf(t, "hz 10\n")), disk)
	require.ErrorContains(t, err, "an ACL file has lines")
}
