package histories

import "time"

// Version is the version of the JSON lines format that this package writes. It reads version 1 too, in which an
// operation was a read or a write of one text.
const Version = 2

// History is a whole run. Times are from the run's start.
type History struct {
	Header
	Ops    []Operation // in order of invocation
	Faults []Fault     // in order of start
	Notes  []Note      // in order of time
	Logs   []LogLine   // in order of time
	Places []Place     // in order of time
	Footer
	Complete bool // the run came to its end and wrote its footer
}

// Header is the first line of a history: what was run.
type Header struct {
	Version  int       `json:"ordeal"`
	System   string    `json:"system,omitempty"` // what kind of system took part; "": "redis"
	Scenario string    `json:"scenario"`
	Why      string    `json:"why,omitempty"`
	Seed     uint64    `json:"seed"`
	World    string    `json:"world"`             // "sim", "live", or where it was imported from
	Target   string    `json:"target,omitempty"`  // what was tested: "ordeal-node", "redis-server"
	Build    string    `json:"build,omitempty"`   // the version of ordeal that ran it
	Started  string    `json:"started,omitempty"` // RFC 3339, live only: a simulated history is the same on every day
	Plan     string    `json:"plan,omitempty"`    // the scenario as YAML, every draw made
	Replay   string    `json:"replay,omitempty"`  // the command that runs it again
	Machines []Machine `json:"machines,omitempty"`
	// Workloads says of each workload by which model its operations are judged. An operation of a workload that is not
	// listed is one of a register.
	Workloads []Workload `json:"workloads,omitempty"`
}

// Workload is one of the workloads of a run.
type Workload struct {
	Name  string `json:"name"`            // as operations give it
	Kind  string `json:"kind"`            // "register", "list-append", …
	Model string `json:"model,omitempty"` // what judges its operations, if that is not called as the kind
}

// Machine is one member of the cluster under test, or one of its clients.
type Machine struct {
	Name string `json:"name"` // "m1"
	Kind string `json:"kind"` // "server", "sentinel", "client", "observer"
	Addr string `json:"addr"` // "ip:port" by which the others know it
	// Spare is a machine that was laid out and did not start with the others; if it never did, no note says "up".
	Spare bool `json:"spare,omitempty"`
}

// Model is the name of the model that judges op: that of its workload.
func (h *History) Model(op *Operation) string {
	for i := range h.Workloads {
		w := &h.Workloads[i]
		if w.Name != op.Workload && (op.Workload != "" || len(h.Workloads) > 1) {
			continue
		}
		if w.Model != "" {
			return w.Model
		}
		return w.Kind
	}
	return ModelRegister
}

// ModelRegister is the model of operations whose workload names no other.
const ModelRegister = "register"

// Footer is the last line of a history that came to its end.
type Footer struct {
	End   time.Duration `json:"end"`             // when the run ended
	Trace string        `json:"trace,omitempty"` // the simulation's trace hash, 64 hexadecimal digits
}

// Outcome is how an operation ended, in Jepsen's sense.
type Outcome string

// The outcomes of an operation.
const (
	OK   Outcome = "ok"   // it happened, between invocation and return
	Fail Outcome = "fail" // it certainly did not happen
	Info Outcome = "info" // it may have happened, at any time from its invocation on
)

// What the operations of a register do, [Operation].Func. Other workloads have other functions, which their models know.
const (
	FuncWrite = "write" // Key becomes Arg
	FuncRead  = "read"  // Result is what Key holds, or nothing if it does not exist
)

// Operation is one call of a client.
type Operation struct {
	Process  string        // the client; it has one operation open at a time
	Workload string        // which of the run's workloads it belongs to, by name; "" where there is only one
	Func     string        // what it does, in the words of the workload's model: FuncWrite, "add", "pop", …
	Key      string        // what it does that to; "" where that is several things, which Arg then names
	Arg      Value         // its argument, or the list of them
	Result   Value         // what it found, of one that is OK
	Node     string        // the machine asked, by name; its address if it has none
	Final    bool          // a read after the cluster settled, which says what survived
	Invoked  time.Duration //
	Returned time.Duration // Forever while Outcome is Info and no answer came
	Outcome  Outcome       // an operation without a return is Info
	Error    string        // of Fail and Info
}

