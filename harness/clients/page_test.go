package clients_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/clients"
	"github.com/ordeal-go/ordeal/harness/cluster"
	tested "github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/nemesis"
)

func TestMyClientFollowsAFailover(t *testing.T) {
	faults, err := nemesis.ParseSchedule("at 1s kill m1 for 8s")
	if err != nil {
		t.Fatal(err)
	}
	scenario := harness.Scenario{
		Name: "my-client",
		System: tested.System{Cluster: tested.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
			Sentinel: cluster.Settings{
				{Name: "down-after-milliseconds", Value: "1000"},
				{Name: "failover-timeout", Value: "5000"},
			}},
		Workload: workload.Spec{Clients: 2}, // c1 is the client under test, c2 is one of ordeal's own
		Faults:   faults,
		Duration: 12 * time.Second,
	}
	promises := clients.Promises{
		Within:        2 * time.Second, // after a failover, a write reaches the new master
		AfterReadOnly: 3,               // commands more to a server that answered READONLY: the rest of a pool of four
	}
	clients.TestWith(t, scenario, clients.Options{Seeds: 20, Promises: promises}, myApplication)
}

// myApplication is what an application does with the client: it sets a key every 50 ms.
func myApplication(app *clients.App) {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName:            app.MasterName(),
		SentinelAddrs:         app.Sentinels(),
		Dialer:                app.Dial,
		PoolSize:              4,
		ContextTimeoutEnabled: true,
	})
	defer client.Close()
	process, key := app.Process(""), app.Keys("")[0]
	for i := 0; app.Context().Err() == nil; i++ {
		ctx, cancel := context.WithTimeout(app.Context(), time.Second)
		value := fmt.Sprintf("c1-%d", i)
		process.Write(ctx, key, value, func(ctx context.Context) error {
			return client.Set(ctx, key, value, 0).Err()
		})
		cancel()
		time.Sleep(50 * time.Millisecond)
	}
}

// What the page for users shows is what is compiled and run here.
func TestThePageShowsWhatRuns(t *testing.T) {
	page, err := os.ReadFile("CLIENTS.md")
	require.NoError(t, err)
	code, err := os.ReadFile("page_test.go")
	require.NoError(t, err)
	more, err := os.ReadFile("goredis_test.go")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.GreaterOrEqual(t, len(blocks), 2)
	for _, b := range blocks {
		require.True(t, strings.Contains(string(code), b[1]) || strings.Contains(string(more), b[1]), "no test has this code of CLIENTS.md:\n%s", b[1])
	}
}
