package libraries

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redsync/redsync/v4"
	redsyncgoredis "github.com/go-redsync/redsync/v4/redis/goredis/v9"
	redsyncredigo "github.com/go-redsync/redsync/v4/redis/redigo"
	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// redislock takes, prolongs and gives back a lock by scripts.
func TestBSMRedislock(t *testing.T) {
	onEach(t, func(t *testing.T, addr string) {
		ctx := t.Context()
		client := goredis.NewClient(&goredis.Options{Addr: addr})
		defer client.Close()
		locker := redislock.New(client)
		lock, err := locker.Obtain(ctx, "lock", time.Minute, &redislock.Options{Metadata: "mine"})
		require.NoError(t, err)
		require.Equal(t, "mine", lock.Metadata())
		_, err = locker.Obtain(ctx, "lock", time.Minute, nil)
		require.ErrorIs(t, err, redislock.ErrNotObtained)
		ttl, err := lock.TTL(ctx)
		require.NoError(t, err)
		require.InDelta(t, time.Minute, ttl, float64(10*time.Second))
		require.NoError(t, lock.Refresh(ctx, time.Hour, nil))
		ttl, err = lock.TTL(ctx)
		require.NoError(t, err)
		require.Greater(t, ttl, 50*time.Minute)
		require.NoError(t, lock.Release(ctx))
		require.ErrorIs(t, lock.Release(ctx), redislock.ErrLockNotHeld)
		short, err := locker.Obtain(ctx, "lock", 20*time.Millisecond, nil)
		require.NoError(t, err)
		waited, err := locker.Obtain(ctx, "lock", time.Minute, &redislock.Options{RetryStrategy: redislock.LinearBackoff(5 * time.Millisecond)})
		require.NoError(t, err)
		require.ErrorIs(t, short.Refresh(ctx, time.Minute, nil), redislock.ErrNotObtained)
		require.NoError(t, waited.Release(ctx))
	})
}

// Redsync locks three servers, and a majority of them is enough.
func TestRedsync(t *testing.T) {
	onEach(t, func(t *testing.T, addr string) {
		client := goredis.NewClient(&goredis.Options{Addr: addr})
		defer client.Close()
		pool := &redis.Pool{DialContext: func(ctx context.Context) (redis.Conn, error) { return redis.DialContext(ctx, "tcp", addr) }}
		defer pool.Close()
		for name, rs := range map[string]*redsync.Redsync{
			"go-redis": redsync.New(redsyncgoredis.NewPool(client)),
			"redigo":   redsync.New(redsyncredigo.NewPool(pool)),
		} {
			t.Run(name, func(t *testing.T) {
				counter, held := 0, 0
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() {
						lock := rs.NewMutex(name, redsync.WithTries(500), redsync.WithRetryDelay(2*time.Millisecond), redsync.WithExpiry(time.Minute))
						for range 5 {
							if err := lock.Lock(); err != nil {
								t.Error(err)
								return
							}
							if held++; held != 1 {
								t.Error("two have it")
							}
							counter++
							held--
							if ok, err := lock.Extend(); !ok || err != nil {
								t.Error("not extended", err)
							}
							if ok, err := lock.Unlock(); !ok || err != nil {
								t.Error("not given back", err)
							}
						}
					})
				}
				wg.Wait()
				require.Equal(t, 40, counter)
			})
		}
	})
}
