package keyspace

import (
	"math"
	"strconv"

	"github.com/ordeal-go/ordeal/node"
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

// Saver writes a snapshot as an RDB file, piece by piece. It reads nothing but the snapshot, and may be used on any
// goroutine, by one at a time. Redis 4.0: rdb.c, rdbSaveInfoAuxFields and rdbSaveRio.
type Saver struct {
	snap  *Snapshot
	opts  SaveOptions
	w     *rdb.Writer
	enc   encoder
	key   []byte
	db    int         // being written
	begun bool        // its head is
	at    table.Place // of the key to come
	ended bool
}

// NewSaver begins to write snap.
func NewSaver(snap *Snapshot, opts SaveOptions) *Saver {
	s := &Saver{snap: snap, opts: opts, w: rdb.NewWriter(nil)}
	s.w.NoCompression, s.w.NoChecksum = opts.NoCompression, opts.NoChecksum
	s.enc.w = s.w
	writeAux(s.w, opts)
	return s
}

// Next returns the next piece of the file, of size bytes or a little more: a single string is never divided. The piece
// is the caller's. more is false with the last one.
func (s *Saver) Next(size int) (piece []byte, more bool) {
	node.Assert(!s.ended, "a piece is asked for behind the end of an RDB")
	for s.w.Len() < size {
		switch {
		case s.enc.rest != nil:
			s.enc.goOn()
		case s.db < len(s.snap.dbs):
			s.writeKeys(size)
		default:
			for _, source := range s.opts.Scripts {
				s.w.Aux(AuxScript, source)
			}
			s.ended, s.snap = true, nil
			return s.w.End(), false
		}
	}
	return s.w.Take(), true
}

// writeKeys writes keys of the database in turn, until there are size bytes, a collection is begun that is better written
// in parts, or no more keys.
func (s *Saver) writeKeys(size int) {
	db := &s.snap.dbs[s.db]
	if !s.begun && db.keys.Len() > 0 {
		s.w.SelectDB(s.db)
		s.w.ResizeDB(db.keys.Len(), db.expires.Len())
	}
	s.begun = true
	at, more := db.keys.WalkFrom(s.at, func(entry *table.Entry[value.Value]) bool {
		s.key = append(s.key[:0], entry.Key...)
		if entry.Value.Mark {
			s.w.Expire(db.expires.Get(s.key).Value)
		}
		s.enc.begin(s.key, entry.Value)
		return s.enc.rest == nil && s.w.Len() < size
	})
	s.at = at
	if !more {
		s.db, s.begun, s.at = s.db+1, false, table.Place{}
	}
}

// EncodeRDB writes a snapshot as an RDB file in one piece.
func EncodeRDB(snap *Snapshot, opts SaveOptions) []byte {
	file, more := NewSaver(snap, opts).Next(math.MaxInt)
	node.Assert(!more, "an RDB has no end")
	return file
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
