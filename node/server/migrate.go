package server

import (
	"slices"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/commands"
	"github.com/ordeal-go/ordeal/node/front"
	"github.com/ordeal-go/ordeal/node/resp"
)

// The wire of MIGRATE. The whole server waits for the other one, as in 4.0; a connection is kept for the next MIGRATE to
// the same address. Redis 4.0: cluster.c, migrateGetSocket, migrateCommand.

const (
	linksMax    = 64               // MIGRATE_SOCKET_CACHE_ITEMS
	linkIdleMax = 10 * time.Second // MIGRATE_SOCKET_CACHE_TTL
)

// link is a connection to another server.
type link struct {
	addr string
	conn node.ConnID
	up   bool // it is connected
	used node.Instant
	db   int64 // selected there, -1: unknown
	in   resp.ReplyParser
}

// links are the connections that are kept, the one that was used last at the end.
type links []*link

func (l links) has(conn node.ConnID) bool {
	return slices.ContainsFunc(l, func(one *link) bool { return one.conn == conn })
}

// migration is a MIGRATE under way.
type migration struct {
	call  *front.Call
	what  commands.Migration
	link  *link
	again bool // it may be tried again on another connection: nothing has come back on this one

	written  bool // all has left us
	prelude  int  // replies still to come before those to RESTORE: to AUTH and SELECT
	answered int  // keys whose RESTORE has been answered
	moved    [][]byte
	refusal  string // the first error that came back
	spoilt   bool   // AUTH or SELECT was refused: so is every key
}

// Migrate implements commands.Host.
func (s *Server) Migrate(c *front.Call, m commands.Migration) {
	node.Assert(s.migration == nil, "a MIGRATE within a MIGRATE")
	if c.Client == nil {
		c.Error("ERR MIGRATE needs a client that waits for the other server")
		return
	}
	m.Keys, m.Password = front.CloneArgs(m.Keys), slices.Clone(m.Password) // more may arrive from its client meanwhile
	c.Args = front.CloneArgs(c.Args)
	s.migration = &migration{call: c, what: m, again: true}
	s.connectMigration()
}

// connectMigration sends what there is to send on a connection that was kept, or on a new one once it is up.
func (s *Server) connectMigration() {
	m := s.migration
	addr := front.DialAddr(m.what.Host, m.what.Port)
	s.out.SetTimer(timerMigrate, m.what.Timeout)
	i := slices.IndexFunc(s.links, func(l *link) bool { return l.addr == addr })
	if i >= 0 {
		m.link = s.links[i]
		s.links = append(slices.Delete(s.links, i, i+1), m.link)
		s.sendMigration()
		return
	}
	if len(s.links) == linksMax {
		s.closeLink(s.links[0])
	}
	m.link = &link{addr: addr, conn: s.out.Dial(addr, s.cfg.SourceIP()), db: -1}
	s.links = append(s.links, m.link)
}

func (s *Server) sendMigration() {
	m := s.migration
	m.prelude, m.written = 0, false
	var b []byte
	if m.what.Password != nil {
		b = resp.AppendCommand(b, "AUTH", string(m.what.Password))
		m.prelude++
	}
	if m.link.db != m.what.DB {
		b = resp.AppendCommand(b, "SELECT", strconv.FormatInt(m.what.DB, 10))
		m.prelude++
	}
	m.link.used = s.now
	s.out.SendTell(m.link.conn, append(b, m.what.Restores...))
}

// migrationEvent takes what happens on a connection to another server, and says whether it was one of those.
func (s *Server) migrationEvent(ev *node.Event) bool {
	i := slices.IndexFunc(s.links, func(l *link) bool { return l.conn == ev.Conn })
	if i < 0 {
		return false
	}
	l, m := s.links[i], s.migration
	if m == nil || m.link != l { // kept, and not in use
		if ev.Kind == node.Closed || ev.Kind == node.Received { // nobody asked for anything
			s.closeLink(l)
		}
		return true
	}
	s.out.SetTimer(timerMigrate, m.what.Timeout) // something moves
	switch ev.Kind {
	case node.Dialled:
		l.up = true
		s.sendMigration()
	case node.Sent:
		m.written = true
	case node.Received:
		l.in.Feed(ev.Bytes)
		s.readMigration()
	case node.DialFailed, node.Closed:
		s.links = slices.Delete(s.links, i, i+1)
		s.brokenMigration(true)
	}
	return true
}

// readMigration takes the replies that have come. Redis 4.0 reads lines, and so do we: no reply has more.
func (s *Server) readMigration() {
	m := s.migration
	for m.answered < len(m.what.Keys) {
		reply, ok, err := m.link.in.Next()
		if err != nil {
			s.closeLink(m.link)
			s.brokenMigration(false)
			return
		}
		if !ok {
			return
		}
		m.again = false
		if reply.IsError() {
			m.link.db = -1
			if m.refusal == "" {
				m.refusal = string(reply.Str)
			}
		}
		switch {
		case m.prelude > 0:
			m.prelude--
			m.spoilt = m.spoilt || reply.IsError()
		default:
			if !reply.IsError() && !m.spoilt {
				m.moved = append(m.moved, m.what.Keys[m.answered])
			}
			m.answered++
		}
	}
	if m.refusal == "" {
		m.link.db = m.what.DB
	}
	s.endMigration("")
}

// brokenMigration goes on where the connection is gone: once more on another one, if that may be.
func (s *Server) brokenMigration(mayRetry bool) {
	m := s.migration
	switch {
	case !m.link.up:
		s.endMigration("IOERR error or timeout connecting to the client")
	case mayRetry && m.again:
		m.again = false
		s.connectMigration()
	case m.written:
		s.endMigration("IOERR error or timeout reading to target instance")
	default:
		s.endMigration("IOERR error or timeout writing to target instance")
	}
}

// migrationTimedOut gives up: nothing has moved for as long as its client would wait.
func (s *Server) migrationTimedOut() {
	s.closeLink(s.migration.link)
	s.brokenMigration(false)
}

// endMigration takes away what the other server has, replies, and looks at what has waited.
func (s *Server) endMigration(broken string) {
	m := s.migration
	s.migration = nil
	s.out.StopTimer(timerMigrate)
	if !m.what.Copy {
		s.current, s.running = m.call.Client, m.call
		s.data.Migrated(m.call, m.moved)
		s.current, s.running = nil, nil
	}
	switch {
	case m.refusal != "":
		m.call.Error("ERR Target instance replied with error: " + m.refusal)
	case broken != "":
		m.call.Error(broken)
	default:
		m.call.OK()
	}
	s.goOn()
}

func (s *Server) closeLink(l *link) {
	s.links = slices.DeleteFunc(s.links, func(other *link) bool { return other == l })
	s.out.Close(l.conn)
}

// tendLinks closes what was kept for too long. Redis 4.0: cluster.c, migrateCloseTimedoutSockets.
func (s *Server) tendLinks() {
	for _, l := range slices.Clone(s.links) {
		if s.now.Sub(l.used) > linkIdleMax && (s.migration == nil || s.migration.link != l) {
			s.closeLink(l)
		}
	}
}
