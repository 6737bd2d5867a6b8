package front

import "crypto/subtle"

// Commands on connections. Redis 4.0: networking.c, server.c.

// ConnectionRows are AUTH, PING, ECHO, CLIENT, and what a browser was tricked into sending.
func (f *Front) ConnectionRows() []Command {
	return Group("connection",
		Row("auth", 2, "sltFA", 0, 0, 0, f.authCommand, "Authenticate to the server"),
		Row("ping", -1, "tFPD", 0, 0, 0, f.pingCommand, "Ping the server"),
		Row("echo", 2, "F", 0, 0, 0, func(c *Call) { c.Bulk(c.Args[1]) }, "Echo the given string"),
		Row("client", -2, "as", 0, 0, 0, f.clientCommand, "List, name, pause and end client connections"),
		Row("post", -1, "lt", 0, 0, 0, f.securityCommand, "Ends the connection: a browser speaks HTTP to us"),
		Row("host:", -1, "lt", 0, 0, 0, f.securityCommand, "Ends the connection: a browser speaks HTTP to us"),
	)
}

func (f *Front) authCommand(c *Call) {
	if f.Set.RequirePass == "" {
		c.Error("ERR Client sent AUTH, but no password is set")
		return
	}
	c.Client.Authenticated = subtle.ConstantTimeCompare(c.Args[1], []byte(f.Set.RequirePass)) == 1
	if !c.Client.Authenticated {
		c.Error("ERR invalid password")
		return
	}
	c.OK()
}

func (f *Front) pingCommand(c *Call) {
	if len(c.Args) > 2 {
		c.Error("ERR wrong number of arguments for 'ping' command")
		return
	}
	switch {
	case c.Is(Subscribed):
		var message []byte
		if len(c.Args) == 2 {
			message = c.Args[1]
		}
		c.Raw(pong(nil, message))
	case len(c.Args) == 2:
		c.Bulk(c.Args[1])
	default:
		c.Simple("PONG")
	}
}

// securityCommand ends the connection of a browser. Redis 4.0: networking.c, securityWarningCommand.
func (f *Front) securityCommand(c *Call) {
	f.Host.Log('#', "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This is "+
		"likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis instance. Connection aborted.")
	f.FreeASAP(c.Client)
}
