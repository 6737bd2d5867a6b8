package checkers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Availability measures for how long nobody's writes were taken: how long in all and by fault, how many writes were
// refused and why, and how long each client was without a master.
//
// An outage lasts from one acknowledged write to the next, if that is much longer than clients wait between two writes:
// ten times the usual pause between any two, and a quarter of a second at least. What the computer let stand still of a
// live run is not counted. What an old master still takes counts as taken, whatever becomes of it: lost-writes counts
// that. Nothing is promised about how long: limits are for that. But a write that is turned away has a reason, and a
// master that has its replicas has none of those that only a replica, or a server without memory or disk, can give.
// Redis 4.0: server.c, processCommand.
type Availability struct {
	AnyReason bool // a write may be refused for other reasons than a Redis has
}

// Name implements Checker.
func (Availability) Name() string { return "availability" }

// outage is a time without an acknowledged write.
type outage struct {
	from, to time.Duration
	lasted   time.Duration    // without what this computer let the run stand still for
	fault    *histories.Fault // the last that had begun, nil if none
}

// refusals that a server may give for a reason of its own, and the one that only a replica has.
var mayRefuse = []string{"NOREPLICAS", "READONLY", "LOADING", "MISCONF", "OOM", "BUSY", "NOAUTH", "NOPERM", "MASTERDOWN", "WRONGTYPE", "EXECABORT", "UNKILLABLE"}

// Check implements Checker.
func (c Availability) Check(r *Record) Verdict {
	q := &Inquiry{}
	f := FunctionsOf(r)
	acks := make([]time.Duration, 0, len(r.Ops)/2+2)
	byClient := map[string][]time.Duration{}
	refused := map[string]int{}
	last := time.Duration(0) // when a client was last at work
	for _, name := range []string{"writes acknowledged", "writes refused", "writes without an answer", "outages"} {
		q.Saw(name, 0)
	}
	for i := range r.Ops {
		op := &r.Ops[i]
		if op.Final {
			continue
		}
		last = max(last, op.Invoked)
		if !f.Writes(op) {
			continue
		}
		switch op.Outcome {
		case histories.OK:
			q.Saw("writes acknowledged", 1)
			acks = append(acks, op.Returned)
			byClient[op.Process] = append(byClient[op.Process], op.Returned)
		case histories.Info:
			q.Saw("writes without an answer", 1)
			q.unanswered(r, i)
		default:
			q.refusal(r, i, refused, c.AnyReason)
		}
	}
	if len(acks) < 3 {
		return q.Verdict("fewer than three writes were acknowledged", "")
	}
	slices.Sort(acks)
	found := outages(r, append(acks, max(last, acks[len(acks)-1])))
	q.Saw("outages", len(found))
	v := q.Verdict("", sayOutages(found, refused))
	v.Figures = outageFigures(found, byClient, last)
	v.Figures["failovers"], v.Figures["full_syncs"] = float64(failovers(r.History)), float64(fullSyncs(r))
	v.Figures["faults"] = float64(len(r.Faults))
	if slices.ContainsFunc(r.Notes, func(n histories.Note) bool { return n.Kind == "state" }) {
		none := masterless(r, r.Ops[0].Invoked, last)
		v.Figures["masterless_s"] = none.Seconds()
		if v.Result == Valid && none >= 50*time.Millisecond {
			v.Why += fmt.Sprintf("; no server was a master that takes writes for %.1f s", none.Seconds())
		}
	}
	if total, _ := r.Stalled(0, r.End); total > 0 {
		v.Figures["stalled_s"] = total.Seconds()
		if v.Result == Valid {
			v.Why += fmt.Sprintf("; not counted: this computer let the run stand still for %.1f s", total.Seconds())
		}
	}
	v.Figures["refused"] = float64(sum(refused))
	v.Figures["unanswered"] = float64(q.Count("writes without an answer"))
	return v
}

// Undisturbed is for how long before and after an operation no fault may have been in force, and nobody may have changed
// his role, for an answer to be owed.
const Undisturbed = 25 * time.Second

// Begun is when all machines of a run have been started.
const Begun = 50 * time.Millisecond

// unanswered finds writes that a master did not answer although nothing hurt the cluster.
func (q *Inquiry) unanswered(r *Record, i int) {
	op := &r.Ops[i]
	t := r.Timelines[op.Node]
	if op.Error != "timeout" || t == nil || r.Slack > 0 || t.Turned(max(op.Invoked-Undisturbed, Begun), op.Returned) || r.FaultNear(op.Invoked-Undisturbed, op.Returned) ||
		!r.Always(t, op.Invoked-time.Second, op.Returned, IsMaster) {
		return
	}
	q.Breach(op.Returned, op.Node, []int{i}, "did not answer %s, and nothing hurt it", models.Describe(op))
}

// FaultNear says whether a fault was in force at some moment of [from, to].
func (r *Record) FaultNear(from, to time.Duration) bool {
	return slices.ContainsFunc(r.Faults, func(f histories.Fault) bool { return f.Start <= to && f.Stop >= from })
}

