package host

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
)

func (h *Host) file(op node.OpID, background bool, steps []node.FileStep) {
	if background {
		h.spawn(func() { h.deliver(fileJob(op, steps)) })
		return
	}
	h.writeDirty()
	h.jobs = append(h.jobs, fileJob(op, steps))
}

// fileJob runs the steps and returns the event that tells how it went.
func fileJob(op node.OpID, steps []node.FileStep) node.Event {
	done := node.Event{Kind: node.FileDone, Op: op}
	for i := range steps {
		read, err := fileStep(&steps[i])
		if steps[i].Kind == node.ReadFile && err == nil {
			done.Bytes = read
		}
		if err != nil {
			done.N, done.Err = int64(i), errnoOf(err)
			break
		}
	}
	return done
}

func fileStep(s *node.FileStep) (read []byte, err error) {
	switch s.Kind {
	case node.ReadFile:
		return os.ReadFile(s.Path)
	case node.WriteFile:
		return nil, writeFile(s.Path, os.O_TRUNC, s.Data)
	case node.AppendFile:
		return nil, writeFile(s.Path, os.O_APPEND, s.Data)
	case node.SyncFile:
		return nil, syncPath(s.Path)
	case node.RenameFile:
		return nil, renameFile(s.Path, s.To)
	case node.ReplaceFile:
		return nil, replaceFile(s.Path, s.Data)
	case node.RemoveFile:
		if err := os.Remove(s.Path); !os.IsNotExist(err) {
			return nil, err
		}
		return nil, nil
	case node.EnterDir:
		return nil, enterDir(s.Path)
	default:
		return nil, syscall.EINVAL
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
