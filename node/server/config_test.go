package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

func TestDirectivesAreReadSetAndPrinted(t *testing.T) {
	for _, test := range []struct{ name, set, get, refused string }{
		{"slave-read-only", "NO", "no", "maybe"},
		{"timeout", "30", "30", "-1"},
		{"maxmemory", "2gb", "2147483648", "lots"},
		{"repl-backlog-size", "2mb", "2097152", "0"},
		{"repl-backlog-size", "1", "16384", "x"},
		{"loglevel", "warning", "warning", "loud"},
		{"maxmemory-policy", "AllKeys-LRU", "allkeys-lru", "lru"},
		{"auto-aof-rewrite-min-size", "1mb", "1048576", "-1"},
		{"auto-aof-rewrite-percentage", "50", "50", "-1"},
		{"appendfsync", "ALWAYS", "always", "never"},
		{"dbfilename", "other.rdb", "other.rdb", "a/b"},
		{"hz", "1000", "500", "often"},
		{"hz", "0", "1", "x"},
		{"save", "900 1 300 10", "900 1 300 10", "900"},
		{"save", "", "", "0 1"},
		{"client-output-buffer-limit", "slave 1mb 512kb 30", "normal 0 0 0 slave 1048576 524288 30 pubsub 33554432 8388608 60", "fans 1 1 1"},
		{"notify-keyspace-events", "KEA", "AKE", "Q"},
		{"requirepass", "secret", "secret", ""},
		{"masterauth", "a b", "a b", ""},
		{"min-slaves-to-write", "2", "2", "-1"},
		{"slave-announce-port", "7000", "7000", "65536"},
		{"slowlog-log-slower-than", "-1", "-1", "x"},
		{"appendonly", "no", "no", "perhaps"},
		{"client-query-buffer-limit", "1mb", "1048576", "x"},
	} {
		t.Run(test.name+" "+test.set, func(t *testing.T) {
			w := newSolo(t, "")
			d := w.core.directiveNamed(test.name)
			require.NotNil(t, d)
			require.True(t, d.set(w.core, test.set))
			require.Equal(t, test.get, d.get(w.core))
			if test.refused != "" {
				require.False(t, d.set(w.core, test.refused), "%s is accepted", test.refused)
				require.Equal(t, test.get, d.get(w.core), "a refused value changed something")
			}
		})
	}
}

// What CONFIG REWRITE writes must be read again as the same configuration.
func TestRewrittenFilesSayTheSame(t *testing.T) {
	w := newSolo(t, "# mine\nport 7000\nsave 900 1\nsave 60 10\nslave-priority 10\ndir /data\nrename-command FLUSHALL \"\"\nbind 127.0.0.1 10.0.0.9\n"+
		"client-output-buffer-limit slave 1mb 1mb 30\nslaveof 10.0.0.1 6379\n")
	c := w.connect("")
	for _, line := range []string{"CONFIG SET masterauth \"a \\\"b\\\" c\"", "CONFIG SET repl-timeout 7", "CONFIG SET maxmemory 100mb",
		"CONFIG SET dir /data/sub", "CONFIG SET save \"10 20\""} {
		require.Equal(t, "+OK\r\n", w.say(c, line), line)
	}
	before := w.say(c, "CONFIG GET *")
	require.Equal(t, "+OK\r\n", w.say(c, "CONFIG REWRITE"))
	text := string(w.files["/etc/redis.conf"])
	require.True(t, strings.HasPrefix(text, "# mine\nport 7000\nsave 10 20\n"), text)
	require.Contains(t, text, "slaveof 10.0.0.1 6379\n")
	require.Contains(t, text, "rename-command FLUSHALL \"\"\n")
	require.Contains(t, text, "dir \"/data/sub\"\n")
	require.NotContains(t, w.files, "/etc/redis.conf.new")
	w.boot()
	c = w.connect("")
	require.Equal(t, before, w.say(c, "CONFIG GET *"))
	require.Equal(t, "+OK\r\n", w.say(c, "CONFIG REWRITE"))
	require.Equal(t, text, string(w.files["/etc/redis.conf"]), "a second rewriting changes nothing")
}

func TestRewritingFailsAloud(t *testing.T) {
	w := newSolo(t, "port 7000\n")
	c := w.connect("")
	w.fail = func(step node.FileStep) node.Errno {
		if step.Kind == node.ReplaceFile {
			return node.ErrNoSpace
		}
		return node.ErrNone
	}
	require.Equal(t, "-ERR Rewriting config file: No space left on device\r\n", w.say(c, "CONFIG REWRITE"))
	require.Equal(t, "port 7000\n", string(w.files["/etc/redis.conf"]))
	require.Contains(t, w.logText(), "# CONFIG REWRITE failed: No space left on device\n")
}

