package clients

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
)

// Dial connects to addr, "ip:port" or "machine:port", as net.Dialer's DialContext does: it fails when the connection is
// refused, when the network gives no answer for two minutes, and when ctx is over. network is "tcp" or "tcp4".
func (a *App) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("there is no network %q between machines: dial tcp", network)}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if ip, ok := a.addresses[host]; ok {
		host = ip
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	if err := ctx.Err(); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addrOf(net.JoinHostPort(host, port)), Err: overOf(err)}
	}
	return a.dial(ctx, network, net.JoinHostPort(host, port))
}

func (a *App) dial(ctx context.Context, network, target string) (net.Conn, error) {
	c := newConn(a, target, a.nameOf(target))
	remote := addrOf(target)
	if a.bubble.over.Load() { // there is no network any more
		return nil, &net.OpError{Op: "dial", Net: network, Addr: remote, Err: os.NewSyscallError("connect", syscall.ENETDOWN)}
	}
	a.bubble.ask(request{class: dial, key: target, conn: c})
	select {
	case <-c.answer:
	case <-ctx.Done():
		c.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Addr: remote, Err: overOf(ctx.Err())}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.local == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: remote, Err: os.NewSyscallError("connect", errnoOf(c.why))}
	}
	return c, nil
}

// addrOf is "ip:port" as package net has it.
func addrOf(text string) net.Addr {
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		return nil // a port that is no number: the world will say so
	}
	return net.TCPAddrFromAddrPort(ap)
}

// errnoOf is what the system call fails with.
func errnoOf(err node.Errno) error {
	switch err {
	case node.ErrRefused:
		return syscall.ECONNREFUSED
	case node.ErrReset:
		return syscall.ECONNRESET
	case node.ErrTimedOut:
		return syscall.ETIMEDOUT
	case node.ErrUnreachable:
		return syscall.EHOSTUNREACH
	case node.ErrBadAddress:
		return syscall.EINVAL
	case node.ErrAddrNotAvail:
		return syscall.EADDRNOTAVAIL
	}
	return fmt.Errorf("%s", string(err))
}

// over is the end of a context as package net tells it: a timeout is one for net.Error, and both are what the context
// says for errors.Is.
type over struct {
	text    string
	cause   error
	timeout bool
}

func (o over) Error() string   { return o.text }
func (o over) Unwrap() error   { return o.cause }
func (o over) Timeout() bool   { return o.timeout }
func (o over) Temporary() bool { return o.timeout }

func overOf(err error) error {
	if err == context.DeadlineExceeded {
		return over{"i/o timeout", err, true}
	}
	return over{"operation was canceled", err, false}
}
