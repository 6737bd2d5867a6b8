package host_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

func echo(ev *node.Event, out *node.Effects) {
	if ev.Kind == node.Received {
		out.Send(ev.Conn, ev.Bytes)
	}
}

func TestEveryByteComesBackInOrderOnManyConnections(t *testing.T) {
	l := start(t, echo)
	addr := l.listen("127.0.0.1")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			nc := call(t, addr)
			want := make([]byte, 1<<20)
			for i := 0; i < len(want); i += 8 {
				binary.LittleEndian.PutUint64(want[i:], uint64(i))
			}
			go nc.Write(want)
			got := make([]byte, len(want))
			_, err := io.ReadFull(nc, got)
			if err != nil || !bytes.Equal(want, got) {
				t.Errorf("the echo differs (%v)", err)
			}
		})
	}
	wg.Wait()
}

func TestAcceptedConnectionsHaveEvenNumbersAndAddresses(t *testing.T) {
	l := start(t, nil)
	addr := l.listen("127.0.0.1")
	for i := range 3 {
		nc := call(t, addr)
		ev := l.expect(node.Accepted)
		require.Equal(t, node.ConnID(2*(i+1)), ev.Conn)
		require.Equal(t, addr, ev.Local)
		require.Equal(t, nc.LocalAddr().String(), ev.Remote)
	}
}

func TestDialledConnectionsHaveOddNumbersAndComeFromTheGivenAddress(t *testing.T) {
	server, client := start(t, nil), start(t, nil)
	addr := server.listen("127.0.0.1")
	for i, from := range []string{"", "127.0.0.7", "127.23.10.5"} {
		client.do(func(out *node.Effects) { out.Dial(addr, from) })
		up := client.expect(node.Dialled)
		require.Equal(t, node.ConnID(2*i+1), up.Conn)
		require.Equal(t, addr, up.Remote)
		in := server.expect(node.Accepted)
		require.Equal(t, up.Local, in.Remote)
		if from != "" {
			require.True(t, strings.HasPrefix(in.Remote, from+":"), in.Remote)
		}
		client.do(func(out *node.Effects) { out.Send(up.Conn, []byte("hello")) })
		server.hear(in.Conn, "hello")
	}
}

func TestDialFailuresHaveTheSystemsWords(t *testing.T) {
	l := start(t, nil)
	for _, c := range []struct {
		addr, from string
		err        node.Errno
	}{
		{net.JoinHostPort("127.0.0.1", "1"), "", node.ErrRefused},
		{"127.0.0.1:1", "192.0.2.1", "Cannot assign requested address"},
		{"nonsense", "", node.ErrBadAddress},
		{"127.0.0.1:99999", "", node.ErrBadAddress},
		{"127.0.0.1:1", "nonsense", node.ErrBadAddress},
	} {
		l.do(func(out *node.Effects) { out.Dial(c.addr, c.from) })
		require.Equal(t, c.err, l.expect(node.DialFailed).Err, "%+v", c)
	}
}

func TestNoEventOfAConnectionClosedWhileItWasDialled(t *testing.T) {
	l := start(t, nil)
	peer := start(t, nil)
	addr := peer.listen("127.0.0.1")
	for range 50 {
		l.do(func(out *node.Effects) { out.Close(out.Dial(addr, "")) })
	}
	l.do(func(out *node.Effects) { out.Dial(addr, "") })
	ev := l.expect(node.Dialled)
	require.Equal(t, node.ConnID(101), ev.Conn)
}

func TestAPeersCloseIsToldOnceAndEndsTheConnection(t *testing.T) {
	l := start(t, echo)
	addr := l.listen("127.0.0.1")
	nc := call(t, addr)
	id := l.expect(node.Accepted).Conn
	_, err := nc.Write([]byte("last words"))
	require.NoError(t, err)
	require.NoError(t, nc.CloseWrite())
	l.hear(id, "last words")
	ev := l.expect(node.Closed)
	require.Equal(t, id, ev.Conn)
	require.Equal(t, node.ErrNone, ev.Err)
	all, err := io.ReadAll(nc)
	require.NoError(t, err)
	require.Equal(t, "last words", string(all))
	l.do(func(out *node.Effects) { out.Send(id, []byte("into the void")); out.Close(id) })
	l.do(func(out *node.Effects) { out.Listen("nonsense") })
	require.Equal(t, node.ErrBadAddress, l.expect(node.Listened).Err) // and no second Closed before it
}

func TestAPeersResetIsAnError(t *testing.T) {
	l := start(t, nil)
	nc := call(t, l.listen("127.0.0.1"))
	id := l.expect(node.Accepted).Conn
	require.NoError(t, nc.SetLinger(0))
	require.NoError(t, nc.Close())
	ev := l.expect(node.Closed)
	require.Equal(t, id, ev.Conn)
	require.Equal(t, node.ErrReset, ev.Err)
}

func TestCloseAfterFlushSendsEverythingFirst(t *testing.T) {
	const size = 16 << 20 // more than the kernel takes from a peer that does not read
	l := start(t, func(ev *node.Event, out *node.Effects) {
		if ev.Kind == node.Received {
			out.Send(ev.Conn, bytes.Repeat([]byte("x"), size))
			out.CloseAfterFlush(ev.Conn)
		}
	})
	nc := call(t, l.listen("127.0.0.1"))
	_, err := nc.Write([]byte("go"))
	require.NoError(t, err)
	l.expect(node.Accepted)
	l.hear(2, "go")
	// The connection is gone for the core, whatever the peer goes on to say.
	_, err = nc.Write([]byte("more"))
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, nc)
	require.NoError(t, err)
	require.Equal(t, int64(size), n)
	require.Empty(t, l.events)
	require.Empty(t, l.bytes)
}

