package redis

import (
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/ordeal-go/ordeal/harness/cluster"
)

// A configuration that somebody else wrote is data: it may shape a cluster and must not be a way to run programs, to
// reach files outside of the machines' folders, or to talk to other computers.

// reaching are directives that always do more than shape a cluster, and what they do.
var reaching = map[string]string{
	"loadmodule": "loads code into the servers", "include": "reads another file", "dir": "moves the server's files out of its folder",
	"bind": "listens at other addresses", "bind-source-addr": "calls from other addresses",
	"slaveof": "replicates from another address", "replicaof": "replicates from another address", "monitor": "watches another address",
	"unixsocket": "listens at a file", "daemonize": "leaves the harness", "supervised": "leaves the harness",
	"enable-module-command": "lets clients load code", "syslog-enabled": "writes into this computer's log",
}

// filed are directives whose values name files.
var filed = map[string]bool{"logfile": true, "dbfilename": true, "appendfilename": true, "appenddirname": true, "pidfile": true,
	"aclfile": true, "tls-cert-file": true, "tls-key-file": true, "tls-client-cert-file": true, "tls-client-key-file": true,
	"tls-dh-params-file": true, "tls-ca-cert-file": true, "tls-ca-cert-dir": true}

var directiveName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*( [A-Za-z][A-Za-z0-9-]*)?$`)

// needsTrust says why the setting may stand only in a scenario that its user trusts, as the rest of a sentence about
// it; "" if it may stand in any.
func needsTrust(s cluster.Setting) string {
	if !directiveName.MatchString(s.Name) {
		return "is no name of a directive"
	}
	if strings.ContainsFunc(s.Value, unicode.IsControl) {
		return "has a line break or another control character in its value, which can begin a directive of its own"
	}
	for _, word := range strings.Fields(strings.ToLower(s.Name)) {
		if scripts[word] && !ownScript(s.Value) {
			return "runs a program"
		}
		if why := reaching[word]; why != "" {
			return why
		}
		if file := strings.Trim(strings.TrimSpace(s.Value), `"'`); filed[word] && file != "" && !filepath.IsLocal(file) {
			return "names a file outside of the machine's folder"
		}
	}
	return ""
}
