package front

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/node"
)

// Flags are what a command is. The first ones have the letters of Redis's command table, and names in COMMAND; the
// others are what Redis has by name in the midst of its code, here a property of the row.
type Flags uint32

// The flags, each with the letter that [Row] takes for it.
const (
	Write       Flags = 1 << iota // w: may change the dataset
	ReadOnly                      // r: reads keys and never changes them
	DenyOOM                       // m: refused when memory is short
	Admin                         // a
	PubSub                        // p
	NoScript                      // s
	Random                        // R
	Sort                          // S
	Loading                       // l: allowed while the dataset is being loaded
	Stale                         // t: allowed on a replica without its master, whatever slave-serve-stale-data says
	SkipMonitor                   // M
	Fast                          // F
	Movable                       // *: has keys that First, Last and Step do not tell; see Command.Keys

	NotQueued    // q: runs at once inside MULTI
	InPubSub     // P: allowed while subscribed
	WithoutAuth  // A: needs no password
	NeedsSave    // D: refused, as writes are, when snapshots fail
	RunsCommands // x: what it runs is logged and propagated, not itself
)

const flagLetters = "wrmapsRSltMF*qPADx" // in the order of the flags

// flagNames are what COMMAND replies for the flags, in Redis's order; the others are not told.
var flagNames = [...]string{"write", "readonly", "denyoom", "admin", "pubsub", "noscript", "random", "sort_for_script",
	"loading", "stale", "skip_monitor", "fast", "movablekeys"}

// Command is one row of the table: everything that is known of a command stands here.
type Command struct {
	Name  string
	Arity int // number of words with the name; negative: at least that many
	Flags Flags
	// The arguments that are keys: from First to Last (negative: from the end) every Step; 0 for none.
	First, Last, Step int
	// Keys returns the indices of the arguments that are keys; nil: First, Last and Step tell.
	Keys    func(args [][]byte) []int
	Group   string // string, generic, connection …
	Summary string // one line
	Run     func(*Call)

	// For INFO commandstats. A core has no clock within a Step: Usec counts what the command kept the server waiting
	// for (files, DEBUG SLEEP).
	Calls, Usec int64
}

// Row makes a row: name, arity, flags by their letters, first key, last key, step, function, summary.
func Row(name string, arity int, letters string, first, last, step int, run func(*Call), summary string) Command {
	flags := Flags(0)
	for i := 0; i < len(letters); i++ {
		flags |= 1 << strings.IndexByte(flagLetters, letters[i])
	}
	return Command{Name: name, Arity: arity, Flags: flags, First: first, Last: last, Step: step, Run: run, Summary: summary}
}

// Group names the family of rows.
func Group(name string, rows ...Command) []Command {
	for i := range rows {
		rows[i].Group = name
	}
	return rows
}

// Pick returns those of rows that have the names, in the order of the names. There must be one of each.
func Pick(rows []Command, names ...string) []Command {
	picked := make([]Command, len(names))
	for i, name := range names {
		at := slices.IndexFunc(rows, func(cmd Command) bool { return cmd.Name == name })
		node.Assert(at >= 0, "no command %s among the rows", name)
		picked[i] = rows[at]
	}
	return picked
}

// Is says whether the command has any of the flags.
func (cmd *Command) Is(f Flags) bool { return cmd.Flags&f != 0 }

// TakesArgs says whether n words, the name among them, may be its.
func (cmd *Command) TakesArgs(n int) bool { return n == cmd.Arity || n >= -cmd.Arity && cmd.Arity <= 0 }

// KeyIndices returns which arguments of a call are keys.
func (cmd *Command) KeyIndices(args [][]byte) (keys []int) {
	if cmd.Keys != nil {
		return cmd.Keys(args)
	}
	if cmd.First == 0 {
		return nil
	}
	last := cmd.Last
	if last < 0 {
		last += len(args)
	}
	for i := cmd.First; i <= last && i < len(args); i += cmd.Step {
		keys = append(keys, i)
	}
	return keys
}

