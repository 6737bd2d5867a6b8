package sentinel

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/glob"
	"github.com/ordeal-go/ordeal/node/resp"
)

func (s *Sentinel) slavesCommand(c *client, m *instance, _ [][]byte) { s.appendAllFields(c, m.slaves) }

// configCommand is SENTINEL CONFIG GET pattern and SENTINEL CONFIG SET name value, of Redis 6.2, for those settings of a
// Sentinel itself that 4.0's file has.
func (s *Sentinel) configCommand(c *client, args [][]byte) {
	how := strings.ToLower(string(args[2]))
	switch {
	case how == "get" && len(args) == 4:
		s.configGet(c, args[3])
	case how == "set" && len(args) == 5:
		if problem := s.configSet(strings.ToLower(string(args[3])), string(args[4])); problem != "" {
			c.fail(problem)
			return
		}
		s.savedReply(c, c.ok)
	default:
		c.fail("ERR Only SENTINEL CONFIG GET <option> and SENTINEL CONFIG SET <option> <value> are supported.")
	}
}

func (s *Sentinel) configGet(c *client, pattern []byte) {
	var found []string
	for _, setting := range [][2]string{{"announce-ip", s.cfg.announceIP}, {"announce-port", strconv.Itoa(s.cfg.announcePort)}} {
		if glob.Match(pattern, []byte(setting[0]), true) {
			found = append(found, setting[0], setting[1])
		}
	}
	c.out = resp.AppendCommand(c.out, found...)
}

func (s *Sentinel) configSet(name, value string) (problem string) {
	switch name {
	case "announce-ip":
		if value != "" && !isIP(value) && !isHostName(value) {
			return "ERR Invalid value '" + value + "' to SENTINEL CONFIG SET 'announce-ip'"
		}
		s.cfg.announceIP = value
	case "announce-port":
		if !intInto(&s.cfg.announcePort, value, 0, 65535) {
			return "ERR Invalid value '" + value + "' to SENTINEL CONFIG SET 'announce-port'"
		}
	default:
		return "ERR Invalid argument '" + name + "' to SENTINEL CONFIG SET"
	}
	return ""
}
