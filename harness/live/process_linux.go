package live

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// attributes has a child die with the harness, whatever ends the harness, and gives it a process group of its own, so
// that signals reach the scripts it runs and a terminal's Ctrl-C does not reach it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// ownGroup gives a child a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// stopped says whether every thread of a process has stopped, or is gone.
func stopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		// "pid (name) state …"; the name may have anything in it
		if at := bytes.LastIndex(stat, []byte(") ")); err == nil && at >= 0 && stat[at+2] != 'T' {
			return false
		}
	}
	return true
}
