package sentinel

import "github.com/ordeal-go/ordeal/node/front"

// rows are the commands that a Sentinel knows; there are no others. Redis 4.0: sentinel.c, sentinelcmds.
func (s *Sentinel) rows() [][]front.Command {
	connection := front.Pick(s.front.ConnectionRows(), "ping", "client")
	connection[0].Arity = 1 // a server's may be given what to answer
	return [][]front.Command{
		connection,
		front.Pick(s.front.SubscribeRows(), "subscribe", "unsubscribe", "psubscribe", "punsubscribe"),
		front.Group("server",
			front.Row("sentinel", -2, "", 0, 0, 0, s.sentinelCommand, "Ask about masters, or change how they are watched"),
			front.Row("publish", 3, "", 0, 0, 0, s.publishCommand, "Take a hello from another Sentinel"),
			front.Row("info", -1, "", 0, 0, 0, s.infoCommand, "Get information and statistics about the Sentinel"),
			front.Row("role", 1, "l", 0, 0, 0, s.roleCommand, "Return the names of the masters"),
			front.Row("shutdown", -1, "", 0, 0, 0, s.shutdownCommand, "End the Sentinel"),
		),
	}
}

// publishCommand takes a hello that another Sentinel sends directly.
func (s *Sentinel) publishCommand(c *front.Call) {
	if string(c.Args[1]) != helloTopic {
		c.Error("ERR Only HELLO messages are accepted by Sentinel instances.")
		return
	}
	s.processHello(c.Args[2])
	c.Int(1)
}

func (s *Sentinel) roleCommand(c *front.Call) {
	c.Array(2)
	c.Text("sentinel")
	c.Array(len(s.masters))
	for _, m := range s.masters {
		c.Text(m.name)
	}
}

// shutdownCommand ends the Sentinel. There is nothing to save, whatever is asked.
func (s *Sentinel) shutdownCommand(c *front.Call) {
	if how := c.Option(1); len(c.Args) > 2 || len(c.Args) == 2 && how != "SAVE" && how != "NOSAVE" {
		c.Error(front.ErrSyntax)
		return
	}
	s.shutdown()
}
