package replication

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

const (
	storePiece = 1 << 20 // bytes of an RDB that are written to disk at a time
	storeMost  = 2 << 20 // bytes that may wait for the disk; beyond that, the master has to
	syncEvery  = 8 << 20 // bytes after which what was written is synced (Redis 4.0: server.h, REPL_MAX_WRITTEN_BEFORE_FSYNC)
)

// reception is an RDB on its way from the master to the disk, and checked on its way: whether it can be loaded is known
// before anything is given up for it. It takes the memory of some pieces, however long it is, and lies in a file of its
// own until it is whole.
type reception struct {
	path     string
	size     int64  // bytes announced, if mark is nil
	mark     []byte // ends an RDB of unknown length
	received int64  // bytes, without the mark
	waiting  []byte // received and not yet on their way to the disk; with a mark, always what may be the mark
	whole    bool   // all has been received; the mark is gone

	check    *keyspace.Checker
	begun    bool // the file is there
	writing  bool // a piece, to disk
	checking bool // that piece
	last     bool // there is none after it
	unsynced int64
	over     bool // it has its place, or was given up
}

func (r *Replication) newReception(size int64, mark []byte) *reception {
	return &reception{path: r.host.InDir("temp-" + itoa(r.unix()) + "." + strconv.Itoa(r.host.PID()) + ".rdb"), size: size,
		mark: mark, check: r.host.NewChecker(size)}
}

// take takes the next bytes. The mark may come in pieces, so it is looked for at the end of everything so far.
func (p *reception) take(b []byte) {
	p.waiting = append(p.waiting, b...)
	p.received += int64(len(b))
	if p.mark == nil {
		node.Assert(p.received <= p.size, "%d bytes of an RDB of %d", p.received, p.size)
		p.whole = p.received == p.size
		return
	}
	if bytes.HasSuffix(p.waiting, p.mark) {
		p.whole = true
		p.waiting = p.waiting[:len(p.waiting)-len(p.mark)]
		p.received -= int64(len(p.mark))
	}
}

// storable is how many of the waiting bytes surely belong to the RDB.
func (p *reception) storable() int {
	if p.whole || p.mark == nil {
		return len(p.waiting)
	}
	return max(0, len(p.waiting)-len(p.mark))
}

// storeRDB writes and checks what is worth it.
func (r *Replication) storeRDB(p *reception) {
	if !p.writing && !p.checking && (p.whole || p.storable() >= storePiece) {
		r.storePiece(p)
	}
	if p.whole || len(p.waiting) >= storeMost {
		r.holdLink()
	}
}

func (r *Replication) storePiece(p *reception) {
	n := p.storable()
	piece := p.waiting[:n:n]
	p.waiting = slices.Clone(p.waiting[n:])
	step := node.FileStep{Kind: node.AppendFile, Path: p.path, Data: piece}
	if !p.begun {
		step.Kind = node.WriteFile
	}
	steps := []node.FileStep{step}
	p.begun, p.writing, p.checking, p.last = true, true, true, p.whole
	if p.unsynced += int64(n); p.last || p.unsynced >= syncEvery {
		p.unsynced = 0
		steps = append(steps, node.FileStep{Kind: node.SyncFile, Path: p.path})
	}
	r.host.Background(func(ev *node.Event) {
		p.writing = false
		r.stored(p, "Write error or short write writing to the DB dump file needed for MASTER <-> SLAVE synchronization: ", string(ev.Err))
	}, steps...)
	check, last := p.check, p.last
	r.host.Work(n, func() any {
		err := check.Feed(piece)
		if last && err == nil {
			err = check.Finish()
		}
		return checked{err}
	}, func(ev *node.Event) {
		p.checking = false
		problem := ""
		if err := ev.Result.(checked).err; err != nil {
			problem = err.Error()
		}
		r.stored(p, "Failed trying to load the MASTER synchronization DB from disk: ", problem)
	})
}

// checked is what came of checking a piece.
type checked struct{ err error }

// stored goes on when a piece is on disk, or cannot be, and when it is checked.
func (r *Replication) stored(p *reception, what, problem string) {
	if p.over {
		r.removeReception(p)
		return
	}
	r.link.lastIO = r.unix()
	if problem != "" {
		r.host.Log(node.LogWarning, what+problem)
		r.cancelHandshake()
		return
	}
	if p.writing || p.checking {
		return
	}
	if p.last {
		r.loadReceived(p)
		return
	}
	r.storeRDB(p)
	if len(p.waiting) < storeMost {
		r.readLink()
	}
}

// abandon gives up what has been received.
func (r *Replication) abandon(p *reception) {
	if !p.over {
		p.over = true
		r.removeReception(p)
	}
}

// removeReception removes the file of an RDB that was given up, once nothing is written to it any more.
func (r *Replication) removeReception(p *reception) {
	if p.begun && !p.writing {
		p.begun = false
		r.host.Background(func(*node.Event) {}, node.FileStep{Kind: node.RemoveFile, Path: p.path})
	}
}

// holdLink has the master wait; readLink goes on.
func (r *Replication) holdLink() {
	if !r.link.held && r.link.conn != 0 {
		r.link.held = true
		r.front.Out.HoldReading(r.link.conn)
	}
}

func (r *Replication) readLink() {
	if r.link.held {
		r.link.held = false
		r.front.Out.ReadOn(r.link.conn)
	}
}
