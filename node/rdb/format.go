package rdb

import (
	"fmt"
	"hash/crc64"
	"math/bits"
)

const (
	// Version is what a Writer writes: the format of Redis 4.0.
	Version = 8
	// MaxVersion is the newest format that a Reader reads: that of Redis 7.4.
	MaxVersion = 12

	signature       = "REDIS"
	checksumVersion = 5 // the first that ends with a checksum
)

// Opcodes stand where the type of a value would. Redis 4.0 and later: rdb.h.
const (
	opSlotInfo  = 244 // since version 12
	opFunction2 = 245 // since version 10
	opFunction  = 246 // only in release candidates of version 10
	opModuleAux = 247 // since version 9
	opIdle      = 248 // since version 9
	opFreq      = 249 // since version 9
	opAux       = 250
	opResizeDB  = 251
	opExpireMS  = 252
	opExpire    = 253
	opSelectDB  = 254
	opEnd       = 255
)

// The first two bits of a length say how long it is itself, or that a string in a special form follows.
const (
	length6  = 0
	length14 = 1
	length32 = 0x80 // the whole byte
	length64 = 0x81 // the whole byte
	special  = 3

	specialInt8  = 0
	specialInt16 = 1
	specialInt32 = 2
	specialLZF   = 3
)

// Type is the type and form of a value.
type Type byte

// The types there are, of all versions up to 12. What Family calls NoFamily cannot be read.
const (
	TypeString           Type = 0
	TypeList             Type = 1
	TypeSet              Type = 2
	TypeZSet             Type = 3
	TypeHash             Type = 4
	TypeZSet2            Type = 5
	TypeModule           Type = 6
	TypeModule2          Type = 7
	TypeHashZipmap       Type = 9
	TypeListZiplist      Type = 10
	TypeSetIntset        Type = 11
	TypeZSetZiplist      Type = 12
	TypeHashZiplist      Type = 13
	TypeListQuicklist    Type = 14
	TypeStreamListpacks  Type = 15
	TypeHashListpack     Type = 16
	TypeZSetListpack     Type = 17
	TypeListQuicklist2   Type = 18
	TypeStreamListpacks2 Type = 19
	TypeSetListpack      Type = 20
	TypeStreamListpacks3 Type = 21

	types = 26
)

var typeNames = [types]string{"string", "list", "set", "zset", "hash", "zset2", "module", "module2", 9: "hash zipmap",
	"list ziplist", "set intset", "zset ziplist", "hash ziplist", "list quicklist", "stream", "hash listpack",
	"zset listpack", "list quicklist2", "stream v2", "set listpack", "stream v3", "hash with field expiry (early)",
	"hash listpack with field expiry (early)", "hash with field expiry", "hash listpack with field expiry"}

func (t Type) String() string {
	if t < types && typeNames[t] != "" {
		return typeNames[t]
	}
	return "unknown"
}

// known says whether t is the type of a value in any version.
func (t Type) known() bool { return t < types && typeNames[t] != "" }

// A SignatureError is a file that does not begin as RDB files do.
type SignatureError struct{ Got []byte }

func (e *SignatureError) Error() string {
	return fmt.Sprintf("not an RDB file: it begins with %q, not with %q", e.Got, signature)
}

// A VersionError is a file in a format that is too new, or in none. Its text is what Redis logs.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("Can't handle RDB format version %d", e.Version)
}

// A CorruptError is a file that is damaged or ends early.
type CorruptError struct {
	Offset int // of what does not fit, in bytes from the start of the file
	Reason string
	Short  bool // the file ends where more should come
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("corrupt RDB: %s, at byte %d", e.Reason, e.Offset)
}

// An UnsupportedError is something that may be in order but that this server cannot keep: loaded without it, the next
// snapshot would lose it.
type UnsupportedError struct {
	Offset int    // of the type byte or opcode, in bytes from the start of the file
	What   string // such as "function library \"mylib\""; "" for a value
	Type   Type   // of a value
	Key    []byte // of a value
}

func (e *UnsupportedError) Error() string {
	what := e.What
	if what == "" {
		what = fmt.Sprintf("value of type %d (%v)", e.Type, e.Type)
	}
	if e.Key != nil {
		what += fmt.Sprintf(" at key %q", e.Key)
	}
	return fmt.Sprintf("%s, at byte %d: not supported by this build; remove it where the file comes from", what, e.Offset)
}

// Family is what kind of value a Type is a form of.
type Family uint8

// The families of types.
const (
	NoFamily Family = iota // streams, modules' values, hashes with fields that expire
	StringFamily
	ListFamily
	SetFamily
	ZSetFamily
	HashFamily
)

// Family returns the family of t.
func (t Type) Family() Family {
	switch t {
	case TypeString:
		return StringFamily
	case TypeList, TypeListZiplist, TypeListQuicklist, TypeListQuicklist2:
		return ListFamily
	case TypeSet, TypeSetIntset, TypeSetListpack:
		return SetFamily
	case TypeZSet, TypeZSet2, TypeZSetZiplist, TypeZSetListpack:
		return ZSetFamily
	case TypeHash, TypeHashZipmap, TypeHashZiplist, TypeHashListpack:
		return HashFamily
	}
	return NoFamily
}

var jones = crc64.MakeTable(bits.Reverse64(0xad93d23594c935a9))

// Checksum continues the checksum crc, 0 at the start, with p: CRC64 with the polynomial of Jones, reflected, initial
// value 0, no final inversion. Redis 4.0: crc64.c.
func Checksum(crc uint64, p []byte) uint64 { return ^crc64.Update(^crc, jones, p) }
