package host

import (
	"syscall"
	"unsafe"
)

// poller tells which sockets have something to read or room to write, again and again while it is so. It is the
// host's own, and not the Go runtime's, because one wait here answers for many connections, and no connection has
// to be read once more only to learn that there is nothing.
type poller struct {
	fd     int
	waker  [2]int // a pipe: a byte in it ends a wait
	events [128]syscall.EpollEvent
	ready  []readiness
}

func newPoller() (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &poller{fd: fd}
	if err = syscall.Pipe2(p.waker[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err == nil {
		err = p.add(p.waker[0])
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// add begins to watch fd for something to read.
func (p *poller) add(fd int) error {
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	return syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, fd, &ev)
}

// watch says what fd is watched for from now on. Its errors are always watched for.
func (p *poller) watch(fd int, read, write bool) error {
	ev := syscall.EpollEvent{Fd: int32(fd)}
	if read {
		ev.Events |= syscall.EPOLLIN
	}
	if write {
		ev.Events |= syscall.EPOLLOUT
	}
	return syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_MOD, fd, &ev)
}

// wait returns what is ready, valid until the next wait. A socket with an error is ready for both.
func (p *poller) wait() ([]readiness, error) {
	n, err := p.poll(0)
	if n == 0 && err == nil {
		n, err = syscall.EpollWait(p.fd, p.events[:], -1)
	}
	if err != nil && err != syscall.EINTR {
		return nil, err
	}
	p.ready = p.ready[:0]
	for _, ev := range p.events[:max(n, 0)] {
		if int(ev.Fd) == p.waker[0] {
			var b [64]byte
			syscall.Read(p.waker[0], b[:])
			continue
		}
		const broken = syscall.EPOLLERR | syscall.EPOLLHUP
		p.ready = append(p.ready, readiness{fd: int(ev.Fd),
			read:  ev.Events&(syscall.EPOLLIN|broken) != 0,
			write: ev.Events&(syscall.EPOLLOUT|broken) != 0})
	}
	return p.ready, nil
}

// poll asks without waiting. The raw call spares the Go scheduler's preparations for one that may take long.
func (p *poller) poll(timeout int) (n int, err error) {
	r, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(timeout), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}

// wake ends the wait in progress, or else the next one.
func (p *poller) wake() { syscall.Write(p.waker[1], []byte{0}) }

func (p *poller) close() {
	syscall.Close(p.fd)
	syscall.Close(p.waker[0])
	syscall.Close(p.waker[1])
}
