package sentinel

import (
	"slices"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// What a Sentinel adds to package front, which serves whoever connects: applications, operators and other Sentinels.

// Refuse implements front.Host.
func (s *Sentinel) Refuse(c *front.Call) (refusal string, poison bool) {
	return front.NotInPubSub(c), false
}

// Execute implements front.Host.
func (s *Sentinel) Execute(c *front.Call) {
	s.front.Stats.Commands++
	c.Cmd.Calls++
	c.Cmd.Run(c)
}

// Listens implements front.Host: nobody is answered before the masters are watched.
func (s *Sentinel) Listens(*front.Client) bool { return s.phase == running }

// Waits implements front.Host: an answer may rest on what has to be on disk first.
func (s *Sentinel) Waits(c *front.Client) bool { return slices.Contains(s.waiting, c) }

// Resumed implements front.Host: configWritten has answered.
func (s *Sentinel) Resumed(*front.Client) {}

// Fed implements front.Host.
func (s *Sentinel) Fed(*front.Client, int) {}

// EmptyLine implements front.Host.
func (s *Sentinel) EmptyLine(*front.Client) {}

// Executed implements front.Host.
func (s *Sentinel) Executed(*front.Client) {}

// Failed implements front.Host: nobody replicates from a Sentinel.
func (s *Sentinel) Failed(*front.Client, string) {}

// HoldsOutput implements front.Host.
func (s *Sentinel) HoldsOutput(*front.Client) bool { return false }

// Left implements front.Host.
func (s *Sentinel) Left(*front.Client, int64) {}

// Freed implements front.Host.
func (s *Sentinel) Freed(*front.Client) {}

// Logs implements front.Host.
func (s *Sentinel) Logs(level node.LogLevel) bool { return level.AtLeast(s.cfg.logLevel) }

// Log implements front.Host.
func (s *Sentinel) Log(level node.LogLevel, text string) { s.log(level, text) }

// answerWhenSaved is whenSaved for the answer to a call, whose client's later requests wait for it.
func (s *Sentinel) answerWhenSaved(c *front.Call, answer func(err node.Errno)) {
	client := c.Client
	node.Assert(!s.Waits(client), "%s waits for two answers", client.Addr)
	s.waiting = append(s.waiting, client)
	s.whenSaved(func(err node.Errno) {
		s.waiting = slices.DeleteFunc(s.waiting, func(other *front.Client) bool { return other == client })
		if client.Is(front.Freed) {
			return
		}
		answer(err)
		s.front.Resume(client)
	})
}

// savedReply answers by reply, or that the configuration could not be saved: what was changed is so until the next start
// only. Redis 4.0 answers OK all the same.
func (s *Sentinel) savedReply(c *front.Call, reply func()) {
	s.answerWhenSaved(c, func(err node.Errno) {
		if err != "" {
			c.Error("ERR Failed to save the configuration: " + string(err) + ". What was changed is lost at the next start: make " +
				s.opts.ConfigPath + " writable, then SENTINEL FLUSHCONFIG")
			return
		}
		reply()
	})
}