// refusal counts a write that was turned away. Those of a client that asked a replica on purpose are read-only's.
func (q *Inquiry) refusal(r *Record, i int, refused map[string]int, anyReason bool) {
	op := &r.Ops[i]
	code, _, _ := strings.Cut(strings.TrimPrefix(op.Error, "-"), " ")
	if code == "READONLY" || code == "" || strings.ToUpper(code) != code {
		return // or it never reached a server
	}
	q.Saw("writes refused", 1)
	refused[code]++
	switch {
	case anyReason:
	case !slices.Contains(mayRefuse, code):
		q.Breach(op.Returned, op.Node, []int{i}, "refused %s for no reason that a server may have: %s", models.Describe(op), op.Error)
	case code == "MASTERDOWN" && r.Always(r.Timelines[op.Node], op.Invoked, op.Returned, IsMaster):
		q.Breach(op.Returned, op.Node, []int{i}, "refused %s because its master is down, and was master itself: %s", models.Describe(op), op.Error)
	}
}

// outages finds the long pauses between the moments at, which are sorted.
func outages(r *Record, at []time.Duration) []outage {
	limit := usual(at)
	var found []outage
	for i := 1; i < len(at); i++ {
		stalled, _ := r.Stalled(at[i-1], at[i])
		if at[i]-at[i-1]-stalled <= limit {
			continue
		}
		o := outage{from: at[i-1], to: at[i], lasted: at[i] - at[i-1] - stalled}
		for j := range r.Faults {
			if f := &r.Faults[j]; f.Start <= o.from+limit && (f.Stop >= o.from || o.fault == nil || f.Start > o.fault.Start) {
				o.fault = f
			}
		}
		found = append(found, o)
	}
	return found
}

// usual is the pause above which there is an outage.
func usual(at []time.Duration) time.Duration {
	pauses := make([]time.Duration, 0, len(at))
	for i := 1; i < len(at); i++ {
		pauses = append(pauses, at[i]-at[i-1])
	}
	return max(250*time.Millisecond, 10*Percentile(pauses, 50))
}

func sayOutages(found []outage, refused map[string]int) string {
	if len(found) == 0 && len(refused) == 0 {
		return "writes were taken all the time"
	}
	var all, longest time.Duration
	byFault := map[string]time.Duration{}
	var order []string
	for _, o := range found {
		all, longest = all+o.lasted, max(longest, o.lasted)
		text := "no fault"
		if o.fault != nil {
			text = o.fault.Text
		}
		if _, known := byFault[text]; !known {
			order = append(order, text)
		}
		byFault[text] += o.lasted
	}
	var parts []string
	for _, text := range order {
		parts = append(parts, fmt.Sprintf("%.1f s after %s", byFault[text].Seconds(), text))
	}
	says := fmt.Sprintf("no write was taken for %.1f s in all, %.1f s at a time", all.Seconds(), longest.Seconds())
	if len(parts) > 0 {
		says += ": " + strings.Join(parts, ", ")
	}
	for _, code := range slices.Sorted(maps.Keys(refused)) {
		says += fmt.Sprintf("; %s refused with %s", Thousands(refused[code]), code)
	}
	return says
}

func outageFigures(found []outage, byClient map[string][]time.Duration, last time.Duration) map[string]float64 {
	var all, longest time.Duration
	for _, o := range found {
		all, longest = all+o.lasted, max(longest, o.lasted)
	}
	f := map[string]float64{"outage_s": all.Seconds(), "outage_max_s": longest.Seconds(), "outages": float64(len(found))}
	var recoveries []time.Duration // of each client, the longest time without a write of its own taken
	for _, name := range slices.Sorted(maps.Keys(byClient)) {
		at := append(byClient[name], max(last, byClient[name][len(byClient[name])-1]))
		slices.Sort(at)
		limit, worst := usual(at), time.Duration(0)
		for i := 1; i < len(at); i++ {
			if pause := at[i] - at[i-1]; pause > limit {
				worst = max(worst, pause)
			}
		}
		recoveries = append(recoveries, worst)
	}
	f["recovery_median_s"], f["recovery_max_s"] = Percentile(recoveries, 50).Seconds(), Percentile(recoveries, 100).Seconds()
	return f
}

// failovers is how often the Sentinel that saw most of them was told of, or made, another master.
func failovers(h *histories.History) (most int) {
	seen := map[string]int{}
	for i := range h.Notes {
		if n := &h.Notes[i]; n.Kind == "event" && n.Event == "+switch-master" {
			seen[n.Machine]++
			most = max(most, seen[n.Machine])
		}
	}
	return most
}

// fullSyncs is how often a replica's data was replaced, after the clients had begun.
func fullSyncs(r *Record) (n int) {
	if len(r.Ops) == 0 {
		return 0
	}
	for _, name := range r.Names {
		for _, at := range r.Timelines[name].Resyncs {
			if at >= r.Ops[0].Invoked {
				n++
			}
		}
	}
	return n
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts { // any order: it is a sum
		n += c
	}
	return n
}
