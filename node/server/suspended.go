package server

import (
	"bytes"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// A command may go on in later Steps: a script that is over lua-time-limit runs on piece by piece, and MIGRATE waits for
// the other server. In between clients of a slow script's server are told that it is busy, MIGRATE's are not looked at,
// and whatever else happens waits. Redis 4.0: scripting.c, luaMaskCountHook; networking.c, processEventsWhileBlocked;
// cluster.c, migrateCommand, which blocks the process.

// suspended is the command that goes on.
type suspended struct {
	call  *front.Call // nil: there is none
	db    int         // in which it began
	since node.Instant
	held  []node.Event // what happened meanwhile and is for later, in order
}

// suspend leaves a call under way that is not over, for goOn to end it, and says whether it is one of those.
func (s *Server) suspend(c *front.Call, db int) bool {
	if c.Script != nil || s.suspended.call != nil || !s.data.ScriptPaused() && s.migration == nil {
		return false
	}
	node.Assert(c.Client != nil, "%s is suspended for nobody", c.Cmd.Name)
	s.suspended = suspended{call: c, db: db, since: s.now}
	if s.migration == nil {
		s.out.SetTimer(timerScript, 0)
	}
	return true
}

// scriptGoesOn runs the script on, and ends its command with it.
func (s *Server) scriptGoesOn() {
	c := s.suspended.call
	s.current, s.running = c.Client, c
	s.data.GoOn()
	s.current, s.running = nil, nil
	if s.data.ScriptPaused() {
		s.out.SetTimer(timerScript, 0)
		return
	}
	s.goOn()
}

// goOn ends the suspended call, which has replied, and looks at what has waited for that.
func (s *Server) goOn() {
	was := s.suspended
	s.suspended = suspended{}
	if took := s.now.Sub(was.since); took >= 0 {
		s.tookTime(was.call, took)
	}
	s.executed(was.call, was.db)
	s.front.Resume(was.call.Client)
	for i := range was.held {
		if s.exiting {
			return
		}
		if !s.heldBack(&was.held[i]) { // its client's next command may be suspended as well
			s.happened(&was.held[i])
		}
	}
	s.front.ServeHeld()
}

// heldBack keeps an event for later that must not touch anything while a call is suspended, and says whether it does.
func (s *Server) heldBack(ev *node.Event) bool {
	if s.suspended.call == nil || s.blocking != nil || s.passes(ev) {
		return false
	}
	kept := *ev
	kept.Bytes = bytes.Clone(ev.Bytes)
	s.suspended.held = append(s.suspended.held, kept)
	return true
}

// passes says whether an event is heard although a call is suspended: what clients say, which the front keeps if need be,
// who comes and goes, and what the call itself waits for.
func (s *Server) passes(ev *node.Event) bool {
	switch ev.Kind {
	case node.Accepted, node.Sent, node.StopRequested:
		return true
	case node.TimerFired:
		return ev.Timer == timerScript || ev.Timer == timerMigrate
	case node.Received, node.Closed, node.Dialled, node.DialFailed:
		if s.links.has(ev.Conn) {
			return true
		}
		c := s.front.Client(ev.Conn)
		return c != nil && (ev.Kind == node.Received || c != s.suspended.call.Client)
	}
	return false
}

// Listens implements front.Host.
func (s *Server) Listens(c *front.Client) bool {
	return s.blocking == nil && !s.exiting && s.migration == nil && !s.awaits(c)
}

// awaits says whether c waits for its own suspended call.
func (s *Server) awaits(c *front.Client) bool {
	return s.suspended.call != nil && s.suspended.call.Client == c
}

// Waits implements front.Host.
func (s *Server) Waits(c *front.Client) bool { return s.resuming == c || s.awaits(c) }

const errBusy = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."

// refuseBusy returns the error for a call that comes while a script has paused, or "". Redis 4.0: server.c, processCommand.
func (s *Server) refuseBusy(c *front.Call) string {
	if !s.data.ScriptPaused() {
		return ""
	}
	second := ""
	if len(c.Args) == 2 {
		second = strings.ToLower(string(c.Args[1]))
	}
	switch c.Cmd.Name {
	case "auth", "replconf":
		return ""
	case "shutdown":
		if strings.HasPrefix(second, "n") {
			return ""
		}
	case "script":
		if strings.HasPrefix(second, "k") {
			return ""
		}
	}
	return errBusy
}

// End implements node.Ender.
func (s *Server) End() { s.data.AbandonScript() }
