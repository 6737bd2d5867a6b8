package node

import (
	"fmt"
	"time"
)

// EffectKind says what a world is to do, and so which fields of an [Effect] mean something.
type EffectKind uint8

// The kinds of effects; the methods of [Effects] that append them say what they mean.
const (
	EffectListen EffectKind = iota + 1
	EffectDial
	EffectSend
	EffectClose
	EffectSetTimer
	EffectStopTimer
	EffectFile
	EffectWork
	EffectScript
	EffectBusy
	EffectNote
	EffectLog
	EffectExit
	EffectResolve
	EffectHold
	EffectKillScript

	effectKinds
)

var effectNames = [effectKinds]string{EffectListen: "listen", EffectDial: "dial", EffectSend: "send",
	EffectClose: "close", EffectSetTimer: "set-timer", EffectStopTimer: "stop-timer", EffectFile: "file",
	EffectWork: "work", EffectScript: "script", EffectBusy: "busy", EffectNote: "note", EffectLog: "log", EffectExit: "exit",
	EffectResolve: "resolve", EffectHold: "hold",
	EffectKillScript: "kill-script"}

func (k EffectKind) String() string {
	if k < effectKinds && effectNames[k] != "" {
		return effectNames[k]
	}
	return fmt.Sprintf("effect(%d)", uint8(k))
}

// Effect is one thing for the world to do. Cores append effects through the methods of [Effects]; worlds read
// these fields.
type Effect struct {
	Kind EffectKind
	// Send: tell when it has left. Close: after what was sent has left. File: in the background. Hold: from now on. Busy: it
	// was the Step itself that took the time.
	Flag  bool
	Conn  ConnID
	Timer TimerID
	Op    OpID
	Bytes []byte        // Send: within the buffer's arena, valid until Reset
	After time.Duration // SetTimer, Busy
	N     int           // Exit: status. Work: size in bytes of what it works on. Listen: mode of a Unix socket.
	Addr  string        // Listen, Dial: "ip:port". Script: path. Resolve: name. Log: file, "" for standard output.
	From  string        // Dial: source IP, "" for any
	Text  string        // Log: the whole line, without its newline
	Args  []string      // Script
	Steps []FileStep
	Work  func() any
	Note  *Note // within the buffer, valid until Reset
}

// FileKind is one operation on a file.
type FileKind uint8

// The file operations of a job.
const (
	ReadFile   FileKind = iota + 1 // the whole file; its bytes arrive with FileDone
	WriteFile                      // create or truncate, then write Data
	AppendFile                     // create if missing, then append Data
	SyncFile                       // fsync: what was written survives a loss of power
	RenameFile                     // Path becomes To, atomically, replacing it
	RemoveFile                     // it is no error if Path does not exist
	EnterDir                       // nothing; it fails unless Path is a directory
	// TruncateFile cuts the file off at byte At. It is no error if it is shorter, or not there.
	TruncateFile
	// ReplaceFile makes Data the content of Path, synced, and leaves the file's mode, owner and links as they are. A crash
	// leaves the old content or the new, whole: Data is written beside the file and takes its place. Where it cannot (a
	// file that is mounted, has several names, or lies in somebody else's folder), it is written in place, and a crash may
	// leave a part of each.
	ReplaceFile
	// OpenFile opens Path for reading, by the name File. What is open stays readable, whatever becomes of its path, until
	// CloseFile or the end of the core's life.
	OpenFile
	ReadPart  // at most Size bytes of the open File from At on; they arrive with FileDone, none at its end
	CloseFile // it is no error if File is not open
)

var fileNames = [...]string{ReadFile: "read", WriteFile: "write", AppendFile: "append", SyncFile: "sync",
	RenameFile: "rename", RemoveFile: "remove", EnterDir: "enter", TruncateFile: "truncate", ReplaceFile: "replace",
	OpenFile: "open", ReadPart: "read-part", CloseFile: "close-file"}

func (k FileKind) String() string {
	if int(k) < len(fileNames) && fileNames[k] != "" {
		return fileNames[k]
	}
	return fmt.Sprintf("file(%d)", uint8(k))
}

