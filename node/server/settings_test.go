package server

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
)

// effect is a directive that changes what the server does: with one line of configuration what is seen is another thing
// than with the other.
type effect struct {
	name string
	a, b string // lines of configuration; "" is none
	see  func(w *solo) string
}

// say is one client that says lines and what it hears.
func saying(lines ...string) func(w *solo) string {
	return func(w *solo) string {
		c, heard := w.connect(""), ""
		for _, line := range lines {
			heard += w.say(c, line)
		}
		return heard
	}
}

// replicaSees is what a replica hears that has been synchronized, and then d passes. With says, a client says lines
// before that.
func replicaSees(d time.Duration, says ...string) func(w *solo) string {
	return func(w *solo) string {
		r := w.connect("")
		w.say(r, "REPLCONF capa eof")
		w.say(r, "PSYNC ? -1")
		w.run(10 * time.Second)
		w.say(r, "REPLCONF ACK 0")
		before := len(w.sent[r])
		saying(says...)(w)
		w.run(d)
		return string(w.sent[r][before:])
	}
}

// dialled is what a replica says to its master first, and what INFO tells then.
func dialled(w *solo) string {
	w.run(2 * time.Second)
	w.step(node.Event{Kind: node.Dialled, Conn: 1, Local: "127.0.0.1:9", Remote: "127.0.0.1:6380"})
	for range 5 {
		w.step(node.Event{Kind: node.Received, Conn: 1, Bytes: []byte("+OK\r\n")})
	}
	return string(w.sent[1])
}

func served(w *solo, from string) string {
	c := w.connect(from)
	return fmt.Sprint(w.closed[c], string(w.sent[c]))
}

func logged(w *solo) string { return w.logText() }

const slave = "slaveof 127.0.0.1 6380"

