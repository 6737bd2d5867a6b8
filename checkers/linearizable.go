package checkers

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Linearizable holds each key to being one object, as the model of its workload has it: everything asked of the master
// looks as if it had happened one at a time, in an order that respects real time. Redis promises it of one master without
// failover, because it executes one command at a time; with failover, or of reads at replicas, it promises nothing of the
// kind.
//
// Reads at nodes that are known not to have been master all the while are left out; a write counts wherever it was
// acknowledged. Where the model has a fast judge that applies, the answer takes no search; otherwise there is one, with
// limits that are counted, so that the verdict is the same on every machine. Herlihy and Wing, Linearizability, 1990;
// Redis 4.0: one thread, ae.c.
type Linearizable struct {
	Model   string        // judges every operation; "": the model of its workload, as the header says
	Steps   int           // of all searches together; 0 is [models.StepsDefault]
	Memory  int           // bytes, roughly, that a search may hold; 0 is [models.MemoryDefault]
	Timeout time.Duration // of all searches together; 0: none, only Steps and Memory count
	Until   time.Duration // judges what was invoked before; 0: everything
	// Everywhere counts what was asked of any node, for a system that promises the same of them all.
	Everywhere bool
}

// Name implements Checker.
func (Linearizable) Name() string { return "linearizable" }

// Check implements Checker.
func (c Linearizable) Check(r *Record) Verdict {
	var q Inquiry
	for _, name := range []string{"reads", "writes", "keys"} {
		q.Saw(name, 0)
	}
	parts, without, err := c.parts(r)
	if without > 0 {
		q.Saw("operations without a model", without)
	}
	if err != nil {
		return q.Verdict(err.Error(), "")
	}
	q.Saw("keys", len(parts))
	told, found := false, false
	for _, p := range parts {
		told = p.count(&q) || told
	}
	// What takes a long search is left for when nothing else decides: one part without an order is enough.
	limits, undecided := c.limits(), parts
	all := limits.Steps
	for _, steps := range []int{min(all, stepsFirst), all} {
		limits.Steps = steps
		undecided = slices.DeleteFunc(slices.Clone(undecided), func(p *part) bool {
			a := p.model.Judged(p.ops, limits)
			p.answer = a
			if steps > stepsFirst {
				limits.Steps = max(limits.Steps-a.Steps, stepsFirst)
			}
			found = found || len(a.Causes) > 0
			return a.Limit == ""
		})
		if found || steps == all {
			break
		}
	}
	return q.conclude(r.History, parts, undecided, told)
}

// conclude is the verdict, now that parts have their answers.
func (q *Inquiry) conclude(h *histories.History, parts, undecided []*part, told bool) Verdict {
	unknown := ""
	for _, p := range parts {
		if p.answer.Search {
			q.Saw("keys searched", 1)
		}
		for _, cause := range p.answer.Causes {
			q.cause(h, p, cause)
		}
	}
	for _, p := range undecided {
		q.Saw("operations not judged", len(p.ops)-p.answer.Judged)
		if unknown == "" {
			unknown = fmt.Sprintf("of the %d operations on %s, there is an order of the %d that returned first: %s",
				len(p.ops), p.name, p.answer.Judged, p.answer.Limit)
		}
	}
	if !told && unknown == "" {
		unknown = "nobody read at a master"
	}
	return q.Verdict(unknown, "every key has an order of its operations that respects time")
}

// stepsFirst is how many steps the search of a part may take as long as others have not been looked at.
const stepsFirst = 500_000

func (c Linearizable) limits() models.Limits {
	l := models.Limits{Steps: c.Steps, Memory: c.Memory}
	if l.Steps <= 0 {
		l.Steps = models.StepsDefault
	}
	if c.Timeout > 0 {
		deadline := time.Now().Add(c.Timeout)
		l.Stop = func() bool { return time.Now().After(deadline) }
	}
	return l
}

// cause reports what no order explains.
func (q *Inquiry) cause(h *histories.History, p *part, cause models.Cause) {
	ops := make([]int, len(cause.Ops))
	for i, j := range cause.Ops {
		ops[i] = p.index[j]
	}
	text := cause.Text
	if cause.Follows > 0 {
		text += fmt.Sprintf("; from the same cause, %d more cannot be explained", cause.Follows)
		q.Saw("operations that follow from a cause", cause.Follows)
	}
	op := &h.Ops[ops[len(ops)-1]]
	q.Breach(op.Returned, op.Node, ops, "%s", text)
}

// part is operations that touch each other, and no others.
type part struct {
	name  string
	model *models.Model
	ops   []*histories.Operation // in order of invocation
	index []int                  // of each, where it is in the history

	answer models.Answer
}

// count takes up how much there is to judge, and says whether any of it tells of the state.
func (p *part) count(q *Inquiry) (told bool) {
	reads := 0
	for _, op := range p.ops {
		if !p.model.Writes(op) {
			reads++
		}
		f, _ := p.model.Function(op.Func)
		told = told || op.Outcome == histories.OK && f.Reads && (!op.Result.IsNothing() || p.model.OnlyReads(op))
	}
	q.Saw("reads", reads)
	q.Saw("writes", len(p.ops)-reads)
	return told
}

