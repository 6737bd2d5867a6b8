package server

import (
	"errors"
	"io"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/aof"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// The append only file becomes the dataset again. Redis 4.0: aof.c, loadAppendOnlyFile.

// loadPiece is how many bytes of a file's commands are taken apart, and then run, at a time: in between the server answers
// that it is loading.
const loadPiece = 1 << 20

// loadAOFAtStart reads the append only file. One that is not there is made: an RDB that lies beside it counts for nothing.
func (s *Server) loadAOFAtStart() {
	s.foreground(func(ev *node.Event) {
		switch ev.Err {
		case node.ErrNone:
			data := append([]byte(nil), ev.Bytes...) // valid during Step only
			s.load = loading{since: s.now, total: int64(len(data))}
			s.loadPreamble(data)
		case node.ErrNotFound:
			s.createAOF()
		default:
			s.logf(node.LogWarning, "Fatal error: can't open the append log file for reading: %s", ev.Err)
			s.exit(1)
		}
	}, node.FileStep{Kind: node.ReadFile, Path: s.cfg.aofPath()})
}

// createAOF makes an empty file whose name survives a loss of power.
func (s *Server) createAOF() {
	temp := s.cfg.inDir("temp-" + s.cfg.appendFilename)
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			s.logf(node.LogWarning, "Can't open the append-only file: %s", ev.Err)
			s.exit(1)
			return
		}
		s.aofLoaded(0)
	}, node.FileStep{Kind: node.WriteFile, Path: temp}, node.FileStep{Kind: node.SyncFile, Path: temp},
		node.FileStep{Kind: node.RenameFile, Path: temp, To: s.cfg.aofPath()})
}

// loadPreamble decodes the RDB that a file may begin with, beside the server.
func (s *Server) loadPreamble(data []byte) {
	if !aof.HasPreamble(data) {
		s.replayPiece(data, 0)
		return
	}
	s.log(node.LogNotice, "Reading RDB preamble from AOF file...")
	how := s.preambleOptions()
	s.work(len(data), func() any {
		l, err := keyspace.Load(data, how)
		return loadedPreamble{l, err}
	}, func(ev *node.Event) {
		l := ev.Result.(loadedPreamble)
		switch {
		case s.exiting:
		case l.err != nil:
			s.logf(node.LogWarning, "Error reading the RDB preamble of the AOF file, AOF loading aborted: %s", l.err)
			s.exit(1)
		default:
			s.takePreamble(l.loaded)
			s.log(node.LogNotice, "Reading the remaining AOF tail...")
			s.replayPiece(data, l.loaded.Size)
		}
	})
}

// loadedPreamble is what came of the RDB.
type loadedPreamble struct {
	loaded *keyspace.Loaded
	err    error
}

// preambleOptions are how the RDB is read that a file begins with: keys that have outlived their time stay, because what
// follows may be about them.
func (s *Server) preambleOptions() keyspace.LoadOptions { return s.loadOptions(false) }

func (s *Server) takePreamble(l *keyspace.Loaded) {
	s.data.Replace(l.Keyspace)
	s.data.LoadScripts(l)
}

// piece is a part of a file, taken apart.
type piece struct {
	commands [][][]byte
	valid    int   // up to which byte it is whole
	err      error // why there is no more, io.EOF at the end
}

// parsePiece takes apart what follows byte at, loadPiece bytes or a little more.
func parsePiece(data []byte, at int) (p piece) {
	r := aof.NewReader(data, at)
	var list [][][]byte
	for p.err == nil && r.Valid() < at+loadPiece {
		if list, p.err = r.Next(list); p.err == nil {
			p.commands = append(p.commands, list...)
		}
	}
	p.valid = r.Valid()
	return p
}

// replayPiece runs the commands that follow byte at of the file.
func (s *Server) replayPiece(data []byte, at int) {
	s.work(min(len(data)-at, loadPiece), func() any { return parsePiece(data, at) }, func(ev *node.Event) {
		if s.exiting {
			return
		}
		p := ev.Result.(piece)
		s.load.done = int64(p.valid)
		if at == 0 {
			s.replayDB = 0
		}
		if reason := s.replay(p.commands); reason != "" {
			s.log(node.LogWarning, reason)
			s.exit(1)
			return
		}
		if p.err == nil {
			s.replayPiece(data, p.valid)
			return
		}
		s.replayed(p.err, p.valid, len(data))
	})
}

// replay runs commands of a file for nobody. It returns why that cannot be, "" if all is well: errors that they reply with
// are no reason, as in 4.0.
func (s *Server) replay(list [][][]byte) (reason string) {
	s.data.Replaying = true
	defer func() { s.data.Replaying = false }()
	for _, args := range list {
		cmd := s.front.Table.Lookup(args[0])
		if cmd == nil || !cmd.TakesArgs(len(args)) {
			return "Unknown command '" + string(args[0]) + "' reading the append only file"
		}
		c := s.front.NewCall(nil, cmd, args)
		c.DB, c.Reply = s.replayDB, s.scratch[:0]
		if cmd.Is(front.Admin | front.PubSub | front.NotQueued) {
			return "The append only file holds '" + cmd.Name + "', which changes no data"
		}
		cmd.Run(&c)
		s.replayDB = c.DB
		if s.scratch = c.Reply; cap(s.scratch) > 1<<20 {
			s.scratch = nil
		}
	}
	return ""
}

