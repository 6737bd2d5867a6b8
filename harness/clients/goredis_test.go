package clients_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers/sentinel"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/clients"
	"github.com/ordeal-go/ordeal/harness/cluster"
	tested "github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/workload"
)

func TestMain(m *testing.M) { clients.Main(m) }

// failovers is a scenario in which the master is replaced, in another way and at another moment for each seed.
func failovers(t testing.TB) harness.Scenario {
	ways := []string{
		"kill m1 for 6s",                 // refuses connections, and comes back as a replica
		"pause m1 for 6s",                // accepts them, and does not answer
		"isolate m1 for 6s",              // does not even accept them
		"cut m1 | s1 s2 s3 r1 r2 for 6s", // still serves its client, who is told of the new master
		"cut m1 s1 | s2 s3 r1 r2 for 6s", // and so is a Sentinel that believes in it
		"sentinel-failover s2",           // is told to be a replica, while its clients are connected
		"kill m1 s1 for 6s",              // and the Sentinel that a client asks first is gone as well
		"latency c1 | all delay=30ms for 6s\nat 1.5s kill m1 for 5s",
	}
	base := harness.Scenario{
		Name: "failovers",
		System: tested.System{Cluster: tested.Spec{Replicas: 2, Sentinels: 3, Quorum: 2},
			Sentinel: cluster.Settings{
				{Name: "down-after-milliseconds", Value: "1000"}, {Name: "failover-timeout", Value: "5000"}}},
		Workload: workload.Spec{Clients: 1, Mix: []workload.Work{{Keys: 2}}},
		Duration: 9 * time.Second,
	}
	s := base
	s.Make = func(seed uint64) harness.Scenario {
		rng := rand.New(rand.NewPCG(seed, 0))
		schedule, err := harness.Language(tested.System{}).ParseSchedule(fmt.Sprintf("at %dms %s", 500+rng.IntN(500), ways[rng.IntN(len(ways))]))
		require.NoError(t, err)
		drawn := base
		drawn.Faults = schedule
		return drawn
	}
	return s
}

// logger keeps what go-redis logs in the history.
type logger struct{ app *clients.App }

func (l logger) Printf(_ context.Context, format string, v ...any) { l.app.Logf(format, v...) }

// works writes and reads a key with client, every 50 ms, each time with a second's patience.
func works(app *clients.App, client redis.Cmdable) {
	p, key := app.Process(""), app.Keys("")[0]
	for i := 0; app.Context().Err() == nil; i++ {
		ctx, cancel := context.WithTimeout(app.Context(), time.Second)
		value := fmt.Sprintf("v%d", i)
		err := p.Write(ctx, key, value, func(ctx context.Context) error { return client.Set(ctx, key, value, 0).Err() })
		app.Sometimes(err != nil, "a write fails", nil)
		app.Sometimes(err == nil && i > 100, "the hundredth write is acknowledged", nil)
		p.Read(ctx, key, func(ctx context.Context) (string, bool, error) {
			text, err := client.Get(ctx, key).Result()
			if errors.Is(err, redis.Nil) {
				return "", false, nil
			}
			return text, true, err
		})
		cancel()
		time.Sleep(50 * time.Millisecond)
	}
}

func failoverOptions(app *clients.App) *redis.FailoverOptions {
	return &redis.FailoverOptions{MasterName: app.MasterName(), SentinelAddrs: app.Sentinels(), Dialer: app.Dial, PoolSize: 4,
		ContextTimeoutEnabled: true}
}

func worksWithGoRedis(app *clients.App) {
	redis.SetLogger(logger{app})
	client := redis.NewFailoverClient(failoverOptions(app))
	defer client.Close()
	works(app, client)
}

// goRedis is what go-redis is held to. A pool of four may find out on each connection by itself that its master is one
// no longer.
var goRedis = clients.Promises{Within: 2 * time.Second, AfterReadOnly: 3}

// sums adds up what checkers saw.
type sums map[string]int64

