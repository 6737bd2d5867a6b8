package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
)

// EntryKind says what an [Entry] is, and so which of its fields mean something.
type EntryKind uint8

// The kinds of entries, with the fields that each one fills besides Kind and Offset.
const (
	// Aux is a field of information about the file: Key its name, Str its text.
	Aux EntryKind = iota + 1
	// SelectDB says which database the following keys are in: DB.
	SelectDB
	// ResizeDB announces the size of the selected database: Keys, Expires. The numbers may be wrong.
	ResizeDB
	// Key is a key with its value: DB, Key, Type, ExpireMS if HasExpire, Idle if HasIdle, Freq if HasFreq. A string
	// is in Str; the elements of other values are read by [Reader.Elements].
	Key
	// End is the end of the file. The checksum, if there is one, was right.
	End
)

var entryNames = [...]string{Aux: "aux", SelectDB: "select-db", ResizeDB: "resize-db", Key: "key", End: "end"}

func (k EntryKind) String() string {
	if int(k) < len(entryNames) && entryNames[k] != "" {
		return entryNames[k]
	}
	return fmt.Sprintf("entry(%d)", uint8(k))
}

// Entry is one piece of a file. Its bytes are valid until the next call of [Reader.Next].
type Entry struct {
	Kind      EntryKind
	Offset    int // where it begins, in bytes from the start of the file
	DB        int
	Key       []byte
	Type      Type
	HasExpire bool
	ExpireMS  int64 // ms since the epoch
	HasIdle   bool
	Idle      uint64 // for how long the key was not used, in seconds
	HasFreq   bool
	Freq      byte // how often it was used: LFU's logarithmic counter

	Str   []byte // of a string, and of Aux
	IsInt bool   // the file holds Str as a number:
	Int   int64

	Keys, Expires uint64
}

// ReadOptions says what a Reader accepts.
type ReadOptions struct {
	// MaxVersion is the newest format accepted; 0 means the package's MaxVersion. Redis 4.0 accepts 8.
	MaxVersion int
	// NoChecksum does not compare the checksum: rdbchecksum no.
	NoChecksum bool
	// Size is how long the file is, in bytes, of a file that is fed; 0: nobody knows. What claims to reach beyond it is
	// then known to be damaged before all of it has come, and memory for a long string is taken at once.
	Size int64
}

// ErrMore says that what comes next of a file that is fed has not come whole: feed more, and ask again.
var ErrMore = errors.New("more of the RDB file has to come")

// Reader reads one RDB file, entry by entry. Redis 4.0: rdb.c, rdbLoadRio.
type Reader struct {
	data    []byte // the file, or what is left of the pieces of it
	at      int    // in data
	version int    // 0 before the head of a file that is fed
	db      int
	opts    ReadOptions
	err     error
	ended   bool

	coming Entry // what has been said of the key to come
	value  Entry // the key whose elements have not been read; Kind is 0 if there is none
	dump   bool  // the data is one value, without a key

	key, str []byte // memory for strings that do not lie in data as they are

	// Of a file that is fed.
	feeding bool
	base    int    // where data begins in the file
	crc     uint64 // of what came before data
	window  []byte // memory for data, if that is not simply the piece fed last
	lacking int    // how many bytes what comes next needs at least, beyond data

	// Of the elements being read.
	visitor visitor
	counted bool   // their number has been read
	left    uint64 // elements to come
}

// NewReader reads the head of the file in data, which must not change while the Reader is in use. It fails with a
// [SignatureError], a [VersionError] or, if there is not even a head, a [CorruptError].
func NewReader(data []byte, opts ReadOptions) (*Reader, error) {
	r := &Reader{data: data, opts: opts}
	if err := r.head(); err != nil {
		return nil, err
	}
	return r, nil
}

// NewFeeder reads a file that comes in pieces, by Feed and End. Until a piece has come, Next fails with [ErrMore].
func NewFeeder(opts ReadOptions) *Reader { return &Reader{opts: opts, feeding: true} }

// Feed adds the next piece of the file. It must not change before the next one is fed.
func (r *Reader) Feed(piece []byte) {
	node.Assert(r.feeding, "an RDB is fed that was whole")
	if !r.opts.NoChecksum {
		r.crc = Checksum(r.crc, r.data[:r.at])
	}
	r.base += r.at
	rest := r.data[r.at:]
	switch {
	case len(rest) == 0:
		r.data = piece
		if cap(r.window) > windowKept {
			r.window = nil
		}
	case r.at == 0 && len(r.window) == len(rest) && &r.window[0] == &rest[0]:
		r.window = append(r.window, piece...)
		r.data = r.window
	default:
		if need := len(rest) + max(len(piece), r.lacking); r.opts.Size > 0 && need > cap(r.window) {
			// Memory for a length is taken as what has that length comes.
			r.window = make([]byte, 0, min(need, 2*len(rest)+windowStep))
		}
		r.window = append(append(r.window[:0], rest...), piece...)
		r.data = r.window
	}
	r.at, r.lacking = 0, 0
}

