package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ordeal-go/ordeal/node"
)

// fact is what a Sentinel has promised or told, and must not contradict, not even in another life.
type fact struct {
	kind    factKind
	machine int   // the Sentinel
	epoch   int64 // of the vote, the election, the configuration
	about   int   // the one voted for; the master of the configuration; the replica chosen
	why     string
}

type factKind uint8

const (
	reached    factKind = iota + 1 // it is in epoch
	voted                          // its vote in epoch went to about
	tried                          // it stands for election in epoch
	led                            // it was elected in the epoch that it tried last
	configured                     // its master is about, by epoch
	chose                          // it promotes about; why is what speaks against that, if anything does
)

// factsOf reads them from what a Sentinel noted in one step.
func factsOf(machine int, notes []node.Note) []fact {
	var facts []fact
	var candidates []node.Note
	for i := range notes {
		n := &notes[i]
		switch n.Kind {
		case node.NoteVote:
			facts = append(facts, fact{kind: voted, machine: machine, epoch: n.Epoch, about: machineOfID(n.Leader)})
		case node.NoteConfig:
			facts = append(facts, fact{kind: configured, machine: machine, epoch: n.Epoch, about: machineAt(n.Peer)})
		case node.NoteCandidate:
			candidates = append(candidates, *n)
		case node.NoteEvent:
			facts = append(facts, fact{kind: reached, machine: machine, epoch: n.Epoch})
			switch n.Event {
			case "+try-failover":
				facts = append(facts, fact{kind: tried, machine: machine, epoch: n.Epoch})
			case "+elected-leader":
				facts = append(facts, fact{kind: led, machine: machine})
			case "+selected-slave":
				at := machineAt(strings.Fields(n.Text)[1])
				facts = append(facts, fact{kind: chose, machine: machine, about: at, why: unfit(at, candidates)})
			}
		}
	}
	return facts
}

func machineOfID(id string) int {
	at, err := strconv.ParseInt(id[:1], 16, 8)
	node.Assert(err == nil && idOf(int(at)) == id, "%s is nobody's ID", id)
	return int(at)
}

// machineAt is the machine at address "10.0.0.i:port".
func machineAt(addr string) int {
	ip, _, _ := strings.Cut(addr, ":")
	at, err := strconv.Atoi(strings.TrimPrefix(ip, "10.0.0."))
	node.Assert(err == nil, "%s is nobody's address", addr)
	return at - 1
}

// unfit says what speaks against promoting the machine at, of the candidates as the Sentinel knew them: the lowest priority
// but 0, then the largest offset, then the least run ID is the best.
func unfit(at int, candidates []node.Note) string {
	i := slices.IndexFunc(candidates, func(n node.Note) bool { return machineAt(n.Peer) == at })
	switch {
	case i < 0:
		return "it is no replica that was looked at"
	case candidates[i].Result != "fit":
		return "it is not fit"
	case candidates[i].N == 0:
		return "its priority is 0"
	}
	for j := range candidates {
		c := &candidates[j]
		if c.Result == "fit" && cmp.Or(cmp.Compare(c.N, candidates[i].N), cmp.Compare(candidates[i].Offset, c.Offset), strings.Compare(c.ID, candidates[i].ID)) < 0 {
			return c.Peer + " is better"
		}
	}
	return ""
}

// record is all facts that bind, sorted: of a Sentinel's epoch, attempt and configuration the last, of votes, leaders and
// the masters of epochs all. machine is -1 in the last: they bind everybody.
type record []fact

// recordID is a record that was met, and 0 the empty one.
type recordID int32

// records are all that were met, with what became of them.
type records struct {
	names  func(machine int) string
	needed int // votes, to be elected
	list   []record
	byKey  map[string]recordID
	then   map[saying]verdict
}

type saying struct {
	before recordID
	by     *outcome
}

type verdict struct {
	after  recordID
	breach string
}

func newRecords(names func(int) string, needed int) *records {
	return &records{names: names, needed: needed, list: []record{nil}, byKey: map[string]recordID{"": 0}, then: map[saying]verdict{}}
}

// add puts what an outcome says into a record. breach is what that contradicts, "" for nothing.
func (r *records) add(before recordID, o *outcome) (after recordID, breach string) {
	if len(o.says) == 0 {
		return before, ""
	}
	if v, known := r.then[saying{before, o}]; known {
		return v.after, v.breach
	}
	is := slices.Clone(r.list[before])
	for _, f := range o.says {
		is, breach = r.say(is, f)
		if breach != "" {
			break
		}
	}
	slices.SortFunc(is, compareFacts)
	key := fmt.Sprint(is)
	id, known := r.byKey[key]
	if !known {
		id = recordID(len(r.list))
		r.list = append(r.list, is)
		r.byKey[key] = id
	}
	r.then[saying{before, o}] = verdict{id, breach}
	return id, breach
}

