package clients

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/harnesstest/flags"
	"github.com/ordeal-go/ordeal/node"
)

// Options say how a client is tested. The zero value plays 10 seeds and holds the client to no more than Promises'
// zero value does.
type Options struct {
	Seeds    int // 0: 10
	Promises Promises
	// Run says how each seed is played. Its Instead and Replay are set by this package.
	Run harness.Options
	// Each is called with the result of each seed; nil: not.
	Each func(*harness.Result)
}

// Test plays the scenario in t with 10 seeds, with the client's function in the place of c1, and fails t
// for each seed whose run breaks a property. The flags -ordeal.seed, -ordeal.seeds and -ordeal.out of package harnesstest
// change what it plays; a failure prints the command that plays that one seed again.
func Test(t *testing.T, s harness.Scenario, client func(*App)) {
	t.Helper()
	TestWith(t, s, Options{}, client)
}

// TestWith is Test with options. Tests of clients in bubbles take turns, also where t is parallel.
func TestWith(t *testing.T, s harness.Scenario, opts Options, client func(*App)) {
	t.Helper()
	each := opts.Each
	var asserted []checkers.Assertion
	played := 0
	opts.Each = func(res *harness.Result) {
		t.Helper()
		played++
		asserted = checkers.MergeAssertions(asserted, checkers.AssertionsOf(res.History))
		if each != nil {
			each(res)
		}
		switch res.Result() {
		case checkers.Invalid:
			t.Errorf("%s", res)
		case checkers.Unknown:
			t.Logf("%s", res)
		}
	}
	Play(t, s, opts, client)
	for _, a := range asserted {
		if a.Open() && played > 1 { // one seed is played to look at it
			t.Errorf("%v was not met in any of %d runs: play more seeds, or see what keeps it from happening", a, played)
		}
	}
}

// Play plays the seeds that TestWith plays and leaves what to make of the results to opts.Each. It fails t only where
// there is no run to judge.
func Play(t *testing.T, s harness.Scenario, opts Options, client func(*App)) {
	t.Helper()
	first, last := flags.Seeds(cmp.Or(opts.Seeds, 10))
	opts.Run.World = flags.World(opts.Run.World)
	again := strings.Replace(flags.Command(t.Name(), 0), "-ordeal.seed=0", "-ordeal.seed={seed}", 1) // here: in a bubble, the stack is another
	inBubble(t, func(t *testing.T, beats *atomic.Uint64, sow func(uint64)) {
		for seed := first; seed <= last; seed++ {
			sow(seed)
			o := opts
			o.Run.Seed = seed
			o.Run.Replay = strings.Replace(again, "{seed}", fmt.Sprint(seed), 1)
			if out := flags.Out(); out != "" {
				o.Run.Out = filepath.Join(out, fmt.Sprintf("%s-%d", s.Name, seed))
			}
			res, err := play(t.Context(), s, o, client, beats)
			if err != nil {
				t.Fatalf("%s, seed %d: %v", s.Name, seed, err)
			}
			if opts.Each != nil {
				opts.Each(res)
			}
		}
	})
}

// turn makes bubbles take turns. Libraries keep timers and channels in pools of the process, and one of those that came
// out of a bubble must not get into another.
var turn sync.Mutex

// inBubble calls play in a bubble.
func inBubble(t *testing.T, play func(*testing.T, *atomic.Uint64, func(uint64))) {
	t.Helper()
	turn.Lock()
	defer turn.Unlock()
	beats := &atomic.Uint64{}
	seed, undo := chance()
	defer undo()
	defer watch(beats)()
	defer emptyPools()
	emptyPools()
	synctest.Test(t, func(t *testing.T) { play(t, beats, seed) })
}

// emptyPools empties every sync.Pool of the process: what is in one after a collection is gone after the next.
func emptyPools() {
	runtime.GC()
	runtime.GC()
}

// play plays one seed, in the bubble.
func play(ctx context.Context, s harness.Scenario, opts Options, client func(*App), beats *atomic.Uint64) (*harness.Result, error) {
	if opts.Run.World != "" && opts.Run.World != harness.WorldSim {
		return nil, fmt.Errorf("a client in a bubble plays in the simulation, not in the %s world", opts.Run.World)
	}
	plan := s.Drawn(opts.Run.Seed)
	app := &App{client: client, promises: opts.Promises.withDefaults(), workload: plan.Workload, duration: plan.Duration, bubble: newBubble(beats),
		addresses: map[string]string{}, names: map[string]string{}, demoted: map[string]bool{}, done: make(chan struct{}), processes: map[string]bool{}}
	app.ctx, app.cancel = context.WithCancel(ctx)
	defer app.cancel()
	opts.Run.Instead = map[string]func(cluster.Machine, []cluster.Machine) node.Core{Name: app.core}
	res, err := harness.Run(ctx, plan, opts.Run)
	if res != nil {
		res.Took, res.Judging = 0, 0 // by the bubble's clock, which is not the computer's
	}
	if ended := app.end(); err == nil && ended != nil {
		err = ended
	}
	return res, err
}
