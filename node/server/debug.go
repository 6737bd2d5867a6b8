package server

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/resp"
	"github.com/ordeal-go/ordeal/node/value"
)

// DEBUG: what test suites use. Redis 4.0: debug.c, debugCommand.

func (s *Server) debugCommand(c *front.Call) {
	sub := ""
	if len(c.Args) > 1 {
		sub = c.Option(1)
	}
	words := len(c.Args)
	switch {
	case words == 1:
		c.Error("ERR You must specify a subcommand for DEBUG. Try DEBUG HELP for info.")
	case sub == "HELP":
		s.debugHelp(c)
	case sub == "DIGEST" && words == 2:
		digest := s.data.KS.Digest()
		c.Simple(hex.EncodeToString(digest[:]))
	case sub == "SLEEP" && words == 3:
		s.debugSleep(c)
	case sub == "RELOAD" && words == 2:
		s.reload(func(ok bool) {
			if !ok {
				c.Error("ERR Error trying to load the RDB dump")
				return
			}
			c.OK()
		})
	case sub == "LOADAOF" && words == 2:
		s.debugLoadAOF(c)
	case sub == "SET-ACTIVE-EXPIRE" && words == 3:
		n, _ := resp.ParseInt(c.Args[2])
		s.activeExpire = n != 0
		c.OK()
	case sub == "POPULATE" && words >= 3 && words <= 5:
		s.debugPopulate(c)
	case sub == "OBJECT" && words == 3:
		s.debugObject(c)
	case sub == "CHANGE-REPL-ID" && words == 2:
		s.log(node.LogWarning, "Changing replication IDs after receiving DEBUG change-repl-id")
		s.repl.ChangeID()
		c.OK()
	case sub == "ERROR" && words == 3:
		c.Error(string(c.Args[2]))
	case sub == "STRUCTSIZE" && words == 2:
		c.Simple("bits:64")
	case sub == "LUA-ALWAYS-REPLICATE-COMMANDS" && words == 3:
		c.OK() // there are no scripts
	case sub == "SEGFAULT", sub == "PANIC", sub == "ASSERT":
		// As a crash does: at once, and without a word to anybody. 139 is what a shell shows for SIGSEGV.
		s.log(node.LogWarning, "=== REDIS BUG REPORT START: asked for by DEBUG "+sub+" ===")
		s.exit(139)
	default:
		c.Error("ERR Unknown DEBUG subcommand or wrong number of arguments for '" + string(c.Args[1]) + "'")
	}
}

func (s *Server) debugHelp(c *front.Call) {
	c.Help(
		"DEBUG <subcommand> arg arg ... arg. Subcommands:",
		"change-repl-id -- Change the replication IDs of the instance.",
		"digest -- Digest of the dataset, equal for equal datasets.",
		"error <string> -- Reply with the string as an error.",
		"loadaof -- Write the append only file, if one is kept, and load it.",
		"object <key> -- What is known about the value of key.",
		"populate <count> [prefix] [size] -- Create keys <prefix>:<n>, unless they exist.",
		"reload -- Save the dataset and load it again.",
		"segfault | panic | assert -- Crash.",
		"set-active-expire (0|1) -- Switch the active expire cycle.",
		"sleep <seconds> -- Stop the server for that long, fractions allowed.")
}

func (s *Server) debugSleep(c *front.Call) {
	seconds, err := strconv.ParseFloat(string(c.Args[2]), 64)
	if err != nil || math.IsNaN(seconds) {
		seconds = 0 // as strtod reads what is no number
	}
	const most = 1e9 // seconds
	s.busy = time.Duration(min(max(seconds, 0), most) * float64(time.Second))
	c.OK()
	if s.busy > 0 {
		s.out.Busy(s.busy)
	}
}

func (s *Server) debugPopulate(c *front.Call) {
	count, ok := resp.ParseInt(c.Args[2])
	if !ok || count < 0 || count > math.MaxInt32 {
		c.Error(front.ErrNotInt)
		return
	}
	prefix, size := "key", int64(0)
	if len(c.Args) >= 4 {
		prefix = string(c.Args[3])
	}
	if len(c.Args) == 5 {
		if size, ok = resp.ParseInt(c.Args[4]); !ok || size < 0 || size > commands.MaxString {
			c.Error(front.ErrNotInt)
			return
		}
	}
	var key, text []byte
	for i := range count {
		key = strconv.AppendInt(append(append(key[:0], prefix...), ':'), i, 10)
		if _, found := s.data.LookupWrite(c, key); found {
			continue
		}
		text = strconv.AppendInt(append(text[:0], "value:"...), i, 10)
		if size > 0 {
			text = append(text, make([]byte, max(int(size)-len(text), 0))...)[:size]
		}
		s.data.PutKey(c, key, value.NewString(text))
	}
	c.OK()
}

func (s *Server) debugObject(c *front.Call) {
	v, found := s.data.KS.DB(c.DB).Get(c.Args[2])
	if !found {
		c.Error(front.ErrNoKey)
		return
	}
	c.Simple(fmt.Sprintf("Value at:0x0 refcount:1 encoding:%s serializedlength:%d lru:0 lru_seconds_idle:0",
		v.Encoding(), keyspace.SerializedLength(v)))
}