// replayed is the end of a file: it is whole, or its tail is torn, or it is broken.
func (s *Server) replayed(err error, valid, size int) {
	switch {
	case err == io.EOF:
		s.aofLoaded(int64(size))
	case !errors.Is(err, aof.ErrTruncated):
		s.logf(node.LogWarning, "Bad file format reading the append only file: make a backup of your AOF file, then use "+
			"./redis-check-aof --fix <filename> (%s)", err)
		s.exit(1)
	case !s.cfg.aofLoadTruncated:
		s.log(node.LogWarning, "Unexpected end of file reading the append only file. You can: 1) Make a backup of your AOF "+
			"file, then use ./redis-check-aof --fix <filename>. 2) Alternatively you can set the 'aof-load-truncated' "+
			"configuration option to yes and restart the server.")
		s.exit(1)
	default:
		s.repairTail(valid)
	}
}

// repairTail cuts off what is not whole. The cut is synced: what will be appended must not stand behind a torn tail.
func (s *Server) repairTail(valid int) {
	s.log(node.LogWarning, "!!! Warning: short read while loading the AOF file !!!")
	s.logf(node.LogWarning, "!!! Truncating the AOF at offset %d !!!", valid)
	path := s.cfg.aofPath()
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			s.logf(node.LogWarning, "Error truncating the AOF file: %s", ev.Err)
			s.exit(1)
			return
		}
		s.log(node.LogWarning, "AOF loaded anyway because aof-load-truncated is enabled")
		s.aofLoaded(int64(valid))
	}, node.FileStep{Kind: node.TruncateFile, Path: path, At: int64(valid)}, node.FileStep{Kind: node.SyncFile, Path: path})
}

// aofLoaded begins to serve with what the file, of size bytes, held.
func (s *Server) aofLoaded(size int64) {
	a := &s.aof
	a.state, a.path, a.size, a.base = aofOn, s.cfg.aofPath(), size, size
	// A process that was killed leaves what it wrote to the system, and nobody knows how much of that is on the disk: the
	// first sync covers it.
	a.synced = 0
	s.data.Dirty = 0
	if size > 0 {
		s.logf(node.LogNotice, "DB loaded from append only file: %.3f seconds", s.now.Sub(s.load.since).Seconds())
	}
	s.ready(nil)
}

// debugLoadAOF is DEBUG LOADAOF: the dataset becomes what the file holds, while the whole server waits.
func (s *Server) debugLoadAOF(c *front.Call) {
	switch s.aof.state {
	case aofWait:
		c.Error("ERR DEBUG LOADAOF needs an append only file: wait for the first rewrite")
		return
	case aofOff: // there may be one that BGREWRITEAOF made
		s.readAOFAgain(c, s.cfg.aofPath())
		return
	}
	s.closeAOF(func(ok bool) {
		if !ok {
			c.Error("ERR the append only file cannot be written: " + string(s.aof.writeErr))
			return
		}
		s.readAOFAgain(c, s.aof.path)
	})
}

func (s *Server) readAOFAgain(c *front.Call, path string) {
	s.foreground(func(ev *node.Event) {
		if ev.Err != node.ErrNone {
			c.Error("ERR the append only file cannot be read: " + string(ev.Err))
			return
		}
		s.reloadAOF(c, append([]byte(nil), ev.Bytes...))
	}, node.FileStep{Kind: node.ReadFile, Path: path})
}

func (s *Server) reloadAOF(c *front.Call, data []byte) {
	at := 0
	ks := keyspace.NewSeeded(int(s.cfg.data.Databases), s.rng.Uint64())
	if aof.HasPreamble(data) {
		loaded, err := keyspace.Load(data, s.preambleOptions())
		if err != nil {
			s.logf(node.LogWarning, "Error reading the RDB preamble of the AOF file, AOF loading aborted: %s", err)
			s.exit(1)
			return
		}
		s.takePreamble(loaded)
		at = loaded.Size
	} else {
		if s.opts.Notes {
			ks.KeepDigest()
		}
		s.data.Replace(ks)
		limitsChanged(s)
	}
	dirty := s.data.Dirty
	s.replayDB = 0
	for {
		p := parsePiece(data, at)
		reason := s.replay(p.commands)
		if reason == "" && p.err != nil && p.err != io.EOF {
			reason = "Bad file format reading the append only file: " + p.err.Error()
		}
		if reason != "" {
			s.log(node.LogWarning, reason)
			s.exit(1)
			return
		}
		if at = p.valid; p.err != nil {
			break
		}
	}
	s.data.Dirty = dirty
	s.log(node.LogWarning, "Append Only File loaded by DEBUG LOADAOF")
	c.OK()
}
