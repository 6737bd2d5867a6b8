package front

import (
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/conf"
)

// Directives of redis.conf that a server and a Sentinel read alike. Redis 4.0: config.c, loadServerConfigFromString.

// Settings are the directives that are about clients, in the units of redis.conf.
type Settings struct {
	Bind             []string // addresses to listen on. nil: all
	ProtectedMode    bool
	RequirePass      string
	MaxClients       int64
	Timeout          int64 // seconds a client may be idle, 0: for ever
	QueryBufferLimit int64 // bytes
	MaxBulkLen       int64 // bytes
	OutputLimits     [3]OutputLimit
}

// OutputLimit bounds the output that waits for a client, in bytes: Hard at once, Soft for that many seconds; 0 is no
// limit.
type OutputLimit struct{ Hard, Soft, Seconds int64 }

// DefaultSettings hold where no line says otherwise.
func DefaultSettings() Settings {
	return Settings{ProtectedMode: true, MaxClients: 10000, QueryBufferLimit: 1 << 30, MaxBulkLen: 512 << 20,
		OutputLimits: DefaultOutputLimits}
}

// DefaultOutputLimits are those of client-output-buffer-limit, by class.
var DefaultOutputLimits = [...]OutputLimit{
	ClassSlave:  {Hard: 256 << 20, Soft: 64 << 20, Seconds: 60},
	ClassPubSub: {Hard: 32 << 20, Soft: 8 << 20, Seconds: 60},
}

// OutputClasses are the names of the classes that have output limits.
var OutputClasses = [...]string{ClassNormal: "normal", ClassSlave: "slave", ClassPubSub: "pubsub"}

// ParseOutputLimits reads "class hard soft seconds" groups over limits, and says why it cannot.
func ParseOutputLimits(limits [3]OutputLimit, words []string) (result [3]OutputLimit, reason string) {
	if len(words) == 0 || len(words)%4 != 0 {
		return limits, conf.BadDirective
	}
	for ; len(words) > 0; words = words[4:] {
		class := -1
		for i, name := range OutputClasses {
			if strings.EqualFold(words[0], name) {
				class = i
			}
		}
		if class < 0 {
			return limits, "Unrecognized client limit class"
		}
		hard, ok1 := conf.ParseBytes(words[1])
		soft, ok2 := conf.ParseBytes(words[2])
		seconds, ok3 := conf.ParseInt(words[3], 0, 1<<31-1)
		if !ok1 || !ok2 || hard < 0 || soft < 0 {
			return limits, conf.BadDirective
		}
		if !ok3 {
			return limits, "Negative number of seconds in soft limit is invalid"
		}
		limits[class] = OutputLimit{Hard: hard, Soft: soft, Seconds: seconds}
	}
	return limits, ""
}

// maxBind is the greatest number of addresses to listen on. Redis 4.0: server.h, CONFIG_BINDADDR_MAX.
const maxBind = 16

// ParseBind takes the addresses of a line, and says why it cannot.
func (s *Settings) ParseBind(addresses []string) (reason string) {
	switch {
	case len(addresses) == 0:
		return conf.BadDirective
	case len(addresses) > maxBind:
		return "Too many bind addresses specified"
	}
	s.Bind = addresses
	return ""
}

// maxPassword is the longest password in bytes. Redis 4.0: server.h, CONFIG_AUTHPASS_MAX_LEN.
const maxPassword = 512

// TooLongPassword says what is wrong with a password, "" if nothing is.
func TooLongPassword(value string) (reason string) {
	if len(value) > maxPassword {
		return "Password is longer than CONFIG_AUTHPASS_MAX_LEN"
	}
	return ""
}

// Reasons for which a file is refused.
const (
	BadMaxClients = "Invalid max clients limit"
	BadTimeout    = "Invalid timeout value"
	BadPort       = "Invalid port"
	BadLogLevel   = "Invalid log level. Must be one of debug, verbose, notice, warning"
)

// logLevels are the names of the levels, least important first.
var logLevels = [...]struct {
	name  string
	level node.LogLevel
}{{"debug", node.LogDebug}, {"verbose", node.LogVerbose}, {"notice", node.LogNotice}, {"warning", node.LogWarning}}

// ParseLogLevel returns the level of that name in any case.
func ParseLogLevel(name string) (level node.LogLevel, ok bool) {
	for _, l := range logLevels {
		if strings.EqualFold(l.name, name) {
			return l.level, true
		}
	}
	return 0, false
}

// LogLevelName is what redis.conf calls a level.
func LogLevelName(level node.LogLevel) string {
	for _, l := range logLevels {
		if l.level == level {
			return l.name
		}
	}
	return ""
}
