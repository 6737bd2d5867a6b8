package live

import (
	"os/exec"
	"runtime"
)

// spawner starts child processes from one thread that lives as long as the world. The kernel kills a child with
// Pdeathsig when the *thread* that started it ends; goroutines move between threads that the runtime may end.
type spawner struct {
	jobs chan job
	over chan struct{}
}

type job struct {
	cmd *exec.Cmd
	err chan error
}

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan job), over: make(chan struct{})}
	go func() {
		defer close(s.over)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for j := range s.jobs {
			j.err <- j.cmd.Start()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	j := job{cmd, make(chan error, 1)}
	s.jobs <- j
	return <-j.err
}

// close ends the thread, and with it every child that is left.
func (s *spawner) close() {
	close(s.jobs)
	<-s.over
}