var effects = []effect{
	{"port", "port 7000", "port 7001", func(w *solo) string { return fmt.Sprint(w.listens) }},
	{"bind", "bind 10.0.0.1", "bind 10.0.0.2", func(w *solo) string { return fmt.Sprint(w.listens) }},
	{"timeout", "timeout 1", "",
		func(w *solo) string {
			c := w.connect("")
			w.run(5 * time.Second)
			return fmt.Sprint(w.closed[c])
		}},
	{"slave-announce-port", slave + "\nslave-announce-port 7777", slave, dialled},
	{"slave-announce-ip", slave + "\nslave-announce-ip 1.2.3.4", slave, dialled},
	{"masterauth", slave + "\nmasterauth secret", slave, dialled},
	{"slaveof", slave, "", saying("ROLE")},
	{"loglevel", "loglevel warning", "", logged},
	{"logfile", "logfile /data/log", "", func(w *solo) string { return fmt.Sprint(w.logFiles) }},
	{"save", "save 1 1", "save 900 1", func(w *solo) string {
		saying("SET a 1")(w)
		w.run(5 * time.Second)
		return fmt.Sprint(len(w.files["/data/dump.rdb"]) > 0)
	}},
	{"databases", "databases 2", "", saying("SELECT 3")},
	{"stop-writes-on-bgsave-error", "save 1 1\nstop-writes-on-bgsave-error no", "save 1 1", func(w *solo) string {
		w.fail = func(step node.FileStep) node.Errno {
			if step.Kind == node.WriteFile {
				return node.ErrNoSpace
			}
			return node.ErrNone
		}
		saying("SET a 1")(w)
		w.run(5 * time.Second)
		return saying("SET a 2")(w)
	}},
	{"rdbcompression", "rdbcompression no", "", func(w *solo) string {
		saying("SET a "+strings.Repeat("x", 1000), "SAVE")(w)
		return fmt.Sprint(len(w.files["/data/dump.rdb"]) > 900)
	}},
	{"rdbchecksum", "rdbchecksum no", "", func(w *solo) string {
		saying("SAVE")(w)
		return fmt.Sprint(strings.HasSuffix(string(w.files["/data/dump.rdb"]), "\xff\x00\x00\x00\x00\x00\x00\x00\x00"))
	}},
	{"dbfilename", "dbfilename other.rdb", "",
		func(w *solo) string {
			saying("SAVE")(w)
			return fmt.Sprint(len(w.files["/data/other.rdb"]) > 0)
		}},
	{"dir", "dir /data/sub", "dir /data",
		func(w *solo) string {
			saying("SAVE")(w)
			return fmt.Sprint(len(w.files["/data/sub/dump.rdb"]) > 0)
		}},
	{"slave-serve-stale-data", slave + "\nslave-serve-stale-data no", slave, saying("GET a")},
	{"slave-read-only", slave + "\nslave-read-only no", slave, saying("SET a 1")},
	{"repl-ping-slave-period", "repl-ping-slave-period 1", "repl-ping-slave-period 60", replicaSees(5 * time.Second)},
	{"repl-timeout", "repl-timeout 3", "", func(w *solo) string {
		r := w.connect("")
		w.say(r, "PSYNC ? -1")
		w.run(20 * time.Second)
		return fmt.Sprint(w.closed[r])
	}},
	{"repl-backlog-size", "repl-backlog-size 2mb", "", saying("INFO replication")},
	{"repl-backlog-ttl", "repl-backlog-ttl 2", "", func(w *solo) string {
		r := w.connect("")
		w.say(r, "PSYNC ? -1")
		w.step(node.Event{Kind: node.Closed, Conn: r})
		w.run(10 * time.Second)
		return field(w, "repl_backlog_active")
	}},
	{"repl-diskless-sync", "repl-diskless-sync yes\nrepl-diskless-sync-delay 0", "",
		func(w *solo) string {
			replicaSees(0)(w)
			return fmt.Sprint(len(w.files["/data/dump.rdb"]) > 0)
		}},
	{"repl-diskless-sync-delay", "repl-diskless-sync yes\nrepl-diskless-sync-delay 3", "repl-diskless-sync yes\nrepl-diskless-sync-delay 60",
		func(w *solo) string {
			replicaSees(0)(w)
			return fmt.Sprint(strings.Contains(w.logText(), "Background RDB transfer started"))
		}},
	{"slave-priority", slave + "\nslave-priority 7", slave, saying("INFO replication")},
	{"min-slaves-to-write", "min-slaves-to-write 1", "", saying("SET a 1")},
	{"min-slaves-max-lag", "min-slaves-to-write 1\nmin-slaves-max-lag 2", "min-slaves-to-write 1\nmin-slaves-max-lag 30",
		func(w *solo) string {
			replicaSees(5 * time.Second)(w)
			return saying("SET a 1")(w)
		}},
	{"requirepass", "requirepass x", "", saying("PING")},
	{"maxclients", "maxclients 1", "", func(w *solo) string { w.connect(""); return served(w, "") }},
	{"maxmemory", "maxmemory 1", "", saying("SET a 1")},
	{"maxmemory-policy", "maxmemory-policy allkeys-lfu", "", saying("SET a 1", "OBJECT FREQ a")},
	{"maxmemory-samples", "maxmemory-policy allkeys-lru\nmaxmemory-samples 1", "maxmemory-policy allkeys-lru\nmaxmemory-samples 64",
		func(w *solo) string {
			fill(w, 30)
			shrink(w, 1000)
			return saying("KEYS *")(w)
		}},
	{"lfu-log-factor", "maxmemory-policy allkeys-lfu\nlfu-log-factor 0", "maxmemory-policy allkeys-lfu\nlfu-log-factor 1000",
		func(w *solo) string {
			saying("SET a 1")(w)
			saying(slices.Repeat([]string{"GET a"}, 50)...)(w)
			return saying("OBJECT FREQ a")(w)
		}},
	{"lfu-decay-time", "maxmemory-policy allkeys-lfu\nlfu-decay-time 0", "maxmemory-policy allkeys-lfu", func(w *solo) string {
		saying("SET a 1")(w)
		w.run(3 * time.Minute)
		return saying("OBJECT FREQ a")(w)
	}},
	{"lazyfree-lazy-eviction", "maxmemory-policy allkeys-random\nlazyfree-lazy-eviction yes", "maxmemory-policy allkeys-random",
		replicaSees(0, "SET a 1", "CONFIG SET maxmemory 1", "PING")},
	{"proto-max-bulk-len", "proto-max-bulk-len 10", "", saying("*2\r\n$4\r\nECHO\r\n$11\r\n01234567890")},
	{"client-query-buffer-limit", "client-query-buffer-limit 10", "", func(w *solo) string {
		c := w.connect("")
		w.write(c, "SET a 12345678901234567890")
		return fmt.Sprint(w.closed[c])
	}},
	{"lazyfree-lazy-expire", "lazyfree-lazy-expire yes", "", replicaSees(2*time.Second, "SET a 1 PX 1")},
	{"slowlog-log-slower-than", "slowlog-log-slower-than 0", "", saying("PING", "SLOWLOG LEN")},
	{"slowlog-max-len", "slowlog-log-slower-than 0\nslowlog-max-len 1", "slowlog-log-slower-than 0", saying("PING", "PING", "SLOWLOG LEN")},
	{"latency-monitor-threshold", "latency-monitor-threshold 100", "", saying("DEBUG SLEEP 0.2", "LATENCY LATEST")},
	{"lua-time-limit", "lua-time-limit 1", "", saying("EVAL 'for i = 1, 1000000 do local x = i end return 1' 0")},
	{"notify-keyspace-events", "notify-keyspace-events KA", "", func(w *solo) string {
		c := w.connect("")
		w.say(c, "PSUBSCRIBE *")
		saying("SET a 1")(w)
		return string(w.sent[c])
	}},
	{"appendonly", "appendonly yes", "", aofAfter("SET a 1")},
	{"appendfilename", "appendonly yes\nappendfilename a.aof", "appendonly yes", aofAfter("SET a 1")},
	{"appendfsync", "appendonly yes\nappendfsync always", "appendonly yes\nappendfsync no", func(w *solo) string {
		return diskJobs(w, "SET a 1")
	}},
	{"no-appendfsync-on-rewrite", "appendonly yes\nappendfsync always\nno-appendfsync-on-rewrite yes", "appendonly yes\nappendfsync always",
		func(w *solo) string {
			return diskJobs(w, "BGREWRITEAOF\r\nSET a 1")
		}},
	{"auto-aof-rewrite-percentage", growing + "\nauto-aof-rewrite-percentage 0", growing, aofAfter("SET a 1", "SET a 2")},
	{"auto-aof-rewrite-min-size", growing + "\nauto-aof-rewrite-min-size 1kb", growing, aofAfter("SET a 1", "SET a 2")},
	{"aof-rewrite-incremental-fsync", "appendonly yes\naof-rewrite-incremental-fsync no", "appendonly yes", func(w *solo) string {
		saying("DEBUG POPULATE 2 a 20000000")(w)
		return diskJobs(w, "BGREWRITEAOF")
	}},
	{"aof-load-truncated", "appendonly yes\naof-load-truncated no", "appendonly yes", func(w *solo) string {
		w.files["/data/appendonly.aof"] = []byte("*1\r\n$8")
		w.boot()
		return fmt.Sprint(w.exited)
	}},
	{"aof-use-rdb-preamble", "appendonly yes\naof-use-rdb-preamble yes", "appendonly yes", func(w *solo) string {
		return fmt.Sprint(strings.HasPrefix(aofAfter("SET a 1", "BGREWRITEAOF")(w), "[/data/appendonly.aof]: REDIS"))
	}},
	{"hash-max-ziplist-entries", "hash-max-ziplist-entries 1", "", limits},
	{"hash-max-ziplist-value", "hash-max-ziplist-value 1", "", limits},
	{"list-max-ziplist-size", "list-max-ziplist-size 1", "", limits},
	{"set-max-intset-entries", "set-max-intset-entries 1", "", limits},
	{"zset-max-ziplist-entries", "zset-max-ziplist-entries 1", "", limits},
	{"zset-max-ziplist-value", "zset-max-ziplist-value 1", "", limits},
	{"hll-sparse-max-bytes", "hll-sparse-max-bytes 1", "", limits},
	{"protected-mode", "protected-mode no", "", func(w *solo) string { return served(w, "10.1.1.1:5") }},
	{"client-output-buffer-limit", "client-output-buffer-limit normal 1kb 0 0", "", func(w *solo) string {
		c := w.connect("")
		w.write(c, "SET a "+strings.Repeat("x", 20000)+"\r\n"+strings.Repeat("GET a\r\n", 5))
		return fmt.Sprint(w.closed[c])
	}},
	{"hz", "hz 100", "", func(w *solo) string { return fmt.Sprint(w.timers[timerCron].Sub(w.now)) }},
	{"unixsocket", "unixsocket s", "", listening},
	{"unixsocketperm", "unixsocketperm 700", "unixsocket /run/s", listening},
	{"always-show-logo", "always-show-logo no", "", logged},
	{"rename-command", "rename-command GET fetch", "", saying("GET a")},
}