// FirstKey is the first argument of a call that is a key, nil if none is.
func (cmd *Command) FirstKey(args [][]byte) []byte {
	if cmd.Keys == nil { // most commands by far: no list has to be made
		if cmd.First == 0 || cmd.First >= len(args) {
			return nil
		}
		return args[cmd.First]
	}
	if keys := cmd.Keys(args); len(keys) > 0 {
		return args[keys[0]]
	}
	return nil
}

// Table is the commands that a core has.
type Table struct {
	rows   []Command
	byName map[string]*Command // in lower case, after renames; to find one, never to walk
	slots  []named             // the same for those who are in a hurry: a hash table with linear probing, never full
	taken  int                 // slots with a name
}

// Fill makes the table out of families, in the order in which COMMAND lists them. It forgets what was there.
func (t *Table) Fill(families ...[]Command) {
	t.rows = slices.Concat(families...)
	t.byName = make(map[string]*Command, len(t.rows))
	t.slots, t.taken = make([]named, 1<<bits.Len(uint(4*len(t.rows)))), 0
	for i := range t.rows {
		t.name(t.rows[i].Name, &t.rows[i])
	}
}

// named is a command in its slot; nil if the name was taken from it, as the search for others goes on behind it.
type named struct {
	name string
	cmd  *Command
}

// name gives a command a name, or takes it from whichever has it if cmd is nil.
func (t *Table) name(name string, cmd *Command) {
	if cmd == nil {
		delete(t.byName, name)
	} else {
		t.byName[name] = cmd
	}
	if len(name) > maxName {
		return
	}
	at := t.slot([]byte(name))
	if t.slots[at].name == "" {
		if t.taken++; 2*t.taken > len(t.slots) {
			t.grow()
			at = t.slot([]byte(name))
		}
	}
	t.slots[at] = named{name, cmd}
}

// grow makes twice as many slots, and drops names that are nobody's any more.
func (t *Table) grow() {
	old := t.slots
	t.slots, t.taken = make([]named, 2*len(old)), 0
	for _, n := range old {
		if n.cmd != nil {
			t.slots[t.slot([]byte(n.name))] = n
			t.taken++
		}
	}
	t.taken++ // for whose sake it grew
}

// slot is where a name in small letters is, or the free one where it belongs.
func (t *Table) slot(name []byte) uint32 {
	h := uint32(len(name))
	for _, x := range name {
		h = h*31 + uint32(x)
	}
	mask := uint32(len(t.slots) - 1)
	for h &= mask; t.slots[h].name != "" && t.slots[h].name != string(name); {
		h = (h + 1) & mask
	}
	return h
}

// Rename gives a command another name; an empty one takes it away. It returns the reason why not, or "".
// Redis 4.0: config.c, rename-command.
func (t *Table) Rename(from, to string) string {
	from, to = strings.ToLower(from), strings.ToLower(to)
	cmd := t.byName[from]
	if cmd == nil {
		return "No such command in rename-command"
	}
	if to != "" && t.byName[to] != nil {
		return "Target command name already exists"
	}
	t.name(from, nil)
	if to != "" {
		t.name(to, cmd)
	}
	return ""
}

// Len returns how many commands have a name.
func (t *Table) Len() int { return len(t.byName) }

// All calls visit with every command, those without a name among them, in the order of the table.
func (t *Table) All(visit func(*Command)) {
	for i := range t.rows {
		visit(&t.rows[i])
	}
}

// maxName is the longest name of a command that is looked up without an allocation, in bytes.
const maxName = 32

// Lookup returns the command of that name in any case, or nil.
func (t *Table) Lookup(name []byte) *Command {
	if len(name) > maxName {
		return t.byName[strings.ToLower(string(name))]
	}
	var lower [maxName]byte
	for i, x := range name {
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		lower[i] = x
	}
	return t.slots[t.slot(lower[:len(name)])].cmd
}
