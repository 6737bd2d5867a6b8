package checkers

import (
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// functions knows what the operations of a history do, each in the words of its workload's model.
type functions struct {
	works []known
}

type known struct {
	workload string
	model    models.Model
	register bool
}

func functionsOf(h *histories.History) *functions {
	f := &functions{}
	for _, w := range h.Workloads {
		name := h.Model(&histories.Operation{Workload: w.Name})
		m, err := models.ByName(name)
		if err != nil {
			m = models.Model{Name: name} // nothing is known of it
		}
		f.works = append(f.works, known{w.Name, m, name == histories.ModelRegister})
	}
	if len(f.works) == 0 {
		f.works = []known{{"", models.Register(), true}}
	}
	return f
}

// of is what is known of op's workload. An operation that names none belongs to the only one.
func (f *functions) of(op *histories.Operation) *known {
	for i := range f.works {
		if w := &f.works[i]; w.workload == op.Workload || op.Workload == "" && len(f.works) == 1 {
			return w
		}
	}
	return &known{workload: op.Workload, model: models.Register(), register: true}
}

// writes says whether op may change data.
func (f *functions) writes(op *histories.Operation) bool { return f.of(op).model.Writes(op) }

// changed says whether op certainly changed data.
func (f *functions) changed(op *histories.Operation) bool { return f.of(op).model.Changed(op) }

// mayWrite says whether op may change data, or nobody knows.
func (f *functions) mayWrite(op *histories.Operation) bool {
	does, _ := f.of(op).model.Function(op.Func)
	return does.Writes || !does.Reads
}

// reads says whether op reads a register.
func (f *functions) reads(op *histories.Operation) bool {
	return op.Func == histories.FuncRead && f.of(op).register
}

// wrote is the value that op writes into a register, if it may have written one: a compare-and-set that compared in vain
// wrote nothing.
func (f *functions) wrote(op *histories.Operation) (value string, is bool) {
	switch {
	case op.Func == histories.FuncWrite:
		return op.Arg.Str(), f.of(op).register
	case op.Func == models.FuncCAS && (op.Outcome != histories.OK || op.Result.True()):
		return op.Arg.Elem(1).Str(), f.of(op).register
	}
	return "", false
}
