package libraries

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/require"
)

// asynq keeps its jobs in lists, sorted sets and hashes, and moves them by scripts of dozens of lines.
func TestAsynq(t *testing.T) {
	onEach(t, func(t *testing.T, addr string) {
		at := asynq.RedisClientOpt{Addr: addr}
		client := asynq.NewClient(at)
		defer client.Close()
		var done, failed atomic.Int64
		server := asynq.NewServer(at, asynq.Config{Concurrency: 4, LogLevel: asynq.FatalLevel, Queues: map[string]int{"default": 1, "low": 1},
			DelayedTaskCheckInterval: 50 * time.Millisecond, TaskCheckInterval: 10 * time.Millisecond,
			RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 10 * time.Millisecond }})
		mux := asynq.NewServeMux()
		mux.HandleFunc("count", func(_ context.Context, task *asynq.Task) error {
			var n int64
			if err := json.Unmarshal(task.Payload(), &n); err != nil {
				return err
			}
			done.Add(n)
			return nil
		})
		mux.HandleFunc("fails twice", func(context.Context, *asynq.Task) error {
			if failed.Add(1) <= 2 {
				return errors.New("not yet")
			}
			return nil
		})
		for n := range 50 {
			payload, err := json.Marshal(n)
			require.NoError(t, err)
			options := []asynq.Option{asynq.Queue([]string{"default", "low"}[n%2])}
			if n%5 == 0 {
				options = append(options, asynq.ProcessIn(100*time.Millisecond))
			}
			_, err = client.Enqueue(asynq.NewTask("count", payload), options...)
			require.NoError(t, err)
		}
		_, err := client.Enqueue(asynq.NewTask("fails twice", nil), asynq.MaxRetry(3), asynq.Retention(time.Hour))
		require.NoError(t, err)
		once := asynq.NewTask("count", []byte("1000"), asynq.Unique(time.Hour))
		_, err = client.Enqueue(once, asynq.ProcessIn(time.Hour))
		require.NoError(t, err)
		_, err = client.Enqueue(once)
		require.ErrorIs(t, err, asynq.ErrDuplicateTask)
		require.NoError(t, server.Start(mux))
		defer server.Shutdown()
		require.Eventually(t, func() bool { return done.Load() == 49*50/2 && failed.Load() == 3 }, 30*time.Second, 20*time.Millisecond)
		inspector := asynq.NewInspector(at)
		defer inspector.Close()
		require.Eventually(t, func() bool {
			info, err := inspector.GetQueueInfo("default")
			return err == nil && info.Pending == 0 && info.Active == 0 && info.Scheduled == 1 && info.Completed == 1
		}, 20*time.Second, 20*time.Millisecond)
		jobs, err := inspector.ListScheduledTasks("default")
		require.NoError(t, err)
		require.Len(t, jobs, 1)
		require.NoError(t, inspector.RunTask("default", jobs[0].ID))
		require.Eventually(t, func() bool { return done.Load() == 49*50/2+1000 }, 30*time.Second, 20*time.Millisecond)
	})
}
