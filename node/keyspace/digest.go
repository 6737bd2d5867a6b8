package keyspace

import (
	"crypto/sha1"
	"encoding/binary"
)

// Digest is a fingerprint of the data: the same for the same databases, keys, values and volatile keys, whatever
// the order in which they came; all zero for an empty server. When keys expire is no part of it.
type Digest [sha1.Size]byte

// Digest returns the fingerprint that DEBUG DIGEST replies. Redis 4.0: debug.c, computeDatasetDigest.
func (ks *Keyspace) Digest() [20]byte {
	var d Digest
	for i := range ks.dbs {
		d.addDB(i, &ks.dbs[i].keys)
	}
	return d
}

// Digest is [Keyspace.Digest] of what the snapshot holds.
func (snap *Snapshot) Digest() [20]byte {
	var d Digest
	for i := range snap.dbs {
		d.addDB(i, &snap.dbs[i].keys)
	}
	return d
}

func (d *Digest) addDB(number int, keys *table[Value]) {
	if keys.count == 0 {
		return
	}
	d.next(be32(number))
	var scratch []byte
	keys.walk(func(e *entry[Value]) bool {
		var of Digest
		scratch = append(scratch[:0], e.key...)
		of.next(scratch)
		of.next(be32(int(e.value.kind)))
		scratch = e.value.AppendTo(scratch[:0])
		of.next(scratch)
		if e.value.keeps {
			of.any([]byte("!!expire!!"))
		}
		d.any(of[:])
		return true
	})
}

// any adds x to things whose order does not matter.
func (d *Digest) any(x []byte) {
	sum := sha1.Sum(x)
	for i := range d {
		d[i] ^= sum[i]
	}
}

// next adds x to things whose order does matter.
func (d *Digest) next(x []byte) {
	d.any(x)
	*d = sha1.Sum(d[:])
}

func be32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
