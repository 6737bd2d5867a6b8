package commands

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/script"
)

// A script under way: its commands, and how replicas hear of it.

// How long a script may run. A core has no clock within a Step, so time is counted in instructions.
const (
	instructionsPerMS = 50_000        // what lua-time-limit takes a millisecond for: about what a computer does
	instructionsSlice = 500_000       // what a script runs at a time once it is over lua-time-limit
	instructionsMax   = 1_000_000_000 // the end for every script of a client that cannot pause
)

// scriptRun is one script under way; see script.Host. A replica runs the same script as its master, unless that came to
// something that another server may not come to: then replicas are told its changes one by one.
type scriptRun struct {
	d       *Data
	outer   *front.Call // EVAL or EVALSHA
	db      int         // selected by the script
	random  bool        // a command was called whose outcome is chance
	wrote   bool        // a command was called that may write
	dirty   int64
	changes []change // what its commands changed, as replicas would be told one by one
	// Of a script that may pause: the way to go on, when it began, and when it pauses next, in instructions.
	pausable *script.Run
	began    node.Instant
	until    int
	counted  int  // instructions whose time has been told
	paused   bool // it has, at least once
	killed   bool // by SCRIPT KILL
	// Single commands replication was asked for, and where its changes go.
	effects bool
	repl    Target
	// The script itself would come to something else on a replica: this server refused a command for its own state,
	// ended the script, something happened between its commands, or chance decided what it changed.
	special bool
}

// change is a command as replicas are told of it.
type change struct {
	to   Target
	db   int
	args [][]byte
}

// runScript runs a script that the engine knows, replies, and says what replicas are told. One that may pause and runs
// for longer than lua-time-limit is left under way: see GoOn.
func (d *Data) runScript(c *front.Call, sha string, keys, argv [][]byte) {
	node.Assert(d.run == nil, "a script inside a script")
	run := &scriptRun{d: d, outer: c, db: c.DB, repl: Everywhere, began: d.Now}
	d.run = run
	if d.mayPause(c) {
		run.until = int(min(d.cfg.LuaTimeLimit, instructionsMax)) * instructionsPerMS
		run.pausable, _ = d.scriptEngine().Begin(sha, keys, argv, run)
		node.Assert(run.pausable != nil, "script %s is gone", sha)
		d.runOn()
		return
	}
	reply, ok := d.scriptEngine().EvalSHA(sha, keys, argv, run)
	node.Assert(ok, "script %s is gone", sha)
	run.tellTime()
	run.over(reply)
}

// mayPause says whether a script runs for somebody who can wait, at a server that answers others meanwhile. What our
// master or an append only file says comes to its end, and so do the clients of a replica, whose stream would have to
// wait. Redis 4.0: scripting.c, evalGenericCommand.
func (d *Data) mayPause(c *front.Call) bool {
	return d.cfg.LuaTimeLimit > 0 && c.Client != nil && !c.Is(front.Master) && !d.Replaying && d.host.IsMaster()
}

// ScriptPaused says whether a script is under way that has paused. Nothing but GoOn and AbandonScript may touch the data
// until it is over.
func (d *Data) ScriptPaused() bool { return d.run != nil && d.run.paused }

// GoOn lets the script that has paused run on. Its time stands still, as in 4.0: what has not expired when it began
// does not while it runs.
func (d *Data) GoOn() {
	node.Assert(d.ScriptPaused(), "there is no script to go on with")
	now := d.Now
	d.Now = d.run.began
	d.runOn()
	d.Now = now
}

// runOn runs a script that may pause until it does, or is over.
func (d *Data) runOn() {
	run := d.run
	reply, done := run.pausable.Resume()
	run.tellTime()
	if done {
		run.over(reply)
		return
	}
	if !run.paused {
		run.paused = true
		run.outer.Args = front.CloneArgs(run.outer.Args) // more may arrive from its client meanwhile
		d.front.Host.Log(node.LogWarning, fmt.Sprintf("Lua slow script detected: still in execution after %d milliseconds. "+
			"You can try killing the script using the SCRIPT KILL command.", d.cfg.LuaTimeLimit))
	}
}

