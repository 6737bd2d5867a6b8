package commands

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/value"
)

// Commands on HyperLogLogs, which are strings. Redis 4.0: hyperloglog.c.

func (d *Data) hyperLogLogRows() []front.Command {
	return front.Group("hyperloglog",
		front.Row("pfselftest", 1, "a", 0, 0, 0, d.pfselftestCommand, "Count known numbers of elements and see how far off the estimates are"),
		front.Row("pfadd", -2, "wmF", 1, 1, 1, d.pfaddCommand, "Add elements to a HyperLogLog"),
		front.Row("pfcount", -2, "r", 1, -1, 1, d.pfcountCommand, "Estimate how many different elements HyperLogLogs have counted"),
		front.Row("pfmerge", -2, "wm", 1, -1, 1, d.pfmergeCommand, "Merge HyperLogLogs into one"),
		front.Row("pfdebug", -3, "w", 0, 0, 0, d.pfdebugCommand, "Inspect the registers and the encoding of a HyperLogLog"),
	)
}

// replyHLLError says what is wrong with the value of a key that should be a HyperLogLog.
func replyHLLError(c *front.Call, v value.Value, err error) {
	switch {
	case v.Kind() != value.KindString:
		c.Error(front.ErrWrongType)
	case errors.Is(err, value.ErrNotHLL):
		c.Error("WRONGTYPE " + value.ErrNotHLL.Error())
	default:
		c.Error("INVALIDOBJ " + err.Error())
	}
}

func (d *Data) pfaddCommand(c *front.Call) {
	db, key := d.db(c), c.Args[1]
	v, found := d.LookupWrite(c, key)
	var changed bool
	var err error
	switch {
	case !found && len(c.Args) == 2: // one that has counted nothing, its estimate to be made
		v, err = db.Ledger().HLLMerge(value.NewHLL())
	case !found:
		v, _, err = db.Ledger().HLLAdd(value.NewHLL(), c.Args[2:])
	default:
		if v.Kind() == value.KindString {
			v, _ = db.Change(key)
		}
		v, changed, err = db.Ledger().HLLAdd(v, c.Args[2:])
	}
	if err != nil {
		replyHLLError(c, v, err)
		return
	}
	changed = changed || !found
	if changed {
		d.PutKey(c, key, v)
		c.Dirty++
		d.notify(eventString, "pfadd", c.DB, key)
	}
	c.Bool(changed)
}

