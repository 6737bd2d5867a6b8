package live

import "syscall"

// attributes has a child die with the harness, whatever ends the harness, and gives it a process group of its own, so
// that signals reach the scripts it runs and a terminal's Ctrl-C does not reach it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