// parts parts the operations by what they touch, in order of their first operations. without counts those of workloads
// that no model judges. The error is that of a model that does not exist or does not know an operation.
func (c Linearizable) parts(r *Record) (parts []*part, without int, err error) {
	h := r.History
	byWorkload, err := c.models(h)
	if err != nil {
		return nil, 0, err
	}
	joined := map[string]bool{} // workloads of which some operation touches several parts
	for i := range h.Ops {
		op := &h.Ops[i]
		m := byWorkload(op.Workload)
		if m != nil && m.Joins != nil && m.Joins(op) {
			joined[op.Workload] = true
		}
	}
	type partKey struct{ workload, part string }
	known := map[partKey]*part{}
	for i := range h.Ops {
		op := &h.Ops[i]
		m := byWorkload(op.Workload)
		if m == nil {
			without++
			continue
		}
		if c.Until > 0 {
			if op = asOf(op, c.Until); op == nil {
				continue
			}
		}
		if _, ok := m.Function(op.Func); !ok && op.Outcome != histories.Fail {
			return nil, without, fmt.Errorf("an operation does %q, which the model %s of workload %q does not know: it has %s",
				op.Func, m.Name, op.Workload, m.FunctionNames())
		}
		if !m.Judges(op) || m.Counts(op) && m.OnlyReads(op) && op.Outcome == histories.OK && !c.Everywhere && !r.atMaster(op) {
			continue
		}
		key := partKey{workload: op.Workload}
		if !joined[op.Workload] {
			key.part = m.PartOf(op)
		}
		p := known[key]
		if p == nil {
			p = &part{name: partName(op.Workload, key.part), model: m}
			known[key] = p
			parts = append(parts, p)
		}
		p.ops, p.index = append(p.ops, op), append(p.index, i)
	}
	for _, p := range parts {
		p.sort()
	}
	return slices.DeleteFunc(parts, func(p *part) bool {
		return !slices.ContainsFunc(p.ops,
			p.model.Counts)
	}), without, nil
}

// asOf is the operation as it stood at a moment: nil if it was not begun, and without an answer if that came later.
func asOf(op *histories.Operation, at time.Duration) *histories.Operation {
	switch {
	case op.Invoked >= at:
		return nil
	case op.Returned < at || op.Outcome == histories.Info:
		return op
	}
	open := *op
	open.Outcome, open.Returned, open.Result, open.Error = histories.Info, histories.Forever, histories.Value{}, ""
	return &open
}

// sort brings the operations in order of invocation, if whoever made the history did not.
func (p *part) sort() {
	if slices.IsSortedFunc(p.ops, func(a, b *histories.Operation) int { return cmp.Compare(a.Invoked, b.Invoked) }) {
		return
	}
	ops := slices.Clone(p.ops)
	order := make([]int, len(ops))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ops[a].Invoked, ops[b].Invoked) })
	index := slices.Clone(p.index)
	for to, from := range order {
		p.ops[to], p.index[to] = ops[from], index[from]
	}
}

func partName(workload, key string) string {
	switch {
	case key == "" && workload == "":
		return "all keys"
	case key == "":
		return "all keys of " + workload
	}
	return key
}

// models returns the model of each workload, nil if none judges it.
func (c Linearizable) models(h *histories.History) (of func(workload string) *models.Model, err error) {
	name := c.Model
	if name == "" {
		name = "register"
	}
	otherwise, err := models.ByName(name)
	if err != nil {
		return nil, err
	}
	known := map[string]*models.Model{}
	for _, w := range h.Workloads {
		if c.Model != "" {
			break
		}
		name := w.Model
		if name == "" {
			name = w.Kind
		}
		m, err := models.ByName(name)
		switch {
		case err == nil && m.Step != nil:
			known[w.Name] = &m
		case err == nil, w.Model == "":
			known[w.Name] = nil // a kind that is judged otherwise
		default:
			return nil, fmt.Errorf("workload %q: %w", w.Name, err)
		}
	}
	return func(workload string) *models.Model {
		if workload == "" && len(known) == 1 {
			workload = h.Workloads[0].Name // the only one need not be named
		}
		if m, listed := known[workload]; listed {
			return m
		}
		return &otherwise
	}, nil
}

// atMaster says whether op may have been asked of a master: its node is not known to have been anything else meanwhile.
func (r *Record) atMaster(op *histories.Operation) bool {
	t := r.Timelines[op.Node]
	return t == nil || len(t.Own)+len(t.Seen) == 0 || r.Always(t, op.Invoked, op.Returned, IsMaster)
}

// oneMaster is how long one process was the only master: what it executes one at a time looks so to everybody. With a
// failover, a restart, or an operator's order, that is over.
func (r *Record) oneMaster() Promise {
	p := r.Ends("an operator intervened, or replicas may be written to", append([]string{"promote", "slaveof", "sentinel-failover"}, HandsOn...)...)
	end := func(at time.Duration, format string, args ...any) {
		p = First(p, Promise{Until: max(at, 1), Why: fmt.Sprintf(format, args...)})
	}
	for _, name := range r.Names {
		t := r.Timelines[name]
		for _, notes := range [][]*histories.Note{t.Own, t.Seen} {
			for i, n := range notes {
				if i == 0 || IsMaster(n) == IsMaster(notes[i-1]) {
					continue
				}
				at := n.Time
				if n.From == ByObserver {
					at = notes[i-1].Time // it happened since
				}
				end(at-r.Slack, "%s changed its role", name)
				break
			}
		}
		for _, l := range t.Lives {
			if l.To != histories.Forever && l.To < r.End && t.MasterBefore(l.To) {
				end(l.To-r.Slack, "the master %s went down", name)
			}
		}
	}
	return p
}

func (Linearizable) Promise(r *Record) Promise { return r.oneMaster() }

func (c Linearizable) UpTo(at time.Duration) Checker {
	c.Until = at
	return c
}