// AbandonScript forgets the script under way, if there is one, because the server ends. What it has changed stays in
// memory, and nobody is told of it.
func (d *Data) AbandonScript() {
	if d.ScriptPaused() {
		d.run.pausable.Abandon()
		d.run = nil
	}
}

// tellTime tells the world what time the instructions took that have run since it was told last.
func (r *scriptRun) tellTime() {
	n := r.d.engine.Instructions()
	if ms := (n - r.counted) / instructionsPerMS; ms > 0 {
		r.counted += ms * instructionsPerMS
		r.d.front.Out.Took(time.Duration(ms) * time.Millisecond)
	}
}

// over replies with what a script came to, and says what replicas are told.
func (r *scriptRun) over(reply resp.Reply) {
	d, c := r.d, r.outer
	d.run = nil
	replyTo(c, reply)
	c.Dirty += r.dirty
	switch {
	case r.effects, r.special:
		c.Silence()
		r.tellChanges()
	case c.Option(0) == "EVALSHA":
		d.tellByHash(c, strings.ToLower(string(c.Args[1])))
	}
}

// tellByHash makes an EVALSHA that replicas may not understand one that they do. One that changed nothing becomes a
// SCRIPT LOAD. Redis 4.0: scripting.c, evalGenericCommand.
func (d *Data) tellByHash(c *front.Call, sha string) {
	if d.told[sha] || d.Replaying {
		return // a replica tells its append only file: it may have been rewritten since it was told of the script
	}
	if d.told == nil {
		d.told = make(map[string]bool)
	}
	d.told[sha] = true
	source, _ := d.engine.Source(sha)
	if c.Dirty == 0 {
		c.Instead([]byte("SCRIPT"), []byte("LOAD"), []byte(source))
	} else {
		c.Instead(append([][]byte{[]byte("EVAL"), []byte(source)}, c.Args[2:]...)...)
	}
	c.Force()
}

// tellChanges puts the changes into the stream as one transaction; within a transaction of the client's they are part
// of that one.
func (r *scriptRun) tellChanges() {
	if len(r.changes) == 0 {
		return
	}
	wrap, to := !r.outer.Is(front.InMulti), Target(0)
	for _, one := range r.changes {
		to |= one.to
	}
	if wrap {
		r.d.host.OpenTransaction(to, r.outer.DB)
	}
	for _, one := range r.changes {
		r.d.host.Feed(one.to, one.db, one.args)
	}
	if wrap {
		r.d.host.CloseTransaction(to, r.outer.DB, front.Words("EXEC"))
	}
}

// Call implements script.Host. Redis 4.0: scripting.c, luaRedisGenericCommand.
func (r *scriptRun) Call(args [][]byte) (reply resp.Reply, refusal string) {
	d := r.d
	cmd := d.front.Table.Lookup(args[0])
	switch {
	case cmd == nil:
		return reply, "Unknown Redis command called from Lua script"
	case !cmd.TakesArgs(len(args)):
		return reply, "Wrong number of args calling Redis command From Lua script"
	case cmd.Is(front.NoScript):
		return reply, "This Redis command is not allowed from scripts"
	case cmd.Is(front.Write) && r.random && !r.effects:
		return reply, "Write commands not allowed after non deterministic commands. Call redis.replicate_commands() at " +
			"the start of your script in order to switch to single commands replication mode."
	}
	call := d.front.NewCall(nil, cmd, args)
	call.DB, call.Script, call.Reply = r.db, r.outer, d.reply[:0]
	if text := d.host.RefuseScripted(&call, r.wrote); text != "" {
		r.special = true
		return reply, "-" + text + "\r\n"
	}
	r.random = r.random || cmd.Is(front.Random)
	// What SPOP takes is chance: 4.0 sends the script all the same, and each replica takes something else.
	r.special = r.special || cmd.Is(front.Random) && cmd.Is(front.Write)
	r.wrote = r.wrote || cmd.Is(front.Write)
	d.front.Host.Execute(&call)
	r.db = call.DB
	r.dirty += call.Dirty
	r.keep(&call)
	if d.reply = call.Reply; cap(d.reply) > 1<<20 {
		d.reply = nil
		defer func() { d.parser = resp.ReplyParser{} }()
	}
	return r.read(&call), ""
}

