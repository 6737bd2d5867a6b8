package server

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ordeal-go/ordeal/node"
)

// A crash at every operation on a file, in appends under load and in a rewrite, and every state in which a disk may be
// after it: the next start has a correct dataset, with everything in it that was promised.

// platter is a disk of which it is known what a loss of power may leave. What is synced stays; of what was appended since,
// any part from its beginning may be there; of the names that changed since the last sync, the first so many.
type platter struct {
	names, durable map[string]*inode
	pending        []renaming
}

type inode struct{ data, synced []byte }

type renaming struct {
	path string
	file *inode
}

func newPlatter(files map[string][]byte) *platter {
	p := &platter{names: map[string]*inode{}, durable: map[string]*inode{}}
	for path, data := range files {
		p.names[path] = &inode{data, data}
		p.durable[path] = p.names[path]
	}
	return p
}

func (p *platter) name(path string, f *inode) {
	p.pending = append(p.pending, renaming{path, f})
	if f == nil {
		delete(p.names, path)
	} else {
		p.names[path] = f
	}
}

// do carries out a step, of its data the first n bytes.
func (p *platter) do(step node.FileStep, n int) {
	f := p.names[step.Path]
	if f == nil && (step.Kind == node.WriteFile || step.Kind == node.AppendFile) {
		f = &inode{}
		p.name(step.Path, f)
	}
	switch step.Kind {
	case node.WriteFile:
		f.data = slices.Clone(step.Data[:n])
	case node.AppendFile:
		f.data = append(slices.Clip(f.data), step.Data[:n]...)
	case node.TruncateFile:
		f.data = slices.Clone(f.data[:min(int64(len(f.data)), step.At)])
	case node.SyncFile:
		f.synced = f.data
		p.commit(len(p.pending))
	case node.RenameFile:
		p.name(step.To, f)
		p.name(step.Path, nil)
	case node.RemoveFile:
		p.name(step.Path, nil)
	}
}

// commit makes the first n changes of names durable.
func (p *platter) commit(n int) {
	for _, r := range p.pending[:n] {
		if r.file == nil {
			delete(p.durable, r.path)
		} else {
			p.durable[r.path] = r.file
		}
	}
	p.pending = p.pending[n:]
}

// killed is what a process leaves.
func (p *platter) killed() map[string][]byte {
	files := map[string][]byte{}
	for path, f := range p.names {
		files[path] = f.data
	}
	return files
}

// unpowered calls visit with every state that a loss of power may leave.
func (p *platter) unpowered(visit func(map[string][]byte)) {
	for n := range len(p.pending) + 1 {
		q := &platter{durable: maps.Clone(p.durable), pending: slices.Clone(p.pending)}
		q.commit(n)
		longest := 0
		for _, f := range q.durable {
			longest = max(longest, len(f.unsynced()))
		}
		for _, kept := range cuts(longest) {
			files := map[string][]byte{}
			for path, f := range q.durable {
				files[path] = append(slices.Clone(f.synced), f.unsynced()[:min(kept, len(f.unsynced()))]...)
			}
			visit(files)
		}
	}
}

// unsynced is what was appended since the last sync; nothing of a file that was changed otherwise.
func (f *inode) unsynced() []byte {
	if !bytes.HasPrefix(f.data, f.synced) {
		return nil
	}
	return f.data[len(f.synced):]
}

// cuts are lengths of a torn piece of n bytes: all of a short one, of a long one its ends and some between.
func cuts(n int) (list []int) {
	step := max(1, n/8)
	for i := 0; i < n; i += step {
		list = append(list, i)
	}
	if n > 0 {
		list = append(list, n-1)
	}
	return append(list, n)
}

// crashRun is a server under load whose operations on files are written down.
type crashRun struct {
	t         *testing.T
	w         *miniWorld
	m         *machine
	base      map[string][]byte
	ops       []crashOp
	issued    int
	acked     int
	ackedThen []int // by 100 ms: how many were acknowledged
}

type crashOp struct {
	step          node.FileStep
	issued, acked int
	surely        int // acknowledged two seconds before
}

func TestEveryCrashLeavesACorrectDataset(t *testing.T) {
	for _, policy := range []string{"always", "everysec", "no"} {
		for _, preamble := range []string{"no", "yes"} {
			t.Run(policy+" preamble "+preamble, func(t *testing.T) {
				r := &crashRun{t: t}
				r.load("appendonly yes", "appendfsync "+policy, "aof-use-rdb-preamble "+preamble, "auto-aof-rewrite-percentage 0")
				kills, losses := r.crash(policy)
				t.Logf("%d operations on files, %d states after a kill, %d after a loss of power", len(r.ops), kills, losses)
				require.Greater(t, kills, 100)
				require.Greater(t, losses, 100)
			})
		}
	}
}

