package sim

import (
	"maps"
	"slices"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
)

// DiskModel says how fast every disk is, but for those of machines that have a Speed. A zero field has its default; a negative one means none.
type DiskModel struct {
	Latency   time.Duration // of any operation; default 20 µs
	Jitter    time.Duration // up to this much more; default 20 µs
	Sync      time.Duration // of an fsync, besides; default 1 ms, and up to as much more
	Bandwidth int64         // bytes read or written per second; default 1 GB/s
}

func (d DiskModel) withDefaults() DiskModel {
	d.Latency = orDefault(d.Latency, 20*time.Microsecond)
	d.Jitter = orDefault(d.Jitter, 20*time.Microsecond)
	d.Sync = orDefault(d.Sync, time.Millisecond)
	d.Bandwidth = orDefault(d.Bandwidth, 1_000_000_000)
	return d
}

// disk holds a machine's files. What is written survives the process; what is synced survives a loss of power.
type disk struct {
	files   map[string]*file // as processes see them
	durable map[string]*file // names that are surely on the platter
	journal []nameChange     // changes of names since then, in order
	open    map[node.FileID]openFile
	chance  chance
	model   *DiskModel

	faults   []diskFault
	written  string    // the file that was written last
	steps    int       // operations that were tried
	damaged  bool      // a loss of power took what the disk had said to be safe
	versions []version // of RDBs
}

// file is the content of a file, whatever its name.
type file struct {
	data   []byte
	synced []byte // what a loss of power leaves; nil: nothing
	own    bool   // data is ours to append to
}

// openFile is a file that the process has opened, and the name that it had then.
type openFile struct {
	file *file
	path string
}

// nameChange is a file that got a name, or with a nil file a name that went.
type nameChange struct {
	path string
	file *file
}

func newDisk(model *DiskModel, chance chance, files map[string]string) disk {
	d := disk{files: map[string]*file{}, durable: map[string]*file{}, model: model, chance: chance}
	// any order: every file is by itself
	for path, text := range files {
		f := &file{data: []byte(text)}
		f.synced = f.data
		d.files[path], d.durable[path] = f, f
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		d.remember(0, path)
	}
	return d
}

// takes draws how long a step of a job takes.
func (d *disk) takes(s *node.FileStep) int64 {
	t := int64(d.model.Latency) + d.delayed()
	if d.model.Jitter > 0 {
		t += int64(d.chance.below(uint64(d.model.Jitter)))
	}
	n := len(s.Data)
	switch s.Kind {
	case node.ReadFile:
		if f := d.files[s.Path]; f != nil {
			n = len(f.data)
		}
	case node.ReadPart:
		n = len(d.part(s))
	case node.SyncFile:
		if d.model.Sync > 0 {
			t += int64(d.model.Sync) + int64(d.chance.below(uint64(d.model.Sync)))
		}
	}
	if d.model.Bandwidth > 0 {
		t += int64(n) * int64(time.Second) / d.model.Bandwidth
	}
	return t
}

// do carries out one step; a read returns what it read.
func (d *disk) do(now int64, s *node.FileStep) ([]byte, node.Errno) {
	d.steps++
	if len(d.faults) > 0 {
		if err := d.refuses(s); err != node.ErrNone {
			return nil, err
		}
	}
	f := d.files[s.Path]
	switch s.Kind {
	case node.ReadFile:
		if f == nil {
			return nil, node.ErrNotFound
		}
		return f.data[:len(f.data):len(f.data)], node.ErrNone
	case node.WriteFile:
		d.write(s.Path, s.Data)
	case node.AppendFile:
		d.append(s.Path, s.Data)
	case node.SyncFile:
		if f == nil {
			return nil, node.ErrNotFound
		}
		if d.suffers(nemesis.LyingFsync, s.Path) {
			break
		}
		f.synced = f.data[:len(f.data):len(f.data)]
		d.commit()
	case node.RenameFile:
		if f == nil {
			return nil, node.ErrNotFound
		}
		if s.Path != s.To {
			d.rename(s.To, f)
			d.rename(s.Path, nil)
			d.remember(now, s.To)
		}
	case node.TruncateFile:
		if f != nil && int64(len(f.data)) > s.At {
			f.data, f.own = f.data[:s.At:s.At], false
		}
	case node.RemoveFile:
		if f != nil {
			d.rename(s.Path, nil)
		}
	case node.OpenFile:
		if f == nil {
			return nil, node.ErrNotFound
		}
		node.Assert(d.open[s.File].file == nil, "file %d is opened twice", s.File)
		if d.open == nil {
			d.open = map[node.FileID]openFile{}
		}
		d.open[s.File] = openFile{f, s.Path}
	case node.ReadPart:
		if d.open[s.File].file == nil {
			return nil, errNotOpen
		}
		return d.part(s), node.ErrNone
	case node.CloseFile:
		delete(d.open, s.File)
	case node.EnterDir: // every directory is there; only files are kept
	default:
		return nil, node.ErrBadAddress // EINVAL has this text
	}
	return nil, node.ErrNone
}

