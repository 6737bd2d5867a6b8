package server

import (
	"errors"
	"strings"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/keyspace"
)

// The dataset as an RDB file, and back.

// saveOptions are what a snapshot taken now says about itself.
func (s *Server) saveOptions() keyspace.SaveOptions {
	return keyspace.SaveOptions{
		RedisVersion:  Version,
		CreatedAt:     s.now.Unix(),
		UsedMemory:    s.usedMemory(),
		Repl:          s.repl.RDBAux(),
		Scripts:       s.data.Scripts(),
		NoCompression: !s.cfg.rdbCompression,
		NoChecksum:    !s.cfg.rdbChecksum,
	}
}

// loadOptions are how a file of our own is read. Redis 4.0: rdb.c, rdbLoadRio.
func (s *Server) loadOptions(isMaster bool) keyspace.LoadOptions {
	limits := *s.data.KS.Limits() // a file is read beside the server
	return keyspace.LoadOptions{
		Limits:      &limits,
		KeepDigest:  s.opts.Notes,
		Databases:   int(s.cfg.data.Databases),
		HashSeed:    s.rng.Uint64(),
		LFU:         strings.HasSuffix(s.cfg.data.Policy, "-lfu"),
		DropExpired: isMaster, // a replica waits for its master's DEL
		Now:         s.now.UnixMilli(),
		NoChecksum:  !s.cfg.rdbChecksum,
	}
}

// loading is how far a file has been loaded, for INFO.
type loading struct {
	since       node.Instant
	total, done int64 // bytes
}

// loadRDB reads an open file of size bytes and calls done with what it holds. Pieces are read and decoded one by one,
// beside the server or, in the foreground, while it waits. Redis 4.0: rdb.c, rdbLoad.
func (s *Server) loadRDB(place node.Place, file node.FileID, size int64, isMaster bool, done func(*keyspace.Loaded, error)) {
	s.load = loading{since: s.now, total: size}
	loader := keyspace.NewLoader(size, s.loadOptions(isMaster))
	end := func(loaded *keyspace.Loaded, err error) {
		s.closeFile(file)
		done(loaded, err)
	}
	var read func()
	fed := func(n int, err error) {
		s.load.done += int64(n)
		switch {
		case err != nil:
			end(nil, err)
		case n == 0 || s.load.done >= size || loader.Ended():
			end(loader.Finish())
		default:
			read()
		}
	}
	read = func() {
		s.file(place, func(ev *node.Event) {
			piece := ev.Bytes
			switch {
			case ev.Err != node.ErrNone:
				end(nil, errors.New(string(ev.Err)))
			case place == node.Foreground:
				fed(len(piece), loader.Feed(piece))
			default:
				s.work(len(piece), func() any { return loadResult{loader.Feed(piece)} }, func(ev *node.Event) {
					fed(len(piece), ev.Result.(loadResult).err)
				})
			}
		}, node.FileStep{Kind: node.ReadPart, File: file, At: s.load.done, Size: filePiece})
	}
	read()
}

// loadResult is what came of a piece.
type loadResult struct{ err error }

// loadAtStart reads what the last life left. It is decoded beside the server, which meanwhile refuses most commands.
// Redis 4.0: server.c, loadDataFromDisk.
func (s *Server) loadAtStart() {
	if s.cfg.appendOnly {
		s.loadAOFAtStart()
		return
	}
	file := s.NewFile()
	s.foreground(func(ev *node.Event) {
		switch ev.Err {
		case node.ErrNone:
			s.loadRDB(node.Background, file, ev.N, s.cfg.repl.MasterHost == "", s.loadedAtStart)
		case node.ErrNotFound:
			s.ready(nil)
		default:
			s.logf(node.LogWarning, "Fatal error loading the DB: %s. Exiting.", ev.Err)
			s.exit(1)
		}
	}, node.FileStep{Kind: node.OpenFile, Path: s.cfg.rdbPath(), File: file})
}

func (s *Server) loadedAtStart(loaded *keyspace.Loaded, err error) {
	if s.exiting {
		return
	}
	if err != nil {
		s.logf(node.LogWarning, "Fatal error loading the DB: %s: %s. Exiting.", s.cfg.rdbPath(), err)
		s.exit(1)
		return
	}
	s.data.KS = loaded.Keyspace
	s.data.SetClock()
	s.data.LoadScripts(loaded)
	s.logf(node.LogNotice, "DB loaded from disk: %.3f seconds", s.now.Sub(s.load.since).Seconds())
	s.ready(loaded.Repl)
}

// ready begins to serve. repl is the place in a history that the loaded dataset belongs to, nil if that is unknown.
func (s *Server) ready(repl *keyspace.ReplInfo) {
	s.loading = false
	s.repl.Start(repl)
	from := ""
	if s.aof.state == aofOn {
		from = "append only file"
	}
	s.repl.NoteLoaded(repl, from)
	s.log(node.LogNotice, "Ready to accept connections")
	if s.cfg.unixSocket != "" {
		s.log(node.LogNotice, "The server is now ready to accept connections at "+s.cfg.unixSocket)
	}
	s.front.ServeHeld()
}

// reload saves the dataset and puts what was saved in its place. DEBUG RELOAD. Keys whose time is over stay, on a master
// too, which would tell its replicas of no DEL otherwise: 4.0 leaves them there for good.
func (s *Server) reload(done func(ok bool)) {
	s.saveNow(func(ok bool) {
		if !ok {
			done(false)
			return
		}
		file := s.NewFile()
		s.foreground(func(ev *node.Event) {
			if ev.Err != node.ErrNone {
				s.logf(node.LogWarning, "Error loading the DB that was just saved: %s", ev.Err)
				done(false)
				return
			}
			s.loadRDB(node.Foreground, file, ev.N, false, func(loaded *keyspace.Loaded, err error) {
				if err != nil {
					s.logf(node.LogWarning, "Error loading the DB that was just saved: %s", err)
					done(false)
					return
				}
				s.data.Replace(loaded.Keyspace)
				s.log(node.LogWarning, "DB reloaded by DEBUG RELOAD")
				done(true)
			})
		}, node.FileStep{Kind: node.OpenFile, Path: s.cfg.rdbPath(), File: file})
	})
}
