package nemesis

import (
	"fmt"
	"strconv"
	"time"
)

// Trigger is what a step waits for: something that happens in the run, from the step's time on, or from the moment that
// the cluster has formed. Exactly one of Event, Ops and Disk is not "".
//
//	when failover-started        a goal of the system is met, or one of its events happens to anybody
//	when s1 votes +200ms         an event happens to s1, and 200 ms go by
//	after 500 writes             clients have had so many operations acknowledged: writes, reads, operations
//	at write 56 of m1's disk     m1 has done its 56th operation that changes what is on its disk
//
//	at 3s then after 10 reads    from 3 s on, clients have had so many reads acknowledged
//
// It happens once. Of several in one step, joined by then, each is waited for only when the one before has happened, and
// counts from there.
type Trigger struct {
	Event string        // the name of a goal or of an event
	Ops   string        // what is counted of the clients' operations: OpsWrites, OpsReads, OpsAll or the name of a function
	Disk  DiskOp        // what is counted of the operations on the disk of Of
	Of    string        // of an event: the machine that it happens to, "" any; of Disk: the machine whose disk it is
	Count int           // of Ops and Disk: how many, from 1
	Later time.Duration // so long after that, 0 or more
}

// What [Trigger.Ops] counts, beside the name of a function.
const (
	OpsWrites = "writes"     // those that may change something
	OpsReads  = "reads"      // those that change nothing
	OpsAll    = "operations" // both
)

// DiskOp is a kind of operations on a disk.
type DiskOp string

// What [Trigger.Disk] counts.
const (
	DiskWrite  DiskOp = "write"  // whatever changes what is on the disk: writes, appends, fsyncs, truncations, renamings, removals
	DiskSync   DiskOp = "sync"   // fsyncs
	DiskRename DiskOp = "rename" // a file takes another's place
)

// DiskOps returns all of them.
func DiskOps() []DiskOp { return []DiskOp{DiskWrite, DiskSync, DiskRename} }

// String returns the trigger as a step has it: "when s1 votes +200ms".
func (t Trigger) String() string {
	var text string
	switch {
	case t.Disk != "":
		text = fmt.Sprintf("at %s %d of %s's disk", t.Disk, t.Count, t.Of)
	case t.Ops != "":
		text = fmt.Sprintf("after %d %s", t.Count, t.Ops)
	case t.Of != "":
		text = "when " + t.Of + " " + t.Event
	default:
		text = "when " + t.Event
	}
	if t.Later > 0 {
		text += " +" + short(t.Later)
	}
	return text
}

// trigger reads one, up to the fault or to what it is joined with.
func (p *parser) trigger() (t Trigger, err error) {
	switch p.next().text {
	case "when":
		err = p.event(&t)
	case "after":
		err = p.operations(&t)
	default: // "at": it was looked at
		err = p.diskOperation(&t)
	}
	if later := p.peek(); err == nil && later.kind == word && later.text[0] == '+' {
		p.next()
		if t.Later, err = time.ParseDuration(later.text[1:]); err != nil || t.Later <= 0 {
			err = p.errorf(later, "found %v, expected how long after that, more than 0: +200ms, +1.5s", later)
		}
	}
	return t, err
}

// event reads what stands after "when": a machine and its event, or an event or goal alone, which a fault follows.
func (p *parser) event(t *Trigger) error {
	first := p.next()
	if first.kind != word || !isEvent(first.text) {
		return p.errorf(first, `found %v, expected what to wait for after "when": a goal, an event, or a machine and its event`, first)
	}
	if p.isVerb(first.text) {
		return p.errorf(first, `found %v, expected what to wait for before the fault: "when EVENT %s …"`, first, first.text)
	}
	t.Event = first.text
	second := p.peek()
	if second.kind != word || !isEvent(second.text) || p.isVerb(second.text) {
		return nil
	}
	back := p.at
	p.next()
	third := p.peek()
	if third.kind == word && (p.isVerb(third.text) || third.text == then || third.text[0] == '+') {
		t.Of, t.Event = first.text, second.text
		return nil
	}
	if p.language.meant(second.text) == "" && third.kind == word {
		return p.errorf(third, "unknown fault %q: %s", third.text, p.language.suggestVerb(third.text))
	}
	p.at = back // it was no event but a fault, misspelt, or there is none
	return p.errorf(second, "unknown fault %q: %s", second.text, p.language.suggestVerb(second.text))
}

// then joins triggers.
const then = "then"

// isEvent says whether text can be the name of a machine, an event or a goal.
func isEvent(text string) bool { return isName(text) && text != then && text != "for" }

func (p *parser) isVerb(text string) bool {
	_, is := p.language.grammarOf(Verb(text))
	return is
}

// operations reads what stands after "after": "500 writes".
func (p *parser) operations(t *Trigger) (err error) {
	if t.Count, err = p.count(`after "after"`, "500 writes"); err != nil {
		return err
	}
	what := p.next()
	if what.kind != word || !isEvent(what.text) || p.isVerb(what.text) {
		return p.errorf(what, "found %v, expected what to count: %s, %s, %s or the name of what clients do", what, OpsWrites, OpsReads, OpsAll)
	}
	t.Ops = what.text
	return nil
}

// diskOperation reads what stands after "at": "write 56 of m1's disk".
func (p *parser) diskOperation(t *Trigger) (err error) {
	t.Disk = DiskOp(p.next().text)
	if t.Count, err = p.count("after "+strconv.Quote(string(t.Disk)), "56 of m1's disk"); err != nil {
		return err
	}
	if of := p.next(); of.kind != word || of.text != "of" {
		return p.errorf(of, `found %v, expected "of" and whose disk: at %s %d of m1's disk`, of, t.Disk, t.Count)
	}
	whose := p.next()
	name, is := cutPossessive(whose.text)
	if whose.kind != word || !is || !isName(name) {
		return p.errorf(whose, "found %v, expected whose disk: m1's disk", whose)
	}
	t.Of = name
	if disk := p.next(); disk.kind != word || disk.text != "disk" {
		return p.errorf(disk, `found %v, expected "disk" after %s`, disk, whose.text)
	}
	return nil
}

func cutPossessive(text string) (name string, is bool) {
	n := len(text) - len("'s")
	if n < 1 || text[n:] != "'s" {
		return text, false
	}
	return text[:n], true
}

// count reads a whole number from 1.
func (p *parser) count(where, example string) (int, error) {
	t := p.next()
	n, err := strconv.Atoi(t.text)
	if t.kind != word || err != nil || n < 1 || strconv.Itoa(n) != t.text {
		return 0, p.errorf(t, "found %v, expected a whole number from 1 %s: %s", t, where, example)
	}
	return n, nil
}

// isDiskOp says whether text is the name of one.
func isDiskOp(text string) bool {
	for _, op := range DiskOps() {
		if text == string(op) {
			return true
		}
	}
	return false
}