// Found says whether op is a read that found something.
func (op *Operation) Found() bool { return op.Outcome == OK && !op.Result.IsNothing() }

// Word is the value that op is about, as a word: what a write was to write, and what a read found.
func (op *Operation) Word() string {
	if op.Func == FuncWrite {
		return op.Arg.Str()
	}
	return op.Result.Str()
}

// Forever is the return of an operation that never returned.
const Forever = time.Duration(1<<63 - 1)

// Fault is one fault of the nemesis as an interval.
type Fault struct {
	ID      int           // 1, 2, … in order of start
	Text    string        // the fault, roles resolved: "cut m1 | s1 s2"
	Asked   string        // as the scenario has it: "cut master | s1 s2"; "" if the same
	Targets []string      // the machines it touches
	Start   time.Duration //
	Stop    time.Duration // Forever if it was never healed
}

// FromLayout is who says, in a note of kind settings, how a machine was laid out: whoever wrote its configuration.
const FromLayout = "layout"

// Note is something observed of a machine: by itself, by its replies, or by its log. Its fields mean what its kind
// says; FORMAT.md lists the kinds.
type Note struct {
	Time    time.Duration `json:"t"`
	Machine string        `json:"machine"`
	Kind    string        `json:"note"`
	From    string        `json:"from,omitempty"` // who observed it: "" itself, "observer", "log", FromLayout

	Role    string `json:"role,omitempty"`
	Link    string `json:"link,omitempty"`
	ReplID  string `json:"replid,omitempty"`
	ReplID2 string `json:"replid2,omitempty"`
	Offset  int64  `json:"offset,omitempty"`
	Offset2 int64  `json:"offset2,omitempty"`

	Peer        string `json:"peer,omitempty"` // a machine's name; an address if it has none
	Result      string `json:"result,omitempty"`
	Reason      string `json:"reason,omitempty"`
	AskedID     string `json:"asked_id,omitempty"`
	AskedOffset int64  `json:"asked_offset,omitempty"`
	Digest      string `json:"digest,omitempty"`
	N           int64  `json:"n,omitempty"`
	M           int64  `json:"m,omitempty"`

	ID     string `json:"id,omitempty"`
	Master string `json:"master,omitempty"`
	Leader string `json:"leader,omitempty"`
	Epoch  int64  `json:"epoch,omitempty"`
	Event  string `json:"event,omitempty"`
	Text   string `json:"text,omitempty"`
	Key    string `json:"key,omitempty"`

	// Took is how long the answer took that tells this: it is of a moment within that time before Time. 0: not known.
	Took time.Duration `json:"took,omitempty"`
}

// Place is where in a replication history a write went, by the word of the server that executed it. There is one for
// every write, so that it is kept small; in a file it is a note of the kind "wrote".
type Place struct {
	Time    time.Duration
	Machine string
	Peer    string // the client's machine, or its address if that is no machine's
	Role    string // what the server was: "master", "slave"
	Key     string // the command's first key; "" of a command without keys
	Word    string // its last argument, or its first 64 bytes; of a command without keys its name: "flushall"
	ReplID  string
	Offset  int64 // after it; a master without a backlog counts no writes, and stays where it is
}

// NoteWrote is the kind of note that a Place is in a file.
const NoteWrote = "wrote"

func (p *Place) note() Note {
	return Note{Time: p.Time, Machine: p.Machine, Kind: NoteWrote, Peer: p.Peer, Role: p.Role, Key: p.Key, Text: p.Word,
		ReplID: p.ReplID, Offset: p.Offset}
}

func placeOf(n *Note) Place {
	return Place{Time: n.Time, Machine: n.Machine, Peer: n.Peer, Role: n.Role, Key: n.Key, Word: n.Text, ReplID: n.ReplID, Offset: n.Offset}
}

// LogLine is one line of a machine's log.
type LogLine struct {
	Time    time.Duration
	Machine string
	Text    string
}
