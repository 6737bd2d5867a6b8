package front

import (
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// Errors that many commands reply with.
const (
	ErrSyntax    = "ERR syntax error"
	ErrNotInt    = "ERR value is not an integer or out of range"
	ErrNotFloat  = "ERR value is not a valid float"
	ErrNoKey     = "ERR no such key"
	ErrSameKey   = "ERR source and destination objects are the same"
	ErrWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrBadDB     = "ERR DB index is out of range"
	ErrIndex     = "ERR index out of range"
)

// Call is one command that runs: for a client, inside a transaction, out of the master's stream, or for nobody. Its
// methods reply. A command that waits for a file may reply later, as long as the client's next command has not begun;
// the host sees to that.
type Call struct {
	Args   [][]byte // with the command's name; valid until the client's next request
	Cmd    *Command // nil: there is no such command
	DB     int      // the database it works on; see Select
	Client *Client  // nil: nobody
	Reply  []byte   // where the reply gathers if there is no client
	Dirty  int64    // changes that it made to the dataset; a call that made some is propagated
	Script *Call    // the EVAL whose script makes this call, which then has no client; nil: none

	front   *Front
	forced  bool       // propagated although it changed nothing
	nothing bool       // not propagated, whatever it changed
	instead [][][]byte // propagated instead of Args

	forReplicas bool // propagated to replicas only
}

// NewCall returns a call of client, which may be nil.
func (f *Front) NewCall(client *Client, cmd *Command, args [][]byte) Call {
	c := Call{Args: args, Cmd: cmd, Client: client, front: f}
	if client != nil {
		c.DB = client.DB
	}
	return c
}

// Answer returns a call by which a client is answered that waited for something.
func (f *Front) Answer(client *Client) *Call {
	c := f.NewCall(client, client.Last, nil)
	return &c
}

// Is says whether the call's client is in any of the states. Nobody is in none.
func (c *Call) Is(s State) bool { return c.Client != nil && c.Client.Is(s) }

// FromMaster says whether our master makes the call, or a script that it sent.
func (c *Call) FromMaster() bool { return c.Is(Master) || c.Script != nil && c.Script.Is(Master) }

// Select changes the database, for the client's later commands too.
func (c *Call) Select(db int) {
	c.DB = db
	if c.Client != nil {
		c.Client.DB = db
	}
}

// Option returns argument i in upper case, for keywords such as NX; "" if there is none.
func (c *Call) Option(i int) string {
	if i >= len(c.Args) {
		return ""
	}
	return strings.ToUpper(string(c.Args[i]))
}

// Force propagates the call although it changes nothing.
func (c *Call) Force() { c.forced = true }

// ForceToReplicas is Force towards replicas alone: an append only file does not hear of the call.
func (c *Call) ForceToReplicas() { c.forced, c.forReplicas = true, true }

// ForReplicas says whether only replicas are to be told of the call.
func (c *Call) ForReplicas() bool { return c.forReplicas }

// Silence keeps the call out of the stream, whatever it changes.
func (c *Call) Silence() { c.nothing = true }

// Instead adds a command that is propagated in the place of the call's own words; several are in order. The words must
// stay as they are until the call is over.
func (c *Call) Instead(words ...[]byte) { c.instead = append(c.instead, words) }

// Propagated calls feed with each command that goes into the stream, now that the call is over.
func (c *Call) Propagated(feed func(args [][]byte)) {
	switch {
	case c.nothing || c.Dirty == 0 && !c.forced:
	case len(c.instead) > 0:
		for _, words := range c.instead {
			feed(words)
		}
	default:
		feed(c.Args)
	}
}

// begin returns what a reply is appended to, nil if nobody wants it.
func (c *Call) begin() *[]byte {
	switch {
	case c.Client == nil:
		return &c.Reply
	case c.Client.mute():
		return nil
	case c.Client.Is(Replica):
		c.front.answeredReplica(c)
		return nil
	}
	return c.front.open(c.Client)
}

// answeredReplica ends the connection of a replica whose command would be answered: the answer would stand in the middle
// of the stream, as it does in 4.0. Redis 7.0: networking.c, _addReplyToBufferOrList.
func (f *Front) answeredReplica(c *Call) {
	name := "<unknown>"
	if c.Cmd != nil {
		name = c.Cmd.Name
	}
	f.logf(node.LogWarning, func() string {
		return "Disconnecting the replica " + f.Line(c.Client) + ": its command '" + name + "' has an answer, which would stand in the stream"
	})
	f.FreeASAP(c.Client)
}

// Raw replies with bytes that are RESP already.
func (c *Call) Raw(raw []byte) {
	if b := c.begin(); b != nil {
		*b = append(*b, raw...)
	}
}

// OK replies with the status OK.
func (c *Call) OK() { c.Simple("OK") }

// Simple replies with a status.
func (c *Call) Simple(text string) {
	if b := c.begin(); b != nil {
		*b = resp.AppendSimple(*b, text)
	}
}

// Error replies with an error, text being what follows the '-' ("ERR no such key").
func (c *Call) Error(text string) {
	if c.Is(Master | Replica) {
		c.front.Host.Failed(c.Client, text)
	}
	if b := c.begin(); b != nil {
		*b = resp.AppendError(*b, text)
	}
}

// Int replies with a number.
func (c *Call) Int(n int64) {
	if b := c.begin(); b != nil {
		*b = resp.AppendInt(*b, n)
	}
}

// Bool replies with 1 or 0.
func (c *Call) Bool(yes bool) {
	if yes {
		c.Int(1)
	} else {
		c.Int(0)
	}
}

// Bulk replies with a string.
func (c *Call) Bulk(s []byte) {
	if b := c.begin(); b != nil {
		*b = resp.AppendBulk(*b, s)
	}
}

// Text replies with a string.
func (c *Call) Text(s string) {
	if b := c.begin(); b != nil {
		*b = resp.AppendBulkString(*b, s)
	}
}

// BulkInt replies with the decimal text of n as a string.
func (c *Call) BulkInt(n int64) {
	if b := c.begin(); b != nil {
		*b = resp.AppendBulkInt(*b, n)
	}
}

// Null replies with the null string, "no such thing".
func (c *Call) Null() {
	if b := c.begin(); b != nil {
		*b = resp.AppendNull(*b)
	}
}

// NullArray replies with the null array.
func (c *Call) NullArray() {
	if b := c.begin(); b != nil {
		*b = resp.AppendNullArray(*b)
	}
}

// Array replies with the header of an array; its n elements follow as replies of their own.
func (c *Call) Array(n int) {
	if b := c.begin(); b != nil {
		*b = resp.AppendArray(*b, n)
	}
}

// Texts replies with an array of strings.
func (c *Call) Texts(list []string) {
	c.Array(len(list))
	for _, text := range list {
		c.Text(text)
	}
}

// Help replies with lines of status replies, as HELP subcommands do.
func (c *Call) Help(lines ...string) {
	c.Array(len(lines))
	for _, line := range lines {
		c.Simple(line)
	}
}

// Integer reads argument i as a number; if it is none, it replies so.
func (c *Call) Integer(i int) (n int64, ok bool) {
	if n, ok = resp.ParseInt(c.Args[i]); !ok {
		c.Error(ErrNotInt)
	}
	return n, ok
}

// Words turns words into what [Call.Instead] and the replication stream take.
func Words(words ...string) [][]byte {
	list := make([][]byte, len(words))
	for i, w := range words {
		list[i] = []byte(w)
	}
	return list
}
