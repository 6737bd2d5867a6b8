package script

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/script/lua"
)

// Host is what a script asks of its server while it runs.
type Host interface {
	// Call does a command for redis.call and redis.pcall. The reply is read before the next Call. A refusal that is not
	// empty takes its place: the command did not run, and the script is told so with where it asked.
	Call(args [][]byte) (reply resp.Reply, refusal string)
	// Log takes what redis.log says; level is 0 debug, 1 verbose, 2 notice, 3 warning.
	Log(level int, text string)
	// ReplicateCommands turns on single commands replication, unless the script has written already (ok = false).
	// seed is where math.random goes on from: it need not be the same on a replica any more.
	ReplicateCommands() (seed int32, ok bool)
	// SetRepl says where writes go from here on: the sum of 1 for the AOF and 2 for replicas.
	SetRepl(flags int)
	// Counted is asked each CountEvery instructions whether the script may go on; instructions is how many it has run.
	// An error ends it, past any pcall: its text is the script's error. Pause stops a script that Begin started until it
	// is resumed, and then Counted is asked again.
	Counted(instructions int) error
}

// The defaults of [Options].
const (
	DefaultMemoryLimit = 256 << 20
	DefaultCountEvery  = 100_000
)

// Options are an engine's limits.
type Options struct {
	MemoryLimit int // bytes that scripts may hold, 0 for DefaultMemoryLimit
	CountEvery  int // instructions between two calls of Host.Counted, 0 for DefaultCountEvery; Redis 4.0: 100,000
}

// Engine is the scripts a server knows and the Lua they run in. Not for use by several goroutines, nor by a Host's
// Call within a run.
type Engine struct {
	options Options
	st      *lua.State
	scripts map[string]*stored
	order   []string // SHA1s, oldest first
	random  random
	host    Host
	running bool
	pause   func() error // stops the script that runs; nil: it cannot

	replicated bool // replicate_commands has been called in this run
	keysName   lua.Value
	argvName   lua.Value
	errName    lua.Value
	okName     lua.Value
}

type stored struct {
	source string
	fn     *lua.Function
}

// New makes an engine that knows no script.
func New(o Options) *Engine {
	if o.MemoryLimit == 0 {
		o.MemoryLimit = DefaultMemoryLimit
	}
	if o.CountEvery == 0 {
		o.CountEvery = DefaultCountEvery
	}
	e := &Engine{options: o, keysName: lua.Str("KEYS"), argvName: lua.Str("ARGV"), errName: lua.Str("err"),
		okName: lua.Str("ok")}
	e.Flush()
	return e
}

// Flush forgets all scripts, and what they left in globals. Redis 4.0: scripting.c, scriptingReset.
func (e *Engine) Flush() {
	node.Assert(!e.running, "scripts flushed by a script")
	st := lua.NewState()
	st.MemoryLimit = e.options.MemoryLimit
	st.CountEvery = e.options.CountEvery
	st.OnCount = e.counted
	e.st, e.scripts, e.order = st, map[string]*stored{}, nil
	e.random.seed(0)
	st.OpenLibs(e.random.float, func(seed int) { e.random.seed(int32(seed)) })
	e.openRedis()
	e.openJSON()
	openMsgpack(st)
	openStruct(st)
	openBit(st)
	protectGlobals(st)
}

// SHA1 is the name of a script: the digest of its source in 40 lower-case digits.
func SHA1(source []byte) string {
	sum := sha1.Sum(source)
	return hex.EncodeToString(sum[:])
}

// Load compiles a script and keeps it. problem is the error reply if it cannot be compiled.
func (e *Engine) Load(source []byte) (sha string, problem resp.Reply, ok bool) {
	sha = SHA1(source)
	if e.scripts[sha] != nil {
		return sha, resp.Reply{}, true
	}
	// A body is compiled inside a function, as 4.0 does; so an error at its end is one before this "end".
	text := "function f_" + sha + "() " + string(source) + "\nend"
	e.st.ResetCount()
	chunk, err := e.compile(text)
	if err != nil {
		return sha, errorReply("ERR Error compiling script (new function): " + err.Error() + "\n"), false
	}
	if _, _, err := e.st.Run(chunk); err != nil {
		return sha, errorReply("ERR Error running script (new function): " + err.Error() + "\n"), false
	}
	fn := e.st.Globals.GetStr("f_" + sha).Function()
	if fn == nil { // a body that ends the function early and takes its name away
		return sha, errorReply("ERR Error running script (new function): the script unmade its own function\n"), false
	}
	e.scripts[sha] = &stored{string(source), fn}
	e.order = append(e.order, sha)
	return sha, resp.Reply{}, true
}

