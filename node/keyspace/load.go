package keyspace

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/ordeal-go/ordeal/node/rdb"
	"github.com/ordeal-go/ordeal/node/value"
)

// LoadOptions says how a snapshot file becomes a keyspace.
type LoadOptions struct {
	Databases int    // how many databases there are; a file that selects another one is refused
	HashSeed  uint64 // 0 means the seed of New

	// DropExpired leaves out keys that expire before Now, as a master does. A replica keeps them: its master will
	// say when they go.
	DropExpired bool
	Now         int64 // ms since the epoch

	LFU bool // access words are those of an LFU policy; otherwise of the LRU clock

	Limits     *value.Limits // of compact forms; nil means Redis's defaults
	KeepDigest bool          // keep the digest from the beginning; see [Keyspace.KeepDigest]

	MaxVersion int  // newest format accepted; 0 means all that package rdb reads
	NoChecksum bool // rdbchecksum no
}

// lfuInit is the counter of a key that the file says nothing of. Redis 4.0: evict.c, LFU_INIT_VAL.
const lfuInit = 5

// Loaded is what a snapshot file held.
type Loaded struct {
	Keyspace *Keyspace
	Version  int       // of the format
	Aux      []AuxText // all fields of information, in the order of the file
	Repl     *ReplInfo // nil unless the file names all three: database, ID and offset
	Expired  int       // keys left out because their time had come
	Empty    int       // keys left out because there was nothing in them, as Redis 7.0 does
	Size     int       // bytes that the file took; others may follow it
}

// AuxText is one field of information about a snapshot file.
type AuxText struct{ Name, Text string }

// Lookup returns the text of the first field called name.
func (l *Loaded) Lookup(name string) (text string, ok bool) {
	for _, aux := range l.Aux {
		if aux.Name == name {
			return aux.Text, true
		}
	}
	return "", false
}

// A DBRangeError is a file that selects a database that does not exist.
type DBRangeError struct {
	Offset, DB, Databases int
}

func (e *DBRangeError) Error() string {
	return fmt.Sprintf("the file selects database %d, at byte %d, but there are %d: raise 'databases' to at least %d",
		e.DB, e.Offset, e.Databases, e.DB+1)
}

// A DuplicateError is a file that holds a key twice.
type DuplicateError struct {
	Offset, DB int
	Key        []byte
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("corrupt RDB: key %q is in database %d twice, the second time at byte %d", e.Key, e.DB, e.Offset)
}

// Load reads an RDB file. It depends on nothing but its arguments, may run on any goroutine, and keeps no reference
// to data. Its errors are those of package rdb, [DBRangeError] and [DuplicateError]. Redis 4.0: rdb.c, rdbLoadRio.
func Load(data []byte, opts LoadOptions) (*Loaded, error) {
	if opts.HashSeed == 0 {
		opts.HashSeed = defaultSeed
	}
	r, err := rdb.NewReader(data, rdb.ReadOptions{MaxVersion: opts.MaxVersion, NoChecksum: opts.NoChecksum})
	if err != nil {
		return nil, err
	}
	l := &Loaded{Keyspace: NewSeeded(opts.Databases, opts.HashSeed), Version: r.Version()}
	if opts.Limits != nil {
		*l.Keyspace.Limits() = *opts.Limits
	}
	l.Keyspace.SetFresh(LRUWord(opts.Now, 0))
	if opts.LFU {
		l.Keyspace.SetFresh(LFUWord(opts.Now, lfuInit))
	}
	if opts.KeepDigest {
		l.Keyspace.KeepDigest()
	}
	for {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		switch e.Kind {
		case rdb.Aux:
			l.Aux = append(l.Aux, AuxText{string(e.Key), string(e.Str)})
		case rdb.SelectDB:
			if e.DB >= opts.Databases {
				return nil, &DBRangeError{Offset: e.Offset, DB: e.DB, Databases: opts.Databases}
			}
		case rdb.Key:
			if err := l.add(r, &e, opts); err != nil {
				return nil, err
			}
		case rdb.End:
			l.Keyspace.settleAll()
			l.Size = r.Offset()
			l.Repl = l.replInfo()
			return l, nil
		}
	}
}

func (l *Loaded) add(r *rdb.Reader, e *rdb.Entry, opts LoadOptions) error {
	if opts.DropExpired && e.HasExpire && e.ExpireMS < opts.Now {
		l.Expired++
		return nil
	}
	if e.DB >= opts.Databases { // a file that begins with keys, where there are no databases at all
		return &DBRangeError{Offset: e.Offset, DB: e.DB, Databases: opts.Databases}
	}
	db := l.Keyspace.DB(e.DB)
	v, err := readValue(db.ledger, r, e)
	if err != nil {
		return err
	}
	if v.Elements() == 0 {
		l.Empty++
		return nil
	}
	if !db.Add(e.Key, v) {
		return &DuplicateError{Offset: e.Offset, DB: e.DB, Key: append([]byte(nil), e.Key...)}
	}
	if e.HasExpire {
		db.SetExpire(e.Key, e.ExpireMS)
	}
	switch {
	case e.HasIdle && !opts.LFU:
		db.SetAccess(e.Key, LRUWord(opts.Now, e.Idle))
	case e.HasFreq && opts.LFU:
		db.SetAccess(e.Key, LFUWord(opts.Now, e.Freq))
	}
	db.settleMany()
	return nil
}

// replInfo returns the replication position if the file names a complete one.
func (l *Loaded) replInfo() *ReplInfo {
	db, okDB := l.Lookup("repl-stream-db")
	id, okID := l.Lookup("repl-id")
	offset, okOffset := l.Lookup("repl-offset")
	if !okDB || !okID || !okOffset || len(id) != 40 {
		return nil
	}
	n, errDB := strconv.Atoi(db)
	at, errOffset := strconv.ParseInt(offset, 10, 64)
	if errors.Join(errDB, errOffset) != nil || n < 0 || at < 0 {
		return nil
	}
	return &ReplInfo{StreamDB: n, ID: id, Offset: at}
}
