// Package raft puts go.etcd.io/raft under test: a replicated register whose members agree by it. It is a module of its own,
// so that nobody else who uses ordeal inherits what it depends on.
package raft

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"

	"github.com/ordeal-go/ordeal/harness/plain"
	"github.com/ordeal-go/ordeal/node"
)

const (
	timerTick node.TimerID = 1
	tick                   = 50 * time.Millisecond // a heartbeat
	// A member that hears of no leader for so many ticks, drawn anew each time, wants to be it. The library's own draw is
	// from the computer's randomness, so that none of it may decide anything: its elections are put off for ever.
	patienceLeast, patienceMore = 4, 8
	never                       = 1 << 30

	jobLoad node.OpID = 1
	jobCut  node.OpID = 2
	jobSave node.OpID = 3
)

// Bugs that can be planted.
const (
	ForgetfulDisk = "log-not-synced"
	HastyLeader   = "commit-without-quorum"
)

// member is the core of one member. Everything goes through the log, reads too: an entry is "member number SET key value" or
// "member number GET key", and whoever proposed it answers when it is applied.
type member struct {
	own, file string
	id        uint64
	peers     []string // addresses, by ID from 1
	bug       string
	rng       *rand.Rand

	raft    *raft.RawNode // nil until the log is read
	storage *raft.MemoryStorage
	saving  *raft.Ready // what waits for the disk
	broken  bool        // the disk failed: nothing may be promised any more
	lines   plain.Lines
	links   map[uint64]node.ConnID // to peers; to look up only
	wait    int                    // ticks until it wants to lead

	proposed int
	asking   map[int]node.ConnID // who waits for which of the proposals; to look up only
	data     map[string]string   // to look up only
	applied  int
	history  uint64 // hash of all that was applied
}

// Core makes a member from its address, its log file, the bug planted in it, its ID, and the members' addresses.
func Core(args []string, rng *rand.Rand) node.Core {
	id, _ := strconv.ParseUint(args[3], 10, 64) // our own words
	return &member{own: args[0], file: args[1], bug: args[2], id: id, peers: args[4:], rng: rng,
		links: map[uint64]node.ConnID{}, asking: map[int]node.ConnID{}, data: map[string]string{}}
}

// Step implements [node.Core].
func (m *member) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		out.Listen(m.own)
		out.File(jobLoad, node.Foreground, node.FileStep{Kind: node.AppendFile, Path: m.file}, node.FileStep{Kind: node.ReadFile, Path: m.file})
	case node.FileDone:
		m.fileDone(ev, out)
	case node.TimerFired:
		out.SetTimer(timerTick, tick)
		m.raft.Tick()
		if m.wait--; m.raft.BasicStatus().RaftState == raft.StateLeader {
			m.rest()
		} else if m.wait < 0 {
			m.rest()
			m.raft.Campaign() // it is of the members: there is no error
		}
	case node.DialFailed, node.Closed:
		m.lines.Forget(ev.Conn)
		for id := range m.peers {
			if m.links[uint64(id+1)] == ev.Conn {
				delete(m.links, uint64(id+1))
			}
		}
	case node.Received:
		for _, words := range m.lines.Take(ev.Conn, ev.Bytes) {
			m.line(ev.Conn, words, out)
		}
	case node.StopRequested:
		out.Exit(0)
	}
	m.goOn(out)
}

// rest draws how long the member waits for a leader.
func (m *member) rest() { m.wait = patienceLeast + m.rng.IntN(patienceMore) }

// line takes a line of a client or of another member.
func (m *member) line(conn node.ConnID, words []string, out *node.Effects) {
	leads := m.raft != nil && m.raft.BasicStatus().RaftState == raft.StateLeader
	switch verb := words[0]; {
	case verb == "RAFT":
		var msg raftpb.Message
		if raw, err := base64.StdEncoding.DecodeString(words[1]); m.raft == nil || err != nil || msg.Unmarshal(raw) != nil {
			return
		}
		if msg.Type == raftpb.MsgApp || msg.Type == raftpb.MsgHeartbeat || msg.Type == raftpb.MsgVote {
			m.rest()
		}
		m.raft.Step(msg) // what does not fit any more is dropped
	case verb == "STATUS":
		plain.Say(out, conn, "%s %d/%x", map[bool]string{true: "master", false: "slave"}[leads], m.applied, m.history)
	case !leads || m.broken:
		plain.Say(out, conn, "NO")
	default:
		m.proposed++
		m.asking[m.proposed] = conn
		if err := m.raft.Propose(fmt.Appendf(nil, "%d %d %s", m.id, m.proposed, strings.Join(words, " "))); err != nil {
			delete(m.asking, m.proposed)
			plain.Say(out, conn, "NO")
		}
	}
}