// listening is where a server listens.
func listening(w *solo) string { return fmt.Sprint(w.listens) }

// elsewhere are directives whose effect is not the core's to show.
var elsewhere = map[string]string{
	"daemonize": "the process's: node/cmd/ordeal-node, TestDaemonize…",
	"pidfile":   "the process's: node/cmd/ordeal-node",
}

// refusals are directives of which only the default can be had, with another value, and those that cannot be had.
var refusals = map[string]string{
	"tcp-backlog": "100", "tcp-keepalive": "60", "syslog-enabled": "yes",
	"syslog-ident": "me", "syslog-facility": "local1", "repl-disable-tcp-nodelay": "yes",
	"active-defrag-ignore-bytes":    "1mb",
	"active-defrag-threshold-lower": "1", "active-defrag-threshold-upper": "2", "active-defrag-cycle-min": "3",
	"active-defrag-cycle-max": "4",
	"list-compress-depth":     "1", "activerehashing": "no", "activedefrag": "yes", "supervised": "systemd",
	"lazyfree-lazy-server-del": "yes", "slave-lazy-flush": "yes", "watchdog-period": "100",
	"list-max-ziplist-entries": "1", "list-max-ziplist-value": "1", "cluster-enabled": "yes", "cluster-config-file": "a",
	"cluster-node-timeout": "1", "cluster-migration-barrier": "1", "cluster-slave-validity-factor": "1",
	"cluster-require-full-coverage": "no", "cluster-announce-ip": "1.2.3.4", "cluster-announce-port": "1",
	"cluster-announce-bus-port": "1", "loadmodule": "x.so", "sentinel": "x",
}