// EndFeed says that there are no more pieces: what has not come is missing.
func (r *Reader) EndFeed() { r.feeding = false }

const (
	// windowKept is how much memory for what is left of one piece is kept for the next, in bytes.
	windowKept = 4 << 20
	// windowStep is how much memory for one string is taken at once, in bytes.
	windowStep = 64 << 20
)

// head reads the head of the file.
func (r *Reader) head() error {
	const head = len(signature) + 4
	data, opts := r.data, &r.opts
	if len(data) < head {
		if r.feeding {
			return ErrMore
		}
		return &CorruptError{Offset: len(data), Reason: "the file ends within its head", Short: true}
	}
	if string(data[:len(signature)]) != signature {
		return &SignatureError{Got: append([]byte(nil), data[:head]...)}
	}
	version := 0
	for _, c := range data[len(signature):head] {
		if c < '0' || c > '9' {
			version = 0
			break
		}
		version = version*10 + int(c-'0')
	}
	if opts.MaxVersion == 0 {
		opts.MaxVersion = MaxVersion
	}
	if version < 1 || version > opts.MaxVersion {
		return &VersionError{version}
	}
	r.at, r.version = head, version
	return nil
}

// Version returns the version of the format that the file says it is in.
func (r *Reader) Version() int { return r.version }

// Offset returns how far the file has been read, in bytes; after the End entry, where the file ends. More may follow
// it: an append only file.
func (r *Reader) Offset() int { return r.base + r.at }

// Rest returns what of the pieces so far has not been read.
func (r *Reader) Rest() []byte { return r.data[r.at:] }

// Next returns the next entry. Opcodes that say nothing about the data (modules' own data, slot information) are passed
// over, and so are elements that have not been read. It fails with a [CorruptError] or an [UnsupportedError], and then
// always with the same. After End it returns End.
func (r *Reader) Next() (Entry, error) {
	if r.err == nil && r.value.Kind != 0 {
		if err := r.Elements(func(Element) error { return nil }); err != nil {
			return Entry{}, err
		}
	}
	if r.err != nil {
		return Entry{}, r.err
	}
	if r.ended {
		return Entry{Kind: End, Offset: r.Offset()}, nil
	}
	read := r.next
	if r.dump {
		read = r.nextOfDump
	}
	e, err := read()
	if err != nil {
		return Entry{}, r.failed(err)
	}
	return e, nil
}

// failed keeps an error, unless it will pass.
func (r *Reader) failed(err error) error {
	if err != ErrMore {
		r.err = err
	}
	return err
}

func (r *Reader) next() (Entry, error) {
	if r.version == 0 {
		if err := r.head(); err != nil {
			return Entry{}, err
		}
	}
	for {
		from := r.at
		e, found, err := r.nextEntry()
		if err != nil {
			r.at = from // more of it may come
		}
		if found || err != nil {
			return e, err
		}
	}
}

// nextEntry reads an entry, or something that is none and says something of the one to come.
func (r *Reader) nextEntry() (e Entry, found bool, err error) {
	e = Entry{Offset: r.Offset()}
	op, err := r.byte("list of entries")
	if err != nil {
		return e, false, err
	}
	found = true
	switch op {
	case opAux:
		e, err = r.aux(e)
	case opSelectDB:
		e, err = r.selectDB(e)
	case opResizeDB:
		e.Kind = ResizeDB
		if e.Keys, err = r.length("number of keys"); err == nil {
			e.Expires, err = r.length("number of expiry times")
		}
	case opEnd:
		e, err = r.end(e)
	case opExpire, opExpireMS, opIdle, opFreq:
		found, err = false, r.keyAttribute(op)
	case opFunction, opFunction2:
		found, err = false, r.function(e.Offset)
	case opModuleAux, opSlotInfo:
		found, err = false, r.passOver(op)
	default:
		e, err = r.keyed(e, Type(op))
	}
	return e, found, err
}

func (r *Reader) aux(e Entry) (_ Entry, err error) {
	e.Kind = Aux
	if e.Key, _, _, err = r.string(&r.key, "name of an aux field"); err == nil {
		e.Str, e.Int, e.IsInt, err = r.string(&r.str, "aux field")
	}
	return e, err
}