// hllsOf returns the HyperLogLogs at the keys that are there. If one holds anything else, it replies.
func (d *Data) hllsOf(c *front.Call, keys [][]byte) (list []value.Value, ok bool) {
	for _, key := range keys {
		v, found := d.LookupRead(c, key)
		if !found {
			continue
		}
		if _, err := value.HLLIsSparse(v); err != nil {
			replyHLLError(c, v, err)
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// pfcountCommand keeps the estimate of a single key in the key, which is a write, and reaches replicas as such. 4.0 lets
// a replica's own clients write it too: there the value is no longer the master's. Here such an estimate is not kept.
func (d *Data) pfcountCommand(c *front.Call) {
	if len(c.Args) > 2 {
		if list, ok := d.hllsOf(c, c.Args[1:]); ok {
			n, err := value.HLLUnion(list...)
			if err != nil {
				c.Error("INVALIDOBJ " + err.Error())
				return
			}
			c.Int(int64(n))
		}
		return
	}
	v, found := d.LookupRead(c, c.Args[1])
	if !found {
		c.Int(0)
		return
	}
	n, kept, err := value.HLLKept(v)
	switch {
	case err != nil || kept:
	case !d.host.IsMaster() && !c.Is(front.Master):
		n, err = value.HLLUnion(v)
	default:
		v, _ = d.db(c).Change(c.Args[1])
		if n, v, _, err = d.db(c).Ledger().HLLCount(v); err == nil {
			d.PutKey(c, c.Args[1], v)
			c.Dirty++
		}
	}
	if err != nil {
		replyHLLError(c, v, err)
		return
	}
	c.Int(int64(n))
}

func (d *Data) pfmergeCommand(c *front.Call) {
	others, ok := d.hllsOf(c, c.Args[1:])
	if !ok {
		return
	}
	v, found := d.LookupWrite(c, c.Args[1])
	if !found {
		v = value.NewHLL()
	}
	v, err := d.db(c).Ledger().HLLMerge(v, others...)
	if err != nil {
		replyHLLError(c, v, err)
		return
	}
	d.PutKey(c, c.Args[1], v)
	c.Dirty++
	d.notify(eventString, "pfadd", c.DB, c.Args[1]) // it is an addition of many elements
	c.OK()
}

func (d *Data) pfdebugCommand(c *front.Call) {
	v, found := d.LookupWrite(c, c.Args[2])
	if !found {
		c.Error("ERR The specified key does not exist")
		return
	}
	sparse, err := value.HLLIsSparse(v)
	if err != nil {
		replyHLLError(c, v, err)
		return
	}
	sub := c.Option(1)
	switch sub {
	case "GETREG", "DECODE", "ENCODING", "TODENSE":
		if len(c.Args) != 3 {
			c.Error(fmt.Sprintf("ERR Wrong number of arguments for the '%s' subcommand", c.Args[1]))
			return
		}
	}
	switch sub {
	case "GETREG":
		if !d.makeDense(c, v) {
			return
		}
		registers, err := value.HLLRegisters(v)
		if err != nil {
			replyHLLError(c, v, err)
			return
		}
		c.Array(len(registers))
		for _, r := range registers {
			c.Int(int64(r))
		}
	case "DECODE":
		if !sparse {
			c.Error("ERR HLL encoding is not sparse")
			return
		}
		c.Text(value.HLLRuns(v))
	case "ENCODING":
		if sparse {
			c.Simple("sparse")
		} else {
			c.Simple("dense")
		}
	case "TODENSE":
		if d.makeDense(c, v) {
			c.Bool(sparse)
		}
	default:
		c.Error(fmt.Sprintf("ERR Unknown PFDEBUG subcommand '%s'", c.Args[1]))
	}
}

// makeDense gives the HyperLogLog v at argument 2 the dense encoding. If it is damaged, it replies.
func (d *Data) makeDense(c *front.Call, v value.Value) (ok bool) {
	if sparse, _ := value.HLLIsSparse(v); !sparse {
		return true
	}
	dense, err := value.HLLToDense(v)
	if err != nil {
		replyHLLError(c, v, err)
		return false
	}
	d.PutKey(c, c.Args[2], dense)
	c.Dirty++
	return true
}

// pfselftestCommand counts elements in a HyperLogLog and looks at its estimate whenever their number has grown tenfold:
// the standard error is 1.04 / sqrt(16384), and six times that is too much. The elements are drawn, so another time they
// are others. Redis 4.0: hyperloglog.c, pfselftestCommand, which counts 100 times as many.
func (d *Data) pfselftestCommand(c *front.Call) {
	const most, standardError = 100_000, 1.04 / 128
	ledger, v := d.db(c).Ledger(), value.NewHLL()
	seed, checkpoint := d.Rand.Uint64(), uint64(1)
	for i := uint64(1); i <= most; i++ {
		var element [8]byte
		binary.LittleEndian.PutUint64(element[:], seed^i)
		var err error
		if v, _, err = ledger.HLLAdd(v, [][]byte{element[:]}); err != nil {
			c.Error("TESTFAILED " + err.Error())
			return
		}
		if i < checkpoint {
			continue
		}
		n, _, _, err := ledger.HLLCount(v)
		off := max(n, i) - min(n, i)
		allowed := uint64(math.Ceil(standardError * 6 * float64(i)))
		if i == 10 {
			allowed = 1
		}
		if err != nil || off > allowed {
			c.Error(fmt.Sprintf("TESTFAILED Too big error. card:%d abserr:%d", i, off))
			return
		}
		checkpoint *= 10
	}
	c.OK()
}