// A Sentinel sends SLAVEOF, CONFIG REWRITE and CLIENT KILL as one transaction; the rewriting waits for the disk in
// the middle of it.
func TestTransactionsGoOnAfterARewriting(t *testing.T) {
	w := newSolo(t, "port 7000\n")
	c, other := w.connect(""), w.connect("")
	reply := w.write(c, "MULTI\r\nSLAVEOF 10.0.0.7 6379\r\nCONFIG REWRITE\r\nCLIENT KILL TYPE normal\r\nEXEC\r\nROLE\r\n")
	require.Equal(t, "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n:1\r\n"+
		"*5\r\n$5\r\nslave\r\n$8\r\n10.0.0.7\r\n:6379\r\n$7\r\nconnect\r\n:-1\r\n", reply)
	require.True(t, w.closed[other])
	require.False(t, w.closed[c])
	require.Contains(t, string(w.files["/etc/redis.conf"]), "slaveof 10.0.0.7 6379\n")
}

func TestBadConfigurationIsShownAndEndsTheServer(t *testing.T) {
	for config, reason := range map[string]string{
		"port 1\nnosuch 1\n":                   "Reading the configuration file, at line 2\n>>> 'nosuch 1'\nBad directive or wrong number of arguments\n",
		"slave-read-only perhaps\n":            "at line 1\n>>> 'slave-read-only perhaps'\nargument must be 'yes' or 'no'\n",
		"repl-ping-slave-period 0\n":           "repl-ping-slave-period must be 1 or greater\n",
		"port 65536\n":                         "Invalid port\n",
		"rename-command nosuch x\n":            "No such command in rename-command\n",
		"rename-command get set\n":             "Target command name already exists\n",
		"dbfilename a/b\n":                     "dbfilename can't be a path, just a filename\n",
		"cluster-enabled yes\n":                "cluster mode is not available in this server\n",
		"port 1\n\"unbalanced\n":               "Unbalanced quotes in configuration line\n",
		"sentinel monitor m 1 2 3\n":           "sentinel directive while not in sentinel mode\n",
		"notify-keyspace-events Q\n":           "Invalid event class character. Use 'g$lshzxeA'.\n",
		"slaveof 10.0.0.1 notaport\n":          "Invalid master port\n",
		"client-output-buffer-limit x 1 1 1\n": "Unrecognized client limit class\n",
	} {
		w := newSolo(t, config)
		require.True(t, w.exited, config)
		require.Equal(t, 1, w.status)
		text := w.logText()
		require.Contains(t, text, "\n\n*** FATAL CONFIG FILE ERROR ***\n")
		require.Contains(t, text, reason)
		require.Empty(t, w.listens)
	}
}

func TestCommandLineComesAfterTheFile(t *testing.T) {
	w := newSolo(t, "port 7000\nsave 1 1\nbind 10.0.0.1", "port 7001", "bind 127.0.0.1 127.0.0.2")
	require.Equal(t, []string{"127.0.0.1:7001", "127.0.0.2:7001"}, w.listens)
	require.Contains(t, w.logText(), "* Ready to accept connections\n")
}

func TestIncludedFilesStandInPlaceOfTheirLine(t *testing.T) {
	w := newSolo(t, "", "port 1", "include more.conf", "timeout 5")
	require.True(t, w.exited, "a file that is not there")
	w.files["/data/more.conf"] = []byte("port 2\ntimeout 4\ninclude /data/third.conf\n")
	w.files["/data/third.conf"] = []byte("maxclients 7\n")
	w.boot()
	require.False(t, w.exited)
	require.Equal(t, []int64{2, 5, 7}, []int64{w.core.cfg.port, w.core.cfg.Timeout, w.core.cfg.MaxClients})
	w.files["/data/third.conf"] = []byte("include third.conf\n")
	w.boot()
	require.True(t, w.exited, "a file that includes itself")
}

func TestOnlyAServerThatWasToldNothingSavesOnItsOwnAccount(t *testing.T) {
	require.Len(t, newSolo(t, "").core.cfg.savePoints, 3)
	require.Empty(t, newSolo(t, "", "port 1").core.cfg.savePoints)
	require.Empty(t, newSolo(t, "port 1\n").core.cfg.savePoints)
}

func TestTakenAddressEndsTheServer(t *testing.T) {
	w := &solo{t: t, files: map[string][]byte{}}
	w.opts.Dir = "/data"
	w.boot()
	w.exited, w.log = false, nil
	w.core.startup.listening = 1
	w.step(node.Event{Kind: node.Listened, Local: "127.0.0.1:6379", Err: node.ErrAddrInUse})
	require.Equal(t, 1, w.status)
	require.Contains(t, w.logText(), "# Could not create server TCP listening socket *:6379: bind: Address already in use\n")
}
