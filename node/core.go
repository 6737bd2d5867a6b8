package node

// Core is the whole of a server, a Sentinel or a client.
type Core interface {
	// Step tells the core that ev happened at now by its machine's wall clock and collects, in out, what the
	// world is to do about it. It neither blocks nor keeps a reference to ev.
	Step(now Instant, ev *Event, out *Effects)
}

// Ender is a core that may be in the middle of something when its life ends, which would stay in memory for good. A world
// calls End once it drops the core; no Step follows.
type Ender interface{ End() }

// ConnID names a connection within one life of one core. A world gives accepted connections even numbers, in the
// order of acceptance from 2; [Effects.Dial] gives dialled ones odd numbers, in the order of dialling from 1.
// Neither is ever used again in that life.
type ConnID uint64

// TimerID names a timer; the core chooses it. Setting a timer that is already set moves it.
type TimerID uint64

// OpID names a file job, a piece of work or a script; the core chooses it, unique among those under way.
type OpID uint64

// FileID names a file that [OpenFile] has opened; the core chooses it, unique among those that are open.
type FileID uint64

// Errno is the text of an operating system's error as C's strerror gives it, "" for none. It is text because it
// ends up in log lines and replies, and must be the same in every world.
type Errno string

// The errors that the worlds produce. A live world may produce others.
const (
	ErrNone         Errno = ""
	ErrRefused      Errno = "Connection refused"
	ErrReset        Errno = "Connection reset by peer"
	ErrTimedOut     Errno = "Connection timed out"
	ErrUnreachable  Errno = "No route to host"
	ErrBadAddress   Errno = "Invalid argument" // the address does not parse or is of no machine
	ErrAddrInUse    Errno = "Address already in use"
	ErrAddrNotAvail Errno = "Cannot assign requested address" // the machine has no such address
	ErrNotFound     Errno = "No such file or directory"
	ErrPermission   Errno = "Permission denied"
	ErrIO           Errno = "Input/output error"
	ErrNoSpace      Errno = "No space left on device"
	ErrIsDir        Errno = "Is a directory"
)
