package live

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Folder is a temporary folder that does not outlive this process, however it ends.
type Folder struct {
	Path   string
	warden *exec.Cmd
	alive  io.Closer // ends when this process does
}

// TempFolder makes a folder. A process of its own watches over it, which sees this one end by the end of a pipe, and
// removes the folder then.
func TempFolder() (*Folder, error) {
	path, err := os.MkdirTemp("", "ordeal-")
	if err != nil {
		return nil, err
	}
	f := &Folder{Path: path, warden: exec.Command("sh", "-c", `cat >/dev/null; rm -rf -- "$0"`, path)}
	f.warden.SysProcAttr = ownGroup() // a terminal's Ctrl-C is not for it
	if f.alive, err = f.warden.StdinPipe(); err == nil {
		err = f.warden.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("live: nobody watches over the temporary folder: %w", err), os.RemoveAll(path))
	}
	return f, nil
}

// Remove removes the folder and all that is in it.
func (f *Folder) Remove() error {
	err := os.RemoveAll(f.Path)
	f.alive.Close()
	return errors.Join(err, f.warden.Wait())
}