func TestEverySettingChangesSomethingOrIsRefused(t *testing.T) {
	known := map[string]int{}
	for _, e := range effects {
		known[e.name]++
	}
	for name := range refusals {
		known[name]++
	}
	for name := range elsewhere {
		known[name]++
	}
	for _, d := range directiveTable() {
		require.Equal(t, 1, known[d.name], "%s: show what it changes, or that it is refused", d.name)
		delete(known, d.name)
	}
	require.Empty(t, known, "directives that the server does not have")
}

func TestSettingsHaveTheirEffects(t *testing.T) {
	for _, e := range effects {
		t.Run(e.name, func(t *testing.T) {
			saw := [3]string{}
			for i, config := range []string{e.a, e.b, e.a} {
				w := newSolo(t, "", append([]string{"save \"\""}, strings.Split(config, "\n")...)...)
				require.False(t, w.exited, w.logText())
				saw[i] = withoutChance(e.see(w))
			}
			require.Equal(t, saw[0], saw[2], "the same configuration does different things")
			require.NotEqual(t, saw[0], saw[1], "%q and %q do the same", e.a, e.b)
		})
	}
}

// withoutChance leaves out what differs between two runs by chance or by the configuration's own words.
func withoutChance(text string) string {
	return regexp.MustCompile(`[0-9a-f]{40}`).ReplaceAllString(text, "ID")
}

func TestSettingsWithoutEffectAreRefused(t *testing.T) {
	for name, value := range refusals {
		t.Run(name, func(t *testing.T) {
			w := newSolo(t, "", name+" "+value)
			require.True(t, w.exited, "accepted at start")
			require.Contains(t, w.logText(), ">>> '"+name+" "+value+"'\n")
			w = newSolo(t, "")
			d := w.core.directiveNamed(name)
			reply := w.say(w.connect(""), "CONFIG SET "+name+" "+value)
			if d.set == nil {
				require.Contains(t, reply, "-ERR Unsupported CONFIG parameter")
				return
			}
			require.Equal(t, "-ERR "+d.why+"\r\n", reply)
			if d.get != nil { // what it has is what it tells, and may be set again
				require.Equal(t, "+OK\r\n", w.say(w.connect(""), "CONFIG SET "+name+" \""+d.get(w.core)+"\""))
				if name != "watchdog-period" {
					require.False(t, newSolo(t, "", name+" \""+d.get(w.core)+"\"").exited)
				}
			}
		})
	}
}

// The configuration file that comes with Redis is full of defaults: all of them are accepted.
func TestDefaultsAreAccepted(t *testing.T) {
	w := newSolo(t, "")
	var lines []string
	for _, d := range w.core.directives {
		if d.get == nil || slices.Contains([]string{"bind", "save", "slaveof", "client-output-buffer-limit", "watchdog-period"}, d.name) {
			continue
		}
		lines = append(lines, d.name+" \""+d.get(w.core)+"\"")
	}
	w = newSolo(t, strings.Join(lines, "\n")+"\n")
	require.False(t, w.exited, w.logText())
}

const growing = "appendonly yes\nauto-aof-rewrite-min-size 10"