// errNotOpen is EBADF.
const errNotOpen node.Errno = "Bad file descriptor"

// part is what a ReadPart reads.
func (d *disk) part(s *node.FileStep) []byte {
	f := d.open[s.File].file
	if f == nil || s.At >= int64(len(f.data)) {
		return nil
	}
	end := min(int64(len(f.data)), s.At+s.Size)
	return f.data[s.At:end:end]
}

// sizeOf is the size of what an OpenFile has opened.
func (d *disk) sizeOf(id node.FileID) int64 { return int64(len(d.open[id].file.data)) }

// write truncates or creates the file. The step's data is nobody's to change, so it need not be copied.
func (d *disk) write(path string, data []byte) {
	f := d.files[path]
	if f == nil {
		f = &file{}
		d.rename(path, f)
	}
	f.data, f.own = data, false
	d.written = path
}

func (d *disk) append(path string, data []byte) {
	f := d.files[path]
	if f == nil {
		f = &file{}
		d.rename(path, f)
	}
	if !f.own {
		f.data = append(make([]byte, 0, 2*len(f.data)+len(data)), f.data...)
		f.own = true
	}
	// Earlier reads and synced keep their own lengths: what is appended lies behind them.
	f.data = append(f.data, data...)
	d.written = path
}

func (d *disk) appendLine(path, line string) {
	d.append(path, append([]byte(line), '\n'))
}

// rename gives a name to a file, or takes it away.
func (d *disk) rename(path string, f *file) {
	if f == nil {
		delete(d.files, path)
	} else {
		if d.files[d.written] == f {
			d.written = path
		}
		d.files[path] = f
	}
	d.journal = append(d.journal, nameChange{path, f})
	if len(d.journal) > 4096 { // a file system writes its journal out every few seconds
		d.commit()
	}
}

// commit puts the names onto the platter: a journalling file system writes all of them with any fsync.
func (d *disk) commit() {
	for _, c := range d.journal {
		if c.file == nil {
			delete(d.durable, c.path)
		} else {
			d.durable[c.path] = c.file
		}
	}
	clear(d.journal)
	d.journal = d.journal[:0]
}

// tear leaves a step as a process that was killed in it leaves it: written in part.
func (d *disk) tear(s *node.FileStep) {
	part := s.Data[:d.chance.below(uint64(len(s.Data))+1)]
	switch s.Kind {
	case node.WriteFile:
		d.write(s.Path, part)
	case node.AppendFile:
		d.append(s.Path, part)
	}
}

// losePower leaves what was synced: of the changes of names since, the first few.
func (d *disk) losePower() { d.losePowerAfter(int(d.chance.below(uint64(len(d.journal)) + 1))) }

// losePowerAfter is losePower that leaves so many changes of names.
func (d *disk) losePowerAfter(changes int) {
	d.journal = d.journal[:changes]
	d.commit()
	d.damaged = d.damaged || d.suffers(nemesis.LyingFsync, "") || d.suffers(nemesis.TornTail, "")
	if d.suffers(nemesis.TornTail, d.written) {
		d.tearTail()
	}
	d.files = make(map[string]*file, len(d.durable))
	after := map[*file]*file{} // two names of one file stay so
	// any order: every name is by itself
	for path, f := range d.durable {
		if after[f] == nil {
			after[f] = &file{data: f.synced, synced: f.synced}
		}
		d.files[path] = after[f]
	}
	d.durable = maps.Clone(d.files)
}

// WatchDisk has told called when an operation on a machine's disk that changes what is on it has been done.
func (w *World) WatchDisk(machine string, told func(kind node.FileKind)) error {
	m, err := w.machine(machine)
	if err != nil {
		return err
	}
	m.diskTold = told
	return nil
}

// changesDisk says whether operations of a kind change what is on the disk.
func changesDisk(kind node.FileKind) bool {
	switch kind {
	case node.WriteFile, node.AppendFile, node.SyncFile, node.RenameFile, node.TruncateFile, node.RemoveFile:
		return true
	}
	return false
}

// noteRenamed notes that a file took its place.
func (m *machine) noteRenamed(path string) {
	f := m.disk.files[path]
	if m.spec.Kind != cluster.Server || f == nil {
		return
	}
	n := node.Note{Kind: node.NoteFile, About: m.spec.Name, Event: "renamed", Text: path, N: int64(len(f.data)), Result: "synced"}
	if len(f.synced) != len(f.data) {
		n.Result = "unsynced"
	}
	m.w.sink.Note(time.Duration(m.w.now), m.spec.Name, &n)
}
