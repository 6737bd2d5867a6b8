package clients

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ordeal-go/ordeal/harness/assert"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis/callers"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/node"
)

// Name is what the machine of the client is called: it takes the place of the scenario's first client, so that faults
// can be named for it. The scenario's other clients work beside it.
const Name = "c1"

// App is the application that uses the client under test: what the function of a test is given. Its methods may be
// called from any goroutine of the bubble.
type App struct {
	client    func(*App)
	promises  Promises
	workload  workload.Spec
	duration  time.Duration
	bubble    *bubble
	gateway   *gateway
	host      string
	servers   []string          // addresses
	sentinels []string          // addresses
	addresses map[string]string // machine → IP; to look up only
	names     map[string]string // IP → machine; to look up only
	demoted   map[string]bool   // servers that have answered READONLY; for the gateway, to look up only

	ctx    context.Context
	cancel context.CancelFunc
	begun  bool
	done   chan struct{} // closed when the client's function has returned

	mu         sync.Mutex
	processes  map[string]bool // those with an operation under way; to look up only
	assertions assert.Assertions
}

// Promises are what the client is held to. The zero value asks for nothing but that calls return.
type Promises struct {
	// Within is how long after a failover, once every Sentinel that is up has told of it, a write of the client reaches
	// the new master at the latest, > 0; 0: nothing is asked.
	Within time.Duration
	// AfterReadOnly is how many more commands a server may be sent by the client after it answered one with READONLY,
	// and before it is a master again; those that only ask how it is do not count. < 0: any number. What a pool of
	// connections needs is one less than its size.
	AfterReadOnly int
	// Grace is how much later than its context's end a call may return; 0: 100 ms.
	Grace time.Duration
}

func (p Promises) withDefaults() Promises {
	if p.Grace == 0 {
		p.Grace = 100 * time.Millisecond
	}
	return p
}

// MasterName is the name by which the Sentinels know the master.
func (a *App) MasterName() string { return callers.MasterName }

// Sentinels are the addresses of the Sentinels, "ip:port", that are there from the beginning.
func (a *App) Sentinels() []string { return slices.Clone(a.sentinels) }

// Servers are the addresses of the servers, the first master first, that are there from the beginning.
func (a *App) Servers() []string { return slices.Clone(a.servers) }

// Keys are the keys of one of the scenario's workloads, "" for the first. The observer reads them once more when the
// cluster has settled, which says what became of the client's writes.
func (a *App) Keys(work string) []string {
	keys := a.workload.Keys(work)
	if keys == nil {
		panic(fmt.Sprintf("clients: the scenario has no workload called %q", work))
	}
	return slices.Clone(keys)
}

// Context is over when the scenario's duration is: then the function closes its client and returns. Faults are healed
// at the same moment.
func (a *App) Context() context.Context { return a.ctx }

// Logf writes a line into the history, as one of the client's log.
func (a *App) Logf(format string, args ...any) {
	for line := range strings.SplitSeq(strings.TrimRight(fmt.Sprintf(format, args...), "\n"), "\n") {
		a.bubble.ask(request{class: logLine, line: line})
	}
}

// Note puts an observation into the history. With it, an App is a Sink of package assert.
func (a *App) Note(n node.Note) {
	a.bubble.ask(request{class: takeDown, key: n.Process, note: &n})
}

// Always asserts that condition holds whenever this is called: package assert.
func (a *App) Always(condition bool, message string, details assert.Details) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.assertions.Always(a, condition, message, details)
}

// Sometimes asserts that condition holds at least once, in one of the seeds of a test.
func (a *App) Sometimes(condition bool, message string, details assert.Details) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.assertions.Sometimes(a, condition, message, details)
}

// Reachable asserts that this is called, in one of the seeds of a test.
func (a *App) Reachable(message string, details assert.Details) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.assertions.Reachable(a, message, details)
}

// Unreachable asserts that this is never called.
func (a *App) Unreachable(message string, details assert.Details) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.assertions.Unreachable(a, message, details)
}

// core is the core of the client's machine, which knows what lies around it.
func (a *App) core(m cluster.Machine, nodes []cluster.Machine) node.Core {
	a.host = m.Host
	for _, n := range nodes {
		a.addresses[n.Name], a.names[n.Announce] = n.Announce, n.Name
		switch {
		case n.Spare:
		case n.Kind == cluster.Sentinel:
			a.sentinels = append(a.sentinels, n.Addr())
		default:
			a.servers = append(a.servers, n.Addr())
		}
	}
	a.gateway = &gateway{app: a, conns: map[node.ConnID]*conn{}}
	return a.gateway
}

// nameOf is the machine at an address, or the address if it is none's.
func (a *App) nameOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if name, ok := a.names[host]; err == nil && ok {
		return name
	}
	return addr
}

// begin lets the client's function run.
func (a *App) begin() {
	node.Assert(!a.begun, "the client of a run begins twice")
	a.begun = true
	go func() {
		defer close(a.done)
		defer a.cancel()
		a.client(a)
	}()
}

// promise notes what the client is held to.
func (a *App) promise(out *node.Effects) {
	note := func(what, text string) {
		out.Note(node.Note{Kind: NotePromise, Key: what, Text: text})
	}
	p := a.promises
	if p.Within > 0 {
		note(PromiseWithin, p.Within.String())
	}
	if p.AfterReadOnly >= 0 {
		note(PromiseAfterReadOnly, fmt.Sprint(p.AfterReadOnly))
	}
	note(PromiseGrace, p.Grace.String())
}

// endLimit is how long the client's function may take to return once there is no network any more, in its own time.
const endLimit = time.Minute

// end takes the network away and waits for the client's function to return.
func (a *App) end() error {
	a.bubble.over.Store(true)
	a.cancel()
	if !a.begun {
		return nil
	}
	a.gateway.leave()
	for _, r := range a.bubble.take() { // nobody answers any more
		if r.class == dial {
			r.conn.ended(node.ErrReset)
		}
	}
	limit := time.NewTimer(endLimit)
	defer limit.Stop()
	select {
	case <-a.done:
		return nil
	case <-limit.C:
		return fmt.Errorf("the client's function has not returned %v after the end of its context and of all its connections: "+
			"see that every call in it gets app.Context() or one derived from it", endLimit)
	}
}
