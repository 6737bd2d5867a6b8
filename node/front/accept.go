package front

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// How connections begin and end. Redis 4.0: networking.c.

const deniedByProtectedMode = "-DENIED Redis is running in protected mode because protected mode is enabled, no bind address was " +
	"specified and no authentication password is requested of clients. Only connections from the loopback interface are " +
	"served. To serve others, bind to an address, or set a password with requirepass, or set protected-mode to no.\r\n"

// Accepted serves a new connection, or turns it away.
func (f *Front) Accepted(ev *node.Event) {
	f.Stats.Connections++
	switch {
	case int64(len(f.byID)) >= f.Set.MaxClients:
		f.Stats.Rejected++
		f.turnAway(ev.Conn, "-ERR max number of clients reached\r\n")
	case f.mustProtect(ev):
		f.turnAway(ev.Conn, deniedByProtectedMode)
	default:
		c := f.NewClient(ev.Conn, ev.Local, ev.Remote)
		if path, isUnix := strings.CutPrefix(ev.Local, node.UnixPrefix); isUnix {
			c.Addr, c.State = path+":0", c.State|UnixSocket
		}
		f.logf(node.LogVerbose, func() string { return "Accepted " + c.Addr })
	}
}

func (f *Front) turnAway(conn node.ConnID, reply string) {
	f.Stats.NetOut += int64(len(reply))
	f.Out.Send(conn, []byte(reply))
	f.Out.CloseAfterFlush(conn)
}

// mustProtect says whether protected mode forbids a client at that address.
func (f *Front) mustProtect(ev *node.Event) bool {
	if strings.HasPrefix(ev.Local, node.UnixPrefix) || !f.Set.ProtectedMode || len(f.Set.Bind) > 0 || f.Set.RequirePass != "" {
		return false
	}
	ip, _ := SplitAddr(ev.Remote)
	return ip != "127.0.0.1" && ip != "::1"
}

// NewClient makes a client for a connection that is up.
func (f *Front) NewClient(conn node.ConnID, local, remote string) *Client {
	f.nextID++
	c := &Client{ID: f.nextID, Conn: conn, Addr: remote, Local: local, Created: f.Now, LastActive: f.Now}
	c.In.MaxBulk = f.Set.MaxBulkLen
	f.clients[conn] = c
	f.byID = append(f.byID, c)
	return c
}

// CloseAfterReply ends the connection once what was replied has left. Its further input is not looked at.
func (f *Front) CloseAfterReply(c *Client) {
	c.State |= CloseAfterReply
	f.mark(c) // also if there is nothing to send: flush closes
}

// FreeASAP frees c at the end of the Step: where it may still be in use.
func (f *Front) FreeASAP(c *Client) {
	if !c.Is(CloseASAP | Freed) {
		c.State |= CloseASAP
		f.closing = append(f.closing, c)
	}
}

// Free ends c's connection at once and forgets it everywhere. What was replied before and not flushed is lost.
func (f *Front) Free(c *Client) {
	if c.Is(Freed) {
		return
	}
	f.Forget(c)
	f.Out.Close(c.Conn)
}

// Forget forgets a client whose connection is gone, or is about to.
func (f *Front) Forget(c *Client) {
	if c.Is(Freed) {
		return
	}
	c.State |= Freed
	delete(f.clients, c.Conn)
	if i := slices.Index(f.byID, c); i >= 0 {
		f.byID = slices.Delete(f.byID, i, i+1)
	}
	f.PubSub.Drop(c.Conn)
	if c.Is(Monitor) {
		f.Monitors = slices.DeleteFunc(f.Monitors, func(m *Client) bool { return m == c })
	}
	f.Host.Freed(c)
	c.reply, c.Multi = nil, nil
}

// Closed forgets a client that went away.
func (f *Front) Closed(ev *node.Event) {
	if c := f.clients[ev.Conn]; c != nil {
		f.logf(node.LogVerbose, func() string { return "Client closed connection" })
		f.Forget(c)
	}
}

// Tend closes clients that have been idle or over their soft output limit for too long. Once a second is enough.
func (f *Front) Tend() {
	limit := time.Duration(f.Set.Timeout) * time.Second
	for _, c := range slices.Clone(f.byID) {
		if c.Is(Freed) {
			continue
		}
		if limit > 0 && !c.Is(Replica|Master|Blocked|Subscribed) && f.Now.Sub(c.LastActive) > limit {
			f.logf(node.LogVerbose, func() string { return "Closing idle client" })
			f.Free(c)
			continue
		}
		if c.softSince != 0 {
			f.checkOutputLimit(c, c.Waiting())
		}
	}
}
