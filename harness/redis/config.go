package redis

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node/conf"
	"github.com/ordeal-go/ordeal/node/sentinel"
	"github.com/ordeal-go/ordeal/node/server"
)

// The sections of a scenario file that have settings.
const (
	sectionServer   = "config"
	sectionSentinel = "sentinel"
)

// SettingError says which setting cannot be, and why.
type SettingError struct {
	Section string // "config" or "sentinel"
	Name    string
	Why     string
}

func (e *SettingError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Section, e.Name, e.Why) }

// made are directives that name files which no machine's folder has, and what to do without them.
var made = map[string]string{
	"aclfile":       "there is no such file in a machine's folder: write its lines as settings \"user\"",
	"tls-cert-file": byAuthority + ": leave it out", "tls-key-file": byAuthority + ": leave it out",
	"tls-ca-cert-file": byAuthority + ": leave it out", "tls-ca-cert-dir": byAuthority + ": leave it out",
	"tls-client-cert-file": byAuthority + ": leave it out", "tls-client-key-file": byAuthority + ": leave it out",
}

// checkSettings says which setting no cluster can work with, of whatever version, or nil.
func (c System) checkSettings() error {
	sections := []section{{sectionServer, c.Config}}
	if c.sentinels() {
		sections = append(sections, section{sectionSentinel, c.Sentinel})
	}
	var errs []error
	for _, part := range sections {
		for _, s := range part.settings {
			if why := made[strings.ToLower(s.Name)]; why != "" {
				errs = append(errs, &SettingError{part.name, s.Name, why})
			}
		}
		errs = append(errs, part.checkTLS(tls(c.Config) || tls(c.Sentinel)))
	}
	return errors.Join(errs...)
}

type section struct {
	name     string
	settings cluster.Settings
}

// checkTLS refuses a cluster that speaks TLS in part: its machines have one port each, where they all meet.
func (s section) checkTLS(some bool) error {
	listens, calls := tls(s.settings), strings.EqualFold(s.settings.Get("tls-replication", "no"), "yes")
	switch {
	case some && !listens:
		return &SettingError{s.name, "tls-port", "servers and Sentinels all speak TLS, or none does: give both sections a tls-port"}
	case listens && !calls:
		return &SettingError{s.name, "tls-port", "replicas and Sentinels would call without TLS where only TLS is spoken: add tls-replication yes"}
	case !listens && calls:
		return &SettingError{s.name, "tls-replication", "they would call with TLS where nobody speaks it: add tls-port"}
	case listens && s.settings.Get("port", "0") != "0":
		return &SettingError{s.name, "port", "a machine listens at one port, and tls-port says at which: leave it out"}
	}
	return nil
}

// ours says which setting ordeal-node, which is Redis 4.0, does not take, and why; nil if it takes all of them. The
// error is a [*SettingError].
func (c System) ours() error {
	var asServer, asSentinel strings.Builder // nearly always all is well: one question instead of many
	for _, s := range c.Config {
		fmt.Fprintln(&asServer, inServer(s))
	}
	for _, s := range c.Sentinel {
		fmt.Fprintln(&asSentinel, inSentinel(s))
	}
	if server.Refusal(asServer.String()) == nil && (!c.sentinels() || sentinel.Refusal(watchingLine+asSentinel.String()) == nil) {
		return nil
	}
	var errs []error
	for _, s := range c.Config {
		if why := oursAsServer(s); why != "" {
			errs = append(errs, &SettingError{sectionServer, s.Name, why})
		}
	}
	for _, s := range c.Sentinel {
		if why := oursAsSentinel(s); c.sentinels() && why != "" {
			errs = append(errs, &SettingError{sectionSentinel, s.Name, why})
		}
	}
	return errors.Join(errs...)
}

// downgrade says which setting keeps ordeal-node from taking the place of a later version, or nil: the rest of what it
// does not know can be left out, but not how callers are let in.
func (c System) downgrade() error {
	for _, part := range []section{{sectionServer, c.Config}, {sectionSentinel, c.Sentinel}} {
		for _, s := range part.settings {
			if why := later(s); why != "" {
				return &SettingError{part.name, s.Name, why}
			}
		}
	}
	return nil
}

// laterAdmission are what begins the names of directives about ways to let callers in that came after 4.0.
var laterAdmission = []struct{ prefix, why string }{
	{"tls-", "TLS came with Redis 6.0"},
	{"user", "users came with Redis 6.0"}, {"masteruser", "users came with Redis 6.0"}, {"auth-user", "users came with Redis 6.0"},
	{"sentinel sentinel-user", "users came with Redis 6.0"}, {"sentinel sentinel-pass", "passwords between Sentinels came with Redis 6.2"},
}

// watchingLine is what the lines of a master come after.
const watchingLine = "sentinel monitor " + MasterName + " 10.0.0.1 6379 1\n"

// inServer is the setting as a line of a redis.conf, in words that every version understands.
func inServer(s cluster.Setting) string {
	s = older(s)
	return s.Name + " " + s.Value
}

// inSentinel is the setting as a line of a sentinel.conf.
func inSentinel(s cluster.Setting) string {
	if perMaster(s.Name) {
		return "sentinel " + s.Name + " " + MasterName + " " + s.Value
	}
	return strings.TrimPrefix(s.Name, ownPrefix) + " " + s.Value
}

// oursAsServer says why ordeal-node would not start as a server with the setting, "" if it would.
func oursAsServer(s cluster.Setting) string { return refused(s, server.Refusal(inServer(s))) }

// oursAsSentinel says the same of a Sentinel.
func oursAsSentinel(s cluster.Setting) string {
	return refused(s, sentinel.Refusal(watchingLine+inSentinel(s)))
}

func refused(s cluster.Setting, err error) string {
	var wrong *conf.Error
	if !errors.As(err, &wrong) {
		return ""
	}
	if why := later(s); why != "" {
		return why
	}
	return wrong.Reason
}

// later says with which version came what the setting is about, "" if it is none of the ways to let callers in.
func later(s cluster.Setting) string {
	for _, l := range laterAdmission {
		if strings.HasPrefix(strings.ToLower(s.Name), l.prefix) {
			return l.why
		}
	}
	return ""
}
