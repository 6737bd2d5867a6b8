package host

import (
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
)

// openFiles are those that the core has opened. Background jobs use them beside each other.
type openFiles struct {
	mu   sync.Mutex
	byID map[node.FileID]*os.File
	over bool // the life is: nothing stays open
}

func (h *Host) file(op node.OpID, background bool, steps []node.FileStep) {
	if background {
		h.spawn(func() { h.deliver(h.files.job(op, steps)) })
		return
	}
	h.writeDirty()
	h.jobs = append(h.jobs, h.files.job(op, steps))
}

// job runs the steps and returns the event that tells how it went.
func (o *openFiles) job(op node.OpID, steps []node.FileStep) node.Event {
	done := node.Event{Kind: node.FileDone, Op: op}
	for i := range steps {
		s := &steps[i]
		var err error
		switch s.Kind {
		case node.ReadFile:
			done.Bytes, err = os.ReadFile(s.Path)
		case node.OpenFile:
			done.N, err = o.open(s.File, s.Path)
		case node.ReadPart:
			done.Bytes, err = o.read(s)
		case node.CloseFile:
			o.close(s.File)
		default:
			err = fileStep(s)
		}
		if err != nil {
			done.N, done.Err = int64(i), errnoOf(err)
			break
		}
	}
	return done
}

func (o *openFiles) open(id node.FileID, path string) (size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		f.Close()
		return 0, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	node.Assert(o.byID[id] == nil, "file %d is opened twice", id)
	if o.over {
		return 0, f.Close()
	}
	if o.byID == nil {
		o.byID = map[node.FileID]*os.File{}
	}
	o.byID[id] = f
	return info.Size(), nil
}

func (o *openFiles) read(s *node.FileStep) ([]byte, error) {
	o.mu.Lock()
	f := o.byID[s.File]
	o.mu.Unlock()
	if f == nil {
		return nil, syscall.EBADF
	}
	part := make([]byte, s.Size)
	n, err := f.ReadAt(part, s.At)
	if err == io.EOF {
		err = nil
	}
	return part[:n:n], err
}

func (o *openFiles) close(id node.FileID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.byID[id]; f != nil {
		f.Close()
		delete(o.byID, id)
	}
}

// closeAll is the end of a life.
func (o *openFiles) closeAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	for id, f := range o.byID { // any order: each is by itself
		f.Close()
		delete(o.byID, id)
	}
}

func fileStep(s *node.FileStep) error {
	switch s.Kind {
	case node.WriteFile:
		return writeFile(s.Path, os.O_TRUNC, s.Data)
	case node.AppendFile:
		return writeFile(s.Path, os.O_APPEND, s.Data)
	case node.SyncFile:
		return syncPath(s.Path)
	case node.TruncateFile:
		return truncateFile(s.Path, s.At)
	case node.RenameFile:
		return renameFile(s.Path, s.To)
	case node.ReplaceFile:
		return replaceFile(s.Path, s.Data)
	case node.RemoveFile:
		if err := os.Remove(s.Path); !os.IsNotExist(err) {
			return err
		}
		return nil
	case node.EnterDir:
		return enterDir(s.Path)
	default:
		return syscall.EINVAL
	}
}

func enterDir(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	return err
}

// writeFile leaves the mode of a file that is there as it is. A new one is its owner's alone: configurations hold
// passwords, and data what users keep.
func writeFile(path string, how int, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|how, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

func truncateFile(path string, size int64) error {
	info, err := os.Stat(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil || info.Size() <= size {
		return err
	}
	return os.Truncate(path, size)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// renameFile gives a file the mode of the one that it takes the place of. It also syncs the directory: without that, a
// loss of power could bring the old file back.
func renameFile(from, to string) error {
	if old, err := os.Stat(to); err == nil {
		if err := os.Chmod(from, old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncPath(filepath.Dir(to))
}
