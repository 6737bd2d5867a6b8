package libraries

import (
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// The limiter counts in a script that asks for the time, after redis.replicate_commands.
func TestRedisRate(t *testing.T) {
	onEach(t, func(t *testing.T, addr string) {
		ctx := t.Context()
		client := redis.NewClient(&redis.Options{Addr: addr})
		defer client.Close()
		limiter := redis_rate.NewLimiter(client)
		limit := redis_rate.PerHour(10)
		for i := range 10 {
			r, err := limiter.Allow(ctx, "user", limit)
			require.NoError(t, err)
			require.Equal(t, 1, r.Allowed)
			require.Equal(t, 9-i, r.Remaining)
			require.Equal(t, time.Duration(-1), r.RetryAfter)
		}
		r, err := limiter.Allow(ctx, "user", limit)
		require.NoError(t, err)
		require.Zero(t, r.Allowed)
		require.InDelta(t, 6*time.Minute, r.RetryAfter, float64(20*time.Second))
		require.InDelta(t, time.Hour, r.ResetAfter, float64(20*time.Second))
		r, err = limiter.AllowAtMost(ctx, "other", limit, 14)
		require.NoError(t, err)
		require.Equal(t, 10, r.Allowed)
		require.NoError(t, limiter.Reset(ctx, "user"))
		r, err = limiter.AllowN(ctx, "user", limit, 4)
		require.NoError(t, err)
		require.Equal(t, 4, r.Allowed)
		require.Equal(t, 6, r.Remaining)
	})
}
