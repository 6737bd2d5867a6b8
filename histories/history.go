package histories

import "time"

// Version is the version of the JSON lines format that this package writes.
const Version = 1

// History is a whole run. Times are from the run's start.
type History struct {
	Header
	Ops    []Operation // in order of invocation
	Faults []Fault     // in order of start
	Notes  []Note      // in order of time
	Logs   []LogLine   // in order of time
	Footer
	Complete bool // the run came to its end and wrote its footer
}

// Header is the first line of a history: what was run.
type Header struct {
	Version  int       `json:"ordeal"`
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
}

// Machine is one member of the cluster under test, or one of its clients.
type Machine struct {
	Name string `json:"name"` // "m1"
	Kind string `json:"kind"` // "server", "sentinel", "client", "observer"
	Addr string `json:"addr"` // "ip:port" by which the others know it
	// Spare is a machine that was laid out and did not start with the others; if it never did, no note says "up".
	Spare bool `json:"spare,omitempty"`
}

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

// What an operation does, [Operation].Func.
const (
	FuncWrite = "write" // Key becomes Value
	FuncRead  = "read"  // Key is Value, or does not exist
)

// Operation is one call of a client.
type Operation struct {
	Process  string        // the client; it has one operation open at a time
	Func     string        // FuncWrite or FuncRead
	Key      string        //
	Value    string        // what was written; of a read that is OK, what was found
	Found    bool          // of a read that is OK: the key existed
	Node     string        // the machine asked, by name; its address if it has none
	Final    bool          // a read after the cluster settled, which says what survived
	Invoked  time.Duration //
	Returned time.Duration // Forever while Outcome is Info and no answer came
	Outcome  Outcome       // an operation without a return is Info
	Error    string        // of Fail and Info
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

// Note is something observed of a machine: by itself, by its replies, or by its log. Its fields mean what its kind
// says; FORMAT.md lists the kinds.
type Note struct {
	Time    time.Duration `json:"t"`
	Machine string        `json:"machine"`
	Kind    string        `json:"note"`
	From    string        `json:"from,omitempty"` // who observed it: "" itself, "observer", "log"

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
}

// LogLine is one line of a machine's log.
type LogLine struct {
	Time    time.Duration
	Machine string
	Text    string
}
