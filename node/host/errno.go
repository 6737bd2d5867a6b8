package host

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"

	"github.com/ordeal-go/ordeal/node"
)

// errnoOf gives err the text that C's strerror has for it: Go's own table is the C library's with a small first
// letter.
func errnoOf(err error) node.Errno {
	var errno syscall.Errno
	var timeout interface{ Timeout() bool }
	var parse *net.ParseError
	var dns *net.DNSError
	var addr *net.AddrError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return node.ErrNone
	case errors.As(err, &errno):
		return node.Errno(capitalised(errno.Error()))
	case errors.As(err, &parse), errors.As(err, &dns), errors.As(err, &addr):
		return node.ErrBadAddress
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return node.ErrTimedOut
	case errors.Is(err, fs.ErrNotExist):
		return node.ErrNotFound
	case errors.Is(err, fs.ErrPermission):
		return node.ErrPermission
	case errors.Is(err, os.ErrClosed), errors.Is(err, net.ErrClosed):
		return "Bad file descriptor"
	default:
		return node.ErrIO
	}
}

func capitalised(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
