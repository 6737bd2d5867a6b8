package server_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// killRounds is how often processes are killed, in all; make kills does it 1,000 times.
var killRounds = flag.Int("kills", 20, "how often ordeal-node is killed while it saves, synchronizes and rewrites")

// TestKills: ordeal-node is killed with kill -9 at random moments while it makes a snapshot, receives and sends a full
// synchronization, rewrites its append only file and its configuration. The next start has a state that was, whole, and
// nothing is gone that was promised.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, work := range []struct {
		name string
		play func(k *killer, rounds int)
	}{
		{"bgsave", (*killer).bgsave}, {"full sync in", (*killer).fullSyncIn}, {"full sync out", (*killer).fullSyncOut},
		{"rewrite of the append only file", (*killer).rewriteAOF}, {"config rewrite", (*killer).rewriteConfig},
	} {
		t.Run(work.name, func(t *testing.T) {
			k := &killer{t: t, ctx: context.Background(), rng: rand.New(rand.NewPCG(6, uint64(len(work.name))))}
			work.play(k, *killRounds/5)
			t.Logf("%d kills; %v", *killRounds/5, k.ends)
		})
	}
}

type killer struct {
	t    *testing.T
	ctx  context.Context
	rng  *rand.Rand
	ends map[string]int // how often a start had what was before, and what was new
}

// ended counts what a start has found, which must be one of two states.
func (k *killer) ended(found, before, after string) {
	k.t.Helper()
	require.Contains(k.t, []string{before, after}, found, "a state that never was")
	if k.ends == nil {
		k.ends = map[string]int{}
	}
	if found == after {
		k.ends["new"]++
	} else {
		k.ends["old"]++
	}
}

// fill gives a server so much data that saving and sending it take a while.
func (k *killer) fill(p *process) {
	for from := 0; from < 30000; from += 3000 {
		_, err := p.Pipelined(k.ctx, func(pipe redis.Pipeliner) error {
			for i := range 3000 {
				pipe.Set(k.ctx, fmt.Sprint("key", from+i), fmt.Sprint(k.rng.Uint64(), strings.Repeat("v", 150), k.rng.Uint64()), 0)
			}
			return nil
		})
		require.NoError(k.t, err)
	}
}

// soon waits for a moment that is drawn.
func (k *killer) soon(most time.Duration) { time.Sleep(time.Duration(k.rng.Int64N(int64(most)))) }

// again kills a server, and starts it with what it has left.
func (k *killer) again(p *process) {
	p.kill()
	p.start()
	eventually(k.t, "the data is loaded", func() bool { return p.DBSize(k.ctx).Err() == nil })
}

// change changes some of the data, and returns its digest.
func (k *killer) change(p *process) string {
	fillAll(k.ctx, k.t, p.peer, k.rng, 50)
	return p.digest(k.ctx)
}

func (k *killer) bgsave(rounds int) {
	p := launch(k.t, "ours")
	k.fill(p)
	require.NoError(k.t, p.Save(k.ctx).Err())
	before := p.digest(k.ctx)
	for range rounds {
		after := k.change(p)
		require.NoError(k.t, p.BgSave(k.ctx).Err())
		k.change(p) // which no snapshot has
		k.soon(150 * time.Millisecond)
		k.again(p)
		k.ended(p.digest(k.ctx), before, after)
		before = p.digest(k.ctx)
	}
}

// logs waits until a server has said words once more than before do makes it.
func (k *killer) logs(p *process, words string, do func()) {
	n := strings.Count(p.log.String(), words)
	do()
	eventually(k.t, "it logs "+words, func() bool { return strings.Count(p.log.String(), words) > n })
}

func (k *killer) fullSyncIn(rounds int) {
	m, r := launch(k.t, "ours"), launch(k.t, "ours")
	k.fill(m)
	require.NoError(k.t, r.Save(k.ctx).Err())
	before := r.digest(k.ctx)
	for round := range rounds {
		require.NoError(k.t, m.ConfigSet(k.ctx, "repl-diskless-sync", []string{"no", "yes"}[round%2]).Err())
		after := k.change(m)
		k.logs(r, "Full resync from master", func() { r.follow(k.ctx, m.peer) })
		k.soon(200 * time.Millisecond)
		k.again(r)
		k.ended(r.digest(k.ctx), before, after)
		require.Equal(k.t, "master", r.field(k.ctx, "role"), "its configuration says nothing of a master")
		if round%5 == 4 {
			r.follow(k.ctx, m.peer)
			alike(k.ctx, k.t, m.peer, r.peer)
			require.NoError(k.t, r.Do(k.ctx, "SLAVEOF", "NO", "ONE").Err())
			require.NoError(k.t, r.Save(k.ctx).Err())
		}
		before = r.digest(k.ctx)
	}
}

