package sentinel

import (
	"strconv"

	"github.com/ordeal-go/ordeal/node"
)

// scriptWorld has an operator's scripts run in the world of a Sentinel, which tells of them.
type scriptWorld struct{ s *Sentinel }

// toRun is a script that begins once what it is about is on disk, as everything else that leaves.
type toRun struct {
	op   node.OpID
	argv []string
}

// Start implements scripts.World.
func (w scriptWorld) Start(argv []string) node.OpID {
	w.s.nextOp++
	w.s.toRun = append(w.s.toRun, toRun{w.s.nextOp, argv})
	return w.s.nextOp
}

// Kill implements scripts.World.
func (w scriptWorld) Kill(op node.OpID) { w.s.out.KillScript(op) }

// Tell implements scripts.World.
func (w scriptWorld) Tell(level node.LogLevel, event, payload string) {
	w.s.event(level, event, nil, payload)
}

// runReconfigScript tells the operator's script that master moves. The state is "start" always, whatever the sample
// configuration file says.
func (s *Sentinel) runReconfigScript(master *instance, role string, from, to address) {
	if master.reconfigScript != "" {
		s.scripts.Add(master.reconfigScript, master.name, role, "start", from.ip, strconv.Itoa(from.port), to.ip, strconv.Itoa(to.port))
	}
}
