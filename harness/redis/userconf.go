package redis

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node/conf"
)

// UserConf is a redis.conf or sentinel.conf that somebody runs, taken for the machines of a run.
type UserConf struct {
	Settings cluster.Settings
	// Changes are what the machines have in place of the file's lines, and why: "redis.conf:12: port 6380: …".
	Changes []string
	Quorum  int // of its monitor line; 0: none

	where  []string // the file and line of each of Settings
	master string   // that the file monitors
	disk   Disk
	depth  int // of files that include each other
}

// Disk is where files are read: os.ReadFile and filepath.Glob.
type Disk struct {
	Read func(path string) ([]byte, error)
	Glob func(pattern string) ([]string, error)
}

// includeMax is how deep files may include each other: one that includes itself must not hang us.
const includeMax = 16

// byLinks is why no file says what a machine is known by.
const byLinks = "the others reach a machine through links that faults can cut"

// byAuthority is why no file names keys and certificates.
const byAuthority = "every machine has a certificate of an authority that is made for the run"

// theHarness are directives of both files that the harness sets itself or leaves out, and why.
var theHarness = map[string]string{
	"port":              "every machine has an address of its own and listens at the usual port",
	"bind":              "every machine has an address of its own",
	"bind-source-addr":  "every machine calls from an address of its own, by which the faults know it",
	"dir":               "every machine has a folder of its own",
	"daemonize":         "the harness watches the process that it started",
	"supervised":        "the harness watches the process that it started",
	"pidfile":           "several machines run on one computer",
	"logfile":           "the harness reads the log from the process's output",
	"syslog-enabled":    "the harness reads the log from the process's output",
	"protected-mode":    "clients come from other addresses than 127.0.0.1: it is no",
	"slaveof":           "the cluster's layout says who follows whom",
	"replicaof":         "the cluster's layout says who follows whom",
	"slave-announce-ip": byLinks, "replica-announce-ip": byLinks,
	"slave-announce-port": byLinks, "replica-announce-port": byLinks,
	"enable-debug-command": "the observer compares data by DEBUG DIGEST: it is yes",
	"tls-cert-file":        byAuthority, "tls-key-file": byAuthority, "tls-ca-cert-file": byAuthority, "tls-ca-cert-dir": byAuthority,
	"tls-client-cert-file": byAuthority, "tls-client-key-file": byAuthority,
	"tls-key-file-pass": byAuthority, "tls-client-key-file-pass": byAuthority, "tls-dh-params-file": byAuthority,
}

// asItIs are the values of such directives that change nothing: the machines have them anyway.
var asItIs = map[string]string{"daemonize": "no", "supervised": "no", "syslog-enabled": "no", "protected-mode": "no",
	"enable-debug-command": "yes"}

// ofAnother are lines "sentinel …" that tell of the cluster from which the file comes.
var ofAnother = map[string]bool{"myid": true, "current-epoch": true, "config-epoch": true, "leader-epoch": true,
	"known-slave": true, "known-replica": true, "known-sentinel": true}

// ReadServerConf reads a redis.conf for every server of a run. An error names the file and the line.
func ReadServerConf(path string, disk Disk) (*UserConf, error) {
	u := &UserConf{disk: disk}
	return u, u.read(path, u.serverLine)
}

// ReadSentinelConf reads a sentinel.conf for every Sentinel of a run, which watch one master.
func ReadSentinelConf(path string, disk Disk) (*UserConf, error) {
	u := &UserConf{disk: disk}
	return u, u.read(path, u.sentinelLine)
}

func (u *UserConf) read(path string, take func(where, text string, args []string) error) error {
	text, err := u.disk.Read(path)
	if err != nil {
		return err
	}
	lines, err := conf.Parse(string(text))
	for _, l := range lines {
		where := path + ":" + strconv.Itoa(l.Number)
		if l.Args[0] == "include" && len(l.Args) == 2 {
			err := u.include(path, l.Args[1], take)
			if err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
			continue
		}
		if err := take(where, l.Text, l.Args); err != nil {
			return fmt.Errorf("%s: %s: %w", where, l.Text, err)
		}
	}
	var wrong *conf.Error
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s:%d: %s: %s", path, wrong.Line, wrong.Text, wrong.Reason)
	}
	return err
}

// include reads the files that a line names, seen from the file that has it: * and ? stand for what they do in a shell.
func (u *UserConf) include(from, name string, take func(where, text string, args []string) error) error {
	if u.depth++; u.depth > includeMax {
		return fmt.Errorf("files include each other more than %d deep", includeMax)
	}
	defer func() { u.depth-- }()
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(from), name)
	}
	paths, err := u.disk.Glob(name)
	if err != nil || len(paths) == 0 && !strings.ContainsAny(name, "*?[") {
		paths = []string{name}
	}
	for _, path := range paths {
		if err := u.read(path, take); err != nil {
			return err
		}
	}
	return nil
}

func (u *UserConf) add(where string, s cluster.Setting) error {
	u.Settings, u.where = append(u.Settings, s), append(u.where, where)
	return nil
}

func (u *UserConf) change(where, text, why string) error {
	u.Changes = append(u.Changes, fmt.Sprintf("%s: %s: %s", where, text, why))
	return nil
}

// port takes the line that says at which port TLS is spoken.
func (u *UserConf) port(where, text string, usual int) error {
	if port := strconv.Itoa(usual); !strings.HasSuffix(text, " "+port) {
		u.change(where, text, "every machine has an address of its own and listens at the usual port: it is "+port)
	}
	return u.add(where, setting("tls-port", strconv.Itoa(usual)))
}

