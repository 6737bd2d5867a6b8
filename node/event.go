package node

import "fmt"

// EventKind says what happened, and so which fields of an [Event] mean something.
type EventKind uint8

// The kinds of events, with the fields that each one fills.
const (
	// Started is the first event of a core's life. No fields.
	Started EventKind = iota + 1
	// Listened answers [Effects.Listen]: Local is the address asked for; Err is set when it could not be had.
	Listened
	// Accepted is a new inbound connection: Conn, Local, Remote ("ip:port" each; on a Unix socket, Local is its address and
	// Remote "").
	Accepted
	// Dialled is an outbound connection that is up: Conn, Local, Remote.
	Dialled
	// DialFailed is an outbound connection that did not come up; Conn is gone. Conn, Err.
	DialFailed
	// Received is a piece of the peer's byte stream, cut anywhere, never empty: Conn, Bytes.
	Received
	// Sent answers [Effects.SendTell]: Conn, N. All bytes sent on Conn up to and including that call, N of them
	// since the connection came up, have left the process for the network (not: reached the peer).
	Sent
	// Closed is a connection that the peer or the network ended, by a close (Err "") or by an error. Conn is
	// gone. Never delivered after the core's own Close. Conn, Err.
	Closed
	// TimerFired: Timer, which is no longer set.
	TimerFired
	// FileDone is the end of a file job: Op; Err of the first step that failed (the later ones were not tried),
	// N its index; Bytes is what the last read step read, the core's to keep and nobody's to change. If no step failed, N
	// is the size in bytes of what the last OpenFile opened.
	FileDone
	// WorkDone is the end of [Effects.Work]: Op, Result.
	WorkDone
	// ScriptExited: Op; N is the exit status, or minus the number of the signal that killed it.
	ScriptExited
	// StopRequested asks the core to stop, as SIGTERM (N 15) and SIGINT (N 2) do.
	StopRequested
	// Told is a message from the harness to the core of a client or observer: Bytes. Servers never get one.
	Told
	// Resolved answers [Effects.Resolve]: Op; Local is the IP; Err is set when the name has none.
	Resolved

	eventKinds
)

var eventNames = [eventKinds]string{Started: "started", Listened: "listened", Accepted: "accepted", Dialled: "dialled",
	DialFailed: "dial-failed", Received: "received", Sent: "sent", Closed: "closed", TimerFired: "timer-fired",
	FileDone: "file-done", WorkDone: "work-done", ScriptExited: "script-exited", StopRequested: "stop-requested", Told: "told",
	Resolved: "resolved"}

func (k EventKind) String() string {
	if k < eventKinds && eventNames[k] != "" {
		return eventNames[k]
	}
	return fmt.Sprintf("event(%d)", uint8(k))
}

// Event is one thing that happened to a core. It is one flat struct, passed by pointer and used again, because a
// simulation steps through millions a second.
type Event struct {
	Kind   EventKind
	Conn   ConnID
	Timer  TimerID
	Op     OpID
	N      int64
	Bytes  []byte // valid during Step only, but for those of FileDone
	Local  string // "ip:port"; of Resolved, an IP
	Remote string // "ip:port"
	Err    Errno
	Result any
}
