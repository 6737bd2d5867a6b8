package server

import (
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

// loaded is what came of a file.
type loadResult struct {
	loaded *keyspace.Loaded
	err    error
}

// loadAtStart reads what the last life left. It is decoded beside the server, which meanwhile refuses most commands.
// Redis 4.0: server.c, loadDataFromDisk.
func (s *Server) loadAtStart() {
	s.foreground(func(ev *node.Event) {
		switch ev.Err {
		case node.ErrNone:
			data := append([]byte(nil), ev.Bytes...) // valid during Step only
			how := s.loadOptions(s.cfg.repl.MasterHost == "")
			s.loadSince, s.loadBytes = s.now, len(data)
			s.work(len(data), func() any {
				l, err := keyspace.Load(data, how)
				return loadResult{l, err}
			}, func(ev *node.Event) { s.loadedAtStart(ev.Result.(loadResult)) })
		case node.ErrNotFound:
			s.ready(nil)
		default:
			s.logf(node.LogWarning, "Fatal error loading the DB: %s. Exiting.", ev.Err)
			s.exit(1)
		}
	}, node.FileStep{Kind: node.ReadFile, Path: s.cfg.rdbPath()})
}

func (s *Server) loadedAtStart(l loadResult) {
	if s.exiting {
		return
	}
	if l.err != nil {
		s.logf(node.LogWarning, "Fatal error loading the DB: %s: %s. Exiting.", s.cfg.rdbPath(), l.err)
		s.exit(1)
		return
	}
	s.data.KS = l.loaded.Keyspace
	s.data.SetClock()
	s.data.LoadScripts(l.loaded)
	s.logf(node.LogNotice, "DB loaded from disk: %.3f seconds", s.now.Sub(s.loadSince).Seconds())
	s.ready(l.loaded.Repl)
}

// ready begins to serve. repl is the place in a history that the loaded dataset belongs to, nil if that is unknown.
func (s *Server) ready(repl *keyspace.ReplInfo) {
	s.loading = false
	s.repl.Start(repl)
	s.repl.NoteLoaded(repl)
	s.log(node.LogNotice, "Ready to accept connections")
	s.front.ServeHeld()
}

// reload saves the dataset and puts what was saved in its place. DEBUG RELOAD.
func (s *Server) reload(done func(ok bool)) {
	s.saveNow(func(rdb []byte) {
		if rdb == nil {
			done(false)
			return
		}
		loaded, err := keyspace.Load(rdb, s.loadOptions(s.repl.IsMaster()))
		if err != nil {
			s.logf(node.LogWarning, "Error loading the DB that was just saved: %s", err)
			done(false)
			return
		}
		s.data.Replace(loaded.Keyspace)
		s.log(node.LogWarning, "DB reloaded by DEBUG RELOAD")
		done(true)
	})
}
