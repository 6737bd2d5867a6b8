package front

import (
	"strconv"
	"strings"
)

// SplitAddr takes "ip:port" apart; an IPv6 address loses its brackets. Both are "" if addr has no port.
func SplitAddr(addr string) (ip, port string) {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return "", ""
	}
	return strings.Trim(addr[:i], "[]"), addr[i+1:]
}

// JoinAddr is ip:port as Redis prints it, with brackets around an IPv6 address.
func JoinAddr(ip, port string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]:" + port
	}
	return ip + ":" + port
}

// DialAddr is the address to dial for a host as SLAVEOF and MIGRATE name it. Names are not resolved, but for the
// machine's own.
func DialAddr(host string, port int) string {
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	return JoinAddr(host, strconv.Itoa(port))
}

// SourceIP is where dialled connections come from: the first address that we listen on, "" for any.
func (s *Settings) SourceIP() string {
	if len(s.Bind) == 0 || s.Bind[0] == "0.0.0.0" || s.Bind[0] == "::" || s.Bind[0] == "*" {
		return ""
	}
	return s.Bind[0]
}