// aclFile takes the users of a file, which the machines have in their configuration. (Redis 6.0 takes them from one of
// the two.)
func (u *UserConf) aclFile(where, text, path string) error {
	u.change(where, text, "every machine has the file's lines in its configuration")
	if file, _, beside := strings.Cut(where, ":"); beside && !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	return u.read(path, func(where, text string, args []string) error {
		if args[0] != "user" {
			return errors.New("an ACL file has lines \"user\" and no others")
		}
		return u.add(where, setting(args[0], line(args[1:])))
	})
}

// line writes args as a line has them.
func line(args []string) string {
	var b strings.Builder
	for i, arg := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(conf.Word(arg))
	}
	return b.String()
}

func (u *UserConf) serverLine(where, text string, args []string) error {
	value := strings.ToLower(strings.Join(args[1:], " "))
	switch why := theHarness[args[0]]; {
	case value != "" && value == asItIs[args[0]]:
		return nil
	case why != "":
		return u.change(where, text, why)
	case args[0] == "cluster-enabled" && value == "yes":
		return errors.New("Redis Cluster does without Sentinels: this harness runs Sentinels")
	case args[0] == "tls-port" && len(args) == 2 && value != "0":
		return u.port(where, text, ServerPort)
	case args[0] == "aclfile" && len(args) == 2 && args[1] != "":
		return u.aclFile(where, text, args[1])
	case args[0] == "sentinel":
		return errors.New("this is a line of a sentinel.conf: give the file as -sentinel-conf")
	case args[0] == "unixsocket" && len(args) == 2 && args[1] != "":
		if base := filepath.Base(args[1]); base != args[1] {
			u.change(where, text, "every server has a folder of its own: it is "+base+" there")
			args = []string{args[0], base}
		}
	case args[0] == "rename-command" && len(args) == 3 && needed[strings.ToUpper(args[1])] && args[2] == "":
		return fmt.Errorf("the harness needs %s: it can take another name, but not none", strings.ToUpper(args[1]))
	}
	return u.add(where, setting(args[0], line(args[1:])))
}

// needed are the commands without which there is no run: of replication, of Sentinels, and of the observer.
var needed = map[string]bool{"INFO": true, "PING": true, "PSYNC": true, "REPLCONF": true, "AUTH": true}

func (u *UserConf) sentinelLine(where, text string, args []string) error {
	if len(args) == 2 && strings.ToLower(args[1]) == asItIs[args[0]] {
		return nil
	}
	if why := theHarness[args[0]]; why != "" {
		return u.change(where, text, why)
	}
	switch {
	case args[0] == "tls-port" && len(args) == 2 && args[1] != "0":
		return u.port(where, text, SentinelPort)
	case args[0] == "aclfile" && len(args) == 2 && args[1] != "":
		return u.aclFile(where, text, args[1])
	case args[0] == "rename-command":
		if name := strings.ToUpper(args[min(1, len(args)-1)]); len(args) == 3 && args[2] == "" && (needed[name] || name == "SENTINEL" || name == "PUBLISH") {
			return fmt.Errorf("the harness needs %s: it can take another name, but not none", name)
		}
		return u.add(where, setting(ownPrefix+args[0], line(args[1:])))
	case args[0] != "sentinel" || len(args) < 3:
		return u.add(where, setting(args[0], line(args[1:])))
	}
	name := strings.ToLower(args[1])
	switch {
	case ofAnother[name]:
		return u.change(where, text, "it tells of another cluster, and is left out")
	case name == "announce-ip" || name == "announce-port":
		return u.change(where, text, byLinks)
	case name == "monitor" && len(args) == 6:
		if u.master != "" {
			return fmt.Errorf("a run has one master, and the file watches %s already", u.master)
		}
		u.master = args[2]
		u.Quorum, _ = strconv.Atoi(args[5]) // what is no number is none
		return u.change(where, text, "the master of the run is m1, and called "+MasterName)
	case perMaster(name) && len(args) > 3:
		if u.master != "" && args[2] != u.master {
			return fmt.Errorf("the file watches no master called %s", args[2])
		}
		return u.add(where, setting(name, line(args[3:])))
	}
	return u.add(where, setting("sentinel "+name, line(args[2:])))
}

// Onto is settings with those of the file in their place: what the file says of a directive is all that holds of it.
func (u *UserConf) Onto(settings cluster.Settings) cluster.Settings {
	said := map[string]bool{}
	for _, s := range u.Settings {
		said[strings.ToLower(older(s).Name)] = true
	}
	var all cluster.Settings
	for _, s := range settings {
		if !said[strings.ToLower(older(s).Name)] {
			all = append(all, s)
		}
	}
	return append(all, u.Settings...)
}

// OursAsServer says which lines ordeal-node, which is Redis 4.0, does not take in a server, and why: all of them.
func (u *UserConf) OursAsServer() error { return u.ours(oursAsServer) }

// OursAsSentinel says the same of a Sentinel.
func (u *UserConf) OursAsSentinel() error { return u.ours(oursAsSentinel) }

func (u *UserConf) ours(refusal func(cluster.Setting) string) error {
	var all []error
	for i, s := range u.Settings {
		if reason := refusal(s); reason != "" {
			all = append(all, fmt.Errorf("%s: %s: %s", u.where[i], s.Name, reason))
		}
	}
	return errors.Join(all...)
}
