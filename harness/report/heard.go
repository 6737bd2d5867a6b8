package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/histories/versions"
)

// heard adds to the notes what the logs tell of machines that note nothing themselves, as a real Redis and a real
// Sentinel: events, votes, promotions and resynchronizations. Without it the report would show none, which is a
// different thing.
func heard(h *histories.History) []histories.Note {
	speaks := map[string]bool{}
	for _, n := range h.Notes {
		if n.From == "" && n.Kind != "up" && n.Kind != "down" {
			speaks[n.Machine] = true
		}
	}
	listeners := map[string]*listener{}
	addresses := map[string]string{}
	for _, m := range h.Machines {
		addresses[m.Addr] = m.Name
	}
	notes := slices.Clone(h.Notes)
	for _, line := range h.Logs {
		if speaks[line.Machine] {
			continue
		}
		l := listeners[line.Machine]
		if l == nil {
			l = &listener{names: addresses}
			listeners[line.Machine] = l
		}
		if n := l.hear(line.Text); n.Kind != "" {
			n.Time, n.Machine, n.From = line.Time, line.Machine, "log"
			notes = append(notes, n)
		}
	}
	slices.SortStableFunc(notes, func(a, b histories.Note) int { return cmp.Compare(a.Time, b.Time) })
	return notes
}

// listener reads one machine's log.
type listener struct {
	names   map[string]string // address → machine
	id      string            // a Sentinel's own
	epoch   int64
	master  string         // whom it connects to
	refused histories.Note // why the continue that was just asked for is not granted
}

// hear returns the note that a line makes; its kind is "" if none.
func (l *listener) hear(line string) histories.Note {
	head, text, ok := cutLevel(line)
	switch {
	case !ok:
		return histories.Note{}
	case strings.Contains(head, ":X "):
		return l.sentinel(text)
	}
	return l.server(text)
}

// cutLevel parts a line of Redis's log at the sign of its level: "7:M 01 Jan 00:00:00.000 * Ready".
func cutLevel(line string) (head, text string, ok bool) {
	i := strings.IndexAny(line, "#*")
	if i < 1 || i+2 > len(line) || line[i-1] != ' ' || !strings.HasPrefix(line[i+1:], " ") {
		return "", "", false
	}
	return line[:i], line[i+2:], true
}

func (l *listener) sentinel(text string) histories.Note {
	if id, ok := versions.After(text, versions.SentinelID); ok {
		l.id = id
		return histories.Note{}
	}
	if !strings.HasPrefix(text, "+") && !strings.HasPrefix(text, "-") {
		return histories.Note{}
	}
	event, rest, _ := strings.Cut(text, " ")
	switch event {
	case "+new-epoch":
		l.epoch = number(rest)
	case "+vote-for-leader":
		leader, epoch, _ := strings.Cut(rest, " ")
		return histories.Note{Kind: "vote", ID: l.id, Leader: leader, Epoch: number(epoch)}
	}
	return histories.Note{Kind: "event", ID: l.id, Event: event, Text: rest, Epoch: l.epoch}
}

func (l *listener) server(text string) histories.Note {
	between := func(before versions.Event, after string) (string, bool) {
		rest, is := versions.After(text, before)
		found, _, ends := strings.Cut(rest, after)
		return found, is && ends
	}
	if addr, ok := versions.After(text, versions.Connecting); ok {
		l.master = l.name(addr)
		return histories.Note{}
	}
	if asked, ok := between(versions.Mismatch, "'"); ok {
		l.refused = histories.Note{Reason: "replid", AskedID: asked}
	} else if offset, ok := between(versions.SecondOffset, ","); ok {
		l.refused = histories.Note{Reason: "second-offset", AskedOffset: number(offset)}
	} else if versions.Says(text, versions.NoBacklog) {
		l.refused = histories.Note{Reason: "backlog"}
	} else if addr, ok := versions.After(text, versions.FullSyncAsked); ok {
		n := l.refused
		l.refused = histories.Note{}
		n.Kind, n.Result, n.Peer, n.Reason = "psync", "fullresync", l.name(addr), cmp.Or(n.Reason, "asked")
		return n
	} else if addr, ok := between(versions.Granted, " accepted"); ok {
		_, offset, _ := strings.Cut(text, "starting from offset ")
		return histories.Note{Kind: "psync", Result: "continue", Peer: l.name(addr), AskedOffset: number(offset)}
	} else if versions.Says(text, versions.Synced) {
		return histories.Note{Kind: "resync", Result: "fullresync", Peer: l.master}
	} else if versions.Says(text, versions.Joined) {
		return histories.Note{Kind: "resync", Result: "continue", Peer: l.master}
	} else if old, ok := between(versions.Promotion, ","); ok {
		_, rest, _ := strings.Cut(text, "valid up to offset: ")
		offset, id, _ := strings.Cut(rest, ". New replication ID is ")
		return histories.Note{Kind: "promoted", ReplID: id, ReplID2: old, Offset: number(offset) - 1, Offset2: number(offset)}
	}
	return histories.Note{}
}

func (l *listener) name(addr string) string { return cmp.Or(l.names[addr], addr) }

// number reads digits with a full stop after them at most; anything else counts as 0.
func number(text string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSuffix(text, "."), 10, 64)
	return n
}
