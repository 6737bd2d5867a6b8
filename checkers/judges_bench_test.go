package checkers_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/checkers"
	"github.com/ordeal-go/ordeal/histories"
	"github.com/ordeal-go/ordeal/models"
)

// object carries out operation n, at the moment when it happens, and says what it was. If it does not happen, nothing
// changes and what it found is not looked at.
type object func(r *rand.Rand, n int, happens bool) (f string, arg, result histories.Value)

// served is a history of n operations on one object, which serves one a microsecond. Each client asks one after another;
// two in a hundred get no answer, and half of those do not happen.
func served(model string, clients, n int, serve object) *histories.History {
	r := rand.New(rand.NewPCG(1, 2))
	h := &histories.History{Header: histories.Header{World: "bench", Workloads: []histories.Workload{{Kind: model}}},
		Complete: true}
	h.Ops = make([]histories.Operation, 0, n)
	free := make([]time.Duration, clients) // when each client's last operation returned
	names, lives := make([]string, clients), make([]int, clients)
	for i := range names {
		names[i] = fmt.Sprint("c", i+1)
	}
	wait := time.Duration(clients) * time.Microsecond / 2
	for i := range n {
		at := time.Duration(i+clients) * time.Microsecond
		c := r.IntN(clients)
		for free[c] >= at {
			c = (c + 1) % clients
		}
		op := histories.Operation{Process: names[c], Key: "k", Node: "m1", Outcome: histories.OK,
			Invoked: max(free[c]+1,
				at-time.Duration(r.Int64N(int64(wait)))), Returned: at + time.Duration(r.Int64N(int64(wait)))}
		unknown := r.IntN(50) == 0
		op.Func, op.Arg, op.Result = serve(r, i, !unknown || r.IntN(2) == 0)
		free[c] = op.Returned
		if unknown {
			op.Outcome, op.Result, op.Returned, op.Error = histories.Info, histories.Value{}, histories.Forever, "timeout"
			lives[c]++
			names[c] = fmt.Sprintf("c%d.%d", c+1, lives[c])
		}
		h.Ops = append(h.Ops, op)
	}
	slices.SortStableFunc(h.Ops, func(a, b histories.Operation) int { return cmp.Compare(a.Invoked, b.Invoked) })
	h.End = time.Duration(n+2*clients) * time.Microsecond
	return h
}

// servedRegister holds values of values different ones; 0: every write has one of its own.
func servedRegister(values int) object {
	var now histories.Value
	return func(r *rand.Rand, n int, happens bool) (string, histories.Value, histories.Value) {
		if r.IntN(2) == 0 {
			return histories.FuncRead, histories.Value{}, now
		}
		v := n
		if values > 0 {
			v = r.IntN(values)
		}
		arg := histories.Text(strconv.Itoa(v))
		if happens {
			now = arg
		}
		return histories.FuncWrite, arg, histories.Value{}
	}
}

// servedSums is a counter to which 1 to 9 are added at a time.
func servedSums() object {
	sum := int64(0)
	return func(r *rand.Rand, n int, happens bool) (string, histories.Value, histories.Value) {
		if r.IntN(2) == 0 {
			return histories.FuncRead, histories.Value{}, histories.Int(sum)
		}
		add := 1 + r.Int64N(9)
		if happens {
			sum += add
		}
		return models.FuncAdd, histories.Int(add), histories.Int(sum)
	}
}

func servedCounter(told bool) object {
	sum := int64(0)
	return func(r *rand.Rand, n int, happens bool) (string, histories.Value, histories.Value) {
		if r.IntN(2) == 0 {
			return histories.FuncRead, histories.Value{}, histories.Int(sum)
		}
		if happens {
			sum++
		}
		if !told {
			return models.FuncAdd, histories.Int(1), histories.Value{}
		}
		return models.FuncAdd, histories.Int(1), histories.Int(sum)
	}
}

// servedList is a set or a list, read as a whole once in a thousand operations.
func servedList(add string) object {
	var members []histories.Value
	return func(r *rand.Rand, n int, happens bool) (string, histories.Value, histories.Value) {
		if n%1000 == 999 {
			return histories.FuncRead, histories.Value{}, histories.List(members[:len(members):len(members)]...)
		}
		arg := histories.Int(int64(n))
		if happens {
			members = append(members, arg)
		}
		return add, arg, histories.Value{}
	}
}

func servedContainer(put, take string, last bool) object {
	var values []histories.Value
	return func(r *rand.Rand, n int, happens bool) (f string, arg, result histories.Value) {
		if r.IntN(2) == 0 {
			arg = histories.Int(int64(n))
			if happens {
				values = append(values, arg)
			}
			return put, arg, result
		}
		if len(values) > 0 && last {
			result = values[len(values)-1]
		} else if len(values) > 0 {
			result = values[0]
		}
		if happens && last {
			values = values[:max(0, len(values)-1)]
		} else if happens {
			values = values[min(1, len(values)):]
		}
		return take, arg, result
	}
}

// BenchmarkJudges is the time that linearizable takes for a history that is right, without reading it from a file.
func BenchmarkJudges(b *testing.B) {
	for _, c := range []struct {
		name    string
		model   string
		clients int
		ops     int
		serve   func() object
		want    checkers.Result
	}{
		{"register of 1,000,000", "register", 50, 1_000_000, func() object { return servedRegister(0) },
			checkers.Valid},
		{"register of 100,000", "register", 50, 100_000, func() object { return servedRegister(0) }, checkers.Valid},
		{"register of 20,000 over 10 values", "register", 5, 20_000, func() object { return servedRegister(10) },
			checkers.Valid},
		{"set of 100,000", "set", 50, 100_000, func() object { return servedList(models.FuncAdd) }, checkers.Valid},
		{"append of 100,000", "append", 50, 100_000, func() object { return servedList(models.FuncAppend) },
			checkers.Valid},
		{"counter of 100,000, told the sums", "counter", 50, 100_000, func() object { return servedCounter(true) },
			checkers.Valid},
		{"counter of 100,000, not told", "counter", 50, 100_000, func() object { return servedCounter(false) },
			checkers.Valid},
		{"counter of 100,000, several numbers", "counter", 50, 100_000, servedSums, checkers.Valid},
		{"queue of 100,000", "queue", 50, 100_000, func() object {
			return servedContainer(models.FuncEnqueue,
				models.FuncDequeue, false)
		}, checkers.Valid},
		{"stack of 100,000", "stack", 50, 100_000, func() object {
			return servedContainer(models.FuncPush,
				models.FuncPop, true)
		}, checkers.Valid},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := served(c.model, c.clients, c.ops, c.serve())
			b.ResetTimer()
			for range b.N {
				v := checkers.Linearizable{}.Check(checkers.NewRecord(h))
				require.Equal(b, c.want, v.Result, "%v", v)
			}
			b.ReportMetric(peak(b), "MiB-peak")
		})
	}
}

var peakLine = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak is the most memory that this process ever had, in MiB.
func peak(b *testing.B) float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(b, err)
	kB, err := strconv.Atoi(string(peakLine.FindSubmatch(status)[1]))
	require.NoError(b, err)
	return float64(kB) / 1024
}