// FileStep is one operation of a file job. Paths are absolute.
type FileStep struct {
	Kind FileKind
	Path string
	To   string // RenameFile
	Data []byte // WriteFile, AppendFile, ReplaceFile; nobody changes it any more
	File FileID // OpenFile, ReadPart, CloseFile
	At   int64  // ReadPart: bytes from the start of the file, ≥ 0. TruncateFile: bytes to keep, ≥ 0
	Size int64  // ReadPart: bytes, ≥ 0
}

// Place says where a file job runs.
type Place bool

const (
	// Foreground blocks the core until the job is done, as a system call in Redis's event loop does; its FileDone
	// is the core's next event.
	Foreground Place = false
	// Background lets the core go on, as a child process or a bio thread of Redis does.
	Background Place = true
)

// Effects collects what a core wants done, in order. A world owns it, hands it to Step and calls Reset when it
// has carried everything out. The zero value is ready for use.
type Effects struct {
	list    []Effect
	arena   []byte
	notes   []Note
	dialled ConnID
}

// List returns the effects so far, valid until Reset.
func (e *Effects) List() []Effect { return e.list }

// Reset forgets the effects and keeps their memory, and the count of dialled connections.
func (e *Effects) Reset() {
	for i := range e.list {
		e.list[i].reset()
	}
	e.list = e.list[:0]
	if cap(e.arena) > 1<<20 {
		e.arena = nil // one huge reply must not pin its memory for ever
	}
	e.arena = e.arena[:0]
	e.notes = e.notes[:0] // the next ones overwrite them
}

// reset makes the effect zero, so that it pins no closure and no file's data. The frequent kinds are reset field by
// field: the whole struct is large and full of pointers.
func (ef *Effect) reset() {
	switch ef.Kind {
	case EffectSend:
		ef.Conn, ef.Flag, ef.Bytes = 0, false, nil
	case EffectSetTimer, EffectStopTimer:
		ef.Timer, ef.After = 0, 0
	case EffectNote:
		ef.Note = nil
	default:
		*ef = Effect{}
	}
}

func (e *Effects) add(kind EffectKind) *Effect {
	if len(e.list) < cap(e.list) {
		e.list = e.list[:len(e.list)+1] // Reset left it zero
	} else {
		e.list = append(e.list, Effect{})
	}
	ef := &e.list[len(e.list)-1]
	ef.Kind = kind
	return ef
}

// Listen asks for inbound connections on addr ("ip:port"); a [Listened] event answers.
func (e *Effects) Listen(addr string) { e.add(EffectListen).Addr = addr }

// UnixPrefix is what the address of a Unix socket begins with; its path follows.
const UnixPrefix = "unix:"

// ListenUnix asks for inbound connections on a Unix socket at path, in the place of whatever file is there, with the mode
// perm, or what the process makes of it if that is 0. A [Listened] event answers, and those who come have the address of
// the socket, UnixPrefix and the path, as their Local. The file goes with the core's life, unless that is cut short.
func (e *Effects) ListenUnix(path string, perm int) {
	ef := e.add(EffectListen)
	ef.Addr, ef.N = UnixPrefix+path, perm
}

// Dial opens a connection to addr ("ip:port"), from source IP from unless that is "". [Dialled] or [DialFailed]
// answers; until then the connection may only be closed.
func (e *Effects) Dial(addr, from string) ConnID {
	if e.dialled == 0 {
		e.dialled = 1
	} else {
		e.dialled += 2
	}
	ef := e.add(EffectDial)
	ef.Conn, ef.Addr, ef.From = e.dialled, addr, from
	return e.dialled
}

// Send appends a copy of b to what is on its way on conn. Sending on a connection that is gone does nothing.
func (e *Effects) Send(conn ConnID, b []byte) { e.send(conn, b) }

// SendTell is Send, and a [Sent] event once b and everything before it on conn has left the process. Use it to
// measure output buffers and to send a large file piece by piece.
func (e *Effects) SendTell(conn ConnID, b []byte) { e.send(conn, b).Flag = true }

func (e *Effects) send(conn ConnID, b []byte) *Effect {
	// An arena that grows moves to new memory; the slices of earlier effects keep the old, which stays as it is.
	from := len(e.arena)
	e.arena = append(e.arena, b...)
	ef := e.add(EffectSend)
	ef.Conn, ef.Bytes = conn, e.arena[from:len(e.arena):len(e.arena)]
	return ef
}

