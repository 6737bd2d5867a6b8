package redis

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node/conf"
)

// How the callers of a run, its clients and its observer, are let in by machines that do not let in everybody.

// The user as whom callers come where there are users: what those of the scenario may do is for its servers. (Redis 6.0:
// acl.c; each machine has the line in its configuration file.)
const (
	ownUser     = "ordeal-harness"
	ownPassword = "let-the-harness-in"
)

// admit takes from settings how the machine lets callers in. renaming is the directive that renames its own commands.
func admit(m *cluster.Machine, settings cluster.Settings, renaming string) {
	m.Password, m.Renamed, m.TLS = password(settings), renamed(settings, renaming), tls(settings)
	if has(settings, "user") {
		m.User, m.Password = ownUser, ownPassword
	}
}

// userLine is the line that lets the harness in, "" if it comes as everybody does.
func userLine(m *cluster.Machine) string {
	if m.User == "" {
		return ""
	}
	return fmt.Sprintf("user %s on >%s ~* &* +@all\n", m.User, m.Password)
}

// listening is where the machine listens and has its files.
func listening(m *cluster.Machine) string {
	port := fmt.Sprintf("port %d\n", m.Port)
	if m.TLS {
		in := func(name string) string { return conf.Word(path.Join(m.Dir, name)) }
		port = fmt.Sprintf("port 0\ntls-cert-file %s\ntls-key-file %s\ntls-ca-cert-file %s\n", in(cluster.TLSCert), in(cluster.TLSKey), in(cluster.TLSAuthority))
	}
	return fmt.Sprintf("%sbind %s\ndir %s\n", port, m.Host, m.Dir)
}

// password is what the settings ask callers for.
func password(s cluster.Settings) string {
	lines, err := conf.Parse("requirepass " + s.Get("requirepass", `""`))
	if err != nil || len(lines) != 1 || len(lines[0].Args) != 2 {
		return "" // the server itself will say what is wrong with it
	}
	return lines[0].Args[1]
}

// renamed is what the settings call commands, by their names in capitals, in lines that begin with directive.
func renamed(s cluster.Settings, directive string) map[string]string {
	var names map[string]string
	for _, set := range s {
		if !strings.EqualFold(set.Name, directive) {
			continue
		}
		lines, err := conf.Parse("rename-command " + set.Value)
		if err != nil || len(lines) != 1 || len(lines[0].Args) != 3 || lines[0].Args[2] == "" {
			continue // the server itself will say what is wrong with it
		}
		if names == nil {
			names = map[string]string{}
		}
		names[strings.ToUpper(lines[0].Args[1])] = lines[0].Args[2]
	}
	return names
}

// port is the one at which a machine listens, with TLS or without; otherwise, if the settings do not say.
func port(s cluster.Settings, otherwise int) int {
	name := "port"
	if tls(s) {
		name = "tls-port"
	}
	if n, err := strconv.Atoi(s.Get(name, "")); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// tls says whether a machine with these settings speaks TLS.
func tls(s cluster.Settings) bool { return s.Get("tls-port", "0") != "0" }

func has(s cluster.Settings, name string) bool {
	for _, set := range s {
		if strings.EqualFold(set.Name, name) {
			return true
		}
	}
	return false
}
