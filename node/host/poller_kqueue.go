//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package host

import "syscall"

// poller is what poller_linux.go says, by kqueue.
type poller struct {
	fd     int
	waker  [2]int
	events [128]syscall.Kevent_t
	ready  []readiness
}

func newPoller() (*poller, error) {
	fd, err := syscall.Kqueue()
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	p := &poller{fd: fd}
	if err = syscall.Pipe(p.waker[:]); err == nil {
		for _, end := range p.waker {
			syscall.CloseOnExec(end)
			syscall.SetNonblock(end, true)
		}
		err = p.add(p.waker[0])
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) add(fd int) error { return p.change(fd, syscall.EVFILT_READ, syscall.EV_ADD) }

func (p *poller) watch(fd int, read, write bool) error {
	for _, w := range []struct {
		filter int
		on     bool
	}{{syscall.EVFILT_READ, read}, {syscall.EVFILT_WRITE, write}} {
		flag := syscall.EV_DELETE
		if w.on {
			flag = syscall.EV_ADD
		}
		if err := p.change(fd, w.filter, flag); err != nil && (w.on || err != syscall.ENOENT) {
			return err
		}
	}
	return nil
}

func (p *poller) change(fd, filter, flag int) error {
	var k [1]syscall.Kevent_t
	syscall.SetKevent(&k[0], fd, filter, flag)
	_, err := syscall.Kevent(p.fd, k[:], nil, nil)
	return err
}

func (p *poller) wait() ([]readiness, error) {
	n, err := syscall.Kevent(p.fd, nil, p.events[:], nil)
	if err != nil && err != syscall.EINTR {
		return nil, err
	}
	p.ready = p.ready[:0]
	for _, k := range p.events[:max(n, 0)] {
		fd := int(k.Ident)
		if fd == p.waker[0] {
			var b [64]byte
			syscall.Read(fd, b[:])
			continue
		}
		p.ready = append(p.ready, readiness{fd: fd, read: k.Filter == syscall.EVFILT_READ, write: k.Filter == syscall.EVFILT_WRITE})
	}
	return p.ready, nil
}

func (p *poller) wake() { syscall.Write(p.waker[1], []byte{0}) }

func (p *poller) close() {
	syscall.Close(p.fd)
	syscall.Close(p.waker[0])
	syscall.Close(p.waker[1])
}
