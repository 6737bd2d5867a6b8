package host_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/host"
)

// BenchmarkRequests is 50 clients, as redis-benchmark has, who each send so many requests and wait for the replies.
func BenchmarkRequests(b *testing.B) {
	const set, reply = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\nxxx\r\n", "+OK\r\n"
	for _, pipeline := range []int{1, 16} {
		b.Run(fmt.Sprintf("pipeline %d", pipeline), func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			addr := l.Addr().String()
			l.Close()
			up := make(chan struct{})
			h := host.Start(&okCore{addr: addr, up: up}, host.Config{})
			defer func() { h.Stop(15); h.Wait() }()
			<-up
			b.SetParallelism(25) // for each of GOMAXPROCS
			b.RunParallel(func(pb *testing.PB) {
				nc, err := net.Dial("tcp", addr)
				if err != nil {
					b.Error(err)
					return
				}
				defer nc.Close()
				requests, replies := bytes.Repeat([]byte(set), pipeline), make([]byte, pipeline*len(reply))
				for n := 0; pb.Next(); n++ {
					if n%pipeline != 0 {
						continue
					}
					nc.Write(requests)
					if _, err := io.ReadFull(nc, replies); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// okCore answers +OK to every SET and a small bulk to every other RESP request: the least a server can do, so that
// a benchmark of it measures the host.
type okCore struct {
	addr string
	up   chan struct{} // closed when it listens
	bufs map[node.ConnID][]byte
	out  []byte
}

func (k *okCore) Step(now node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		k.bufs = map[node.ConnID][]byte{}
		out.Listen(k.addr)
	case node.Listened:
		close(k.up)
	case node.Closed:
		delete(k.bufs, ev.Conn)
	case node.StopRequested:
		out.Exit(0)
	case node.Received:
		k.received(ev, out)
	}
}

func (k *okCore) received(ev *node.Event, out *node.Effects) {
	in := ev.Bytes
	kept := k.bufs[ev.Conn]
	if len(kept) > 0 {
		kept = append(kept, in...)
		in = kept
	}
	k.out = k.out[:0]
	for {
		n, set := request(in)
		if n == 0 {
			break
		}
		in = in[n:]
		if set {
			k.out = append(k.out, "+OK\r\n"...)
		} else {
			k.out = append(k.out, "$3\r\nxxx\r\n"...)
		}
	}
	if len(in) > 0 || len(kept) > 0 {
		k.bufs[ev.Conn] = append(kept[:0], in...)
	}
	out.Send(ev.Conn, k.out)
}

// request returns the length of the first request in b, 0 if it is not complete, and whether it is a SET.
func request(b []byte) (n int, set bool) {
	line := func() (v int, ok bool) {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 1 {
			return 0, false
		}
		v, _ = strconv.Atoi(string(b[n+1 : n+i-1]))
		n += i + 1
		return v, true
	}
	count, ok := line()
	for i := 0; ok && i < count; i++ {
		var size int
		if size, ok = line(); ok {
			if ok = len(b) >= n+size+2; ok {
				set = set || i == 0 && b[n] == 'S'
				n += size + 2
			}
		}
	}
	if !ok {
		return 0, false
	}
	return n, set
}
