package cluster

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/conf"
)

// How the callers of a run, its clients and its observer, are let in by machines that do not let in everybody.

// Files of a machine that speaks TLS, below its Dir: its certificate and key, and the authority of all certificates.
const (
	TLSCert      = "tls/machine.crt"
	TLSKey       = "tls/machine.key"
	TLSAuthority = "tls/authority.crt"
)

// The user as whom callers come where there are users: what those of the scenario may do is for its servers. (Redis 6.0:
// acl.c; each machine has the line in its configuration file.)
const (
	ownUser     = "ordeal-harness"
	ownPassword = "let-the-harness-in"
)

// admit takes from settings how the machine lets callers in. renaming is the directive that renames its own commands.
func (m *Machine) admit(settings Settings, renaming string) {
	m.Password, m.Renamed, m.TLS = settings.password(), settings.renamed(renaming), settings.tls()
	if settings.has("user") {
		m.User, m.Password = ownUser, ownPassword
	}
}

// ownUser is the line that lets the harness in, "" if it comes as everybody does.
func (m *Machine) ownUser() string {
	if m.User == "" {
		return ""
	}
	return fmt.Sprintf("user %s on >%s ~* &* +@all\n", m.User, m.Password)
}

// listening is where the machine listens and has its files.
func (m *Machine) listening() string {
	port := fmt.Sprintf("port %d\n", m.Port)
	if m.TLS {
		in := func(name string) string { return conf.Word(path.Join(m.Dir, name)) }
		port = fmt.Sprintf("port 0\ntls-cert-file %s\ntls-key-file %s\ntls-ca-cert-file %s\n", in(TLSCert), in(TLSKey), in(TLSAuthority))
	}
	return fmt.Sprintf("%sbind %s\ndir %s\n", port, m.Host, m.Dir)
}

// password is what the settings ask callers for.
func (s Settings) password() string {
	lines, err := conf.Parse("requirepass " + s.Get("requirepass", `""`))
	if err != nil || len(lines) != 1 || len(lines[0].Args) != 2 {
		return "" // the server itself will say what is wrong with it
	}
	return lines[0].Args[1]
}

// renamed is what the settings call commands, by their names in capitals, in lines that begin with directive.
func (s Settings) renamed(directive string) map[string]string {
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
func (s Settings) port(otherwise int) int {
	name := "port"
	if s.tls() {
		name = "tls-port"
	}
	if n, err := strconv.Atoi(s.Get(name, "")); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// tls says whether a machine with these settings speaks TLS.
func (s Settings) tls() bool { return s.Get("tls-port", "0") != "0" }

func (s Settings) has(name string) bool {
	for _, set := range s {
		if strings.EqualFold(set.Name, name) {
			return true
		}
	}
	return false
}
