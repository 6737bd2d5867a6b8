package server

import (
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/keyspace"
	"github.com/ordeal-go/ordeal/node/replication"
)

// What replication needs of the server: package replication, Host.

// Notes implements replication.Host.
func (s *Server) Notes() bool { return s.opts.Notes }

// Note implements replication.Host.
func (s *Server) Note(n node.Note) { s.note(n) }

// RandomHex returns n hexadecimal digits of the server's random stream.
func (s *Server) RandomHex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[s.rng.IntN(len(digits))]
	}
	return string(b)
}

// RunID implements replication.Host.
func (s *Server) RunID() string { return s.runID }

// PID implements replication.Host.
func (s *Server) PID() int { return s.opts.PID }

// Port implements replication.Host.
func (s *Server) Port() int64 { return s.cfg.port }

// SlaveReadOnly implements replication.Host.
func (s *Server) SlaveReadOnly() bool { return s.cfg.data.SlaveReadOnly }

// Current implements replication.Host.
func (s *Server) Current() *front.Client { return s.current }

// IsLoading implements replication.Host.
func (s *Server) IsLoading() bool { return s.loading }

// SetLoading implements replication.Host.
func (s *Server) SetLoading(yes bool) { s.loading = yes }

// RDBPath implements replication.Host.
func (s *Server) RDBPath() string { return s.cfg.rdbPath() }

// InDir implements replication.Host.
func (s *Server) InDir(name string) string { return s.cfg.inDir(name) }

// StartSave implements replication.Host.
func (s *Server) StartSave(kind replication.SaveKind) bool { return s.startSave(kind) }

// Saving implements replication.Host.
func (s *Server) Saving() bool { return s.saving.running }

// Rewriting implements replication.Host.
func (s *Server) Rewriting() bool { return s.aof.rewrite.running }

// SavePID implements replication.Host.
func (s *Server) SavePID() int { return s.saving.pid }

// KillSave implements replication.Host.
func (s *Server) KillSave() { s.killSave() }

// NewChecker implements replication.Host.
func (s *Server) NewChecker(size int64) *keyspace.Checker {
	return keyspace.NewChecker(size, int(s.cfg.data.Databases), !s.cfg.rdbChecksum)
}

// Work implements replication.Host.
func (s *Server) Work(size int, fn func() any, done func(*node.Event)) { s.work(size, fn, done) }

// Background implements replication.Host.
func (s *Server) Background(done func(*node.Event), steps ...node.FileStep) {
	s.background(done, steps...)
}

// Foreground implements replication.Host.
func (s *Server) Foreground(done func(*node.Event), steps ...node.FileStep) {
	s.foreground(done, steps...)
}

// LoadRDB implements replication.Host.
func (s *Server) LoadRDB(file node.FileID, size int64, done func(*keyspace.Loaded, error)) {
	s.loadRDB(node.Background, file, size, false, done)
}

// Die implements replication.Host.
func (s *Server) Die() { s.exit(1) }
