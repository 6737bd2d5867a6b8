package checkers

import (
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// Functions knows what the operations of a history do, each in the words of its workload's model.
type Functions struct {
	works []Work
}

type Work struct {
	workload string
	Model    models.Model
	Register bool
}

// FunctionsOf reads the workloads of a record.
func FunctionsOf(r *Record) *Functions { return Derived(r, readFunctions) }

func readFunctions(r *Record) *Functions {
	f := &Functions{}
	for _, w := range r.Workloads {
		name := r.Model(&histories.Operation{Workload: w.Name})
		m, err := models.ByName(name)
		if err != nil {
			m = models.Model{Name: name} // nothing is known of it
		}
		f.works = append(f.works, Work{w.Name, m, name == histories.ModelRegister})
	}
	if len(f.works) == 0 {
		f.works = []Work{{"", models.Register(), true}}
	}
	return f
}

// Of is what is known of op's workload. An operation that names none belongs to the only one.
func (f *Functions) Of(op *histories.Operation) *Work {
	for i := range f.works {
		if w := &f.works[i]; w.workload == op.Workload || op.Workload == "" && len(f.works) == 1 {
			return w
		}
	}
	return &Work{workload: op.Workload, Model: models.Register(), Register: true}
}

// Writes says whether op may change data.
func (f *Functions) Writes(op *histories.Operation) bool { return f.Of(op).Model.Writes(op) }

// Changed says whether op certainly changed data.
func (f *Functions) Changed(op *histories.Operation) bool { return f.Of(op).Model.Changed(op) }

// MayWrite says whether op may change data, or nobody knows.
func (f *Functions) MayWrite(op *histories.Operation) bool {
	does, _ := f.Of(op).Model.Function(op.Func)
	return does.Writes || !does.Reads
}

// Reads says whether op reads a register.
func (f *Functions) Reads(op *histories.Operation) bool {
	return op.Func == histories.FuncRead && f.Of(op).Register
}

// wrote is the value that op writes into a register, if it may have written one: a compare-and-set that compared in vain
// wrote nothing.
func (f *Functions) wrote(op *histories.Operation) (value string, is bool) {
	switch {
	case op.Func == histories.FuncWrite:
		return op.Arg.Str(), f.Of(op).Register
	case op.Func == models.FuncCAS && (op.Outcome != histories.OK || op.Result.True()):
		return op.Arg.Elem(1).Str(), f.Of(op).Register
	}
	return "", false
}
