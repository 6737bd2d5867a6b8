package redis_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/checkers/redis"
	"github.com/ordeal-go/ordeal/histories"
)

// busyRun is what a run of 60 s with 5 clients at 100 operations a second each notes, with a failover in the middle
// after which the old master serves on for a while.
func busyRun() *histories.History {
	rng := rand.New(rand.NewPCG(1, 2))
	h := histories.Header{World: "sim", Machines: []histories.Machine{{Name: "m1", Kind: "server"}, {Name: "r1", Kind: "server"}, {Name: "r2", Kind: "server"},
		{Name: "s1", Kind: "sentinel"}, {Name: "s2", Kind: "sentinel"}, {Name: "s3", Kind: "sentinel"}}}
	r := histories.NewRecorder(h, nil)
	ids := []string{fmt.Sprintf("%040x", 1), fmt.Sprintf("%040x", 2)}
	values := map[string]map[string]string{"m1": {}, "r1": {}}
	offset := map[string]int64{"m1": 0, "r1": 0}
	digest := fmt.Sprintf("%040x", 7)
	const failover, heal, end = 30 * time.Second, 45 * time.Second, 60 * time.Second
	value := 0
	for at := time.Duration(0); at < end; at += 2 * time.Millisecond {
		for _, m := range []string{"m1", "r1"} {
			if at%(100*time.Millisecond) != 0 {
				continue
			}
			role, id := "master", ids[0]
			if m == "r1" && at < failover {
				role = "slave"
			} else if m == "r1" {
				id = ids[1]
			} else if at >= heal {
				role, id = "slave", ids[1]
			}
			r.Note(histories.Note{Time: at, Machine: m, Kind: "state", Role: role, ReplID: id, Offset: offset[m], Link: "up", N: 1, M: 1})
			r.Note(histories.Note{Time: at, Machine: m, Kind: "digest", ReplID: id, Offset: offset[m], Digest: digest})
		}
		if at == failover {
			r.FaultStart(at-1, "cut m1 | r1", "", []string{"m1", "r1"})
			r.Note(histories.Note{Time: at, Machine: "r1", Kind: "promoted", ReplID: ids[1], ReplID2: ids[0], Offset: offset["r1"], Offset2: offset["r1"] + 1})
		}
		if at == heal {
			r.FaultStop(at, 1)
			r.Note(histories.Note{Time: at, Machine: "m1", Kind: "resync", Result: "fullresync", ReplID: ids[1], Offset: offset["r1"]})
			offset["m1"] = offset["r1"]
		}
		process := fmt.Sprint("c", (at/(2*time.Millisecond))%5)
		key := fmt.Sprint("k", rng.IntN(5))
		node := "m1"
		if at >= heal || at >= failover && process < "c3" {
			node = "r1"
		}
		back := at + time.Duration(rng.IntN(9_000_000))
		if rng.IntN(2) == 0 {
			r.Invoke(at, histories.Operation{Process: process, Func: histories.FuncRead, Key: key, Node: node})
			v, found := values[node][key]
			r.OK(back, process, word(v, found))
			continue
		}
		value++
		v := fmt.Sprint("v", value)
		r.Invoke(at, histories.Operation{Process: process, Func: histories.FuncWrite, Key: key, Arg: histories.Text(v), Node: node})
		values[node][key] = v
		offset[node] += 40
		if at < failover-time.Second {
			values["r1"][key] = v
			offset["r1"] = offset["m1"]
		}
		if value%50 == 0 {
			r.Info(back, process, "timeout")
		} else {
			r.OK(back, process, histories.Value{})
		}
	}
	for key, v := range values["r1"] {
		r.Invoke(end, histories.Operation{Process: "f" + key, Func: histories.FuncRead, Key: key, Node: "r1", Final: true})
		r.OK(end+1, "f"+key, histories.Text(v))
	}
	if err := r.Finish(histories.Footer{End: end + 2}); err != nil {
		panic(err)
	}
	return r.History()
}

func TestABusyRunIsJudged(t *testing.T) {
	verdicts, err := redis.Run(busyRun(), "lost-writes", "same-offset-same-data")
	require.NoError(t, err)
	require.Equal(t, checkers.Valid, verdicts[0].Result, "%v", verdicts[0])
	require.Greater(t, verdicts[0].Saw("lost"), int64(500))
	require.Greater(t, verdicts[0].MoreAllowed, 400)
	require.Equal(t, checkers.Valid, verdicts[1].Result, "%v", verdicts[1])
}

func BenchmarkCheck(b *testing.B) {
	h := busyRun()
	for _, c := range redis.All() {
		b.Run(c.Name(), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				checkers.Judge(c, checkers.NewRecord(h))
			}
		})
	}
}

// word is what a read found.
func word(value string, found bool) histories.Value {
	if !found {
		return histories.Value{}
	}
	return histories.Text(value)
}