func TestCloseDropsWhatThePeerDoesNotRead(t *testing.T) {
	const size = 32 << 20
	l := start(t, nil)
	nc := call(t, l.listen("127.0.0.1"))
	id := l.expect(node.Accepted).Conn
	l.do(func(out *node.Effects) {
		out.Send(id, make([]byte, size))
		out.Close(id)
	})
	n, _ := io.Copy(io.Discard, nc)
	require.Less(t, n, int64(size))
}

func TestAStoppedReaderHoldsUpNobodyAndHearsEverythingLater(t *testing.T) {
	const pieces, size = 32, 1 << 20
	l := start(t, echo)
	addr := l.listen("127.0.0.1")
	stopped := call(t, addr)
	id := l.expect(node.Accepted).Conn
	piece := make([]byte, size)
	for i := range pieces {
		l.do(func(out *node.Effects) {
			piece[0], piece[size-1] = byte(i), byte(i)
			out.SendTell(id, piece)
		})
	}
	// Others are served while tens of megabytes wait for the one that does not read.
	other := call(t, addr)
	l.waitFor(func(ev node.Event) bool { return ev.Kind == node.Accepted })
	_, err := other.Write([]byte("ping"))
	require.NoError(t, err)
	answer := make([]byte, 4)
	_, err = io.ReadFull(other, answer)
	require.NoError(t, err)
	require.Equal(t, "ping", string(answer))

	got := make([]byte, size)
	for i := range pieces {
		_, err := io.ReadFull(stopped, got)
		require.NoError(t, err)
		require.Equal(t, byte(i), got[0])
		require.Equal(t, byte(i), got[size-1])
	}
	last := l.waitFor(func(ev node.Event) bool { return ev.Kind == node.Sent && ev.N == pieces*size })
	require.Equal(t, id, last.Conn)
}

func TestPiecesOfAllSizesReachASlowReaderInOrder(t *testing.T) {
	l := start(t, nil)
	nc := call(t, l.listen("127.0.0.1"))
	id := l.expect(node.Accepted).Conn
	var want []byte
	sizes := []int{1, 100, 3 << 20, 0, 7, 70_000, 60_000, 60_000, 5 << 20, 1, 65_536, 65_537}
	for round := range 4 {
		l.do(func(out *node.Effects) {
			for i, size := range sizes {
				piece := bytes.Repeat([]byte{byte(len(sizes)*round + i)}, size)
				want = append(want, piece...)
				out.SendTell(id, piece)
			}
		})
	}
	l.do(func(out *node.Effects) { out.CloseAfterFlush(id) })
	var got []byte
	for buf := make([]byte, 50_000); ; {
		n, err := nc.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
	}
	require.Equal(t, len(want), len(got))
	require.True(t, bytes.Equal(want, got))
}

func TestSentTellsEachAmountOnceAndInOrder(t *testing.T) {
	l := start(t, nil)
	nc := call(t, l.listen("127.0.0.1"))
	id := l.expect(node.Accepted).Conn
	l.do(func(out *node.Effects) {
		out.SendTell(id, []byte("abc"))
		out.Send(id, []byte("de"))
		out.SendTell(id, []byte("f"))
		out.SendTell(id, nil)
	})
	for _, n := range []int64{3, 6, 6} {
		ev := l.expect(node.Sent)
		require.Equal(t, n, ev.N)
		require.Equal(t, id, ev.Conn)
	}
	got := make([]byte, 6)
	_, err := io.ReadFull(nc, got)
	require.NoError(t, err)
	require.Equal(t, "abcdef", string(got))
}

func TestAStoppedReaderThatDiesIsTold(t *testing.T) {
	l := start(t, nil)
	nc := call(t, l.listen("127.0.0.1"))
	id := l.expect(node.Accepted).Conn
	l.do(func(out *node.Effects) { out.SendTell(id, make([]byte, 16<<20)) })
	_, err := nc.Read(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, nc.Close()) // with bytes unread: the kernel resets the connection
	ev := l.expect(node.Closed)
	require.Equal(t, id, ev.Conn)
	require.Equal(t, node.ErrReset, ev.Err)
}

func TestManySmallSendsToAnotherConnectionArriveInOrder(t *testing.T) {
	replica := node.ConnID(0)
	count := uint64(0)
	l := start(t, func(ev *node.Event, out *node.Effects) {
		switch {
		case ev.Kind == node.Accepted && replica == 0:
			replica = ev.Conn
		case ev.Kind == node.Received:
			for range len(ev.Bytes) {
				out.Send(replica, binary.LittleEndian.AppendUint64(nil, count))
				count++
			}
			out.Send(ev.Conn, ev.Bytes)
		}
	})
	addr := l.listen("127.0.0.1")
	r := call(t, addr)
	l.expect(node.Accepted)
	const clients, each = 8, 500
	for range clients {
		nc := call(t, addr)
		go func() {
			one := []byte{1}
			for range each {
				nc.Write(one)
				io.ReadFull(nc, one)
			}
		}()
	}
	got := make([]byte, 8)
	for i := range uint64(clients * each) {
		_, err := io.ReadFull(r, got)
		require.NoError(t, err)
		require.Equal(t, i, binary.LittleEndian.Uint64(got))
	}
}

// waitFor skips events until one is as wanted.
func (l *life) waitFor(wanted func(node.Event) bool) node.Event {
	l.t.Helper()
	for {
		select {
		case ev := <-l.events:
			if wanted(ev) {
				return ev
			}
		case <-after():
			require.FailNow(l.t, "did not happen")
		}
	}
}