// aofAfter is what append only files there are, and what the first holds, after a client has said lines and a second.
func aofAfter(lines ...string) func(w *solo) string {
	return func(w *solo) string {
		saying(lines...)(w)
		w.run(time.Second)
		var names []string
		for name := range w.files {
			if strings.HasSuffix(name, ".aof") {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return ""
		}
		return fmt.Sprintf("%v: %s", names, w.files[names[0]])
	}
}

// diskJobs are the operations on files while a client says a line.
func diskJobs(w *solo, line string) (heard string) {
	w.fail = func(step node.FileStep) node.Errno {
		heard += fmt.Sprintf("%v %s %d\n", step.Kind, step.Path, len(step.Data))
		return node.ErrNone
	}
	saying(line)(w)
	return heard
}

func limits(w *solo) string { return fmt.Sprintf("%+v", *w.core.data.KS.Limits()) }

// field is a line of INFO.
func field(w *solo, name string) string {
	for line := range strings.Lines(w.say(w.connect(""), "INFO")) {
		if strings.HasPrefix(line, name+":") {
			return line
		}
	}
	return ""
}

func TestAMissingDirIsRefused(t *testing.T) {
	w := &solo{t: t, files: map[string][]byte{}, opts: Options{Dir: "/data", Args: []string{"dir /typo"}}}
	w.fail = func(step node.FileStep) node.Errno {
		if step.Kind == node.EnterDir && step.Path != "/data" {
			return node.ErrNotFound
		}
		return node.ErrNone
	}
	w.boot()
	require.Equal(t, 1, w.status)
	require.Contains(t, w.logText(), "# Can't chdir to '/typo': No such file or directory\n")
	require.Empty(t, w.listens)
	w.opts.Args = []string{"dir /data"}
	w.boot()
	require.False(t, w.exited)
	c := w.connect("")
	require.Equal(t, "-ERR Changing directory: No such file or directory\r\n", w.say(c, "CONFIG SET dir /typo"))
	require.Equal(t, "/data", w.core.cfg.dir)
	require.Equal(t, "+OK\r\n+PONG\r\n", w.write(c, "CONFIG SET dir /data\r\nPING\r\n"))
}

func TestAddressesThatTheMachineCannotHaveAreLeftOut(t *testing.T) {
	for _, test := range []struct {
		failing map[string]node.Errno
		ready   bool
		said    string
	}{
		{map[string]node.Errno{"[::1]:6379": node.ErrAddrNotAvail}, true, "socket [::1]:6379: bind: Cannot assign requested address"},
		{map[string]node.Errno{"[::1]:6379": "Address family not supported by protocol"}, true, "socket [::1]:6379"},
		{map[string]node.Errno{"[::1]:6379": node.ErrAddrInUse}, false, "bind: Address already in use"},
		{map[string]node.Errno{"[::1]:6379": node.ErrAddrNotAvail, "127.0.0.1:6379": node.ErrAddrNotAvail}, false, "Configured to not listen anywhere, exiting."},
	} {
		w := &solo{t: t, files: map[string][]byte{}, opts: Options{Dir: "/data", Args: []string{"bind 127.0.0.1 ::1"}}, taken: test.failing}
		w.boot()
		require.Equal(t, test.ready, !w.exited)
		require.Equal(t, test.ready, strings.Contains(w.logText(), "Ready to accept connections"))
		require.Contains(t, w.logText(), test.said)
	}
	require.True(t, newSolo(t, "", "port 0").exited, "nobody could reach it")
}

func TestLatencyIsSampledPerEvent(t *testing.T) {
	w := newSolo(t, "", "latency-monitor-threshold 100")
	c := w.connect("")
	w.say(c, "DEBUG SLEEP 0.05")
	require.Equal(t, "*0\r\n", w.say(c, "LATENCY LATEST"))
	w.say(c, "DEBUG SLEEP 0.2")
	w.say(c, "DEBUG SLEEP 0.15")
	w.run(2 * time.Second)
	w.say(c, "DEBUG SLEEP 0.12")
	latest := w.say(c, "LATENCY LATEST")
	require.Regexp(t, `^\*1\r\n\*4\r\n\$7\r\ncommand\r\n:\d+\r\n:120\r\n:200\r\n$`, latest)
	history := w.say(c, "LATENCY HISTORY command")
	require.Regexp(t, `^\*2\r\n\*2\r\n:\d+\r\n:200\r\n\*2\r\n:\d+\r\n:120\r\n$`, history)
	require.Contains(t, w.say(c, "LATENCY GRAPH command"), "command - high 200 ms (all time high 200 ms)")
	require.Equal(t, ":0\r\n", w.say(c, "LATENCY RESET nosuch"))
	require.Equal(t, ":1\r\n", w.say(c, "LATENCY RESET"))
	require.Equal(t, "*0\r\n", w.say(c, "LATENCY HISTORY command"))
}

// TestEveryDirectiveHasItsRow: the names are those that a Sentinel's file may have as well.
func TestEveryDirectiveHasItsRow(t *testing.T) {
	var names []string
	for _, d := range directiveTable() {
		names = append(names, d.name)
	}
	require.ElementsMatch(t, conf.Directives, names)
}