func compareFacts(a, b fact) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.machine, b.machine), cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.about, b.about))
}

// everybody is whose facts of an epoch bind all.
const everybody = -1

func (r *records) say(is record, f fact) (_ record, breach string) {
	who := r.names(f.machine)
	switch f.kind {
	case reached:
		return is.last(f, func(before fact) string {
			return fmt.Sprintf("%s went back to epoch %d after %d", who, f.epoch, before.epoch)
		})
	case voted:
		if i := is.find(voted, f.machine, f.epoch); i >= 0 && is[i].about != f.about {
			return is, fmt.Sprintf("%s voted for %s in epoch %d, after it had voted for %s", who, r.names(f.about), f.epoch, r.names(is[i].about))
		} else if i < 0 {
			is = append(is, f)
		}
	case tried:
		is, _ = is.last(f, func(fact) string { return "" })
	case led:
		return r.lead(is, f)
	case configured:
		return r.configure(is, f)
	case chose:
		if f.why != "" {
			return is, fmt.Sprintf("%s promotes %s, but %s", who, r.names(f.about), f.why)
		}
	}
	return is, ""
}

// find is where a fact of a machine in an epoch stands, or -1.
func (is record) find(kind factKind, machine int, epoch int64) int {
	return slices.IndexFunc(is, func(f fact) bool { return f.kind == kind && f.machine == machine && f.epoch == epoch })
}

// last replaces the fact of the same kind and machine, whose epoch may not be larger.
func (is record) last(f fact, fell func(before fact) string) (record, string) {
	i := slices.IndexFunc(is, func(before fact) bool { return before.kind == f.kind && before.machine == f.machine })
	if i < 0 {
		return append(is, f), ""
	}
	if f.epoch < is[i].epoch {
		return is, fell(is[i])
	}
	is[i] = f
	return is, ""
}

func (r *records) lead(is record, f fact) (record, string) {
	who := r.names(f.machine)
	i := slices.IndexFunc(is, func(t fact) bool { return t.kind == tried && t.machine == f.machine })
	if i < 0 {
		return is, who + " was elected, and stood for no election"
	}
	epoch := is[i].epoch
	votes := 0
	for _, v := range is {
		if v.kind == voted && v.epoch == epoch && v.about == f.machine {
			votes++
		}
	}
	if votes < r.needed {
		return is, fmt.Sprintf("%s was elected in epoch %d by %d of the %d votes needed", who, epoch, votes, r.needed)
	}
	if i := is.find(led, everybody, epoch); i >= 0 && is[i].about != f.machine {
		return is, fmt.Sprintf("%s was elected in epoch %d, and so was %s", who, epoch, r.names(is[i].about))
	} else if i < 0 {
		is = append(is, fact{kind: led, machine: everybody, epoch: epoch, about: f.machine})
	}
	return is, ""
}

func (r *records) configure(is record, f fact) (record, string) {
	who := r.names(f.machine)
	i := slices.IndexFunc(is, func(b fact) bool { return b.kind == configured && b.machine == f.machine })
	if i >= 0 && is[i].epoch == f.epoch && is[i].about != f.about {
		return is, fmt.Sprintf("%s changed its master from %s to %s within configuration epoch %d", who, r.names(is[i].about), r.names(f.about), f.epoch)
	}
	is, breach := is.last(f, func(before fact) string {
		return fmt.Sprintf("%s fell from configuration epoch %d to %d", who, before.epoch, f.epoch)
	})
	if breach != "" {
		return is, breach
	}
	if i := is.find(configured, everybody, f.epoch); i >= 0 && is[i].about != f.about {
		return is, fmt.Sprintf("%s has %s as the master of configuration epoch %d, and somebody has %s", who, r.names(f.about), f.epoch, r.names(is[i].about))
	} else if i < 0 {
		if f.epoch > 0 && is.find(led, everybody, f.epoch) < 0 {
			return is, fmt.Sprintf("%s has %s as the master of configuration epoch %d, which has no leader", who, r.names(f.about), f.epoch)
		}
		is = append(is, fact{kind: configured, machine: everybody, epoch: f.epoch, about: f.about})
	}
	return is, ""
}
