package replication

import (
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/evidence"
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
func (SameData) Check(r *checkers.Record) checkers.Verdict {
	g := evidence.Trace(r)
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
	for i := range r.Notes {
		n := &r.Notes[i]
		if !evidence.Named(n.ReplID) {
			continue
		}
		switch n.Kind {
		case "digest":
			digests = append(digests, i)
			fallthrough
		case "state", "resync", "promoted":
			hold(n.ReplID, n.Machine)
			id, _ := g.Place(n.ReplID, n.Offset)
			hold(id, n.Machine)
		}
	}
	does := checkers.FunctionsOf(r)
	var q checkers.Inquiry
	q.Saw("digests", len(digests))
	q.Saw("pairs compared", 0)
	first := map[place]*histories.Note{}
	blamed := map[place]map[string]bool{}
	for _, i := range digests {
		n := &r.Notes[i]
		id, offset := g.Place(n.ReplID, n.Offset)
		if holders[id] != "" || holders[n.ReplID] != "" && id != n.ReplID && written(r.History, does, n.Machine, g[n.ReplID].At, n.Time) {
			continue
		}
		at := place{id, offset}
		f := first[at]
		if f == nil {
			first[at] = n
			continue
		}
		q.Saw("pairs compared", 1)
		if f.Digest == n.Digest || blamed[at][n.Machine+n.Digest] {
			continue
		}
		if blamed[at] == nil {
			blamed[at] = map[string]bool{}
		}
		blamed[at][n.Machine+n.Digest] = true
		q.Breach(n.Time, n.Machine, nil, "has data %s at offset %d of %s, where %s at %v had %s",
			evidence.Short(n.Digest), offset, evidence.Short(id), f.Machine, f.Time, evidence.Short(f.Digest))
	}
	missing := ""
	switch {
	case len(digests) == 0:
		missing = "no digest of any dataset was taken"
	case q.Count("pairs compared") == 0:
		missing = "no two digests were taken at the same place of a replication history"
	}
	return q.Verdict(missing, "equal places had equal data")
}

// written says whether a client may have written to the machine in [from, to].
func written(h *histories.History, f *checkers.Functions, machine string, from, to time.Duration) bool {
	for i := range h.Ops {
		if op := &h.Ops[i]; op.Node == machine && f.MayWrite(op) && op.Outcome != histories.Fail && op.Invoked <= to && op.Returned >= from {
			return true
		}
	}
	return false
}

func (SameData) Promise(r *checkers.Record) checkers.Promise {
	return r.Ends("data was changed by hand", "restore-rdb", "run-as", "name=slave-read-only", "name=replica-read-only")
}