// load writes for five seconds, with two rewrites in the midst.
func (r *crashRun) load(args ...string) {
	r.w = newMiniWorld(r.t)
	r.w.workTime = 150 * time.Millisecond
	r.m = r.w.server("m", args...)
	r.w.run(time.Second)
	r.base = maps.Clone(r.m.files)
	r.m.failFile = func(step node.FileStep) node.Errno {
		surely := 0
		if n := len(r.ackedThen) - 20; n >= 0 {
			surely = r.ackedThen[n]
		}
		r.ops = append(r.ops, crashOp{step, r.issued, r.acked, surely})
		return node.ErrNone
	}
	c := r.w.connect(r.m)
	for tick := range 50 {
		if tick == 15 || tick == 32 {
			require.Equal(r.t, "+Background append only file rewriting started", r.w.do("m", "BGREWRITEAOF"))
		}
		r.issued++
		c.raw = nil
		c.write("MULTI\r\nINCR x\r\nRPUSH y e\r\nEXEC\r\nSETEX volatile 1000 v\r\n")
		require.Contains(r.t, string(c.raw), "*2\r\n:"+strconv.Itoa(r.issued)+"\r\n:"+strconv.Itoa(r.issued)+"\r\n+OK\r\n")
		r.acked++
		r.ackedThen = append(r.ackedThen, r.acked)
		r.w.run(100 * time.Millisecond)
	}
	require.Equal(r.t, 2, strings.Count(strings.Join(r.m.log, "\n"), "Background AOF rewrite finished successfully"))
}

// crash goes through the operations, and ends the process, or the machine, before each and within it.
func (r *crashRun) crash(policy string) (kills, losses int) {
	p := newPlatter(r.base)
	seen := map[string]bool{}
	for i, op := range r.ops {
		for _, n := range cuts(len(op.step.Data)) {
			q := p.clone()
			if n > 0 {
				q.do(op.step, n)
			}
			kills++
			r.check(seen, q.killed(), op.acked, op.issued, "operation %d, %v, %d bytes: killed", i, op.step.Kind, n)
			if n != 0 && n != len(op.step.Data) {
				continue // of a part of a write, a loss of power leaves a part
			}
			promised := map[string]int{"always": op.acked, "everysec": op.surely, "no": 0}[policy]
			q.unpowered(func(files map[string][]byte) {
				losses++
				r.check(seen, files, promised, op.issued, "operation %d, %v, %d bytes: without power", i, op.step.Kind, n)
			})
		}
		p.do(op.step, len(op.step.Data))
	}
	return kills, losses
}

func (p *platter) clone() *platter {
	after := map[*inode]*inode{nil: nil}
	of := func(f *inode) *inode {
		if after[f] == nil && f != nil {
			after[f] = &inode{f.data, f.synced}
		}
		return after[f]
	}
	q := newPlatter(nil)
	for path, f := range p.names {
		q.names[path] = of(f)
	}
	for path, f := range p.durable {
		q.durable[path] = of(f)
	}
	for _, r := range p.pending {
		q.pending = append(q.pending, renaming{r.path, of(r.file)})
	}
	return q
}

// check starts a server with files and looks at its dataset: it must hold at least so many of the transactions, in order,
// each whole.
func (r *crashRun) check(seen map[string]bool, files map[string][]byte, atLeast, atMost int, format string, args ...any) {
	key := fmt.Sprintf("%s\x00%d\x00%d", files[aofFile], atLeast, atMost)
	if seen[key] {
		return
	}
	seen[key] = true
	what := fmt.Sprintf(format, args...)
	w := &solo{t: r.t, now: r.w.now, files: maps.Clone(files), opts: Options{Dir: "/data", PID: 42, Args: []string{"appendonly yes"}}}
	w.boot()
	require.False(r.t, w.exited, "%s: %s", what, w.logText())
	c := w.connect("")
	var x, y int
	fmt.Sscanf(after(w.say(c, "INCRBY x 0"), ":"), "%d", &x)
	fmt.Sscanf(w.say(c, "LLEN y"), ":%d", &y)
	require.Equal(r.t, x, y, "%s: half of a transaction", what)
	require.GreaterOrEqual(r.t, x, atLeast, "%s: acknowledged and gone", what)
	require.LessOrEqual(r.t, x, atMost, "%s: from nowhere", what)
	require.NotEqual(r.t, ":-1\r\n", w.say(c, "TTL volatile"), "%s: it stays for ever", what)
	if len(seen)%8 == 0 {
		was := digest(w)
		w.boot()
		require.Equal(r.t, was, digest(w), "%s: the start after that has another dataset", what)
	}
}