// keep remembers what a call changed.
func (r *scriptRun) keep(c *front.Call) {
	to := r.repl
	if c.ForReplicas() {
		to &= ToReplicas
	}
	if to == 0 || r.d.Replaying {
		return
	}
	c.Propagated(func(args [][]byte) { r.changes = append(r.changes, change{to, c.DB, front.CloneArgs(args)}) })
}

// expired notes that a key outlived its time while the script runs, and says whether that is part of the changes: what
// came before in the script must be told before. The script that replicas would run could not tell when it happened.
func (r *scriptRun) expired(db int, args [][]byte) bool {
	if len(r.changes) == 0 {
		return false
	}
	r.special = true
	r.changes = append(r.changes, change{Everywhere, db, front.CloneArgs(args)})
	return true
}

// read takes a command's reply apart. Where chance decides the order of what it lists, it is sorted, so that the script
// does the same on a replica.
func (r *scriptRun) read(c *front.Call) resp.Reply {
	p := &r.d.parser
	p.Reset()
	p.MaxBulk = int64(len(c.Reply))
	p.Feed(c.Reply)
	reply, ok, err := p.Next()
	node.Assert(ok && err == nil && p.Buffered() == 0, "%s replied %q: %v", c.Cmd.Name,
		c.Reply[:min(len(c.Reply), 64)], err)
	if c.Cmd.Is(front.Sort) && !r.effects {
		slices.SortStableFunc(reply.Elems, func(a, b resp.Reply) int { return bytes.Compare(a.Str, b.Str) })
	}
	return reply
}

// Log implements script.Host.
func (r *scriptRun) Log(level int, text string) {
	levels := []node.LogLevel{node.LogDebug, node.LogVerbose, node.LogNotice, node.LogWarning}
	r.d.front.Host.Log(levels[level], text)
}

// ReplicateCommands implements script.Host.
func (r *scriptRun) ReplicateCommands() (seed int32, ok bool) {
	if r.wrote {
		return 0, false
	}
	r.effects = true
	return int32(r.d.Rand.Uint32()), true
}

// SetRepl implements script.Host.
func (r *scriptRun) SetRepl(flags int) { r.repl = Target(flags) & Everywhere }

// Counted implements script.Host: it has a script pause that runs for too long, or ends it. What our master sends, or an
// append only file, has come to an end there, and does so here. Redis 4.0: scripting.c, luaMaskCountHook.
func (r *scriptRun) Counted(instructions int) error {
	limit := r.d.cfg.LuaTimeLimit
	switch {
	case r.outer.Is(front.Master), r.d.Replaying:
		return nil
	case r.killed:
		r.special = true
		r.d.front.Host.Log(node.LogWarning, "Lua script killed by user with SCRIPT KILL.")
		return errors.New("Script killed by user with SCRIPT KILL...")
	case r.pausable != nil:
		if instructions < r.until {
			return nil
		}
		r.until = instructions + instructionsSlice
		return script.Pause
	case limit > 0 && int64(instructions)/instructionsPerMS >= limit && !r.wrote:
		r.special = true
		return errors.New("Script killed: it ran for longer than lua-time-limit and had not written yet")
	case instructions >= r.d.longest:
		r.special = true
		return fmt.Errorf("Script killed: it ran for %d instructions, the most that a script may. What it wrote stays",
			instructions)
	}
	return nil
}
