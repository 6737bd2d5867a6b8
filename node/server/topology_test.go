package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ordeal-go/ordeal/node"
)

// checkNode asserts what must hold of a server between two events (R3, R4, R5).
func checkNode(m *machine) {
	if m.up {
		m.core.repl.Check()
	}
}

// checkDigests asserts that two servers at the same place of the same history held the same data (R1).
func checkDigests(t require.TestingT, notes []observed) {
	type place struct {
		id     string
		offset int64
	}
	seen := map[place]observed{}
	for _, o := range notes {
		if o.note.Kind != node.NoteDigest {
			continue
		}
		at := place{o.note.ReplID, o.note.Offset}
		if other, ok := seen[at]; ok {
			require.Equal(t, other.note.Digest, o.note.Digest, "R1: %s and %s at %s:%d", other.machine, o.machine, at.id, at.offset)
		}
		seen[at] = o
	}
}

// checkGrants asserts that a replica was continued only where the histories agree and the backlog has the bytes, and
// that it was not refused without need (R6).
func checkGrants(t require.TestingT, notes []observed) {
	for _, o := range notes {
		n := o.note
		if n.Kind != node.NotePSYNC || n.Reason == "asked" {
			continue
		}
		sameHistory := strings.EqualFold(n.AskedID, n.ReplID) || strings.EqualFold(n.AskedID, n.ReplID2) && n.AskedOffset <= n.Offset2
		inBacklog := n.M > 0 && n.AskedOffset >= n.N && n.AskedOffset <= n.M
		require.Equal(t, sameHistory && inBacklog, n.Result == "continue", "%s: %+v", o.machine, n)
	}
}

// checkOffsets asserts that a server's place in a history goes back only by a full synchronization or a restart (R3).
func checkOffsets(t require.TestingT, notes []observed) {
	type life struct {
		runID string
		last  map[string]int64 // by history
	}
	lives := map[string]*life{}
	for _, o := range notes {
		n := o.note
		l := lives[o.machine]
		if n.Kind == node.NoteState && (l == nil || l.runID != n.ID) {
			l = &life{n.ID, map[string]int64{}}
			lives[o.machine] = l
		}
		switch {
		case n.Kind == node.NoteResync && n.Result == "fullresync":
			// It may lead to an older history, and from there a second time into one that is known already.
			clear(l.last)
			l.last[n.ReplID] = n.Offset
		case n.Kind == node.NoteState:
			require.GreaterOrEqual(t, n.Offset, l.last[n.ReplID], "%s went back in %s", o.machine, n.ReplID)
			l.last[n.ReplID] = n.Offset
		}
	}
}

func TestWhateverIsCutKilledAndPromotedEqualOffsetsHoldEqualData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newMiniWorld(t)
		w.chunk = rapid.SampledFrom([]int{0, 1, 10, 100}).Draw(t, "chunk")
		w.workTime = rapid.SampledFrom([]time.Duration{0, 50 * time.Millisecond, 1500 * time.Millisecond}).Draw(t, "work")
		diskless := rapid.SampledFrom([]string{"no", "yes"}).Draw(t, "diskless")
		for i := range 4 {
			args := []string{"repl-ping-slave-period 1", "repl-timeout 6", "repl-diskless-sync " + diskless, "repl-diskless-sync-delay 1",
				fmt.Sprint("repl-backlog-size ", rapid.SampledFrom([]string{"16kb", "1mb"}).Draw(t, "backlog"))}
			if i > 0 {
				args = append(args, "slaveof 10.0.0.1 6379")
			}
			w.server(fmt.Sprint("n", i), args...)
		}
		w.run(3 * time.Second)
		names := []string{"n0", "n1", "n2", "n3"}
		some := func() *machine { return w.machine(rapid.SampledFrom(names).Draw(t, "machine")) }
		pair := func() (a, b *machine) {
			a = some()
			others := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == a.name })
			return a, w.machine(rapid.SampledFrom(others).Draw(t, "other"))
		}
		value := 0
		pass := func() {
			w.run(rapid.SampledFrom([]time.Duration{0, 10 * time.Millisecond, 700 * time.Millisecond, 2 * time.Second}).Draw(t, "pass"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				m := some()
				if !m.up {
					t.Skip()
				}
				value++
				w.do(m.name, "SELECT", fmt.Sprint(value%3))
				w.do(m.name, "SET", fmt.Sprint("k", value%5), fmt.Sprint("v", value))
				if value%7 == 0 {
					w.do(m.name, "SET", "volatile", "v", "PX", "300")
				}
				if value%11 == 0 {
					w.do(m.name, "SETRANGE", "big", "20000", "x") // more than the smallest backlog
				}
				pass()
			},
			"transaction": func(t *rapid.T) {
				m := some()
				if !m.up {
					t.Skip()
				}
				value++
				w.do(m.name, "MULTI")
				w.do(m.name, "INCR", "count")
				w.do(m.name, "SELECT", fmt.Sprint(value%2))
				w.do(m.name, "SET", "in", fmt.Sprint(value))
				w.do(m.name, "EXEC")
				pass()
			},
			"cut": func(t *rapid.T) {
				a, b := pair()
				w.cutConns(a, b)
				pass()
			},
			"dark": func(t *rapid.T) {
				a, b := pair()
				if w.dark[[2]string{a.name, b.name}] {
					w.light(a.name, b.name)
				} else {
					w.darken(a.name, b.name)
				}
				pass()
			},
			"follow": func(t *rapid.T) {
				a, b := pair()
				if a.up {
					w.do(a.name, "SLAVEOF", b.ip, "6379")
				}
				pass()
			},
			"promote": func(t *rapid.T) {
				m := some()
				if m.up {
					w.do(m.name, "SLAVEOF", "NO", "ONE")
				}
				pass()
			},
			"restart": func(t *rapid.T) {
				m := some()
				switch {
				case !m.up:
					w.boot(m)
				case rapid.Bool().Draw(t, "saved"):
					w.do(m.name, "CONFIG", "REWRITE")
					w.do(m.name, "SHUTDOWN", "SAVE")
				default:
					w.kill(m)
				}
				pass()
			},
			"": func(t *rapid.T) {
				for _, m := range w.machines {
					if m.up {
						checkNode(m)
					}
				}
			},
		})
		converge(t, w)
	})
}

