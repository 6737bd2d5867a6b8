package front

import "strings"

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
