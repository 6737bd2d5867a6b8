package sentinel

import (
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/glob"
)

func (s *Sentinel) slavesCommand(c *front.Call, m *instance) { s.replyAllFields(c, m.slaves) }

// configCommand is SENTINEL CONFIG GET pattern and SENTINEL CONFIG SET name value, of Redis 6.2, for those settings of a
// Sentinel itself that 4.0's file has.
func (s *Sentinel) configCommand(c *front.Call) {
	how := c.Option(2)
	switch {
	case how == "GET" && len(c.Args) == 4:
		s.configGet(c)
	case how == "SET" && len(c.Args) == 5:
		if problem := s.configSet(strings.ToLower(string(c.Args[3])), string(c.Args[4])); problem != "" {
			c.Error(problem)
			return
		}
		s.savedReply(c, c.OK)
	default:
		c.Error("ERR Only SENTINEL CONFIG GET <option> and SENTINEL CONFIG SET <option> <value> are supported.")
	}
}

func (s *Sentinel) configGet(c *front.Call) {
	var found []string
	for _, setting := range [][2]string{{"announce-ip", s.cfg.announceIP}, {"announce-port", strconv.Itoa(s.cfg.announcePort)}} {
		if glob.Match(c.Args[3], []byte(setting[0]), true) {
			found = append(found, setting[0], setting[1])
		}
	}
	c.Texts(found)
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
