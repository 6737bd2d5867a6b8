package front

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/pubsub"
)

// Host is the core that a [Front] belongs to.
type Host interface {
	// Refuse returns the error with which a call is turned away, without its leading '-', or "". poison says that it
	// also spoils the transaction that the client has open. What every core refuses has been asked before.
	Refuse(c *Call) (refusal string, poison bool)
	// Execute runs a call, and does what has to follow: it counts and propagates.
	Execute(c *Call)
	// Listens says whether the core looks at c's next command now, apart from what c's own state says.
	Listens(c *Client) bool
	// Waits says whether c's command goes on when a file has been read or written.
	Waits(c *Client) bool
	// Resumed goes on with what c's command began before it waited.
	Resumed(c *Client)

	// Fed, EmptyLine and Executed tell of n bytes that arrived from c, of a line without words, and of a request that
	// has been executed. Before Executed, c may have been freed.
	Fed(c *Client, n int)
	EmptyLine(c *Client)
	Executed(c *Client)
	// Failed is told of errors that a master or replica is answered with; the text begins with its code.
	Failed(c *Client, text string)
	// HoldsOutput says that what gathers for a replica must not be sent now.
	HoldsOutput(c *Client) bool
	// Left tells that bytes sent to c have left the process, n since it connected.
	Left(c *Client, n int64)
	// Freed takes leave of a client whose connection is gone or about to be closed.
	Freed(c *Client)

	// Logs says whether lines of a level are printed; Log prints one.
	Logs(level node.LogLevel) bool
	Log(level node.LogLevel, text string)
}

// Stats are counters since the start or CONFIG RESETSTAT.
type Stats struct {
	Connections, Commands, Rejected int64
	NetIn, NetOut                   int64 // bytes
}

// Front is a core's clients and its table of commands. All of it is touched by Step alone.
type Front struct {
	Host  Host
	Set   *Settings
	Table *Table
	Stats Stats
	rates rates

	// Of the Step under way.
	Now node.Instant
	Out *node.Effects

	PubSub     pubsub.Registry
	Monitors   []*Client
	Paused     bool         // CLIENT PAUSE is in force
	pauseEnd   node.Instant // when it ends
	PauseTimer node.TimerID // fires then

	clients map[node.ConnID]*Client // to find one; never to walk
	byID    []*Client               // in order of ID, to walk
	nextID  uint64                  // client IDs, from 1
	unsent  []*Client               // with a reply to send at the end of the Step
	closing []*Client               // to be freed at the end of the Step
}

// New returns the front of host, which tells set. The table has yet to be filled.
func New(host Host, set *Settings) *Front {
	return &Front{Host: host, Set: set, Table: new(Table), clients: make(map[node.ConnID]*Client)}
}

// Clients returns all clients in the order of their IDs. It must not be kept while one may come or go.
func (f *Front) Clients() []*Client { return f.byID }

// Client returns the client of a connection, or nil.
func (f *Front) Client(conn node.ConnID) *Client { return f.clients[conn] }

func (f *Front) logf(level node.LogLevel, text func() string) {
	if f.Host.Logs(level) {
		f.Host.Log(level, text())
	}
}
