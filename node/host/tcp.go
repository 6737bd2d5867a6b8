package host

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// keepAlive is what Redis asks of a peer's kernel with tcp-keepalive 300, its default.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 300 * time.Second, Interval: 100 * time.Second, Count: 3}

func (h *Host) listen(addr string, perm int) {
	l, err := h.openListener(addr, perm)
	if err != nil {
		h.listened = append(h.listened, node.Event{Kind: node.Listened, Local: addr, Err: errnoOf(err)})
		return
	}
	h.listens = append(h.listens, l)
	h.listened = append(h.listened, node.Event{Kind: node.Listened, Local: addr})
	h.spawn(func() { h.acceptLoop(l) })
}

func (h *Host) openListener(addr string, perm int) (net.Listener, error) {
	if path, isUnix := strings.CutPrefix(addr, node.UnixPrefix); isUnix {
		return h.openUnix(path, perm)
	}
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, &net.ParseError{Type: "address", Text: addr}
	}
	// A listener on [::] is for IPv6 only, as Redis's are: 0.0.0.0 has one of its own.
	network := "tcp4"
	if ap.Addr().Is6() {
		network = "tcp6"
	}
	lc := net.ListenConfig{KeepAliveConfig: keepAlive}
	return lc.Listen(h.ctx, network, addr)
}

// openUnix takes the place of what a life that was killed has left there. Redis 4.0: server.c, initServer.
func (h *Host) openUnix(path string, perm int) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		os.Remove(path)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(h.ctx, "unix", path)
	if err == nil && perm != 0 {
		if err = os.Chmod(path, os.FileMode(perm)); err != nil {
			l.Close()
		}
	}
	return l, err
}

// socket is a connection of either kind.
type socket interface {
	net.Conn
	syscall.Conn
}

func (h *Host) acceptLoop(l net.Listener) {
	pause := time.Duration(0)
	for {
		nc, err := l.Accept()
		if err == nil {
			pause = 0
			h.accept(nc.(socket))
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Out of file descriptors, most likely: callers wait in the backlog until there are some again.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-h.ctx.Done():
			return
		}
	}
}

func (h *Host) accept(nc socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		nc.Close()
		return
	}
	// Even if it is lost at once, a connection has been accepted, and its number is used up.
	h.accepted += 2
	if err := h.up(node.Accepted, h.accepted, nc); err != nil {
		return // out of descriptors: the peer sees its connection end
	}
	h.flush()
}

// up makes a connection known to the core, with the core's lock held.
func (h *Host) up(kind node.EventKind, id node.ConnID, nc socket) error {
	local, remote := nc.LocalAddr().String(), nc.RemoteAddr().String()
	if _, isUnix := nc.(*net.UnixConn); isUnix {
		local, remote = node.UnixPrefix+local, ""
	}
	c, err := h.open(id, nc)
	if err != nil {
		return err
	}
	h.conns[id] = c
	h.run(node.Event{Kind: kind, Conn: id, Local: local, Remote: remote})
	return nil
}

func (h *Host) dial(id node.ConnID, addr, from string) {
	ctx, cancel := context.WithCancel(h.ctx)
	h.dials[id] = cancel
	h.spawn(func() {
		defer cancel()
		nc, err := openConn(ctx, addr, from)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.ended || h.dials[id] == nil { // the core has closed it
			if err == nil {
				nc.Close()
			}
			return
		}
		delete(h.dials, id)
		if err == nil {
			err = h.up(node.Dialled, id, nc)
		}
		if err != nil {
			h.run(node.Event{Kind: node.DialFailed, Conn: id, Err: errnoOf(err)})
		}
		h.flush()
	})
}

func openConn(ctx context.Context, addr, from string) (*net.TCPConn, error) {
	d := net.Dialer{KeepAliveConfig: keepAlive, FallbackDelay: -1}
	if from != "" {
		ip, err := netip.ParseAddr(from)
		if err != nil {
			return nil, &net.ParseError{Type: "IP address", Text: from}
		}
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
	}
	// Not only "ip:port": people write "slaveof localhost 6379".
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return nc.(*net.TCPConn), nil
}

// resolve looks a host name up as the operating system does, IPv4 before IPv6: Redis's instances talk IPv4 unless told.
func (h *Host) resolve(op node.OpID, name string) {
	h.spawn(func() {
		ips, err := net.DefaultResolver.LookupNetIP(h.ctx, "ip", name)
		done := node.Event{Kind: node.Resolved, Op: op, Err: errnoOf(err)}
		for _, ip := range ips {
			if ip = ip.Unmap(); done.Local == "" || ip.Is4() {
				done.Local = ip.String()
			}
			if ip.Is4() {
				break
			}
		}
		h.deliver(done)
	})
}
