package clients_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness/clients"
)

// master asks one Sentinel after another who the master is. redigo knows nothing of Sentinels: its users write this.
func master(ctx context.Context, app *clients.App) (string, error) {
	var failed error
	for _, addr := range app.Sentinels() {
		c, err := connect(ctx, app, addr)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		words, err := redis.Strings(redis.DoContext(c, ctx, "SENTINEL", "get-master-addr-by-name", app.MasterName()))
		c.Close()
		if err == nil && len(words) == 2 {
			return net.JoinHostPort(words[0], words[1]), nil
		}
		failed = errors.Join(failed, err)
	}
	return "", fmt.Errorf("no Sentinel names a master: %w", failed)
}

func connect(ctx context.Context, app *clients.App, addr string) (redis.Conn, error) {
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	return redis.DialContext(short, "tcp", addr, redis.DialContextFunc(app.Dial),
		redis.DialReadTimeout(300*time.Millisecond), redis.DialWriteTimeout(300*time.Millisecond))
}

// worksWithRedigo writes over a pool that asks the Sentinels for each new connection, and gives up a connection whose
// server is no master when it is borrowed, or that is older than lifetime.
func worksWithRedigo(app *clients.App, lifetime time.Duration) {
	pool := &redis.Pool{
		MaxIdle: 2, MaxActive: 4, MaxConnLifetime: lifetime,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			addr, err := master(ctx, app)
			if err != nil {
				return nil, err
			}
			return connect(ctx, app, addr)
		},
		TestOnBorrowContext: func(ctx context.Context, c redis.Conn, idle time.Time) error {
			role, err := redis.Values(redis.DoContext(c, ctx, "ROLE"))
			if err != nil {
				return err
			}
			if name, _ := redis.String(role[0], nil); name != "master" {
				return fmt.Errorf("it is a %s", name)
			}
			return nil
		},
	}
	defer pool.Close()
	p, key := app.Process(""), app.Keys("")[0]
	for i := 0; app.Context().Err() == nil; i++ {
		ctx, cancel := context.WithTimeout(app.Context(), time.Second)
		value := fmt.Sprintf("v%d", i)
		p.Write(ctx, key, value, func(ctx context.Context) error {
			c, err := pool.GetContext(ctx)
			if err != nil {
				return clients.NotDone(err) // nothing was sent
			}
			defer c.Close()
			_, err = redis.DoContext(c, ctx, "SET", key, value)
			return err
		})
		cancel()
		time.Sleep(50 * time.Millisecond)
	}
}

func TestRedigoWithConnectionsThatGrowOldFollowsFailovers(t *testing.T) {
	saw := sums{}
	clients.TestWith(t, failovers(t), clients.Options{Seeds: 40, Promises: goRedis, Each: saw.add}, func(app *clients.App) {
		worksWithRedigo(app, time.Second)
	})
	require.Greater(t, saw["failovers judged"], int64(20))
}

// A master that is cut off from the Sentinels goes on calling itself master, and serves whoever has a connection. Who asks
// the Sentinels for new connections only, never hears of the other.
func TestRedigoWithConnectionsForEverStaysWithAMasterThatIsCutOff(t *testing.T) {
	requireFound(t, failovers(t), "the last of them: ok, by m1", goRedis, func(app *clients.App) { worksWithRedigo(app, 0) })
}
