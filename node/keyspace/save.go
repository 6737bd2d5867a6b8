package keyspace

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/table"
	"github.com/ordeal-go/ordeal/node/value"
)

// ReplInfo is the position in a replication stream that a snapshot corresponds to.
type ReplInfo struct {
	StreamDB int    // the database that the stream has selected
	ID       string // 40 hex digits
	Offset   int64  // of the last byte that the snapshot contains
}

// AuxScript is the field of information that holds the source of a Lua script.
const AuxScript = "lua"

// SaveOptions is what a snapshot file says about itself, and how it is written.
type SaveOptions struct {
	RedisVersion  string // redis-ver, such as "4.0.14"
	CreatedAt     int64  // ctime: seconds since the epoch
	UsedMemory    int64  // used-mem: bytes
	Repl          *ReplInfo
	Scripts       []string // sources of Lua scripts
	AOFPreamble   bool     // the file is the head of an append only file
	NoCompression bool     // rdbcompression no
	NoChecksum    bool     // rdbchecksum no
}

// EncodeRDB writes a snapshot as an RDB file. It reads nothing but the snapshot and may run on any goroutine.
// Redis 4.0: rdb.c, rdbSaveInfoAuxFields and rdbSaveRio.
func EncodeRDB(snap *Snapshot, opts SaveOptions) []byte {
	w := rdb.NewWriter(make([]byte, 0, 256+snap.bytes/2))
	w.NoCompression, w.NoChecksum = opts.NoCompression, opts.NoChecksum
	writeAux(w, opts)
	for i := range snap.dbs {
		db := &snap.dbs[i]
		if db.keys.Len() == 0 {
			continue
		}
		w.SelectDB(i)
		w.ResizeDB(db.keys.Len(), db.expires.Len())
		var key []byte
		e := encoder{w: w}
		db.keys.Walk(func(entry *table.Entry[value.Value]) bool {
			key = append(key[:0], entry.Key...)
			if entry.Value.Mark {
				w.Expire(db.expires.Get(key).Value)
			}
			e.write(key, entry.Value)
			return true
		})
	}
	for _, source := range opts.Scripts {
		w.Aux(AuxScript, source)
	}
	return w.End()
}

func writeAux(w *rdb.Writer, opts SaveOptions) {
	w.Aux("redis-ver", opts.RedisVersion)
	w.AuxInt("redis-bits", 64)
	w.AuxInt("ctime", opts.CreatedAt)
	w.AuxInt("used-mem", opts.UsedMemory)
	if opts.Repl != nil {
		w.Aux("repl-stream-db", strconv.Itoa(opts.Repl.StreamDB))
		w.Aux("repl-id", opts.Repl.ID)
		w.AuxInt("repl-offset", opts.Repl.Offset)
	}
	preamble := int64(0)
	if opts.AOFPreamble {
		preamble = 1
	}
	w.AuxInt("aof-preamble", preamble)
}
