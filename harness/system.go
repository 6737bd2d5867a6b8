package harness

import (
	"fmt"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/goals"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/models"
	"github.com/ordeal-go/ordeal/nemesis"
)

// System is what a scenario puts under test, with its layout and its settings: a value that does not change. Everything
// that only somebody who knows the system can say, it says; harness, nemesis, sweep, shrinker, swarm, replay and report
// know no other way to it.
//
// A scenario file's keys that are not the harness's own are the system's: they are read, by their yaml tags, into a value
// of its type, which must be a struct.
//
// [Base] has the answers of a system that can do without most of this; package plain has clients and an observer for one
// whose servers answer one question after the other.
type System interface {
	// Name is what scenario files call the kind of system: "redis".
	Name() string
	// Check says what is wrong with the layout and the settings, or nil.
	Check() error
	// Fits says which of the settings the servers do not take, so far as is known before they run, or nil. ours: they are
	// those that the simulation has, in the live world too.
	Fits(ours bool, faults nemesis.Schedule) error
	// Nodes lays out the machines under test, the first of them as machine number 1 of the run.
	Nodes(addr cluster.Addressing) []cluster.Machine
	// Kinds are the kinds of work that its clients can do, the first the one that they do if a scenario names none.
	Kinds() []workload.Kind
	// Callers lays out the machines that call the nodes, numbered on from theirs: the observer, then the clients c1, ….
	Callers(c Calling) []cluster.Machine
	// Waves say in which order the nodes start.
	Waves() []Wave
	// Checkers judge its histories, in the order in which they are reported.
	Checkers() []checkers.Checker
	// Goals are the situations that runs of it can meet.
	Goals() goals.Catalogue

	// Orders are what an operator can do to it, as verbs of the schedule; OrderDraws how they are drawn; and Order what
	// there is to be done for one of them.
	Orders() []nemesis.Order
	OrderDraws() []nemesis.OrderDraw
	Order(f nemesis.Fault, at Scene) Order

	// Patience lists the settings that are times after which a server acts. What they decide is no evidence in a run
	// that stood still for longer.
	Patience() []Patience
	// Risks are what of the scenario may stand only in one that its user trusts.
	Risks(work workload.Spec, faults nemesis.Schedule) []Risk
	// With is the system with another value of a setting, of a section of the scenario file.
	With(section, name, value string) (System, error)

	// Groups are the machines of which there can be fewer, and Fewer the system with one fewer of a group: the last.
	Groups() []Group
	Fewer(prefix string) System
	// Parts are what can be left out of layout and settings, and Keep is the system with those for which keep is true.
	Parts() []Part
	Keep(keep func(part int) bool) System
}

// Calling is what a system's callers are told.
type Calling struct {
	Work  workload.Spec
	Nodes []cluster.Machine
	Addr  cluster.Addressing
	For   time.Duration // how long the clients work
	Watch workload.Watch
}

// Wave is the machines of a kind, which start together; the next wave starts when the observer has noted the stage.
type Wave struct {
	Kind  cluster.Kind
	Stage string
}

// Scene is what is going on when an order is given.
type Scene struct {
	nemesis.View
	Live bool // real processes, with kernels' buffers between them
}

// Order is what an operator's order comes to. Its parts are done in this order.
type Order struct {
	Start       []string       // machines that were laid out for it
	StartOthers []string       // such that belong to somebody else: they are none of the cluster
	Fault       *nemesis.Fault // that a world puts in force for as long as the order lasts; nil: none
	Tell        []Message      // to the observer, who gives commands as an operator would
	// Undo, if not nil, says what to tell when the order is over: without it, and without a Fault, it is over at once.
	Undo func(at Scene) []Message
}

// Message is what the observer is told about a machine.
type Message struct{ Machine, Text string }

// Patience is a setting that is a time.
type Patience struct {
	Name string
	For  time.Duration
}

// Risk is something that needs trust.
type Risk struct {
	Path []string // to it in the scenario file: "config", "dir"
	Why  string   // with what stands there, and what it does
}

// Group is machines that are called by a prefix and their number: r1, r2, ….
type Group struct {
	Prefix string
	Count  int
}

// Part is something that a system can be without.
type Part struct {
	Text  string // "repl-timeout 5"
	Paces bool   // without it everything takes so long that what has not happened in time broke no promise
}

// Systems are the kinds of systems that a program knows, the first the one that a scenario file means if it names none.
// Each is any value of its type.
type Systems []System

// ByName returns the system called name; "" is the first.
func (all Systems) ByName(name string) (System, error) {
	var names []string
	for i, s := range all {
		if s.Name() == name || name == "" && i == 0 {
			return s, nil
		}
		names = append(names, s.Name())
	}
	if near := models.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("there is no system %q: did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("there is no system %q: there are %s", name, strings.Join(names, ", "))
}

// Base has what a simple system does without. Embed it.
type Base struct{}

// Fits knows of nothing.
func (Base) Fits(bool, nemesis.Schedule) error { return nil }

// Waves starts all servers at once, and waits until they agree.
func (Base) Waves() []Wave { return []Wave{{cluster.Server, workload.StageReady}} }

// Checkers are those that know nothing of a system.
func (Base) Checkers() []checkers.Checker { return checkers.General() }

// Goals are none.
func (Base) Goals() goals.Catalogue { return goals.Catalogue{} }

// Orders are none.
func (Base) Orders() []nemesis.Order { return nil }

// OrderDraws are none.
func (Base) OrderDraws() []nemesis.OrderDraw { return nil }

// Order is never asked for.
func (Base) Order(nemesis.Fault, Scene) Order { return Order{} }

// Patience is none.
func (Base) Patience() []Patience { return nil }

// Risks are none.
func (Base) Risks(workload.Spec, nemesis.Schedule) []Risk { return nil }

// With knows no setting.
func (Base) With(section, name, _ string) (System, error) {
	return nil, fmt.Errorf("%s: %s: this system has no settings to compare", section, name)
}

// Groups are none: the number of machines stays.
func (Base) Groups() []Group { return nil }

// Fewer is never asked for.
func (Base) Fewer(string) System { return nil }

// Parts are none.
func (Base) Parts() []Part { return nil }

// Keep is never asked for.
func (Base) Keep(func(int) bool) System { return nil }

// Language is the grammar of faults with the orders of s.
func Language(s System) nemesis.Language { return nemesis.Speak(s.Orders()) }