func (s sums) add(r *harness.Result) {
	for _, v := range r.Verdicts {
		if v.Checker == (sentinel.Clients{}).Name() {
			for _, c := range v.Evidence {
				if strings.HasPrefix(c.Name, "max ") {
					s[c.Name] = max(s[c.Name], c.N)
				} else {
					s[c.Name] += c.N
				}
			}
		}
	}
}

func TestGoRedisFollowsAThousandFailovers(t *testing.T) {
	runs := 1000
	if testing.Short() {
		runs = 40
	}
	saw := sums{}
	clients.TestWith(t, failovers(t), clients.Options{Seeds: runs, Promises: goRedis, Each: saw.add}, worksWithGoRedis)
	t.Log(saw)
	require.GreaterOrEqual(t, saw["failovers"], int64(runs), "each seed replaces the master")
	require.Greater(t, saw["failovers judged"], int64(runs*6/10), "in the others faults lie on the client or on the new master")
}

// An operator makes another server the master, and the Sentinels find out half a minute later. Until then they name a
// server that answers READONLY.
func byHand(t *testing.T) harness.Scenario {
	s := failovers(t)
	s.Make, s.Duration = nil, 35*time.Second
	var err error
	s.Faults, err = harness.Language(tested.System{}).ParseSchedule("at 1s promote r1\nat 1s slaveof m1 r2 -> r1")
	require.NoError(t, err)
	return s
}

func TestGoRedisLeavesADemotedMasterAlone(t *testing.T) {
	saw := sums{}
	clients.TestWith(t, byHand(t), clients.Options{Seeds: 3, Promises: goRedis, Each: saw.add}, worksWithGoRedis)
	require.Positive(t, saw["READONLY answers"])
}

// The client that go-redis makes by itself listens to contexts only until it sends: a call that waits for an answer
// waits as long as its connection lets it, 3 s.
func TestGoRedisOutlivesContextsUnlessItIsToldNotTo(t *testing.T) {
	requireFound(t, failovers(t), "has not returned 100ms after its context was over", goRedis, func(app *clients.App) {
		redis.SetLogger(logger{app})
		opts := failoverOptions(app)
		opts.ContextTimeoutEnabled = false
		client := redis.NewFailoverClient(opts)
		defer client.Close()
		works(app, client)
	})
}

// staysWithTheFirst has a planted bug: it asks a Sentinel once, when it starts, and stays with the answer.
func staysWithTheFirst(app *clients.App) {
	redis.SetLogger(logger{app})
	sentinel := redis.NewSentinelClient(&redis.Options{Addr: app.Sentinels()[1], Dialer: app.Dial})
	master, err := sentinel.GetMasterAddrByName(app.Context(), app.MasterName()).Result()
	if sentinel.Close(); err != nil {
		return
	}
	client := redis.NewClient(&redis.Options{Addr: master[0] + ":" + master[1], Dialer: app.Dial, PoolSize: 4, ContextTimeoutEnabled: true})
	defer client.Close()
	works(app, client)
}

func TestAClientThatNeverAsksASentinelAgainIsFound(t *testing.T) {
	requireFound(t, failovers(t), "writes reached the new master", goRedis, staysWithTheFirst)
}

func TestAClientThatGoesOnWritingToAReplicaIsFound(t *testing.T) {
	requireFound(t, byHand(t), "on to m1, which had answered READONLY", goRedis, staysWithTheFirst)
}

// requireFound plays seeds until checker clients finds what is said, 20 at most.
func requireFound(t *testing.T, s harness.Scenario, finding string, promises clients.Promises, client func(*clients.App)) {
	t.Helper()
	found := 0
	clients.Play(t, s, clients.Options{Seeds: 20, Promises: promises, Each: func(r *harness.Result) {
		for _, v := range r.Verdicts {
			if v.Checker != (sentinel.Clients{}).Name() {
				continue
			}
			for _, f := range v.Findings {
				if strings.Contains(f.Text, finding) {
					if found++; found == 1 {
						t.Logf("seed %d: %s", r.Seed, f)
					}
				}
			}
		}
	}}, client)
	require.Positive(t, found, "20 seeds did not show: %s", finding)
}
