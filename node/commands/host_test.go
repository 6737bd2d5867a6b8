package commands

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// host is the least that data needs of a server: no files, no replication but the stream that is written.
type host struct {
	t      *testing.T
	data   *Data
	front  *front.Front
	set    front.Settings
	cfg    Settings
	out    node.Effects
	now    node.Instant
	slave  bool
	full   bool
	open   bool // MULTI is in the stream
	conns  node.ConnID
	sent   map[node.ConnID]string
	closed map[node.ConnID]bool
	stream []string // what was propagated
}

func newHost(t *testing.T, more ...func(*Data) []front.Command) *host {
	h := &host{t: t, now: node.Instant(1519905600 * int64(time.Second)), sent: map[node.ConnID]string{}, closed: map[node.ConnID]bool{}}
	h.set = front.Settings{MaxClients: 100, QueryBufferLimit: 1 << 30, MaxBulkLen: 512 << 20}
	h.cfg = Settings{Databases: 4, SlaveReadOnly: true}
	h.front = front.New(h, &h.set)
	h.data = New(h, h.front, &h.cfg, rand.New(rand.NewPCG(1, 2)))
	h.data.KS = keyspace.New(4)
	families := append(h.data.Rows(), h.front.ConnectionRows(), h.front.SubscribeRows(), h.front.CommandRows())
	for _, rows := range more {
		families = append(families, rows(h.data))
	}
	h.front.Table.Fill(families...)
	return h
}

func (h *host) step(ev node.Event, what func(*node.Event)) {
	h.front.Now, h.front.Out, h.data.Now = h.now, &h.out, h.now
	what(&ev)
	for h.data.ProcessUnblocked() {
	}
	h.front.EndOfStep()
	for _, e := range h.out.List() {
		switch e.Kind {
		case node.EffectSend:
			h.sent[e.Conn] += string(e.Bytes)
		case node.EffectClose:
			h.closed[e.Conn] = true
		}
	}
	h.out.Reset()
}

func (h *host) connect() node.ConnID {
	h.conns += 2
	h.step(node.Event{Kind: node.Accepted, Conn: h.conns, Remote: fmt.Sprintf("127.0.0.1:%d", 1000+h.conns)}, h.front.Accepted)
	return h.conns
}

func (h *host) write(c node.ConnID, text string) {
	h.step(node.Event{Kind: node.Received, Conn: c, Bytes: []byte(text)}, h.front.Received)
}

// say sends lines and returns all that has come since the last time, line ends as blanks.
func (h *host) say(c node.ConnID, lines ...string) string {
	h.write(c, strings.Join(lines, "\r\n")+"\r\n")
	return h.heard(c)
}

func (h *host) heard(c node.ConnID) string {
	text := h.sent[c]
	h.sent[c] = ""
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", " "))
}

// run lets time pass and runs what the server's cron does for the dataset.
func (h *host) run(d time.Duration) {
	h.now = h.now.Add(d)
	h.step(node.Event{}, func(*node.Event) { h.data.TimeOutBlocked() })
}

func (h *host) Refuse(c *front.Call) (string, bool) { return front.NotInPubSub(c), false }
func (h *host) Listens(*front.Client) bool          { return true }
func (h *host) Waits(*front.Client) bool            { return false }
func (h *host) Resumed(*front.Client)               {}
func (h *host) Fed(*front.Client, int)              {}
func (h *host) EmptyLine(*front.Client)             {}
func (h *host) Executed(*front.Client)              { h.data.ServeReady() }
func (h *host) Failed(*front.Client, string)        {}
func (h *host) HoldsOutput(*front.Client) bool      { return false }
func (h *host) Left(*front.Client, int64)           {}
func (h *host) Freed(c *front.Client)               { h.data.Freed(c) }
func (h *host) Logs(node.LogLevel) bool             { return false }
func (h *host) Log(node.LogLevel, string)           {}
func (h *host) IsMaster() bool                      { return !h.slave }
func (h *host) RefuseQueued(*front.Call) string     { return "" }

func (h *host) RefuseScripted(c *front.Call, wrote bool) string {
	if c.Cmd.Is(front.Write) && h.slave && h.cfg.SlaveReadOnly && !c.FromMaster() {
		return "READONLY You can't write against a read only slave."
	}
	if c.Cmd.Is(front.DenyOOM) && h.full && !wrote {
		return "OOM command not allowed when used memory > 'maxmemory'."
	}
	return ""
}
func (h *host) Migrate(c *front.Call, m Migration) {
	h.data.Migrated(c, m.Keys)
	c.OK()
}
func (h *host) ShowMonitors(*front.Call) {}
func (h *host) Emptied(*front.Call)      {}
func (h *host) Settle(c *front.Call)     { h.settle(c, c.DB) }
func (h *host) Execute(c *front.Call)    { db := c.DB; c.Cmd.Run(c); h.settle(c, db) }

func (h *host) Feed(to Target, db int, args [][]byte) {
	if to&ToReplicas != 0 {
		h.stream = append(h.stream, line(db, args))
	}
}

func (h *host) OpenTransaction(to Target, db int) {
	if !h.slave && !h.open {
		h.open = true
		h.Feed(to, db, front.Words("MULTI"))
	}
}

func (h *host) CloseTransaction(to Target, db int, exec [][]byte) {
	if h.open {
		h.open = false
		h.Feed(to, db, exec)
	}
}

func (h *host) settle(c *front.Call, db int) {
	if c.Script != nil {
		return
	}
	h.data.Dirty += c.Dirty
	c.Propagated(func(args [][]byte) { h.Feed(Everywhere, db, args) })
}

func line(db int, args [][]byte) string {
	words := []string{fmt.Sprint(db)}
	for _, arg := range args {
		words = append(words, string(arg))
	}
	return strings.Join(words, " ")
}

// streamed returns what was propagated since the last time, each command with its database before it.
func (h *host) streamed() string {
	text := strings.Join(h.stream, "; ")
	h.stream = nil
	return text
}
