package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// What an append only file promises. A process that ends leaves to its system all that it has acknowledged: whatever
// appendfsync says, the next one begins with it. A machine that loses its power leaves what is synced: with always all
// that was acknowledged, with everysec all but what was acknowledged in the last two seconds that the process ran, with no
// nothing that anybody could name. Redis 4.0: aof.c, flushAppendOnlyFile, which under everysec puts a sync off for one
// second, and gives it another to end.

// everySec is what may be lost under everysec, in time for which the process ran.
const everySec = 2 * time.Second

// loadedAppendOnly is the reason that a server notes with a dataset that it loaded from an append only file.
const loadedAppendOnly = "append only file"

// fromAppendOnly says what a process began with that loaded the file of the one before it: which history, and what of it
// was promised to be there. The rest may be there, too. Nothing is promised of a replica's file, whose place in the
// history its notes do not tell, nor of a file that the nemesis took away. A disk that is full or fails is the server's to
// notice: it promises nothing until it has noted that all is well again.
func fromAppendOnly(r *checkers.Record, o *Origin, loaded *histories.Note) {
	t := r.Of(loaded.Machine)
	now := t.LifeAt(loaded.Time)
	k := now - 1
	for k >= 0 && !served(r, t, t.Lives[k]) {
		k-- // it ended while it loaded, and the file is as it was
	}
	o.Restart.Vague = true
	if k < 0 {
		if now <= 0 && loaded.N == 0 { // the first process: there was nothing
			o.Restart.Vague = false
		}
		return
	}
	last := t.LastState(t.Lives[k])
	if last == nil || !checkers.IsMaster(last) || !Named(last.ReplID) || DiskHurt(r, t.Name, loaded.Time, "file-gone", "eio-read") {
		return
	}
	kept := time.Duration(histories.Forever)
	for i := k; i < now; i++ {
		until, promised := survives(r, t, i)
		if !promised {
			return
		}
		kept = min(kept, until)
	}
	*o.Restart = restart{Down: t.Lives[k].To, Snapshot: -1, Kept: kept, AppendOnly: true}
	o.Parent, o.Cut = last.ReplID, Wholly
}

// served says whether a process came to serve: it noted what it had loaded.
func served(r *checkers.Record, t *checkers.Timeline, of checkers.Life) bool {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "loaded" && n.Machine == t.Name && n.Time >= of.From && n.Time <= of.To {
			return true
		}
	}
	return false
}

// survives says which acknowledged writes outlive the end of the process that ran in a life: those that returned before
// until. promised is false if nothing is.
func survives(r *checkers.Record, t *checkers.Timeline, number int) (until time.Duration, promised bool) {
	of := t.Lives[number]
	if !served(r, t, of) {
		if lostPower(r, t, of.To) { // what the one before left to the system may not have been synced by this one
			return synced(r, t, number, lastPolicy(r, t, number))
		}
		return histories.Forever, true
	}
	var policy, before *histories.Note
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "append-only" && n.Machine == t.Name && n.Time >= of.From && n.Time <= of.To {
			before, policy = policy, n
		}
	}
	switch {
	case policy == nil, policy.Result != "on", policy.Reason != "":
		return 0, false
	case before != nil && of.To-policy.Time < everySec: // what was in force before may not have been made good yet
		return 0, false
	case !lostPower(r, t, of.To):
		return histories.Forever, true
	}
	return synced(r, t, number, policy.Text)
}

// Outlives says whether a server has all that it acknowledged after every end of its process in (from, to], by the promise of
// its append only file.
func Outlives(r *checkers.Record, t *checkers.Timeline, from, to time.Duration) bool {
	for k, of := range t.Lives {
		if of.To <= from || of.To > to {
			continue
		}
		if until, promised := survives(r, t, k); !promised || until != histories.Forever {
			return false
		}
	}
	return !DiskHurt(r, t.Name, to, "file-gone", "eio-read")
}

// lastPolicy is the last appendfsync that was noted before the end of a life.
func lastPolicy(r *checkers.Record, t *checkers.Timeline, number int) (text string) {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "append-only" && n.Machine == t.Name && n.Time <= t.Lives[number].To {
			text = n.Text
		}
	}
	return text
}

// synced says which writes outlive a loss of power at the end of a life.
func synced(r *checkers.Record, t *checkers.Timeline, number int, policy string) (until time.Duration, promised bool) {
	at := t.Lives[number].To
	switch {
	case DiskHurt(r, t.Name, at, "lying-fsync"):
	case policy == "always":
		return histories.Forever, true
	case policy == "everysec" && !DiskHurt(r, t.Name, at, "slow-disk"): // a sync may take as long as it likes
		ran := everySec
		for k := number; k >= 0; k-- {
			of := t.Lives[k]
			if of.To-of.From >= ran {
				return of.To - ran, true
			}
			ran -= of.To - of.From
		}
	}
	return 0, false
}

// lostPower says whether it was a loss of power that ended the machine's process at a moment.
func lostPower(r *checkers.Record, t *checkers.Timeline, at time.Duration) bool {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "down" && n.Machine == t.Name && n.Time == at {
			return n.Text == "powerloss"
		}
	}
	return false
}

// DiskHurt says whether the nemesis had been at the machine's disk, with one of the verbs, before at.
func DiskHurt(r *checkers.Record, machine string, at time.Duration, verbs ...string) bool {
	return slices.ContainsFunc(r.Faults, func(f histories.Fault) bool {
		verb, _, _ := strings.Cut(f.Text, " ")
		return f.Start <= at && slices.Contains(f.Targets, machine) && slices.Contains(verbs, verb)
	})
}