// converge heals everything, makes a chain of the servers and asserts that they end up alike.
func converge(t *rapid.T, w *miniWorld) {
	for _, a := range w.machines {
		for _, b := range w.machines {
			if w.dark[[2]string{a.name, b.name}] {
				w.light(a.name, b.name)
			}
		}
		if !a.up {
			w.boot(a)
		}
	}
	for i, m := range w.machines {
		words := []string{"SLAVEOF", "NO", "ONE"}
		if i > 0 {
			words = []string{"SLAVEOF", w.machines[i-1].ip, "6379"}
		}
		for range 20 { // it may be loading
			if !strings.HasPrefix(w.do(m.name, words...), "-LOADING") {
				break
			}
			w.run(time.Second)
		}
	}
	w.run(40 * time.Second)
	require.Equal(t, "+OK", w.do("n0", "SET", "last", "1"))
	w.run(1 * time.Second)
	for _, m := range w.machines[1:] {
		require.Equal(t, "up", w.info(m.name, "master_link_status"), "R9: %s\n%v", m.name, m.log[max(0, len(m.log)-30):])
		require.Equal(t, w.info("n0", "master_repl_offset"), w.info(m.name, "master_repl_offset"), m.name)
		require.Equal(t, w.info("n0", "master_replid"), w.info(m.name, "master_replid"), m.name)
		require.Equal(t, w.do("n0", "DEBUG", "DIGEST"), w.do(m.name, "DEBUG", "DIGEST"), m.name)
	}
	checkDigests(t, w.notes)
	checkGrants(t, w.notes)
	checkOffsets(t, w.notes)
}

// TestChangesOfTopologyCostNoFullSync is Redis's own test of PSYNC2 (R12): five servers, whose tree is drawn anew while
// connections break, need the four full synchronizations of the beginning and no more.
func TestChangesOfTopologyCostNoFullSync(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newMiniWorld(t)
		for i := range 5 {
			args := []string{"repl-ping-slave-period 1"}
			if i > 0 {
				args = append(args, "slaveof 10.0.0.1 6379")
			}
			w.server(fmt.Sprint("n", i), args...)
		}
		w.run(3 * time.Second)
		for round := range rapid.IntRange(1, 6).Draw(t, "rounds") {
			order := rapid.Permutation([]string{"n0", "n1", "n2", "n3", "n4"}).Draw(t, "order")
			w.do(order[0], "SLAVEOF", "NO", "ONE")
			for i, name := range order[1:] {
				above := rapid.SampledFrom(order[:i+1]).Draw(t, "above")
				w.do(name, "SLAVEOF", w.machine(above).ip, "6379")
			}
			for i := range rapid.IntRange(0, 10).Draw(t, "writes") {
				require.Equal(t, "+OK", w.do(order[0], "SET", fmt.Sprint("k", i), fmt.Sprint(round)))
				a := rapid.SampledFrom(order).Draw(t, "a")
				b := rapid.SampledFrom(order).Draw(t, "b")
				if a != b {
					w.cutConns(w.machine(a), w.machine(b))
				}
				w.run(300 * time.Millisecond)
			}
			w.run(8 * time.Second)
			for _, name := range order[1:] {
				require.Equal(t, "up", w.info(name, "master_link_status"), name)
				require.Equal(t, w.do(order[0], "DEBUG", "DIGEST"), w.do(name, "DEBUG", "DIGEST"), name)
			}
		}
		full := int64(0)
		for _, m := range w.machines {
			full += m.core.repl.Stats.Full
			checkNode(m)
		}
		require.Equal(t, int64(4), full)
		checkDigests(t, w.notes)
		checkGrants(t, w.notes)
		checkOffsets(t, w.notes)
	})
}
