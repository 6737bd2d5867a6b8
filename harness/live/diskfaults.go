package live

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/nemesis"
)

// hurtDisks puts a fault on disks in force: only names can be taken away from a process without a file system of ours.
func (w *World) hurtDisks(in *inForce, targets []*machine) error {
	f := in.fault
	if f.Verb != nemesis.FileGone {
		return fmt.Errorf("live: %s: this computer's kernel cannot be told to fail a process's file operations: only the simulation has such disks", f)
	}
	name := f.Text("file")
	if !filepath.IsLocal(name) {
		return fmt.Errorf("live: %s: %q is not in the machine's folder", f, name)
	}
	for _, m := range targets {
		a := absent{path: filepath.Join(m.spec.Dir, name), hidden: filepath.Join(m.spec.Dir, fmt.Sprintf(".gone-%d-%s", in.id, filepath.Base(name)))}
		switch err := os.Rename(a.path, a.hidden); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("live: %s: %w", f, err)
		}
		in.missing = append(in.missing, a)
	}
	return nil
}

// absent is a file that a fault took away.
type absent struct{ path, hidden string }

// putBack brings the file back unless there is a new one.
func (a absent) putBack() error {
	if _, err := os.Lstat(a.path); err == nil {
		return os.Remove(a.hidden)
	}
	return os.Rename(a.hidden, a.path)
}

// Copies of an RDB are looked for so often, and so many are kept.
const (
	copyPause = time.Second
	copiesMax = 120
)

// copies are the RDBs that a server had, oldest first. Servers put a new RDB in its place by renaming, so a copy is
// another name for the same file.
type copies struct {
	folder string
	kept   []rdbCopy
}

type rdbCopy struct {
	at   time.Time // from when on it was the RDB
	path string
}

// keepCopies follows the servers' RDBs until the world is closed.
func (w *World) keepCopies() {
	tick := time.NewTicker(copyPause)
	defer tick.Stop()
	for {
		w.mu.Lock()
		for _, m := range w.machines {
			if m.spec.Kind == cluster.Server && !w.closed {
				m.copyRDB()
			}
		}
		w.mu.Unlock()
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			return
		}
	}
}

// rdbPath is where the server keeps its RDB.
func (m *machine) rdbPath() string {
	name := "dump.rdb"
	text, _ := os.ReadFile(m.spec.ConfigPath) // without one it has the default
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) == 2 && strings.EqualFold(words[0], "dbfilename") {
			name = strings.Trim(words[1], `"'`)
		}
	}
	return filepath.Join(m.spec.Dir, name)
}

// copyRDB keeps the RDB there is if it is a new one. That it cannot be kept is found when it is wanted.
func (m *machine) copyRDB() {
	path := m.rdbPath()
	now, err := os.Stat(path)
	if err != nil {
		return
	}
	c := &m.copies
	if n := len(c.kept); n > 0 {
		if last, err := os.Stat(c.kept[n-1].path); err == nil && os.SameFile(last, now) {
			return
		}
	}
	at := now.ModTime()
	if restored := slices.ContainsFunc(c.kept, func(k rdbCopy) bool { return k.at.Equal(at) }); restored {
		at = time.Now()
	}
	c.folder = filepath.Join(m.spec.Dir, ".rdbs")
	if os.MkdirAll(c.folder, 0o755) != nil {
		return
	}
	kept := rdbCopy{at, filepath.Join(c.folder, fmt.Sprintf("%d.rdb", at.UnixNano()))}
	if os.Link(path, kept.path) != nil {
		return
	}
	if c.kept = append(c.kept, kept); len(c.kept) > copiesMax {
		os.Remove(c.kept[0].path)
		c.kept = c.kept[1:]
	}
}

// restoreRDB puts in place the RDB as it was so long ago, or the oldest there was.
func (m *machine) restoreRDB(age time.Duration) error {
	m.copyRDB()
	at := time.Now().Add(-age)
	if len(m.copies.kept) == 0 {
		return nil // it never had one
	}
	chosen := m.copies.kept[0]
	for _, c := range m.copies.kept {
		if !c.at.After(at) {
			chosen = c
		}
	}
	temp := filepath.Join(m.copies.folder, "restored")
	os.Remove(temp) // of an earlier time
	if err := os.Link(chosen.path, temp); err != nil {
		return fmt.Errorf("live: machine %s: its old RDB: %w", m.spec.Name, err)
	}
	if err := os.Rename(temp, m.rdbPath()); err != nil { // of two names of one file, rename leaves both
		return fmt.Errorf("live: machine %s: its old RDB: %w", m.spec.Name, err)
	}
	os.Remove(temp)
	return nil
}

// drop removes the copies; the servers' own files stay.
func (c *copies) drop() {
	if c.folder != "" {
		os.RemoveAll(c.folder)
	}
}
