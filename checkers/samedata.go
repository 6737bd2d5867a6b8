package checkers

import (
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// SameData holds servers to what partial resynchronization rests on: two datasets at the same place of the same
// replication history are the same, whoever has them.
//
// A place has several names, because a promoted replica goes on from its old master's history under a new ID: digests
// meet under the first. A history that only one machine ever had is left out: a master without a replica does not
// count its writes, nor does one that was promoted and has no backlog yet, which has left its place in the old history
// once it is written to. Redis 4.0: replication.c, masterTryPartialResynchronization and feedReplicationBacklog.
type SameData struct{}

// Name implements Checker.
func (SameData) Name() string { return "same-offset-same-data" }

// Check implements Checker.
func (SameData) Check(h *histories.History) Verdict {
	r := index(h)
	g := trace(r)
	type place struct {
		id     string
		offset int64
	}
	holders := map[string]string{} // history → the machine that had it, "" if several did
	hold := func(id, machine string) {
		if first, known := holders[id]; !known {
			holders[id] = machine
		} else if first != machine {
			holders[id] = ""
		}
	}
	var digests []int
	for i := range h.Notes {
		n := &h.Notes[i]
		if !named(n.ReplID) {
			continue
		}
		switch n.Kind {
		case "digest":
			digests = append(digests, i)
			fallthrough
		case "state", "resync", "promoted":
			hold(n.ReplID, n.Machine)
			id, _ := g.place(n.ReplID, n.Offset)
			hold(id, n.Machine)
		}
	}
	does := functionsOf(h)
	var q inquiry
	q.saw("digests", len(digests))
	q.saw("pairs compared", 0)
	first := map[place]*histories.Note{}
	blamed := map[place]map[string]bool{}
	for _, i := range digests {
		n := &h.Notes[i]
		id, offset := g.place(n.ReplID, n.Offset)
		if holders[id] != "" || holders[n.ReplID] != "" && id != n.ReplID && written(h, does, n.Machine, g[n.ReplID].at, n.Time) {
			continue
		}
		at := place{id, offset}
		f := first[at]
		if f == nil {
			first[at] = n
			continue
		}
		q.saw("pairs compared", 1)
		if f.Digest == n.Digest || blamed[at][n.Machine+n.Digest] {
			continue
		}
		if blamed[at] == nil {
			blamed[at] = map[string]bool{}
		}
		blamed[at][n.Machine+n.Digest] = true
		q.breach(n.Time, n.Machine, nil, "has data %s at offset %d of %s, where %s at %v had %s",
			short(n.Digest), offset, short(id), f.Machine, f.Time, short(f.Digest))
	}
	missing := ""
	switch {
	case len(digests) == 0:
		missing = "no digest of any dataset was taken"
	case q.count("pairs compared") == 0:
		missing = "no two digests were taken at the same place of a replication history"
	}
	return q.verdict(missing, "equal places had equal data")
}

// short is enough of 40 hexadecimal digits to tell them apart by eye.
func short(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// written says whether a client may have written to the machine in [from, to].
func written(h *histories.History, f *functions, machine string, from, to time.Duration) bool {
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Node == machine && f.mayWrite(op) && op.Outcome != histories.Fail && op.Invoked <= to && op.Returned >= from {
			return true
		}
	}
	return false
}