func (k *killer) fullSyncOut(rounds int) {
	m, r := launch(k.t, "ours", "appendonly yes"), launch(k.t, "ours")
	k.fill(m)
	r.follow(k.ctx, m.peer)
	alike(k.ctx, k.t, m.peer, r.peer)
	for round := range rounds {
		require.NoError(k.t, m.ConfigSet(k.ctx, "repl-diskless-sync", []string{"no", "yes"}[round%2]).Err())
		was := k.change(m)
		k.logs(m, "Starting BGSAVE for SYNC", func() {
			require.NoError(k.t, m.Do(k.ctx, "DEBUG", "CHANGE-REPL-ID").Err())
			require.NoError(k.t, m.Do(k.ctx, "CLIENT", "KILL", "TYPE", "slave").Err())
		})
		k.soon(200 * time.Millisecond)
		k.again(m)
		require.Equal(k.t, was, m.digest(k.ctx), "acknowledged and gone")
		alike(k.ctx, k.t, m.peer, r.peer)
	}
}

func (k *killer) rewriteAOF(rounds int) {
	p := launch(k.t, "ours", "appendonly yes", "appendfsync everysec", "auto-aof-rewrite-percentage 0")
	k.fill(p)
	acknowledged := int64(0)
	for round := range rounds {
		require.NoError(k.t, p.ConfigSet(k.ctx, "aof-use-rdb-preamble", []string{"no", "yes"}[round%2]).Err())
		require.NoError(k.t, p.BgRewriteAOF(k.ctx).Err())
		stop := make(chan struct{})
		var writing sync.WaitGroup
		writing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if n, err := p.Incr(k.ctx, "count").Result(); err == nil {
					acknowledged = n
				}
			}
		})
		k.soon(250 * time.Millisecond)
		p.kill()
		close(stop)
		writing.Wait()
		k.again(p)
		found, err := p.Get(k.ctx, "count").Int64()
		require.True(k.t, err == nil || err == redis.Nil && acknowledged == 0, "%v", err)
		require.GreaterOrEqual(k.t, found, acknowledged, "acknowledged and gone")
		require.LessOrEqual(k.t, found, acknowledged+4, "from nowhere") // one may be unanswered, and its client tries again
		acknowledged = found
		require.Equal(k.t, int64(30000), p.DBSize(k.ctx).Val()-p.Exists(k.ctx, "count").Val())
	}
}

var maxClients = regexp.MustCompile(`(?m)^maxclients (\d+)$`)

func (k *killer) rewriteConfig(rounds int) {
	p := launch(k.t, "ours", "# clients at most", "maxclients 1000", "# the end")
	path := filepath.Join(p.dir, "redis.conf")
	written := 1000
	for range rounds {
		asked, over := written, make(chan struct{})
		acknowledged := written
		go func() {
			defer close(over)
			for {
				if p.ConfigSet(k.ctx, "maxclients", strconv.Itoa(asked+1)).Err() != nil {
					return
				}
				asked++
				if p.ConfigRewrite(k.ctx).Err() != nil {
					return
				}
				acknowledged = asked
			}
		}()
		k.soon(60 * time.Millisecond)
		p.kill()
		<-over
		text, err := os.ReadFile(path)
		require.NoError(k.t, err)
		m := maxClients.FindSubmatch(text)
		require.NotNil(k.t, m, "%s", text)
		found, err := strconv.Atoi(string(m[1]))
		require.NoError(k.t, err)
		require.True(k.t, found >= acknowledged && found <= asked, "%d is in the file, %d was acknowledged, %d asked for", found, acknowledged, asked)
		lines := strings.Split(string(text), "\n")
		require.True(k.t, slices.Contains(lines, "# clients at most") && slices.Contains(lines, "# the end"), "%s", text)
		p.start()
		require.Equal(k.t, strconv.Itoa(found), p.ConfigGet(k.ctx, "maxclients").Val()["maxclients"])
		written = found
	}
}
