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
	r, err := rdb.NewReader(data, rdb.ReadOptions{MaxVersion: opts.MaxVersion, NoChecksum: opts.NoChecksum})
	if err != nil {
		return nil, err
	}
	l := newLoader(r, opts)
	if err := l.read(); err != nil {
		return nil, err
	}
	return l.loaded, nil
}

// Loader reads an RDB file piece by piece, as [Load] reads it whole. It may be used on any goroutine, by one at a time.
type Loader struct {
	opts   LoadOptions
	r      *rdb.Reader
	loaded *Loaded
	err    error

	entry rdb.Entry               // the key being read
	db    *DB                     // where it belongs
	value value.Value             // what there is of its value
	visit func(rdb.Element) error // takes the next element of it; nil: it has all
}

// NewLoader begins to read a file of size bytes; 0: nobody knows.
func NewLoader(size int64, opts LoadOptions) *Loader {
	return newLoader(rdb.NewFeeder(rdb.ReadOptions{MaxVersion: opts.MaxVersion, NoChecksum: opts.NoChecksum, Size: size}), opts)
}

func newLoader(r *rdb.Reader, opts LoadOptions) *Loader {
	if opts.HashSeed == 0 {
		opts.HashSeed = defaultSeed
	}
	ks := NewSeeded(opts.Databases, opts.HashSeed)
	if opts.Limits != nil {
		*ks.Limits() = *opts.Limits
	}
	ks.SetFresh(LRUWord(opts.Now, 0))
	if opts.LFU {
		ks.SetFresh(LFUWord(opts.Now, lfuInit))
	}
	if opts.KeepDigest {
		ks.KeepDigest()
	}
	return &Loader{opts: opts, r: r, loaded: &Loaded{Keyspace: ks}}
}

// Feed reads the next piece of the file, which must not change before the next one is fed. Errors stay.
func (l *Loader) Feed(piece []byte) error {
	if l.err != nil || l.Ended() {
		return l.err
	}
	l.r.Feed(piece)
	if err := l.read(); err != rdb.ErrMore {
		l.err = err
	}
	return l.err
}

// Ended says whether the file has been read to its end. More may follow that: an append only file.
func (l *Loader) Ended() bool { return l.loaded.Size > 0 }

// Rest returns what of the pieces so far has not been read.
func (l *Loader) Rest() []byte { return l.r.Rest() }

// Finish returns what the file held, of which no more pieces will come.
func (l *Loader) Finish() (*Loaded, error) {
	if l.err == nil && !l.Ended() {
		l.r.EndFeed()
		l.err = l.read()
	}
	if l.err != nil {
		return nil, l.err
	}
	return l.loaded, nil
}

// read reads to the end of the file, or as far as it goes.
func (l *Loader) read() error {
	for !l.Ended() {
		if l.visit != nil {
			if err := l.r.Elements(l.visit); err != nil {
				l.entry.Key = append([]byte(nil), l.entry.Key...) // the next piece takes its place
				return err
			}
			if err := l.add(); err != nil {
				return err
			}
			continue
		}
		e, err := l.r.Next()
		if err != nil {
			return err
		}
		if err := l.take(&e); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loader) take(e *rdb.Entry) error {
	switch e.Kind {
	case rdb.Aux:
		l.loaded.Aux = append(l.loaded.Aux, AuxText{string(e.Key), string(e.Str)})
	case rdb.SelectDB:
		if e.DB >= l.opts.Databases {
			return &DBRangeError{Offset: e.Offset, DB: e.DB, Databases: l.opts.Databases}
		}
	case rdb.Key:
		return l.begin(e)
	case rdb.End:
		l.loaded.Keyspace.settleAll()
		l.loaded.Version = l.r.Version()
		l.loaded.Size = l.r.Offset()
		l.loaded.Repl = l.loaded.replInfo()
	}
	return nil
}

// begin takes a key. If its value has elements, they come next.
func (l *Loader) begin(e *rdb.Entry) error {
	if l.opts.DropExpired && e.HasExpire && e.ExpireMS < l.opts.Now {
		l.loaded.Expired++
		return nil
	}
	if e.DB >= l.opts.Databases { // a file that begins with keys, where there are no databases at all
		return &DBRangeError{Offset: e.Offset, DB: e.DB, Databases: l.opts.Databases}
	}
	l.entry, l.db = *e, l.loaded.Keyspace.DB(e.DB)
	if l.value, l.visit = newValue(l.db.ledger, &l.entry); l.visit != nil {
		return nil
	}
	return l.add()
}

// add puts the key, whose value is whole, into its database.
func (l *Loader) add() error {
	e, db, v := &l.entry, l.db, l.value
	l.visit = nil
	if v.Elements() == 0 {
		l.loaded.Empty++
		return nil
	}
	if !db.Add(e.Key, v) {
		return &DuplicateError{Offset: e.Offset, DB: e.DB, Key: append([]byte(nil), e.Key...)}
	}
	if e.HasExpire {
		db.SetExpire(e.Key, e.ExpireMS)
	}
	switch {
	case e.HasIdle && !l.opts.LFU:
		db.SetAccess(e.Key, LRUWord(l.opts.Now, e.Idle))
	case e.HasFreq && l.opts.LFU:
		db.SetAccess(e.Key, LFUWord(l.opts.Now, e.Freq))
	}
	db.settleMany()
	return nil
}

// Checker reads an RDB file piece by piece only to see whether it can be loaded. What it does not find are keys and
// elements that are in it twice.
type Checker struct {
	r         *rdb.Reader
	databases int
	ended     bool
	err       error
}

// NewChecker begins to check a file of size bytes, 0: nobody knows, for a keyspace of so many databases.
func NewChecker(size int64, databases int, noChecksum bool) *Checker {
	return &Checker{r: rdb.NewFeeder(rdb.ReadOptions{NoChecksum: noChecksum, Size: size}), databases: databases}
}

// Feed checks the next piece of the file, which must not change before the next one is fed.
func (c *Checker) Feed(piece []byte) error {
	if c.err != nil || c.ended {
		return c.err
	}
	c.r.Feed(piece)
	if err := c.read(); err != rdb.ErrMore {
		c.err = err
	}
	return c.err
}

// Finish checks that the pieces so far are the whole file.
func (c *Checker) Finish() error {
	if c.err == nil && !c.ended {
		c.r.EndFeed()
		c.err = c.read()
	}
	return c.err
}

func (c *Checker) read() error {
	for {
		e, err := c.r.Next()
		switch {
		case err != nil:
			return err
		case e.Kind == rdb.End:
			c.ended = true
			return nil
		case (e.Kind == rdb.SelectDB || e.Kind == rdb.Key) && e.DB >= c.databases:
			return &DBRangeError{Offset: e.Offset, DB: e.DB, Databases: c.databases}
		}
	}
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