// goOn does what the library has ready: first to disk, then to the others.
func (m *member) goOn(out *node.Effects) {
	if m.raft == nil || m.broken || m.saving != nil || !m.raft.HasReady() {
		return
	}
	rd := m.raft.Ready()
	m.saving = &rd
	var lines bytes.Buffer
	// A torn write keeps a beginning: what is committed may not be on disk before the entries are.
	for _, e := range rd.Entries {
		raw, _ := e.Marshal()
		fmt.Fprintf(&lines, "E %s\n", base64.StdEncoding.EncodeToString(raw))
	}
	if !raft.IsEmptyHardState(rd.HardState) {
		raw, _ := rd.HardState.Marshal() // it cannot fail
		fmt.Fprintf(&lines, "H %s\n", base64.StdEncoding.EncodeToString(raw))
	}
	if lines.Len() == 0 {
		m.saved(out)
		return
	}
	steps := []node.FileStep{{Kind: node.AppendFile, Path: m.file, Data: lines.Bytes()}, {Kind: node.SyncFile, Path: m.file}}
	if m.bug == ForgetfulDisk {
		steps = steps[:1]
	}
	out.File(jobSave, node.Foreground, steps...)
}

// saved goes on once what the library had ready is on disk.
func (m *member) saved(out *node.Effects) {
	rd := m.saving
	m.saving = nil
	if !raft.IsEmptyHardState(rd.HardState) {
		m.storage.SetHardState(rd.HardState) // into memory: there is no error
	}
	m.storage.Append(rd.Entries)
	for _, msg := range rd.Messages {
		m.send(msg, out)
	}
	if m.bug == HastyLeader && m.raft.BasicStatus().RaftState == raft.StateLeader {
		for _, e := range rd.Entries {
			m.answer(e.Data, out)
		}
	}
	for _, e := range rd.CommittedEntries {
		if e.Type == raftpb.EntryNormal && len(e.Data) > 0 {
			m.apply(e.Data)
			m.answer(e.Data, out)
		}
	}
	m.raft.Advance(*rd)
	m.goOn(out)
}

// send sends a message to a member, and dials it first if need be. What gets lost, the library sends again.
func (m *member) send(msg raftpb.Message, out *node.Effects) {
	conn, ok := m.links[msg.To]
	if !ok {
		conn = out.Dial(m.peers[msg.To-1], "")
		m.links[msg.To] = conn
	}
	raw, err := msg.Marshal()
	node.Assert(err == nil, "a message cannot be written: %v", err)
	plain.Say(out, conn, "RAFT %s", base64.StdEncoding.EncodeToString(raw))
}

// apply does what an entry says.
func (m *member) apply(entry []byte) {
	words := strings.Fields(string(entry))
	if words[2] == "SET" {
		m.data[words[3]] = words[4]
	}
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%x %s", m.history, entry)
	m.applied, m.history = m.applied+1, hash.Sum64()
}

// answer tells whoever waits for an entry that it is done.
func (m *member) answer(entry []byte, out *node.Effects) {
	words := strings.Fields(string(entry))
	if len(words) < 4 || words[0] != fmt.Sprint(m.id) {
		return
	}
	number, _ := strconv.Atoi(words[1]) // our own words
	conn, waits := m.asking[number]
	if !waits {
		return
	}
	delete(m.asking, number)
	if words[2] == "SET" {
		plain.Say(out, conn, "OK")
	} else {
		plain.Say(out, conn, "%s", strings.TrimSpace("VALUE "+m.data[words[3]]))
	}
}

// fileDone goes on with the log that was read, or with what is on disk.
func (m *member) fileDone(ev *node.Event, out *node.Effects) {
	switch {
	case ev.Err != "":
		m.broken = true // what the disk has now, the next life will see
	case ev.Op == jobLoad:
		m.load(ev.Bytes, out)
	case ev.Op == jobSave:
		m.saved(out)
	}
}

// load begins a life with what the disk has.
func (m *member) load(text []byte, out *node.Effects) {
	whole := text[:bytes.LastIndexByte(text, '\n')+1] // a torn tail was never promised
	out.File(jobCut, node.Foreground, node.FileStep{Kind: node.TruncateFile, Path: m.file, At: int64(len(whole))})
	m.storage = raft.NewMemoryStorage()
	var members raftpb.ConfState
	for i := range m.peers {
		members.Voters = append(members.Voters, uint64(i+1))
	}
	m.storage.ApplySnapshot(raftpb.Snapshot{Metadata: raftpb.SnapshotMetadata{ConfState: members, Index: 1, Term: 1}})
	for line := range strings.Lines(string(whole)) {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line[2:]))
		node.Assert(err == nil, "the log has a line that is none: %v", err)
		if line[0] == 'H' {
			var hard raftpb.HardState
			node.Assert(hard.Unmarshal(raw) == nil, "the log has a state that is none")
			m.storage.SetHardState(hard)
			continue
		}
		var entry raftpb.Entry
		node.Assert(entry.Unmarshal(raw) == nil, "the log has an entry that is none")
		m.storage.Append([]raftpb.Entry{entry})
	}
	var err error
	m.raft, err = raft.NewRawNode(&raft.Config{ID: m.id, ElectionTick: never, HeartbeatTick: 1, Storage: m.storage, MaxSizePerMsg: 1 << 20,
		MaxInflightMsgs: 64, Applied: 1, Logger: &raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)}})
	node.Assert(err == nil, "the member does not start: %v", err)
	m.rest()
	out.SetTimer(timerTick, tick)
}
