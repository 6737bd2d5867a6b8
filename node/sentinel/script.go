package sentinel

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// scriptJob is a script to be run, or running. Redis 4.0: sentinel.c, sentinelScriptJob.
type scriptJob struct {
	argv    []string
	runs    int // so far, the one under way included
	running bool
	killed  bool         // the run under way, for it took too long
	op      node.OpID    // of the run under way
	at      node.Instant // running: since when. Waiting: not before, 0 for at once.
}

// schedule queues a script. If the queue is full, the oldest job that does not run is dropped for it.
func (s *Sentinel) schedule(argv ...string) {
	s.scripts = append(s.scripts, &scriptJob{argv: argv})
	if len(s.scripts) > scriptQueueMost {
		if i := slices.IndexFunc(s.scripts, func(j *scriptJob) bool { return !j.running }); i >= 0 {
			s.scripts = slices.Delete(s.scripts, i, i+1)
		}
	}
}

// runReconfigScript tells the operator's script that master moves. The state is "start" always, whatever the sample
// configuration file says.
func (s *Sentinel) runReconfigScript(master *instance, role string, from, to address) {
	if master.reconfigScript != "" {
		s.schedule(master.reconfigScript, master.name, role, "start", from.ip, strconv.Itoa(from.port), to.ip, strconv.Itoa(to.port))
	}
}

func (s *Sentinel) tickScripts() {
	if len(s.scripts) == 0 {
		return
	}
	for _, j := range s.scripts {
		if s.scriptsUp == scriptRunningMost {
			break
		}
		if !j.running && (j.at == 0 || s.since(j.at) >= 0) {
			s.runScript(j)
		}
	}
	for _, j := range s.scripts {
		if j.running && !j.killed && s.since(j.at) > scriptRuntimeMost {
			s.event(node.LogWarning, "-script-timeout", nil, fmt.Sprintf("%s %d", j.argv[0], j.op))
			j.killed = true
			s.out.KillScript(j.op) // it is run again, as one that a signal ended
		}
	}
}

func (s *Sentinel) runScript(j *scriptJob) {
	s.nextOp++
	j.op, j.running, j.killed, j.at = s.nextOp, true, false, s.now
	j.runs++
	s.scriptsUp++
	node.Assert(s.scriptsUp <= scriptRunningMost, "%d scripts run", s.scriptsUp)
	s.out.Script(j.op, j.argv[0], j.argv[1:]...)
	s.event(node.LogDebug, "+script-child", nil, strconv.FormatUint(uint64(j.op), 10))
}

func (s *Sentinel) scriptExited(ev *node.Event) {
	i := slices.IndexFunc(s.scripts, func(j *scriptJob) bool { return j.running && j.op == ev.Op })
	node.Assert(i >= 0, "script %d ended, which does not run", ev.Op)
	exit, signal := max(ev.N, 0), max(-ev.N, 0)
	s.event(node.LogDebug, "-script-child", nil, fmt.Sprintf("%d %d %d", ev.Op, exit, signal))
	s.scriptEnded(s.scripts[i], ev.N)
}

// scriptEnded: a script that was killed or that says 1 is run again, later each time; any other end is final.
func (s *Sentinel) scriptEnded(j *scriptJob, status int64) {
	s.scriptsUp--
	node.Assert(s.scriptsUp >= 0, "%d scripts run", s.scriptsUp)
	j.running = false
	if (status < 0 || status == 1) && j.runs < scriptRunsMost {
		j.at = s.now.Add(retryDelay(j.runs))
		return
	}
	if status != 0 {
		s.event(node.LogWarning, "-script-error", nil, fmt.Sprintf("%s %d %d", j.argv[0], max(-status, 0), max(status, 0)))
	}
	s.scripts = slices.DeleteFunc(s.scripts, func(other *scriptJob) bool { return other == j })
}

// retryDelay is how long to wait after a script failed for the nth time: 30 s, then twice as long each time.
func retryDelay(n int) time.Duration { return scriptRetryDelay << (n - 1) }
