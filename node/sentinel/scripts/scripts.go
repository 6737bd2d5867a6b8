// Package scripts is the queue of an operator's scripts that a Sentinel has run: how many at a time, how often again, and for
// how long at most. It starts none itself and knows no clock: its owner, a [World], starts and kills them, and tells it of
// their ends. Redis 4.0: sentinel.c, sentinelScheduleScriptExecution and what follows there.
package scripts

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ordeal-go/ordeal/node"
)

// Limits, with the names of sentinel.c.
const (
	QueueMost   = 256              // jobs, those that run among them
	RunningMost = 16               // at the same time
	RuntimeMost = 60 * time.Second // of one run
	RunsMost    = 10               // of one job
	RetryDelay  = 30 * time.Second // after the first run, twice as long each time
)

// World is where scripts run.
type World interface {
	// Start starts a script and names its run.
	Start(argv []string) node.OpID
	// Kill ends a run by SIGKILL; its end is told as any other.
	Kill(op node.OpID)
	// Tell tells people of an event.
	Tell(level node.LogLevel, event, payload string)
}

// Job is a script to be run, or running.
type Job struct {
	Argv    []string
	Runs    int // so far, the one under way included
	Running bool
	Op      node.OpID    // of the run under way, or of the last one
	At      node.Instant // running: since when. Waiting: not before, 0 for at once.
	killed  bool         // the run under way, for it took too long
}

// Queue is the jobs, oldest first. The zero value is empty and ready for use.
type Queue struct {
	jobs    []*Job
	running int
}

// Jobs are those that wait or run. The list must not be kept.
func (q *Queue) Jobs() []*Job { return q.jobs }

// Running is how many run.
func (q *Queue) Running() int { return q.running }

// Add queues a script. If the queue is full, the oldest job that does not run is dropped for it.
func (q *Queue) Add(argv ...string) {
	q.jobs = append(q.jobs, &Job{Argv: argv})
	if len(q.jobs) > QueueMost {
		if i := slices.IndexFunc(q.jobs, func(j *Job) bool { return !j.Running }); i >= 0 {
			q.jobs = slices.Delete(q.jobs, i, i+1)
		}
	}
}

// Tick starts what is due, and kills what has run for too long.
func (q *Queue) Tick(now node.Instant, w World) {
	for _, j := range q.jobs {
		if q.running == RunningMost {
			break
		}
		if !j.Running && (j.At == 0 || now.Sub(j.At) >= 0) {
			q.start(j, now, w)
		}
	}
	for _, j := range q.jobs {
		if j.Running && !j.killed && now.Sub(j.At) > RuntimeMost {
			w.Tell(node.LogWarning, "-script-timeout", fmt.Sprintf("%s %d", j.Argv[0], j.Op))
			j.killed = true
			w.Kill(j.Op) // it is run again, as one that a signal ended
		}
	}
}

func (q *Queue) start(j *Job, now node.Instant, w World) {
	j.Op, j.Running, j.killed, j.At = w.Start(j.Argv), true, false, now
	j.Runs++
	q.running++
	node.Assert(q.running <= RunningMost, "%d scripts run", q.running)
	w.Tell(node.LogDebug, "+script-child", strconv.FormatUint(uint64(j.Op), 10))
}

// Exited takes the end of a run: its exit status, or minus the number of the signal that killed it. A script that was killed
// or that says 1 is run again, later each time; any other end is final.
func (q *Queue) Exited(now node.Instant, op node.OpID, status int64, w World) {
	i := slices.IndexFunc(q.jobs, func(j *Job) bool { return j.Running && j.Op == op })
	node.Assert(i >= 0, "script %d ended, which does not run", op)
	j := q.jobs[i]
	exit, signal := max(status, 0), max(-status, 0)
	w.Tell(node.LogDebug, "-script-child", fmt.Sprintf("%d %d %d", op, exit, signal))
	q.running--
	node.Assert(q.running >= 0, "%d scripts run", q.running)
	j.Running = false
	if (status < 0 || status == 1) && j.Runs < RunsMost {
		j.At = now.Add(RetryDelay << (j.Runs - 1))
		return
	}
	if status != 0 {
		w.Tell(node.LogWarning, "-script-error", fmt.Sprintf("%s %d %d", j.Argv[0], signal, exit))
	}
	q.jobs = slices.Delete(q.jobs, i, i+1)
}
