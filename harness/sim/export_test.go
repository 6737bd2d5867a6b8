package sim

import (
	"maps"
	"slices"
	"time"
)

// What tests of crashes need of a machine's disk.

// DiskSteps is how many operations the machine's disk was asked for.
func (w *World) DiskSteps(machine string) int { return w.byName[machine].disk.steps }

// Files are the paths of the machine's files.
func (w *World) Files(machine string) []string {
	return slices.Sorted(maps.Keys(w.byName[machine].disk.files))
}

// Content is what is in a file of the machine's.
func (w *World) Content(machine, path string) string {
	if f := w.byName[machine].disk.files[path]; f != nil {
		return string(f.data)
	}
	return ""
}

// CommitNames makes the names of the machine's files safe.
func (w *World) CommitNames(machine string) { w.byName[machine].disk.commit() }

// NameChanges is how many changes of names a loss of power may take back.
func (w *World) NameChanges(machine string) int { return len(w.byName[machine].disk.journal) }

// Idle says whether the machine has no job under way.
func (w *World) Idle(machine string) bool { return w.jobs.idle(w.byName[machine]) }

// Crash ends the machine's process, with a loss of power that leaves so many changes of names unless that is negative, and
// starts it again.
func (w *World) Crash(machine string, changes int) {
	m := w.byName[machine]
	m.end("killed")
	if changes >= 0 {
		m.disk.losePowerAfter(changes)
	}
	m.start()
}

// One lets one thing happen, not after until, and says whether there is more.
func (w *World) One(until time.Duration) (more bool, err error) {
	more = w.happenings(int64(until), 1)
	return more, w.failure
}