func (r *Reader) selectDB(e Entry) (Entry, error) {
	n, err := r.length("number of a database")
	if err != nil {
		return e, err
	}
	if n > math.MaxInt32 {
		return e, r.corrupt(e.Offset, "database %d selected", n)
	}
	e.Kind, e.DB, r.db = SelectDB, int(n), int(n)
	return e, nil
}

// keyAttribute reads what is said of the key that follows.
func (r *Reader) keyAttribute(op byte) error {
	switch op {
	case opExpire:
		b, err := r.bytes(4, "expiry time")
		if err != nil {
			return err
		}
		r.coming.HasExpire, r.coming.ExpireMS = true, int64(int32(binary.LittleEndian.Uint32(b)))*1000
	case opExpireMS:
		b, err := r.bytes(8, "expiry time")
		if err != nil {
			return err
		}
		r.coming.HasExpire, r.coming.ExpireMS = true, int64(binary.LittleEndian.Uint64(b))
	case opIdle:
		n, err := r.length("idle time")
		r.coming.HasIdle, r.coming.Idle = true, n
		return err
	case opFreq:
		n, err := r.byte("frequency of use")
		r.coming.HasFreq, r.coming.Freq = true, n
		return err
	}
	return nil
}

func (r *Reader) keyed(e Entry, t Type) (_ Entry, err error) {
	if !t.known() {
		return e, r.corrupt(e.Offset, "%d is neither a type of values nor an opcode", byte(t))
	}
	offset := e.Offset
	e = r.coming
	e.Kind, e.Offset, e.Type, e.DB = Key, offset, t, r.db
	if !r.dump {
		if e.Key, _, _, err = r.string(&r.key, "key"); err != nil {
			return e, err
		}
	}
	switch t.Family() {
	case NoFamily:
		return e, r.unsupported(e)
	case StringFamily:
		e.Str, e.Int, e.IsInt, err = r.string(&r.str, "string")
	default:
		r.value = e
	}
	if err == nil {
		r.coming = Entry{}
	}
	return e, err
}

func (r *Reader) unsupported(e Entry) error {
	err := &UnsupportedError{Offset: e.Offset, Type: e.Type}
	if !r.dump {
		err.Key = append([]byte{}, e.Key...)
	}
	if e.Type == TypeModule || e.Type == TypeModule2 {
		switch id, short := r.length("number of a module"); short {
		case nil:
			err.What = fmt.Sprintf("value of the module %q", moduleName(id))
		case ErrMore:
			return ErrMore
		}
	}
	return err
}

// moduleName returns the nine characters that a module's number is made of; its last 10 bits are a version.
// Redis 4.0: module.c, moduleTypeNameByID.
func moduleName(id uint64) string {
	const characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var name [9]byte
	id >>= 10
	for i := len(name) - 1; i >= 0; i-- {
		name[i] = characters[id&63]
		id >>= 6
	}
	return string(name[:])
}

// function refuses a function library by its name, which its first line tells.
func (r *Reader) function(offset int) error {
	code, _, _, err := r.string(&r.str, "function library")
	if err != nil {
		return err
	}
	line, _, _ := strings.Cut(string(code), "\n")
	what := "function library"
	for _, word := range strings.Fields(line) {
		if name, ok := strings.CutPrefix(word, "name="); ok {
			what = fmt.Sprintf("function library %q", name)
		}
	}
	return &UnsupportedError{Offset: offset, What: what}
}

func (r *Reader) end(e Entry) (Entry, error) {
	e.Kind = End
	if r.version >= checksumVersion {
		body := r.data[:r.at]
		b, err := r.bytes(8, "checksum")
		if err != nil {
			return e, err
		}
		want := binary.LittleEndian.Uint64(b)
		if want != 0 && !r.opts.NoChecksum {
			if got := Checksum(r.crc, body); got != want {
				return e, r.corrupt(r.base+len(body), "CRC error: the checksum is %016x, that of the bytes before it is %016x", want, got)
			}
		}
	}
	r.ended = true
	return e, nil
}

// passOver reads entries that a server without modules and cluster has no use for.
func (r *Reader) passOver(op byte) (err error) {
	switch op {
	case opSlotInfo:
		for i := 0; i < 3 && err == nil; i++ {
			_, err = r.length("slot information")
		}
	case opModuleAux:
		if _, err = r.length("number of a module"); err == nil {
			err = r.moduleFields()
		}
	}
	return err
}

