// Package serve lets a program be the servers under test of its own live runs: each machine's process is the program once
// more, which runs the machine's core.
package serve

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"

	"github.com/ordeal-go/ordeal/harness/cluster"
	"github.com/ordeal-go/ordeal/node"
	"github.com/ordeal-go/ordeal/node/host"
)

// word is the first argument of a process that is a server.
const word = "ordeal-serve"

// Process is the process of a machine whose core is made by name from args.
func Process(name string, args ...string) []string {
	return append([]string{cluster.Self, word, name}, args...)
}

// Maker makes a machine's core from arguments, and from what it may leave to chance.
type Maker func(args []string, rng *rand.Rand) node.Core

// Core runs the core called name, which core makes from the process's arguments, if that is what this process was started
// for: then it does not return. Call it first in main, and in TestMain.
func Core(name string, core Maker) {
	if len(os.Args) < 3 || os.Args[1] != word || os.Args[2] != name {
		return
	}
	h := host.Start(core(os.Args[3:], rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))), host.Config{})
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		if s, ok := (<-signals).(syscall.Signal); ok {
			h.Stop(int(s))
		}
	}()
	status, err := h.Wait()
	if err != nil {
		fmt.Println(err)
		status = 1
	}
	os.Exit(status)
}
