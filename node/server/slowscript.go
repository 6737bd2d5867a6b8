package server

import (
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
)

// A script that is over lua-time-limit runs on piece by piece. In between clients are heard, and told that the server is
// busy; whatever else happens waits. Redis 4.0: scripting.c, luaMaskCountHook; networking.c, processEventsWhileBlocked.

// slowScript is the EVAL or EVALSHA whose script has paused.
type slowScript struct {
	call  *front.Call // nil: there is none
	db    int         // in which it began
	since node.Instant
	held  []node.Event // what happened meanwhile and is for later, in order
}

const errBusy = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."

// pausedBy remembers a call whose script has paused, and has it go on when others have been heard.
func (s *Server) pausedBy(c *front.Call, db int) {
	node.Assert(s.script.call == nil && c.Client != nil, "two scripts at a time, or one for nobody")
	s.script = slowScript{call: c, db: db, since: s.now}
	s.out.SetTimer(timerScript, 0)
}

// scriptGoesOn runs the script on, and ends its command with it.
func (s *Server) scriptGoesOn() {
	script := s.script
	s.current, s.running = script.call.Client, script.call
	s.data.GoOn()
	s.current, s.running = nil, nil
	if s.data.ScriptPaused() {
		s.out.SetTimer(timerScript, 0)
		return
	}
	s.script = slowScript{}
	if took := s.now.Sub(script.since); took >= 0 {
		s.tookTime(script.call, took)
	}
	s.executed(script.call, script.db)
	s.front.Resume(script.call.Client)
	for i := range script.held {
		if s.exiting {
			return
		}
		s.happened(&script.held[i])
	}
}

// heldForScript keeps an event for later that must not touch anything while a script has paused, and says whether it
// does. What clients say is heard at once, but for that of the script's own.
func (s *Server) heldForScript(ev *node.Event) bool {
	if s.script.call == nil || s.blocking != nil {
		return false
	}
	switch ev.Kind {
	case node.Accepted, node.Sent, node.StopRequested:
		return false
	case node.Received:
		if !s.repl.Reads(ev.Conn) {
			return false
		}
	case node.Closed:
		if ev.Conn != s.script.call.Client.Conn {
			return false
		}
	case node.TimerFired:
		if ev.Timer == timerScript {
			return false
		}
	}
	node.Assert(ev.Kind != node.Received, "a master has a master, and a script pauses")
	s.script.held = append(s.script.held, *ev)
	return true
}

// refuseBusy returns the error for a call that comes while a script has paused, or "". Redis 4.0: server.c, processCommand.
func (s *Server) refuseBusy(c *front.Call) string {
	if s.script.call == nil {
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
