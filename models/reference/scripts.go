package reference

import (
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// CopyScript is the script that copies what is at its first key to its second, by way of a dump.
const CopyScript = "return(redis.call('RESTORE',KEYS[2],0,redis.call('DUMP',KEYS[1])))"

// CallScript is the script whose arguments are a command.
const CallScript = "return(redis.call(unpack(ARGV)))"

// RestoreScript copies what is at its first key to its second, with a time to live in ms, in the place of what is there.
const RestoreScript = "return(redis.call('RESTORE',KEYS[2],ARGV[1],redis.call('DUMP',KEYS[1]),'REPLACE'))"

// ValuesScript returns values of all kinds.
const ValuesScript = "return{1.9,false,ARGV[1],{2.5,'x'},-1.5,true}"

// HalfScript writes, and then does what may fail: what it wrote stays.
const HalfScript = "redis.call('SET',KEYS[1],ARGV[1])return(redis.call('INCR',KEYS[2]))"

// ElsewhereScript writes in another database. Its caller stays where it is.
const ElsewhereScript = "redis.call('SELECT',ARGV[1])return(redis.call('SET',KEYS[1],ARGV[2]))"

// exactInLua is up to where every integer is a number of Lua.
const exactInLua = 1 << 53

// eval is EVAL of one of the scripts above.
func eval(d *Data, w []string, got histories.Value) want {
	n, _ := integer(w[2])
	keys, args := w[3:3+n], w[3+n:]
	switch w[1] {
	case CallScript:
		return d.do(strings.ToUpper(args[0]), args, got)
	case CopyScript, RestoreScript:
		return copied(d, keys, args)
	case ValuesScript:
		inner := histories.List(histories.Int(2), histories.Text("x"))
		return exact(histories.List(histories.Int(1), histories.Value{}, histories.Text(args[0]), inner, histories.Int(-1), histories.Int(1)))
	case HalfScript:
		set(d, []string{"SET", keys[0], args[0]}, histories.Value{})
		sum := incr(d, []string{"INCR", keys[1]}, histories.Value{})
		if n, is := sum.value.Int64(); is && (n > exactInLua || n < -exactInLua) {
			d.Unsure = true
		}
		return sum
	case ElsewhereScript:
		home := d.db
		if said := selectDB(d, []string{"SELECT", args[0]}, histories.Value{}); said.how == anError {
			return said
		}
		set(d, []string{"SET", keys[0], args[1]}, histories.Value{})
		d.db = home
		return ok
	}
	d.Unsure = true
	return null
}

// copied is CopyScript and, with a time to live, RestoreScript.
func copied(d *Data, keys, args []string) want {
	it := d.get(keys[0])
	switch {
	case it == nil:
		return fails("command arguments must be strings or integers") // 4.0 says ERR Error running script before it, 7.0 does not
	case d.get(keys[1]) != nil && len(args) == 0:
		return fails("BUSYKEY")
	}
	other := *it
	other.mortal = false
	if len(args) > 0 && args[0] != "0" {
		ms, _ := integer(args[0])
		other = *other.mortalFor(d.clock, time.Duration(ms)*time.Millisecond)
	}
	d.put(keys[1], &other)
	return ok
}
