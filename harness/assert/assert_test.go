package assert_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/harness"
	"github.com/ordeal-go/ordeal/harness/assert"
	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/harness/redis"
	"github.com/ordeal-go/ordeal/harness/sweep"
	"github.com/ordeal-go/ordeal/harness/workload"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/nemesis"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/resp"
)

// notes is a Sink.
type notes []node.Note

func (n *notes) Note(one node.Note) { *n = append(*n, one) }

func TestAnAssertionIsNotedWhenItHoldsAndWhenItDoesNotForTheFirstTime(t *testing.T) {
	var got notes
	var a assert.Assertions
	assert.Declare(&got, assert.KindSometimes, "rare")
	for i := range 10 {
		a.Always(&got, i != 7, "not seven", assert.Details{"i": i, "a": "first"})
		a.Sometimes(&got, i == 3, "three", nil)
		a.AlwaysOrUnreachable(&got, true, "true", nil)
		a.Reachable(&got, "here", nil)
	}
	a.Unreachable(&got, "there", assert.Details{"f": func() {}})
	require.Equal(t, notes{
		{Kind: assert.Note, Event: "sometimes", Key: "rare"},
		{Kind: assert.Note, Event: "always", Key: "not seven", Result: "true", Text: `{"a":"first","i":0}`},
		{Kind: assert.Note, Event: "sometimes", Key: "three", Result: "false"},
		{Kind: assert.Note, Event: "always-or-unreachable", Key: "true", Result: "true"},
		{Kind: assert.Note, Event: "reachable", Key: "here", Result: "true"},
		{Kind: assert.Note, Event: "sometimes", Key: "three", Result: "true"},
		{Kind: assert.Note, Event: "always", Key: "not seven", Result: "false", Text: `{"a":"first","i":7}`},
		{Kind: assert.Note, Event: "unreachable", Key: "there", Result: "false", Text: `"json: unsupported type: func()"`},
	}, got)
}

func TestKindsAreThoseOfHistories(t *testing.T) {
	require.Equal(t, histories.NoteAssertion, string(assert.Note))
	require.Equal(t, []string{histories.AssertAlways, histories.AssertAlwaysOrUnreachable, histories.AssertSometimes, histories.AssertReachable, histories.AssertUnreachable},
		[]string{string(assert.KindAlways), string(assert.KindAlwaysOrUnreachable), string(assert.KindSometimes), string(assert.KindReachable), string(assert.KindUnreachable)})
}

// reader asks servers in turn for a counter that others increment, and believes that it never sees it fall. Of one
// server that is so. With several it is a bug.
type reader struct {
	from    string
	servers []string
	conns   []node.ConnID
	replies map[node.ConnID]*resp.ReplyParser // to look up only
	turn    int
	highest int
	assert  assert.Assertions
}

const tick = node.TimerID(1)

func (r *reader) Step(_ node.Instant, ev *node.Event, out *node.Effects) {
	switch ev.Kind {
	case node.Started:
		for _, addr := range r.servers {
			id := out.Dial(addr, r.from)
			r.conns, r.replies[id] = append(r.conns, id), &resp.ReplyParser{}
		}
		assert.Declare(out, assert.KindUnreachable, "the server refuses GET")
		assert.Declare(out, assert.KindReachable, "the connection was closed")
		out.SetTimer(tick, 20*time.Millisecond)
	case node.TimerFired:
		out.SetTimer(tick, 20*time.Millisecond)
		out.Send(r.conns[r.turn], []byte("GET k1\r\n"))
		r.turn = (r.turn + 1) % len(r.conns)
	case node.Received:
		r.replies[ev.Conn].Feed(ev.Bytes)
		for {
			reply, ok, err := r.replies[ev.Conn].Next()
			if !ok || err != nil {
				return
			}
			r.heard(reply, out)
		}
	}
}

func (r *reader) heard(reply resp.Reply, out *node.Effects) {
	if reply.IsError() {
		r.assert.Unreachable(out, "the server refuses GET", assert.Details{"error": string(reply.Str)})
		return
	}
	n, err := strconv.Atoi(string(reply.Str))
	if err != nil {
		return // nobody has added anything yet
	}
	r.assert.Always(out, n >= r.highest, "the counter does not fall", assert.Details{"saw": n, "before": r.highest})
	r.assert.Sometimes(out, n > 50, "much was added", nil)
	r.highest = max(r.highest, n)
}

// reading is a scenario in which a replica lags, and c1 reads from so many servers.
func reading(t *testing.T, servers int) (harness.Scenario, harness.Options) {
	faults, err := nemesis.ParseSchedule("at 1s cut m1 | r1 for 1s")
	require.NoError(t, err)
	return harness.Scenario{
			Name: "reading", System: redis.System{Cluster: redis.Spec{Replicas: 1}}, Duration: 4 * time.Second, Faults: faults,
			Workload: workload.Spec{Clients: 3, Rate: 30, Mix: []workload.Work{{Kind: "counter", Keys: 1}}},
		}, harness.Options{Seed: 1, Instead: map[string]func(cluster.Machine, []cluster.Machine) node.Core{"c1": func(m cluster.Machine, nodes []cluster.Machine) node.Core {
			r := &reader{from: m.Host, replies: map[node.ConnID]*resp.ReplyParser{}}
			for _, n := range nodes[:servers] {
				r.servers = append(r.servers, n.Addr())
			}
			return r
		}}}
}

func TestWhatDoesNotAlwaysHoldMakesARunInvalidWithTheSameTraceEachTime(t *testing.T) {
	s, opts := reading(t, 2)
	var traces []string
	for range 2 {
		res, err := harness.Run(t.Context(), s, opts)
		require.NoError(t, err)
		traces = append(traces, res.Trace)
		v := verdict(t, res)
		require.Equal(t, checkers.Invalid, v.Result, "%s", v)
		require.Contains(t, v.Why, `always: "the counter does not fall" does not hold, {"before":`)
	}
	require.Equal(t, traces[0], traces[1])
	s, opts = reading(t, 1)
	res, err := harness.Run(t.Context(), s, opts)
	require.NoError(t, err)
	v := verdict(t, res)
	require.Equal(t, checkers.Valid, v.Result, "%s", v)
	require.Equal(t, int64(1), v.Saw("sometimes seen"), "%s", v)
}

func verdict(t *testing.T, res *harness.Result) checkers.Verdict {
	for _, v := range res.Verdicts {
		if v.Checker == (checkers.Assertions{}).Name() {
			return v
		}
	}
	require.Fail(t, "nobody judged the assertions")
	return checkers.Verdict{}
}

func TestASweepSaysWhatNoRunHasMet(t *testing.T) {
	s, opts := reading(t, 1)
	summary, err := sweep.Run(t.Context(), []sweep.Plan{{Scenario: s}}, sweep.Options{First: 1, Last: 6, Workers: 2, Run: opts})
	require.NoError(t, err)
	require.Empty(t, summary.Failures)
	require.Equal(t, []string{`reachable "the connection was closed" was not met in any of 6 runs: play more seeds, or see what keeps it from happening`}, summary.Missing)
	require.Equal(t, checkers.Invalid, summary.Result())
	require.Len(t, summary.Assertions, 4)

	s, opts = reading(t, 2)
	summary, err = sweep.Run(t.Context(), []sweep.Plan{{Scenario: s}}, sweep.Options{First: 1, Last: 3, Run: opts})
	require.NoError(t, err)
	require.NotEmpty(t, summary.Failures)
	require.Equal(t, []string{"assertions"}, summary.Failures[0].Checkers)
}
