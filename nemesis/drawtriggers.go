package nemesis

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Await draws what a step may wait for, and whose it is: RoleServers or RoleSentinels if it happens to one of those.
type Await func(rng *rand.Rand) (t Trigger, of string)

// drawTriggered puts one more fault into the schedule that waits for something, or says that it did not fit. When that
// happens nobody knows, so it has its share of what the options allow for the whole time.
func (g *generator) drawTriggered() bool {
	faults, of := g.faults()
	if len(faults) == 0 || len(faults) > 1 && faults[0].Kind() == OnDisks {
		return false
	}
	h := harm{of: of, from: g.Quiet, to: g.Duration, named: of.machines() && !slices.Contains(Roles(), faults[0].A[0])}
	if !g.room(h) {
		return false
	}
	g.harms = append(g.harms, h)
	t, whose := g.Await(g.rng)
	if g.rng.IntN(3) == 0 {
		t.Later = time.Duration(1+g.rng.IntN(100)) * 10 * time.Millisecond
	}
	if who := (whose == RoleServers && of == servers || whose == RoleSentinels && of == sentinels); who && faults[0].Kind() == OnMachines && g.rng.IntN(2) == 0 {
		faults[0].A = []string{RoleIt}
	}
	long := g.between(g.Shortest, min(g.Longest, g.Duration-g.Quiet))
	for _, f := range faults {
		step := Step{At: g.Quiet, When: []Trigger{t}, Fault: f}
		if g.Language.Lasts(f) {
			step.For = long
		}
		g.schedule = append(g.schedule, step)
	}
	return true
}
