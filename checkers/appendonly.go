package checkers

import (
	"time"

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
func (r *record) fromAppendOnly(o *origin, loaded *histories.Note) {
	t := r.of(loaded.Machine)
	now := t.life(loaded.Time)
	k := now - 1
	for k >= 0 && !r.served(t, t.lives[k]) {
		k-- // it ended while it loaded, and the file is as it was
	}
	o.restart.vague = true
	if k < 0 {
		if now <= 0 && loaded.N == 0 { // the first process: there was nothing
			o.restart.vague = false
		}
		return
	}
	last := t.lastState(t.lives[k])
	if last == nil || !isMaster(last) || !named(last.ReplID) || r.diskHurt(t.name, loaded.Time, "file-gone", "eio-read") {
		return
	}
	kept := time.Duration(histories.Forever)
	for i := k; i < now; i++ {
		until, promised := r.survives(t, i)
		if !promised {
			return
		}
		kept = min(kept, until)
	}
	*o.restart = restart{down: t.lives[k].to, snapshot: -1, kept: kept, appendOnly: true}
	o.parent, o.cut = last.ReplID, wholly
}

// served says whether a process came to serve: it noted what it had loaded.
func (r *record) served(t *timeline, of life) bool {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "loaded" && n.Machine == t.name && n.Time >= of.from && n.Time <= of.to {
			return true
		}
	}
	return false
}

// survives says which acknowledged writes outlive the end of the process that ran in a life: those that returned before
// until. promised is false if nothing is.
func (r *record) survives(t *timeline, number int) (until time.Duration, promised bool) {
	of := t.lives[number]
	if !r.served(t, of) {
		if r.lostPower(t, of.to) { // what the one before left to the system may not have been synced by this one
			return r.synced(t, number, r.policy(t, number))
		}
		return histories.Forever, true
	}
	var policy, before *histories.Note
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "append-only" && n.Machine == t.name && n.Time >= of.from && n.Time <= of.to {
			before, policy = policy, n
		}
	}
	switch {
	case policy == nil, policy.Result != "on", policy.Reason != "":
		return 0, false
	case before != nil && of.to-policy.Time < everySec: // what was in force before may not have been made good yet
		return 0, false
	case !r.lostPower(t, of.to):
		return histories.Forever, true
	}
	return r.synced(t, number, policy.Text)
}

// policy is the last appendfsync that was noted before the end of a life.
func (r *record) policy(t *timeline, number int) (text string) {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "append-only" && n.Machine == t.name && n.Time <= t.lives[number].to {
			text = n.Text
		}
	}
	return text
}

// synced says which writes outlive a loss of power at the end of a life.
func (r *record) synced(t *timeline, number int, policy string) (until time.Duration, promised bool) {
	at := t.lives[number].to
	switch {
	case r.diskHurt(t.name, at, "lying-fsync"):
	case policy == "always":
		return histories.Forever, true
	case policy == "everysec" && !r.diskHurt(t.name, at, "slow-disk"): // a sync may take as long as it likes
		ran := everySec
		for k := number; k >= 0; k-- {
			of := t.lives[k]
			if of.to-of.from >= ran {
				return of.to - ran, true
			}
			ran -= of.to - of.from
		}
	}
	return 0, false
}

// lostPower says whether it was a loss of power that ended the machine's process at a moment.
func (r *record) lostPower(t *timeline, at time.Duration) bool {
	for i := range r.Notes {
		if n := &r.Notes[i]; n.Kind == "down" && n.Machine == t.name && n.Time == at {
			return n.Text == "powerloss"
		}
	}
	return false
}

// loadedBy is who began with the append only file from which the line comes.
func (l *line) loadedBy() string {
	for _, s := range l.left { // any order: the latest is one
		if s.by != nil && s.by.restart != nil && s.by.restart.appendOnly {
			return s.by.machine
		}
	}
	return "a server"
}
