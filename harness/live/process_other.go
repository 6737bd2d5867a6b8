//go:build !linux

package live

import "syscall"

// attributes gives a child a process group of its own. Only Linux can promise that it dies with the harness.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// stopped cannot tell.
func stopped(int) bool { return true }

func ownGroup() *syscall.SysProcAttr { return attributes() }
