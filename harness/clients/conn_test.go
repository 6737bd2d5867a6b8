package clients_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/clients"
	tested "github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

// alone is a scenario with one server, one client and the faults.
func alone(t *testing.T, faults string) harness.Scenario {
	schedule, err := nemesis.ParseSchedule(faults)
	require.NoError(t, err)
	return harness.Scenario{Name: "alone", System: tested.System{Cluster: tested.Spec{}}, Workload: workload.Spec{Clients: 1}, Duration: 30 * time.Second,
		Settle: 5 * time.Second, Faults: schedule}
}

// play plays one seed of the scenario and requires that the client came to its end.
func play(t *testing.T, s harness.Scenario, client func(*clients.App)) (res *harness.Result) {
	t.Helper()
	ended := false
	clients.Play(t, s, clients.Options{Seeds: 1, Each: func(r *harness.Result) { res = r }}, func(app *clients.App) {
		client(app)
		ended = true
	})
	require.True(t, ended)
	return res
}

func dial(t *testing.T, app *clients.App, addr string) net.Conn {
	c, err := app.Dial(app.Context(), "tcp", addr)
	require.NoError(t, err)
	return c
}

func TestAConnectionAsksAndIsAnswered(t *testing.T) {
	play(t, alone(t, ""), func(app *clients.App) {
		c := dial(t, app, "m1:6379")
		defer c.Close()
		require.Equal(t, app.Servers()[0], c.RemoteAddr().String())
		began := time.Now()
		fmt.Fprint(c, "PING\r\n")
		line, err := bufio.NewReader(c).ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "+PONG\r\n", line)
		require.Greater(t, time.Since(began), 100*time.Microsecond, "the network takes its time")
		require.Less(t, time.Since(began), 10*time.Millisecond)

		// Much more than a socket takes at once, cut by the network anywhere.
		value := strings.Repeat("0123456789abcdef", 1<<16)
		go fmt.Fprintf(c, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n%s\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", len(value), value)
		answer, whole := bufio.NewReader(c), fmt.Sprintf("+OK\r\n$%d\r\n%s\r\n", len(value), value)
		read := make([]byte, len(whole))
		_, err = io.ReadFull(answer, read)
		require.NoError(t, err)
		require.True(t, string(read) == whole)

		fmt.Fprint(c, "QUIT\r\n")
		rest, err := io.ReadAll(answer)
		require.NoError(t, err, "the server closes in order")
		require.Equal(t, "+OK\r\n", string(rest))
		_, err = c.Write([]byte("PING\r\n"))
		require.ErrorIs(t, err, syscall.EPIPE)
	})
}