// compile reads a chunk; running out of memory is an error like any other.
func (e *Engine) compile(text string) (f *lua.Function, err error) {
	defer func() {
		if r := recover(); r != nil {
			problem, ok := r.(*lua.Error)
			if !ok {
				panic(r)
			}
			f, err = nil, problem
		}
	}()
	return e.st.Compile(text, "@user_script")
}

// Source is the text of a script; sha in any case.
func (e *Engine) Source(sha string) (source string, ok bool) {
	s := e.scripts[strings.ToLower(sha)]
	if s == nil {
		return "", false
	}
	return s.source, true
}

// Scripts are the SHA1s of all scripts, oldest first; not to be changed.
func (e *Engine) Scripts() []string { return e.order }

// Eval loads a script if it is new, and runs it.
func (e *Engine) Eval(source []byte, keys, argv [][]byte, host Host) resp.Reply {
	sha, problem, ok := e.Load(source)
	if !ok {
		return problem
	}
	reply, _ := e.EvalSHA(sha, keys, argv, host)
	return reply
}

// EvalSHA runs a script by its SHA1, in any case; ok is false if it is not known.
func (e *Engine) EvalSHA(sha string, keys, argv [][]byte, host Host) (reply resp.Reply, ok bool) {
	sha = strings.ToLower(sha)
	s := e.scripts[sha]
	if s == nil {
		return resp.Reply{}, false
	}
	node.Assert(!e.running, "a script started by a script")
	e.running, e.host, e.replicated = true, host, false
	defer func() { e.running, e.host = false, nil }()
	e.random.seed(0) // the same sequence in each run: a replica that runs the script must draw the same
	e.st.ResetCount()
	return e.run(sha, s.fn, keys, argv), true
}

// Instructions is how many the last script ran.
func (e *Engine) Instructions() int { return e.st.Count() }

// Memory is an estimate of the bytes that scripts hold: what they have dropped does not count. It is a walk over all.
func (e *Engine) Memory() int { return e.st.Live() }

// run calls a script's function and turns what it returns into a reply. Redis 4.0: scripting.c, evalGenericCommand.
func (e *Engine) run(sha string, fn *lua.Function, keys, argv [][]byte) (reply resp.Reply) {
	defer func() {
		if r := recover(); r != nil { // while the arguments were made: too much memory
			problem, ok := r.(*lua.Error)
			if !ok {
				panic(r)
			}
			reply = failed(sha, problem.Error())
		}
	}()
	e.st.Globals.Set(e.keysName, e.list(keys))
	e.st.Globals.Set(e.argvName, e.list(argv))
	results, raised, err := e.st.Run(fn)
	if err != nil {
		return failed(sha, describeFailure(err.(*lua.Error), raised))
	}
	if len(results) == 0 {
		return resp.Reply{Kind: '$', Null: true}
	}
	return e.toReply(results[0], 0)
}

// describeFailure is the text of an error with where it was raised. What is neither text nor number breaks Redis's
// handler of errors, which says so.
func describeFailure(err *lua.Error, raised string) string {
	text, ok := err.Value.ToStr()
	switch {
	case !ok:
		return "@err_handler_def:8: err_handler_def:8: attempt to concatenate local 'err' (a " +
			err.Value.Kind().String() + " value)"
	case text == lua.NotEnoughMemory: // no handler runs
		return text
	}
	return raised + text
}

func failed(sha, text string) resp.Reply {
	return errorReply("ERR Error running script (call to f_" + sha + "): " + text + "\n")
}

// errorReply is an error in one line.
func errorReply(text string) resp.Reply { return resp.Reply{Kind: '-', Str: []byte(oneLine(text))} }

// oneLine is a text as a C string that stands in one line.
func oneLine(text string) string {
	text, _, _ = strings.Cut(text, "\x00")
	return blanks.Replace(text) // whose bytes may be any
}

var blanks = strings.NewReplacer("\r", " ", "\n", " ")

func (e *Engine) list(items [][]byte) lua.Value {
	t := e.st.NewTable(len(items), 0)
	for i, b := range items {
		t.SetInt(i+1, e.st.NewString(string(b)))
	}
	return t.Value()
}