// Close ends conn at once; bytes that have not left are dropped. No event of conn follows.
func (e *Effects) Close(conn ConnID) { e.add(EffectClose).Conn = conn }

// CloseAfterFlush ends conn once what was sent on it has left. No event of conn follows.
func (e *Effects) CloseAfterFlush(conn ConnID) {
	ef := e.add(EffectClose)
	ef.Conn, ef.Flag = conn, true
}

// HoldReading asks for no more [Received] events of conn, so that the peer has to wait once what lies between it and the
// core is full. What was read before may still arrive. That the connection ended is told when it is read again, or
// earlier where the world finds out.
func (e *Effects) HoldReading(conn ConnID) {
	ef := e.add(EffectHold)
	ef.Conn, ef.Flag = conn, true
}

// ReadOn ends what HoldReading began.
func (e *Effects) ReadOn(conn ConnID) { e.add(EffectHold).Conn = conn }

// SetTimer fires timer once, after has passed on the machine's steady clock.
func (e *Effects) SetTimer(timer TimerID, after time.Duration) {
	ef := e.add(EffectSetTimer)
	ef.Timer, ef.After = timer, after
}

// StopTimer forgets timer if it is set.
func (e *Effects) StopTimer(timer TimerID) { e.add(EffectStopTimer).Timer = timer }

// File starts a job: the steps run in order until one fails, then one [FileDone] tells how it went.
func (e *Effects) File(op OpID, place Place, steps ...FileStep) {
	ef := e.add(EffectFile)
	ef.Op, ef.Flag, ef.Steps = op, bool(place), steps
}

// Work runs fn away from the core's loop and delivers its result with [WorkDone]. fn is a pure function over data
// that nobody changes any more, or that the core has handed over to it and leaves alone until WorkDone; size is how
// many bytes of data it works on, from which a simulation knows how long it takes.
func (e *Effects) Work(op OpID, size int, fn func() any) {
	ef := e.add(EffectWork)
	ef.Op, ef.N, ef.Work = op, size, fn
}

// Script runs a program; [ScriptExited] answers.
func (e *Effects) Script(op OpID, path string, args ...string) {
	ef := e.add(EffectScript)
	ef.Op, ef.Addr, ef.Args = op, path, args
}

// KillScript ends a script by SIGKILL, if it has not ended yet; [ScriptExited] tells of it as of any other end.
func (e *Effects) KillScript(op OpID) { e.add(EffectKillScript).Op = op }

// Resolve asks for the IP of a host name, IPv4 if it has one; [Resolved] answers.
func (e *Effects) Resolve(op OpID, name string) {
	ef := e.add(EffectResolve)
	ef.Op, ef.Addr = op, name
}

// Busy keeps the core from its next event, and the following effects from being carried out, until d has passed.
func (e *Effects) Busy(d time.Duration) { e.add(EffectBusy).After = d }

// Took tells that the Step so far took about d of a computer's time: it ran a script. Where time passes by itself it has
// passed; a simulation lets it pass, as with Busy.
func (e *Effects) Took(d time.Duration) {
	ef := e.add(EffectBusy)
	ef.Flag, ef.After = true, d
}

// Note puts an observation into the run's history.
func (e *Effects) Note(n Note) { *e.NewNote(n.Kind) = n }

// NewNote is Note, to be filled in by the caller before its next effect. Notes are large, and a client makes two for
// every operation: this saves the copy.
func (e *Effects) NewNote(kind NoteKind) *Note {
	// They live in the buffer, as sent bytes do. If it moves, the notes of earlier effects stay where they are.
	if len(e.notes) == cap(e.notes) {
		e.notes = append(e.notes, Note{})
	} else {
		e.notes = e.notes[:len(e.notes)+1]
	}
	n := &e.notes[len(e.notes)-1]
	*n = Note{Kind: kind}
	e.add(EffectNote).Note = n
	return n
}

// Log writes one line to file, or to standard output if file is "".
func (e *Effects) Log(file, line string) {
	ef := e.add(EffectLog)
	ef.Addr, ef.Text = file, line
}

// Exit ends the core's life with a process exit status, after the effects before it.
func (e *Effects) Exit(status int) { e.add(EffectExit).N = status }