func TestDeadlinesPassAtTheirMoment(t *testing.T) {
	play(t, alone(t, ""), func(app *clients.App) {
		c := dial(t, app, "m1:6379")
		b := make([]byte, 10)
		for range 3 {
			began := time.Now()
			require.NoError(t, c.SetReadDeadline(began.Add(250*time.Millisecond)))
			_, err := c.Read(b)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			var timeout net.Error
			require.True(t, errors.As(err, &timeout) && timeout.Timeout())
			require.Equal(t, 250*time.Millisecond, time.Since(began))
		}
		require.NoError(t, c.SetDeadline(time.Now().Add(-time.Second)))
		_, err := c.Write(b)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, c.SetDeadline(time.Time{}))
		fmt.Fprint(c, "PING\r\n")
		n, err := c.Read(b)
		require.NoError(t, err, "a deadline that was taken back is none: %q", b[:n])

		// A deadline that is moved while somebody reads counts from then on.
		began := time.Now()
		time.AfterFunc(time.Second, func() { c.SetReadDeadline(time.Now().Add(time.Second)) })
		_, err = io.ReadFull(c, make([]byte, 1000))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 2*time.Second, time.Since(began))

		time.AfterFunc(time.Second, func() { c.Close() })
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		_, err = c.Read(b)
		require.ErrorIs(t, err, net.ErrClosed)
		require.ErrorIs(t, c.Close(), net.ErrClosed)
		_, err = c.Write(b)
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestDialsFailAsTheyDoInANetwork(t *testing.T) {
	play(t, alone(t, "at 5s blackhole c1 -> m1 for 5s\nat 15s refuse c1 -> m1 for 1s"), func(app *clients.App) {
		ctx := app.Context()
		_, err := app.Dial(ctx, "tcp", "m1:6380")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		_, err = app.Dial(ctx, "tcp", "10.9.9.9:6379")
		require.ErrorIs(t, err, syscall.EHOSTUNREACH)
		_, err = app.Dial(ctx, "tcp", "nobody:6379")
		var dns *net.DNSError
		require.ErrorAs(t, err, &dns)
		_, err = app.Dial(ctx, "udp", "m1:6379")
		require.ErrorContains(t, err, "dial tcp")
		over, cancel := context.WithCancel(ctx)
		cancel()
		_, err = app.Dial(over, "tcp", "m1:6379")
		require.ErrorIs(t, err, context.Canceled)

		time.Sleep(6 * time.Second)
		began := time.Now()
		short, cancel := context.WithTimeout(ctx, 700*time.Millisecond)
		defer cancel()
		_, err = app.Dial(short, "tcp", "m1:6379")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var timeout net.Error
		require.True(t, errors.As(err, &timeout) && timeout.Timeout())
		require.Equal(t, 700*time.Millisecond, time.Since(began))
		c := dial(t, app, "m1:6379") // asks again until somebody answers
		require.Greater(t, time.Since(began), 3*time.Second)
		c.Close()

		time.Sleep(time.Until(began.Add(9500 * time.Millisecond)))
		_, err = app.Dial(ctx, "tcp", "m1:6379")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestAConnectionToAMachineThatDiesEnds(t *testing.T) {
	play(t, alone(t, "at 1s kill m1 for 1s\nat 5s drop c1 | m1 for 1s"), func(app *clients.App) {
		c := dial(t, app, "m1:6379")
		_, err := c.Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
		time.Sleep(2 * time.Second)
		c = dial(t, app, "m1:6379")
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		_, err = c.Write([]byte("PING\r\n"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

// counts is a client of its own, without any library: it increments a counter over one connection.
func counts(app *clients.App) {
	p, key := app.Process("counts"), app.Keys("")[0]
	var c net.Conn
	var replies *bufio.Reader
	for ; app.Context().Err() == nil; time.Sleep(20 * time.Millisecond) {
		if c == nil {
			var err error
			if c, err = app.Dial(app.Context(), "tcp", app.Servers()[0]); err != nil {
				c = nil
				continue
			}
			replies = bufio.NewReader(c)
		}
		ctx, cancel := context.WithTimeout(app.Context(), time.Second)
		_, err := p.Do(ctx, clients.Operation{Func: "add", Key: key, Arg: 1}, func(ctx context.Context) (any, error) {
			deadline, _ := ctx.Deadline()
			c.SetDeadline(deadline)
			fmt.Fprintf(c, "INCR %s\r\n", key)
			line, err := replies.ReadString('\n')
			if err != nil {
				return nil, err
			}
			if line[0] != ':' {
				return nil, clients.NotDone(errors.New(strings.TrimSpace(line)))
			}
			var n int
			fmt.Sscanf(line, ":%d", &n)
			return n, nil
		})
		cancel()
		if err != nil {
			c.Close()
			c = nil
		}
	}
}

// Operations of a client are judged by the model of its workload, with the last reads of the observer.
func TestOperationsOfAClientAreJudged(t *testing.T) {
	s := alone(t, "at 2s pause m1 for 3s\nat 8s drop c1 | m1 for 1s")
	s.Workload.Mix = []workload.Work{{Kind: "counter", Keys: 1}}
	res := play(t, s, counts)
	for _, v := range res.Verdicts {
		if v.Checker == "linearizable" {
			require.Equal(t, checkers.Valid, v.Result, "%s", v)
			require.Greater(t, v.Saw("writes"), int64(500), "%s", v)
		}
	}
	final := res.History.Ops[len(res.History.Ops)-1]
	require.True(t, final.Final, "%+v", final)
}

// A client of one goroutine, which draws nothing, does the same in every run of a seed.
func TestASeedIsTheSameRunForAClientOfOneGoroutine(t *testing.T) {
	s := alone(t, "at 2s pause m1 for 3s\nat 8s drop c1 | m1 for 1s")
	s.Workload.Mix = []workload.Work{{Kind: "counter", Keys: 1}}
	trace := play(t, s, counts).Trace
	for range 10 {
		require.Equal(t, trace, play(t, s, counts).Trace)
	}
}
