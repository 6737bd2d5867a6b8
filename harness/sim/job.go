package sim

import (
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

const (
	workLatency   = int64(50 * time.Microsecond) // to start another thread's work
	workBandwidth = 500_000_000                  // bytes worked on per second
)

// job is something that takes time and is not the core's loop: file operations, work, a script.
type job struct {
	m          *machine
	kind       node.EventKind // of the event at its end
	op         node.OpID
	steps      []node.FileStep
	step       int
	of         []int64 // the effect's step that each of steps is a part of; nil: the same
	foreground bool
	block      uint32 // the block of the core, if in the foreground
	gen        uint32
	work       func() any
	exit       int64 // of a script
	due        int64 // when the work is done, if the CPU stays as slow as it is
	read       []byte
	size       int64 // of what was opened last
}

// jobs are those under way.
type jobs struct {
	table []*job // m is nil where there is none
	free  []uint32
}

func (js *jobs) start(m *machine, kind node.EventKind, op node.OpID) (*job, uint32) {
	var i uint32
	if n := len(js.free); n > 0 {
		i, js.free = js.free[n-1], js.free[:n-1]
	} else {
		i = uint32(len(js.table))
		js.table = append(js.table, &job{})
	}
	j := js.table[i]
	*j = job{m: m, kind: kind, op: op, gen: j.gen + 1}
	return j, i
}

func (js *jobs) end(i uint32) {
	j := js.table[i]
	*j = job{gen: j.gen + 1}
	js.free = append(js.free, i)
}

func (j *job) after(d int64, i uint32) {
	w := j.m.w
	w.queue.push(item{at: w.now + d, what: jobStep, machine: j.m.index, a: i, b: j.gen})
}

func (js *jobs) startFile(m *machine, ef *node.Effect) {
	j, i := js.start(m, node.FileDone, ef.Op)
	j.steps, j.of = expanded(ef.Steps)
	if j.foreground = !ef.Flag; j.foreground {
		j.block = m.block()
	}
	j.nextStep(i)
}

// expanded puts what a disk does in place of a ReplaceFile; of tells which step of the effect each one is a part of, nil
// if nothing was replaced.
func expanded(steps []node.FileStep) (out []node.FileStep, of []int64) {
	if !slices.ContainsFunc(steps, func(s node.FileStep) bool { return s.Kind == node.ReplaceFile }) {
		return steps, nil
	}
	for i, s := range steps {
		parts := []node.FileStep{s}
		if s.Kind == node.ReplaceFile {
			beside := s.Path + ".new"
			parts = []node.FileStep{{Kind: node.WriteFile, Path: beside, Data: s.Data}, {Kind: node.SyncFile, Path: beside},
				{Kind: node.RenameFile, Path: beside, To: s.Path}, {Kind: node.SyncFile, Path: s.Path}}
		}
		for range parts {
			of = append(of, int64(i))
		}
		out = append(out, parts...)
	}
	return out, of
}

func (j *job) nextStep(i uint32) {
	if j.step < len(j.steps) {
		j.after(j.m.disk.takes(&j.steps[j.step]), i)
		return
	}
	j.after(0, i)
}

func (js *jobs) startWork(m *machine, ef *node.Effect) {
	j, i := js.start(m, node.WorkDone, ef.Op)
	j.work = ef.Work
	bandwidth := int64(workBandwidth)
	if m.spec.Speed > 0 {
		bandwidth = m.spec.Speed
	}
	j.toil(m.slowed(workLatency+int64(ef.N)*int64(time.Second)/bandwidth), i)
}

// toil is [job.after] for what the CPU does.
func (j *job) toil(d int64, i uint32) {
	j.due = j.m.w.now + d
	j.after(d, i)
}

// repace gives what the CPU of m is at the time that its rest takes, now that the CPU is as slow as it is and no longer
// as slow as it was.
func (js *jobs) repace(m *machine, was float64) {
	for i, j := range js.table {
		if j.m != m || j.due == 0 {
			continue
		}
		j.gen++ // what was due then is not
		left := float64(j.due-m.w.now) / max(was, 1)
		j.toil(m.slowed(int64(left)), uint32(i))
	}
}

// stepDone is called when a job's time for what it was at is over.
func (js *jobs) stepDone(i, gen uint32) {
	j := js.table[i]
	if j.gen != gen {
		return
	}
	m, w := j.m, j.m.w
	done := &completion{op: j.op}
	l := letter{kind: j.kind, done: done}
	switch j.kind {
	case node.FileDone:
		if j.step < len(j.steps) {
			read, err := m.disk.do(w.now, &j.steps[j.step])
			s := &j.steps[j.step]
			if s.Kind == node.ReadFile || s.Kind == node.ReadPart {
				j.read = read
			}
			if err == node.ErrNone {
				if s.Kind == node.OpenFile {
					j.size = m.disk.sizeOf(s.File)
				}
				if s.Kind == node.RenameFile {
					m.noteRenamed(s.To)
				}
				if m.diskTold != nil && changesDisk(s.Kind) {
					m.diskTold(s.Kind)
				}
				if j.step++; j.step < len(j.steps) {
					j.nextStep(i)
					return
				}
				l.n = j.size
			} else {
				l.n, done.err = int64(j.step), err
				if j.of != nil {
					l.n = j.of[j.step]
				}
			}
		}
		done.bytes = j.read
	case node.ScriptExited:
		l.n = j.exit
		m.noteScript("ended", j.op, j.exit, "")
	case node.WorkDone:
		w.inCore = m
		done.result = j.work()
		w.inCore = nil
	}
	foreground, block := j.foreground, j.block
	js.end(i)
	if !foreground {
		m.post(l)
		return
	}
	m.first.push(l)
	m.unblock(block)
}

// idle says whether m has no job under way.
func (js *jobs) idle(m *machine) bool {
	return !slices.ContainsFunc(js.table, func(j *job) bool { return j.m == m })
}

// tear ends the jobs of a process that ended: a write under way leaves a part.
func (js *jobs) tear(m *machine) {
	for i, j := range js.table {
		if j.m != m {
			continue
		}
		if j.step < len(j.steps) {
			m.disk.tear(&j.steps[j.step])
		}
		js.end(uint32(i))
	}
}
