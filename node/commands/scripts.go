package commands

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/script"
)

// EVAL, EVALSHA, SCRIPT. A script runs within one Step, or in several if it is a slow one. Redis 4.0: scripting.c.

func (d *Data) scriptRows() []front.Command {
	eval := front.Row("eval", -3, "s*", 0, 0, 0, d.evalCommand, "Execute a Lua script")
	evalsha := front.Row("evalsha", -3, "s*", 0, 0, 0, d.evalshaCommand,
		"Execute a Lua script that the server knows by its SHA1")
	eval.Keys, evalsha.Keys = scriptKeys, scriptKeys
	return front.Group("scripting", eval, evalsha,
		front.Row("script", -2, "s", 0, 0, 0, d.scriptCommand, "Load, forget and look for Lua scripts"))
}

// scriptKeys are the keys that the number before them announces. Redis 4.0: db.c, evalGetKeys.
func scriptKeys(args [][]byte) (keys []int) {
	const first = 3
	n, ok := resp.ParseInt(args[2])
	if !ok || n > int64(len(args)-first) {
		return nil
	}
	for i := first; i < first+int(n); i++ {
		keys = append(keys, i)
	}
	return keys
}

// scripts is what the dataset knows of scripts.
type scripts struct {
	engine *script.Engine  // nil until a script comes
	told   map[string]bool // SHA1s by which replicas know scripts, to look up only
	run    *scriptRun      // the script under way, nil: none
	// longest is how many instructions a client's script may run, whatever lua-time-limit says.
	longest int
	parser  resp.ReplyParser
	reply   []byte // memory for the reply of a script's command
}

const errNoScript = "NOSCRIPT No matching script. Please use EVAL."

func (d *Data) scriptEngine() *script.Engine {
	if d.engine == nil {
		d.engine = script.New(script.Options{})
	}
	return d.engine
}

// ScriptMemory is an estimate of the bytes that scripts hold.
func (d *Data) ScriptMemory() int64 {
	if d.engine == nil {
		return 0
	}
	return int64(d.engine.Memory())
}

// Scripts are the sources of all scripts, oldest first. A snapshot carries them: a replica that starts from it may be
// sent an EVALSHA.
func (d *Data) Scripts() (sources []string) {
	if d.engine == nil {
		return nil
	}
	for _, sha := range d.engine.Scripts() {
		source, _ := d.engine.Source(sha)
		sources = append(sources, source)
	}
	return sources
}

// LoadScripts takes the scripts of a snapshot. Redis 4.0: rdb.c, rdbLoadRio, the field lua.
func (d *Data) LoadScripts(loaded *keyspace.Loaded) {
	for _, aux := range loaded.Aux {
		if aux.Name != keyspace.AuxScript {
			continue
		}
		if _, problem, ok := d.scriptEngine().Load([]byte(aux.Text)); !ok {
			d.front.Host.Log(node.LogWarning, "A script of the RDB does not compile and is left out: "+string(problem.Str))
		}
	}
}

// ForgetTold says that there may be a replica that knows no scripts. Redis 4.0: replication.c,
// replicationScriptCacheFlush.
func (d *Data) ForgetTold() { d.told = nil }

func (d *Data) scriptCommand(c *front.Call) {
	switch sub := c.Option(1); {
	case sub == "LOAD" && len(c.Args) == 3:
		sha, problem, ok := d.scriptEngine().Load(c.Args[2])
		if !ok {
			c.Error(string(problem.Str))
			return
		}
		c.Text(sha)
		c.Force()
	case sub == "EXISTS" && len(c.Args) >= 3:
		c.Array(len(c.Args) - 2)
		for _, sha := range c.Args[2:] {
			c.Bool(d.knowsScript(string(sha)))
		}
	case sub == "FLUSH" && len(c.Args) == 2 && !d.host.IsMaster() && !c.FromMaster():
		c.Error("READONLY A replica keeps the scripts that its master's EVALSHAs may name: flush them at the master.")
	case sub == "FLUSH" && len(c.Args) == 2:
		d.engine = nil
		d.ForgetTold()
		c.Dirty++ // replicas are to forget them too
		c.OK()
	case sub == "KILL" && len(c.Args) == 2:
		d.killScript(c)
	case sub == "DEBUG":
		c.Error("ERR this server has no debugger of scripts: use redis.log, or debug the script elsewhere")
	default:
		c.Error("ERR Unknown SCRIPT subcommand or wrong # of args.")
	}
}

// killScript ends the script that has paused, unless it has written.
func (d *Data) killScript(c *front.Call) {
	switch {
	case !d.ScriptPaused():
		c.Error("NOTBUSY No scripts in execution right now.")
	case d.run.wrote:
		c.Error("UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the " +
			"script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.")
	default:
		d.run.killed = true
		c.OK()
	}
}

func (d *Data) knowsScript(sha string) bool {
	if d.engine == nil {
		return false
	}
	_, ok := d.engine.Source(sha)
	return ok
}

func (d *Data) evalCommand(c *front.Call) {
	keys, argv, ok := scriptArgs(c)
	if !ok {
		return
	}
	sha, problem, ok := d.scriptEngine().Load(c.Args[1])
	if !ok {
		c.Error(string(problem.Str))
		return
	}
	d.runScript(c, sha, keys, argv)
}

func (d *Data) evalshaCommand(c *front.Call) {
	const shaLength = 40
	if len(c.Args[1]) != shaLength {
		c.Error(errNoScript)
		return
	}
	keys, argv, ok := scriptArgs(c)
	if !ok {
		return
	}
	if !d.knowsScript(string(c.Args[1])) {
		c.Error(errNoScript)
		return
	}
	d.runScript(c, string(c.Args[1]), keys, argv)
}

// scriptArgs are what a script finds in KEYS and ARGV.
func scriptArgs(c *front.Call) (keys, argv [][]byte, ok bool) {
	n, ok := c.Integer(2)
	rest := c.Args[3:]
	switch {
	case !ok:
		return nil, nil, false
	case n > int64(len(rest)):
		c.Error("ERR Number of keys can't be greater than number of args")
		return nil, nil, false
	case n < 0:
		c.Error("ERR Number of keys can't be negative")
		return nil, nil, false
	}
	return rest[:n], rest[n:], true
}

// replyTo replies with what a script returned.
func replyTo(c *front.Call, r resp.Reply) {
	switch {
	case r.Null && r.Kind == '*':
		c.NullArray()
	case r.Null:
		c.Null()
	case r.Kind == '+':
		c.Simple(string(r.Str))
	case r.Kind == '-':
		c.Error(string(r.Str))
	case r.Kind == ':':
		c.Int(r.Int)
	case r.Kind == '$':
		c.Bulk(r.Str)
	default:
		c.Array(len(r.Elems))
		for i := range r.Elems {
			replyTo(c, r.Elems[i])
		}
	}
}
