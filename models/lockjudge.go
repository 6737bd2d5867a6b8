package models

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
)

// judgeLock judges a lock. Tokens grow, so they dictate the order of those who held it: acquire, release, acquire, …; an
// acquire that failed must find a moment when the lock was held. It says nothing if a release was told that it was too
// late, or was not told, or if acquires ask for tokens of their own.
func judgeLock(ops []*histories.Operation) (a Answer, ok bool) {
	l := lockJudge{ops: ops, holds: map[int64]*hold{}}
	if !l.sort() {
		return a, false
	}
	l.order()
	if len(l.causes.list) == 0 {
		l.stages(ops, slices.Clone(l.list))
	}
	if len(l.causes.list) == 0 {
		l.refusals()
	}
	return Answer{Causes: l.causes.list}, true
}

// hold is the time that a lock was held under one token.
type hold struct {
	token            int64
	acquire, release int // indexes; nobody
}

type lockJudge struct {
	causes
	ops     []*histories.Operation
	holds   map[int64]*hold
	tokens  []int64
	refused []int // acquires that failed
	unknown int   // the first acquire without an answer; nobody
	list    []staged
}

func (l *lockJudge) sort() bool {
	l.unknown = nobody
	var releases []int
	for i, op := range l.ops {
		token, told := op.Result.Int64()
		switch {
		case op.Func == FuncRelease:
			yes, said := truth(op.Result)
			if _, known := op.Arg.Int64(); !known || op.Outcome == histories.OK && (!said || !yes) {
				return false
			}
			releases = append(releases, i)
		case !op.Arg.IsNothing():
			return false
		case op.Outcome == histories.Info:
			if l.unknown < 0 {
				l.unknown = i
			}
		case op.Result.IsNothing():
			l.refused = append(l.refused, i)
		case !told:
			return false
		case token <= 0:
			l.add(i, []int{i}, "%s: a token is an integer above 0", by(op))
		default:
			l.acquired(i, token)
		}
	}
	for _, i := range releases {
		l.released(i)
	}
	return true
}

func (l *lockJudge) acquired(i int, token int64) {
	if h := l.holds[token]; h != nil {
		l.add(h.acquire, inOrderOfReturn(l.ops, h.acquire, i), "%s and %s have the same token", by(l.ops[h.acquire]),
			by(l.ops[i]))
		return
	}
	l.holds[token] = &hold{token: token, acquire: i, release: nobody}
	l.tokens = append(l.tokens, token)
}

// released takes a release for the one that happened: the one that was told so, else the first.
func (l *lockJudge) released(i int) {
	op := l.ops[i]
	token, _ := op.Arg.Int64()
	h := l.holds[token]
	switch {
	case h == nil && op.Outcome == histories.OK:
		l.add(i, []int{i}, "%s, which nobody acquired", by(op))
	case h == nil:
	case h.release < 0:
		h.release = i
	case op.Outcome != histories.OK:
	case l.ops[h.release].Outcome == histories.OK:
		l.add(h.release, inOrderOfReturn(l.ops, h.release, i), "%s and %s both released it", by(l.ops[h.release]),
			by(op))
	default:
		h.release = i
	}
}

// order lists acquires and releases as the tokens have it.
func (l *lockJudge) order() {
	slices.Sort(l.tokens)
	for n, token := range l.tokens {
		h := l.holds[token]
		last := n == len(l.tokens)-1
		l.list = append(l.list, staged{h.acquire, int64(2 * n)})
		switch {
		case h.release < 0 && !last:
			next := l.holds[l.tokens[n+1]].acquire
			l.add(h.acquire, inOrderOfReturn(l.ops, h.acquire, next),
				"%s while it was held: nobody released %d, of %s", by(l.ops[next]), token, by(l.ops[h.acquire]))
		case h.release < 0 || last && l.ops[h.release].Outcome == histories.Info:
			h.release = nobody // held to the end: a release without an answer need not have happened
		default:
			l.list = append(l.list, staged{h.release, int64(2*n + 1)})
		}
	}
}

// refusals looks for acquires that failed although the lock was certainly free all the while: from the latest moment at
// which it can have been released to the earliest at which it can have been acquired again.
func (l *lockJudge) refusals() {
	n := len(l.tokens)
	freed, taken := make([]time.Duration, n+1), make([]time.Duration, n+1) // free spans; number i is before token i
	latest := histories.Forever
	for i := n - 1; i >= 0; i-- {
		h := l.holds[l.tokens[i]]
		if h.release >= 0 {
			latest = min(latest, returned(l.ops[h.release]))
		}
		freed[i+1] = latest
		latest = min(latest, returned(l.ops[h.acquire]))
	}
	freed[0] = -1
	earliest := time.Duration(-1)
	for i, token := range l.tokens {
		h := l.holds[token]
		earliest = max(earliest, l.ops[h.acquire].Invoked)
		taken[i] = earliest
		if h.release >= 0 {
			earliest = max(earliest, l.ops[h.release].Invoked)
		}
	}
	taken[n] = histories.Forever
	if l.unknown >= 0 {
		taken[n] = max(earliest, l.ops[l.unknown].Invoked)
	}
	if n > 0 && l.holds[l.tokens[n-1]].release < 0 {
		freed[n] = histories.Forever
	}
	for _, i := range l.refused {
		op := l.ops[i]
		// Spans are in order: the last that begins before op is the only one that op can be within.
		at, _ := slices.BinarySearch(freed, op.Invoked)
		if at--; at >= 0 && op.Returned < taken[at] {
			l.add(at, []int{i}, "%s found it held: it was free from %v on", by(op), max(freed[at], 0))
		}
	}
}
