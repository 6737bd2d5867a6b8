package rdb

import (
	"encoding/binary"
	"errors"
)

// A dump is one value for itself, what DUMP replies and RESTORE takes: the byte of its type, the value as in a file,
// the version of the format in 2 bytes and the checksum of all before it in 8, both little endian. Redis 4.0:
// cluster.c, createDumpPayload.
const dumpFooter = 2 + 8

// ErrDumpFooter is a dump of a newer format than this, or one that was damaged.
var ErrDumpFooter = errors.New("DUMP payload version or checksum are wrong")

// NewDump starts a dump: a file that begins with a value and holds nothing else. Its key is not written.
func NewDump(buf []byte) *Writer { return &Writer{out: buf[:0], dump: true} }

// EndDump ends a dump and returns it.
func (w *Writer) EndDump() []byte {
	w.out = binary.LittleEndian.AppendUint16(w.out, Version)
	return binary.LittleEndian.AppendUint64(w.out, Checksum(0, w.out))
}

// NewDumpReader reads a dump: Next returns its value as a Key entry without a key, and then End. It fails with
// [ErrDumpFooter].
func NewDumpReader(data []byte, opts ReadOptions) (*Reader, error) {
	if len(data) < dumpFooter {
		return nil, ErrDumpFooter
	}
	if opts.MaxVersion == 0 {
		opts.MaxVersion = MaxVersion
	}
	body := data[:len(data)-dumpFooter]
	version := int(binary.LittleEndian.Uint16(data[len(body):]))
	if version > opts.MaxVersion || binary.LittleEndian.Uint64(data[len(body)+2:]) != Checksum(0, data[:len(body)+2]) {
		return nil, ErrDumpFooter
	}
	return &Reader{data: body, version: version, opts: opts, dump: true}, nil
}

// nextOfDump returns the value, and then the end.
func (r *Reader) nextOfDump() (Entry, error) {
	e := Entry{Offset: r.at}
	if r.at > 0 {
		if r.at != len(r.data) {
			return e, r.corrupt(r.at, "%d bytes follow the value", len(r.data)-r.at)
		}
		e.Kind, r.ended = End, true
		return e, nil
	}
	t, err := r.byte("dump")
	if err != nil {
		return e, err
	}
	return r.keyed(e, Type(t))
}
