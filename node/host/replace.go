package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// replaceFile carries out [node.ReplaceFile].
func replaceFile(path string, data []byte) error {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createFile(path, data)
	}
	if err != nil {
		return err
	}
	old, err := os.Stat(target)
	if err != nil {
		return err
	}
	if !old.Mode().IsRegular() {
		return syscall.EISDIR // or a device, which nobody means to configure
	}
	if severalNames(old) {
		return overwriteFile(target, data, old.Size())
	}
	if err = replaceBeside(target, data, old); inPlaceOnly(err) {
		return overwriteFile(target, data, old.Size())
	}
	return err
}

// createFile writes a file that is not there yet.
func createFile(path string, data []byte) error {
	if err := writeFile(path, os.O_TRUNC, data); err != nil {
		return err
	}
	if err := syncPath(path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// inPlaceOnly tells the errors of a file that nothing can be put in the place of, from those of a disk that would fail
// the file itself as well.
func inPlaceOnly(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EACCES, syscall.EPERM, syscall.EROFS, syscall.EBUSY, syscall.EXDEV} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// replaceBeside writes a new file beside the old one, makes it alike, and puts it in its place.
func replaceBeside(target string, data []byte, old fs.FileInfo) error {
	beside := target + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) { // left by a crash
		return err
	}
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // nobody else reads it before its mode is right
	if err != nil {
		return err
	}
	if err = fill(f, data, old); err == nil {
		err = renameFile(beside, target)
	}
	if err != nil {
		os.Remove(beside)
	}
	return err
}

// fill gives a new file its content, and the owner and mode of the old one; it is synced and closed.
func fill(f *os.File, data []byte, old fs.FileInfo) (err error) {
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = sameOwner(f, old); err != nil {
		return err
	}
	if err = f.Chmod(old.Mode().Perm()); err != nil {
		return err
	}
	return f.Sync()
}

// overwriteFile writes into the file itself. It never becomes shorter than it must: what is left of the old text is
// overwritten with empty lines first and cut off at last, so that no end of the old configuration is read behind the new.
func overwriteFile(target string, data []byte, size int64) (err error) {
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	padded := append(make([]byte, 0, max(int64(len(data)), size)), data...)
	for int64(len(padded)) < size {
		padded = append(padded, '\n')
	}
	if _, err = f.WriteAt(padded, 0); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Truncate(int64(len(data))); err != nil {
		return err
	}
	return f.Sync()
}

// severalNames says whether a file has hard links: another one in the place of one name would part them.
func severalNames(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink > 1
}

// sameOwner gives f the owner of the old file.
func sameOwner(f *os.File, old fs.FileInfo) error {
	is, err := f.Stat()
	if err != nil {
		return err
	}
	want, ok1 := old.Sys().(*syscall.Stat_t)
	have, ok2 := is.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 || want.Uid == have.Uid && want.Gid == have.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
