package sim

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// absent is a file that a fault has taken away.
type absent struct {
	machine *machine
	path    string
	file    *file
}

// diskFault is a fault in force on one disk.
type diskFault struct {
	id    int
	verb  nemesis.Verb
	path  string // of the one file that it is about; "": all
	delay int64
}

// hurtDisks puts a fault on disks in force.
func (w *World) hurtDisks(in *inForce, a []*machine) error {
	f := in.fault
	for _, m := range a {
		at := f.Text("file")
		if at != "" && !path.IsAbs(at) {
			at = path.Join(m.spec.Dir, at)
		}
		d := diskFault{id: in.id, verb: f.Verb, path: at, delay: int64(f.Duration("delay"))}
		if f.Verb == nemesis.FileGone {
			gone := m.disk.files[at]
			if gone == nil {
				continue
			}
			in.missing = append(in.missing, absent{m, at, gone})
			m.disk.rename(at, nil)
		}
		in.held = append(in.held, m)
		m.disk.faults = append(m.disk.faults, d)
	}
	if len(in.held) == 0 {
		return fmt.Errorf("sim: %v: there is no such file", f)
	}
	return nil
}

// mend ends a fault on the disk of m.
func (d *disk) mend(in *inForce, m *machine) {
	d.faults = slices.DeleteFunc(d.faults, func(f diskFault) bool { return f.id == in.id })
	for _, gone := range in.missing {
		if gone.machine == m && d.files[gone.path] == nil {
			d.rename(gone.path, gone.file)
		}
	}
}

// suffers says whether a fault of this kind is in force, for the file at path.
func (d *disk) suffers(verb nemesis.Verb, path string) bool {
	for _, f := range d.faults {
		if f.verb == verb && (f.path == "" || f.path == path) {
			return true
		}
	}
	return false
}

// refuses is the error with which a step fails under the faults in force.
func (d *disk) refuses(s *node.FileStep) node.Errno {
	writes := s.Kind == node.WriteFile || s.Kind == node.AppendFile
	switch {
	case s.Kind == node.ReadFile && d.suffers(nemesis.EIORead, s.Path),
		s.Kind == node.ReadPart && d.suffers(nemesis.EIORead, d.open[s.File].path),
		s.Kind == node.SyncFile && d.suffers(nemesis.EIOSync, s.Path),
		(writes || s.Kind == node.TruncateFile) && d.suffers(nemesis.EIOWrite, s.Path):
		return node.ErrIO
	case writes && len(s.Data) > 0 && d.suffers(nemesis.DiskFull, s.Path):
		d.tear(s)
		return node.ErrNoSpace
	}
	return node.ErrNone
}

// delayed is how much longer any step takes.
func (d *disk) delayed() (t int64) {
	for _, f := range d.faults {
		t += f.delay
	}
	return t
}

// version is an RDB as it was from a moment on.
type version struct {
	path string
	at   int64
	data []byte
}

// versionsMax is how many older RDBs of a machine are remembered.
const versionsMax = 64

// remember keeps what an RDB is now.
func (d *disk) remember(now int64, at string) {
	if !strings.HasSuffix(at, ".rdb") || strings.HasPrefix(path.Base(at), "temp-") {
		return
	}
	if len(d.versions) == versionsMax {
		d.versions = slices.Delete(d.versions, 0, 1)
	}
	f := d.files[at]
	d.versions = append(d.versions, version{at, now, f.data[:len(f.data):len(f.data)]})
}

// restoreRDBs puts every RDB back as it was at a moment, or as the oldest that is remembered.
func (d *disk) restoreRDBs(then int64) {
	chosen := map[string]version{}
	var paths []string
	for _, v := range d.versions {
		if _, known := chosen[v.path]; !known {
			paths = append(paths, v.path)
			chosen[v.path] = v
		} else if v.at <= then {
			chosen[v.path] = v
		}
	}
	for _, p := range paths {
		d.put(p, chosen[p].data)
	}
}

// put makes a file be what an operator copied there, and synced.
func (d *disk) put(at string, data []byte) {
	f := &file{data: data, synced: data}
	d.rename(at, f)
	d.commit()
}

// tearTail leaves, of the file that was written last, a part of what its last fsync did not cover.
func (d *disk) tearTail() {
	f := d.files[d.written]
	if f == nil {
		return
	}
	kept := 0
	if n := len(f.synced); n <= len(f.data) && string(f.data[:n]) == string(f.synced) {
		kept = n
	}
	kept += int(d.chance.below(uint64(len(f.data)-kept) + 1))
	f.synced = f.data[:kept:kept]
	d.durable[d.written] = f
}

// superviseWait is how long an operator leaves a process down that its disk has brought down.
const superviseWait = int64(1e9)

// excuses says whether a process that exits by its own will may have its disk to blame: it cannot read its files, or
// finds in them what it did not leave there.
func (d *disk) excuses() bool { return len(d.faults) > 0 || d.damaged }

// superviseAfterBadDisk has a process start again that exited because of its disk. What is broken on it the operator
// has moved away by then: snapshots, append only files, and a configuration that was rewritten.
func (m *machine) superviseAfterBadDisk() {
	d := &m.disk
	if d.damaged {
		d.damaged = false
		for _, at := range slices.Sorted(maps.Keys(d.files)) {
			if strings.HasSuffix(at, ".rdb") || strings.HasSuffix(at, ".aof") {
				d.rename(at, nil)
			}
		}
		if at := m.spec.ConfigPath; at != "" {
			d.put(at, []byte(m.spec.Files[at]))
		}
	}
	m.w.queue.push(item{at: m.w.now + superviseWait, what: supervised, machine: m.index, b: uint32(m.life)})
}
