package front

import (
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// What waits to be sent to a client, and how much of it there may be.

const (
	tellEvery    = 16 << 10 // bytes that may be on their way to a client before we ask to be told that they have left
	maxKeptReply = 64 << 10 // the largest reply buffer that is kept for the next Step, in bytes
)

// pending is how many bytes have been handed to the world and wait there, to within tellEvery: nobody is asked about
// less.
func (c *Client) pending() int64 {
	if c.told <= c.left {
		return 0
	}
	return c.Sent - c.left
}

// Waiting is how many bytes wait for a client.
func (c *Client) Waiting() int64 { return c.pending() + int64(len(c.reply)) }

// Chunks is Waiting counted as Redis counts its list of reply buffers, roughly: in pieces of 16 KB.
func (c *Client) Chunks() int64 { return (c.pending() + tellEvery - 1) / tellEvery }

// Gathered is what has been replied and not been sent. Only for reading, and only until the next reply.
func (c *Client) Gathered() []byte { return c.reply }

// HasUnsent says whether replies to c wait to leave.
func (c *Client) HasUnsent() bool { return len(c.reply) > 0 || c.pending() > 0 }

// mark has c's replies sent at the end of the Step.
func (f *Front) mark(c *Client) {
	if !c.inUnsent {
		c.inUnsent = true
		f.unsent = append(f.unsent, c)
	}
}

// open returns c's reply for something to be added, which then leaves at the end of the Step; nil: not any more. A
// Step may be long: one read of pipelined requests can ask for gigabytes. So the limit holds here as well.
// Redis 4.0: networking.c, prepareClientToWrite, asyncCloseClientOnOutputBufferLimitReached.
func (f *Front) open(c *Client) *[]byte {
	f.mark(c)
	if len(c.reply) >= tellEvery {
		waiting := c.Waiting()
		if c.Is(Replica) && f.Host.HoldsOutput(c) {
			waiting = int64(len(c.reply)) // its snapshot is on the way and does not count
		}
		f.checkOutputLimit(c, waiting)
		if c.Is(CloseASAP | Freed) {
			c.reply = nil
			return nil
		}
	}
	return &c.reply
}

// Write sends raw bytes to c whatever it asked for: the replication stream, REPLCONF ACK.
func (f *Front) Write(c *Client, raw []byte) {
	if b := f.open(c); b != nil {
		*b = append(*b, raw...)
	}
}

// Push sends raw bytes to c unless it wants none: what others' commands have for it.
func (f *Front) Push(c *Client, raw []byte) {
	if !c.mute() {
		f.Write(c, raw)
	}
}

// EndOfStep does what Redis does before it sleeps: it sends the replies that the Step gathered.
func (f *Front) EndOfStep() {
	for i := 0; i < len(f.unsent); i++ { // sending may mark more
		f.flush(f.unsent[i])
		f.unsent[i] = nil
	}
	f.unsent = f.unsent[:0]
	for i := 0; i < len(f.closing); i++ { // freeing one may condemn another
		c := f.closing[i]
		f.closing[i] = nil
		f.Free(c)
	}
	f.closing = f.closing[:0]
}

// flush sends what was replied to c during the Step.
func (f *Front) flush(c *Client) {
	c.inUnsent = false
	if c.Is(Freed) {
		return
	}
	if c.Is(Replica) && f.Host.HoldsOutput(c) {
		f.checkOutputLimit(c, int64(len(c.reply))) // goes on when its snapshot has been delivered
		return
	}
	if len(c.reply) > 0 {
		f.send(c, c.reply)
		if cap(c.reply) > maxKeptReply {
			c.reply = nil
		}
		c.reply = c.reply[:0]
	}
	if c.Is(CloseAfterReply) {
		f.Forget(c)
		f.Out.CloseAfterFlush(c.Conn)
	}
}

// send hands bytes to the world and keeps c's output within its limits.
func (f *Front) send(c *Client, b []byte) {
	c.Sent += int64(len(b))
	f.Stats.NetOut += int64(len(b))
	if c.Sent-c.told >= tellEvery {
		c.told = c.Sent
		f.Out.SendTell(c.Conn, b)
		f.checkOutputLimit(c, c.pending())
		return
	}
	f.Out.Send(c.Conn, b)
	if c.told > c.left {
		f.checkOutputLimit(c, c.pending())
	}
}

// SendNow puts bytes on the wire at once, ahead of what has gathered for c. With tell, the host hears when they have
// left.
func (f *Front) SendNow(c *Client, b []byte, tell bool) {
	c.Sent += int64(len(b))
	f.Stats.NetOut += int64(len(b))
	if tell {
		c.told = c.Sent
		f.Out.SendTell(c.Conn, b)
	} else {
		f.Out.Send(c.Conn, b)
	}
}

// Sent keeps account of what has left us.
func (f *Front) Sent(ev *node.Event) {
	if c := f.clients[ev.Conn]; c != nil {
		c.left = ev.N
		f.Host.Left(c, ev.N)
	}
}

// checkOutputLimit condemns c if the bytes that wait for it are too many, or many for too long.
// Redis 4.0: networking.c, checkClientOutputBufferLimits.
func (f *Front) checkOutputLimit(c *Client, waiting int64) {
	class := c.Class()
	if class == ClassMaster {
		class = ClassNormal
	}
	limit := f.Set.OutputLimits[class]
	over := limit.Hard > 0 && waiting >= limit.Hard
	switch {
	case limit.Soft == 0 || waiting < limit.Soft:
		c.softSince = 0
	case c.softSince == 0:
		c.softSince = f.Now
	case f.Now.Sub(c.softSince) > time.Duration(limit.Seconds)*time.Second:
		over = true
	}
	if over && !c.Is(CloseASAP|Freed) {
		f.logf(node.LogWarning, func() string {
			return "Client " + f.Line(c) + " scheduled to be closed ASAP for overcoming of output buffer limits."
		})
		f.FreeASAP(c)
	}
}
