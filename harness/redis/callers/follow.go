package callers

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// forget gives up server i as the master, if it was taken for it.
func (c *Client) forget(i int) {
	if i == c.master {
		c.master, c.checked, c.asking = -1, false, false
	}
}

// resolve takes the next step towards knowing the master: ask somebody, connect to whom they named, and have that
// one confirm it by its ROLE, as Redis tells authors of clients to do.
func (c *Client) resolve() {
	switch {
	case c.stopped:
	case c.master >= 0:
		c.confirm()
	case len(c.sentinels) > 0:
		c.askSentinel()
	default:
		c.master = c.next % len(c.servers)
		c.next++
		c.confirm()
	}
}

// confirm asks the candidate for its ROLE.
func (c *Client) confirm() {
	l := c.links[c.master]
	switch {
	case l.state == linkDown:
		l.open(c.now, c.out, reopenPause)
	case l.state == linkDialling:
		if c.now.Sub(l.since) > dialTimeout {
			l.drop(c.now, c.out)
			c.forget(c.master)
		}
	case c.asking:
		if c.now.Sub(l.since) > askTimeout {
			l.drop(c.now, c.out)
			c.forget(c.master)
		}
	case !c.open: // an operation on this very connection is answered first
		c.asking = true
		l.since = c.now
		l.send(c.out, "ROLE")
	}
}

// role hears the candidate's ROLE.
func (c *Client) role(r resp.Reply) {
	c.asking = false
	if r.Kind == '*' && len(r.Elems) > 0 && string(r.Elems[0].Str) == "master" {
		c.checked = true
		return
	}
	c.forget(c.master)
}

// askSentinel asks one Sentinel after the other, round and round, who the master is.
func (c *Client) askSentinel() {
	l := &c.sentinel
	switch {
	case l.state == linkDown:
		l.peer = c.sentinels[c.next%len(c.sentinels)]
		c.next++
		l.open(c.now, c.out, resolvePause)
	case c.now.Sub(l.since) > askTimeout:
		l.drop(c.now, c.out)
	}
}

// dialled goes on with a connection that is up.
func (c *Client) dialled(conn node.ConnID) {
	if conn == c.sentinel.conn && c.sentinel.state == linkDialling {
		c.sentinel.up(c.now, c.out)
		c.sentinel.send(c.out, "SENTINEL", "get-master-addr-by-name", MasterName)
		return
	}
	for i, l := range c.links {
		if l.state == linkDialling && l.conn == conn {
			l.up(c.now, c.out)
			if i == c.master && !c.checked {
				c.confirm()
			}
		}
	}
}

// told hears a Sentinel's answer.
func (c *Client) told(b []byte) {
	c.sentinel.in.Feed(b)
	r, ok, err := c.sentinel.next()
	if !ok && err == nil {
		return
	}
	if err == nil && r.Kind == '*' && len(r.Elems) == 2 {
		addr := string(r.Elems[0].Str) + ":" + string(r.Elems[1].Str)
		for i, p := range c.servers {
			if p.Addr == addr {
				c.master = i
			}
		}
	}
	c.sentinel.drop(c.now, c.out)
	if c.master >= 0 {
		c.confirm()
	}
}
