package report

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
)

// synthetic is a run of n operations by 20 clients, with a fault, a failover and a log line for every tenth operation.
func synthetic(n int) (*histories.History, checkers.Verdicts) {
	rng := rand.New(rand.NewPCG(1, 2))
	h := &histories.History{Complete: true, Header: histories.Header{Version: 1, Scenario: "synthetic", Seed: 1, World: "sim", Replay: "ordeal run synthetic -seed 1",
		Machines: []histories.Machine{{Name: "m1", Kind: "server", Addr: "10.0.0.1:6379"}, {Name: "r1", Kind: "server", Addr: "10.0.0.2:6379"}, {Name: "s1", Kind: "sentinel", Addr: "10.0.0.3:26379"}}}}
	const clients = 20
	var free [clients]time.Duration
	for i := range n {
		at := time.Duration(i) * time.Millisecond
		client := i % clients
		at = max(at, free[client])
		op := histories.Operation{Process: fmt.Sprintf("c%d", client+1), Func: histories.FuncWrite, Key: fmt.Sprintf("k%d", rng.IntN(5)), Arg: histories.Text(fmt.Sprintf("v%d", i)), Node: "m1",
			Invoked: at, Returned: at + time.Duration(rng.IntN(9000)+500)*time.Microsecond, Outcome: histories.OK}
		if rng.IntN(2) == 0 {
			op.Func, op.Arg, op.Result = histories.FuncRead, histories.Value{}, op.Arg
		}
		switch rng.IntN(50) {
		case 0:
			op.Outcome, op.Error = histories.Info, "timeout"
			op.Returned = histories.Forever
			free[client] = at + 100*time.Millisecond
		case 1:
			op.Outcome, op.Error = histories.Fail, "READONLY You can't write against a read only slave."
			free[client] = op.Returned
		default:
			free[client] = op.Returned
		}
		h.Ops = append(h.Ops, op)
		if i%10 == 0 {
			h.Logs = append(h.Logs, histories.LogLine{Time: at, Machine: []string{"m1", "r1", "s1"}[i/10%3], Text: fmt.Sprintf("1:M 01 Jan 00:00:00.000 * line %d", i)})
		}
		if i%100 == 0 {
			h.Notes = append(h.Notes, histories.Note{Time: at, Machine: "m1", Kind: "state", Role: "master", ReplID: "aaaaaaaaaaaaaaaa", Offset: int64(i)},
				histories.Note{Time: at, Machine: "r1", Kind: "state", Role: "slave", Link: "up", Peer: "m1", ReplID: "aaaaaaaaaaaaaaaa", Offset: int64(i) - 30})
		}
	}
	h.End = time.Duration(n) * time.Millisecond
	h.Faults = []histories.Fault{{ID: 1, Text: "cut m1 | r1", Targets: []string{"m1", "r1"}, Start: h.End / 4, Stop: h.End / 2}}
	return h, checkers.Verdicts{{Checker: "linearizable", Result: checkers.Valid, Why: "it is synthetic"}}
}