// moduleFields passes over what a module wrote: fields that each say their type, up to type 0.
func (r *Reader) moduleFields() error {
	const (
		fieldsEnd = iota
		fieldSigned
		fieldUnsigned
		fieldFloat
		fieldDouble
		fieldString
	)
	for {
		from := r.Offset()
		op, err := r.length("type of a module's field")
		if err != nil {
			return err
		}
		switch op {
		case fieldsEnd:
			return nil
		case fieldSigned, fieldUnsigned:
			_, err = r.length("number of a module")
		case fieldFloat:
			_, err = r.bytes(4, "number of a module")
		case fieldDouble:
			_, err = r.bytes(8, "number of a module")
		case fieldString:
			_, _, _, err = r.string(&r.str, "string of a module")
		default:
			return r.corrupt(from, "module's field of type %d", op)
		}
		if err != nil {
			return err
		}
	}
}

// string reads a string in any form. If its bytes do not lie in the file as they are, they are put into scratch.
func (r *Reader) string(scratch *[]byte, what string) (s []byte, n int64, isInt bool, err error) {
	from := r.Offset()
	first, err := r.byte(what)
	if err != nil {
		return nil, 0, false, err
	}
	if first>>6 != special {
		r.at--
		length, err := r.length("length of the " + what)
		if err != nil {
			return nil, 0, false, err
		}
		s, err = r.bytes(length, what)
		return s, 0, false, err
	}
	switch first & 63 {
	case specialInt8, specialInt16, specialInt32:
		b, err := r.bytes(1<<(first&63), what)
		if err != nil {
			return nil, 0, false, err
		}
		switch len(b) {
		case 1:
			n = int64(int8(b[0]))
		case 2:
			n = int64(int16(binary.LittleEndian.Uint16(b)))
		case 4:
			n = int64(int32(binary.LittleEndian.Uint32(b)))
		}
		*scratch = strconv.AppendInt((*scratch)[:0], n, 10)
		return *scratch, n, true, nil
	case specialLZF:
		s, err = r.compressed(scratch, what)
		return s, 0, false, err
	}
	return nil, 0, false, r.corrupt(from, "%s in the unknown form %#x", what, first)
}

func (r *Reader) compressed(scratch *[]byte, what string) ([]byte, error) {
	from := r.Offset() - 1
	packed, err := r.length("compressed length of the " + what)
	if err != nil {
		return nil, err
	}
	length, err := r.length("length of the " + what)
	if err != nil {
		return nil, err
	}
	b, err := r.bytes(packed, what)
	if err != nil {
		return nil, err
	}
	if length > math.MaxInt {
		length = math.MaxInt // and so too long for any compressed bytes
	}
	*scratch, err = decompress((*scratch)[:0], b, int(length))
	if err != nil {
		return nil, r.corrupt(from, "%s: %v", what, err)
	}
	return *scratch, nil
}

func (r *Reader) length(what string) (uint64, error) {
	from := r.Offset()
	first, err := r.byte(what)
	if err != nil {
		return 0, err
	}
	switch {
	case first>>6 == length6:
		return uint64(first), nil
	case first>>6 == length14:
		low, err := r.byte(what)
		return uint64(first&63)<<8 | uint64(low), err
	case first == length32:
		b, err := r.bytes(4, what)
		if err != nil {
			return 0, err
		}
		return uint64(binary.BigEndian.Uint32(b)), nil
	case first == length64:
		b, err := r.bytes(8, what)
		if err != nil {
			return 0, err
		}
		return binary.BigEndian.Uint64(b), nil
	}
	return 0, r.corrupt(from, "%s begins with %#x, as no length does", what, first)
}

func (r *Reader) byte(what string) (byte, error) {
	if r.at == len(r.data) {
		return 0, r.short(what, 1)
	}
	r.at++
	return r.data[r.at-1], nil
}

func (r *Reader) bytes(n uint64, what string) ([]byte, error) {
	if has := uint64(len(r.data) - r.at); n > has {
		return nil, r.short(what, n-has)
	}
	b := r.data[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return b, nil
}

// short is what it means that the data ends lacking bytes too early.
func (r *Reader) short(what string, lacking uint64) error {
	end := r.base + len(r.data)
	if r.feeding && (r.opts.Size == 0 || lacking <= uint64(max(0, int(r.opts.Size)-end))) {
		r.lacking = int(min(lacking, math.MaxInt32))
		return ErrMore
	}
	if r.feeding {
		end = int(r.opts.Size)
	}
	return &CorruptError{Offset: r.Offset(), Short: true,
		Reason: fmt.Sprintf("the file ends at byte %d within the %s", end, what)}
}

// corrupt says what is wrong at offset in the file.
func (r *Reader) corrupt(offset int, format string, args ...any) error {
	return &CorruptError{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}
