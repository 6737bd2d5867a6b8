package server

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// A snapshot on its way to a file, or to replicas' sockets: piece by piece, so that it takes the memory of a few pieces,
// however large the dataset.

const (
	filePiece   = 1 << 20  // bytes of an RDB that are encoded and written, or read and decoded, at a time
	socketPiece = 32 << 10 // the same for replicas' sockets, who wait for no more than repl-timeout for some more of it
)

// rdbWrite is an RDB that is being written. The next piece is encoded while the last one is on its way to the disk.
type rdbWrite struct {
	path  string
	place node.Place
	done  func(*node.Event) // with the FileDone of the last step, or of the first that failed
	saver *keyspace.Saver
	left  int64 // bytes of memory whose keys have not been encoded, roughly

	ready    []byte // encoded and not on its way to the disk; nil: nothing
	last     bool   // nothing comes after ready
	encoding bool
	writing  bool
	begun    bool // the file is there
	over     bool // done has been called, or nobody wants to hear of it any more
}

// newSaver takes a snapshot and begins to write it.
func (s *Server) newSaver() *keyspace.Saver {
	return keyspace.NewSaver(s.data.KS.Snapshot(), s.saveOptions())
}

// writeRDB takes a snapshot and writes it to path, synced. In the foreground, the server waits all the while.
func (s *Server) writeRDB(place node.Place, path string, done func(*node.Event)) *rdbWrite {
	w := &rdbWrite{path: path, place: place, done: done, saver: s.newSaver(), left: s.data.KS.Bytes()}
	s.goOnWriting(w)
	return w
}

// abandon gives a file up that is being written.
func (s *Server) abandon(w *rdbWrite) {
	w.over = true
	if !w.writing {
		s.removeTemp(w.path)
	}
}

// goOnWriting begins what can be begun.
func (s *Server) goOnWriting(w *rdbWrite) {
	if w.over {
		return
	}
	if w.ready != nil && !w.writing {
		s.writePiece(w)
	}
	if w.ready != nil || w.last || w.encoding || w.writing && w.place == node.Foreground {
		return
	}
	encoded := func(piece []byte, more bool) {
		w.encoding, w.ready, w.last = false, piece, !more
		s.goOnWriting(w)
	}
	if w.place == node.Foreground {
		encoded(w.saver.Next(filePiece))
		return
	}
	w.encoding = true
	s.encode(w.saver, filePiece, &w.left, encoded)
}

// encode makes the next piece beside the server.
func (s *Server) encode(saver *keyspace.Saver, size int, left *int64, done func(piece []byte, more bool)) {
	type encoded struct {
		piece []byte
		more  bool
	}
	weight := min(int64(size), *left)
	*left -= weight
	s.work(int(weight), func() any {
		piece, more := saver.Next(size)
		return encoded{piece, more}
	}, func(ev *node.Event) {
		e := ev.Result.(encoded)
		done(e.piece, e.more)
	})
}

func (s *Server) writePiece(w *rdbWrite) {
	steps := []node.FileStep{{Kind: node.AppendFile, Path: w.path, Data: w.ready}}
	if !w.begun {
		steps[0].Kind = node.WriteFile
	}
	last := w.last
	if last {
		steps = append(steps, node.FileStep{Kind: node.SyncFile, Path: w.path})
	}
	w.ready, w.writing, w.begun = nil, true, true
	s.file(w.place, func(ev *node.Event) {
		w.writing = false
		switch {
		case w.over:
			s.removeTemp(w.path)
		case ev.Err != node.ErrNone || last:
			w.over = true
			w.done(ev)
		default:
			s.goOnWriting(w)
		}
	}, steps...)
}
